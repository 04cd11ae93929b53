import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { Page, Panel } from "../../ui/parts";
import { useMe } from "../use-me";
import { FactorsPanel } from "./factors";
import { IdentityPanel } from "./identity";
import { PasswordForm } from "./password-form";
import classes from "./settings.module.css";
import { SignInRule } from "./sign-in-rule";
import { SignInsPanel } from "./sign-ins";
import { Storage } from "./storage";
import { TemplatesPanel } from "./templates";
import { TokensPanel } from "./tokens";
import { Users } from "./users";

export function SettingsPage() {
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Page title="Settings" note={`${me.username}, ${me.role}`}>
      <div className={classes.columns}>
        <Panel label="Look">
          <div className={classes.inner}>
            <SegmentedControl
              aria-label="Theme"
              value={colorScheme}
              onChange={(value) => setColorScheme(value)}
              data={[
                { value: "auto", label: "As the system" },
                { value: "light", label: "Light" },
                { value: "dark", label: "Dark" },
              ]}
            />
          </div>
        </Panel>
        {me.can.password && (
          <Panel label="Password">
            <PasswordForm askCurrent={!me.one_time} />
          </Panel>
        )}
        <Panel label="Second factor">
          <FactorsPanel />
        </Panel>
        <IdentityPanel />
        <Panel label="Signed in">
          <SignInsPanel />
        </Panel>
        <Panel label="API tokens">
          <TokensPanel />
        </Panel>
        <Panel label="Templates">
          <TemplatesPanel />
        </Panel>
        {me.can.admin && (
          <Panel label="Storage">
            <Storage />
          </Panel>
        )}
        {me.can.admin && (
          <Panel label="Users" className={classes.wide}>
            <Users />
            <SignInRule />
          </Panel>
        )}
      </div>
    </Page>
  );
}
