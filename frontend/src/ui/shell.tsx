import { ActionIcon, Menu, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import {
  IconCommand,
  IconLogout,
  IconMoonStars,
  IconSettings,
  IconSun,
  IconUserCircle,
} from "./icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { NavLink, Outlet, useLocation, useMatch, useNavigate } from "react-router";
import { type Me, logout } from "../api/accounts";
import { signOutAddress } from "../api/oidc";
import { useFleetNudges } from "../api/nudges";
import { requests } from "../api/requests";
import { ConnectionNotice } from "./connection";
import { useHotkeys } from "./hotkeys";
import mark from "./mark.svg";
import { CommandPalette } from "./palette";
import { Badge, Empty, Key } from "./parts";
import { homeOf, isShut, placesOf } from "./places";
import { ShortcutHelp } from "./shortcuts";
import classes from "./shell.module.css";

/** Everything around a page: navigation, the palette, keys, and the word that the connection is gone. */
export function Shell({ me }: { me: Me }) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const connection = useFleetNudges(me.can.look);
  // A session has a connection of its own and says itself when that is lost.
  const inSession = useMatch("/sessions/:id") !== null;
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const waiting = useQuery({ ...requests, enabled: me.can.approve }).data?.waiting ?? 0;
  const places = useMemo(() => placesOf(me.can), [me.can]);
  const keys = useMemo(
    () => ({
      ...Object.fromEntries(places.map((place) => [`g ${place.key}`, () => void navigate(place.to)])),
      "g ,": () => void navigate("/settings"),
      "mod+k": () => setPalette(true),
      "?": () => setHelp(true),
    }),
    [navigate, places],
  );
  useHotkeys(keys);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <nav className={classes.rail} aria-label="Main">
        <NavLink to={homeOf(me.can)} className={classes.brand}>
          <img src={mark} alt="" />
          Fleetscope
        </NavLink>
        <div className={classes.nav}>
          {places.map(({ to, name, key, icon: Icon, id }) => (
            <NavLink key={to} to={to} className={classes.link ?? ""} data-testid={id}>
              <Icon size={17} stroke={1.6} />
              {name}
              {to === "/requests" && waiting > 0 && <Badge tone="warn" plain data-testid="waiting-count" title="wait for approval">{`${waiting}`}</Badge>}
              <span className={classes.hint}>
                <Key>g {key}</Key>
              </span>
            </NavLink>
          ))}
        </div>
        <Foot me={me} openPalette={() => setPalette(true)} />
      </nav>
      <main className={classes.main} id="content">
        {!inSession && <ConnectionNotice connection={connection} />}
        <div className={classes.content}>
          {isShut(me.can, pathname) ? <Empty title="Your role shows nothing here">An administrator grants the roles that do.</Empty> : <Outlet context={me} />}
        </div>
      </main>
      <CommandPalette opened={palette} close={() => setPalette(false)} me={me} />
      <ShortcutHelp opened={help} close={() => setHelp(false)} />
    </div>
  );
}

function Foot({ me, openPalette }: { me: Me; openPalette: () => void }) {
  return (
    <div className={classes.foot}>
      <div className={classes.footRow}>
        <span className={classes.who}>
          <Key>Ctrl K</Key>
        </span>
        <ActionIcon aria-label="Open the command palette" onClick={openPalette}>
          <IconCommand size={17} stroke={1.6} />
        </ActionIcon>
      </div>
      <div className={classes.footRow}>
        <span className={classes.who}>{me.username}</span>
        <UserMenu me={me} />
      </div>
    </div>
  );
}

function UserMenu({ me }: { me: Me }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("dark") === "dark";
  const signOut = async (): Promise<void> => {
    const away = await signOutAddress();
    await logout();
    client.clear();
    if (away === null) void navigate("/login");
    else window.location.assign(away);
  };
  return (
    <Menu position="right-end">
      <Menu.Target>
        <ActionIcon aria-label={`Signed in as ${me.username}: menu`}>
          <IconUserCircle size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.username} · {me.role}
        </Menu.Label>
        <Menu.Item leftSection={<IconSettings size={15} />} onClick={() => void navigate("/settings")}>
          Settings
        </Menu.Item>
        <Menu.Item
          leftSection={dark ? <IconSun size={15} /> : <IconMoonStars size={15} />}
          onClick={() => setColorScheme(dark ? "light" : "dark")}
        >
          {dark ? "Light theme" : "Dark theme"}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
