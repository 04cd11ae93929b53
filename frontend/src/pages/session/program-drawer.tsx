import { visibleLines } from "../../format/bytes-text";
import { Button, Drawer, NativeSelect, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { program as programQuery, type Program } from "../../api/tracing";
import { CopyButton, Failure, Loading } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { programTexts } from "./program";
import classes from "./program.module.css";

/** Opens what a host of the session compiled and loaded, for whoever wants to know what really ran there. */
export function ProgramButton({ session, hosts }: { session: string; hosts: readonly string[] }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button variant="subtle" size="compact-xs" onClick={() => setOpened(true)} data-testid="program-open">
        Program
      </Button>
      <Drawer opened={opened} onClose={() => setOpened(false)} position="right" size="xl" title="What ran in the kernel">
        <ProgramOfHost session={session} hosts={hosts} />
      </Drawer>
    </>
  );
}

function ProgramOfHost({ session, hosts }: { session: string; hosts: readonly string[] }) {
  const [host, setHost] = useState(hosts[0] ?? "");
  const { data, error, refetch } = useQuery(programQuery(session, host));
  return (
    <div className={classes.body}>
      {hosts.length > 1 && (
        <NativeSelect label="Host" data={[...hosts]} value={host} onChange={(event) => setHost(event.currentTarget.value)} />
      )}
      {data !== undefined ? <Texts program={data} /> : error === null ? <Loading /> : <Failure error={error} retry={() => void refetch()} />}
    </div>
  );
}

function Texts({ program }: { program: Program }) {
  const texts = programTexts(program);
  return (
    <>
      <p className={parts.dim}>
        Compiled on {program.host} with <code className={parts.mono}>{program.switches.join(" ") || "no switches"}</code>
      </p>
      <Tabs defaultValue={texts[0]?.name ?? null} keepMounted={false}>
        <Tabs.List>
          {texts.map(({ name, title }) => (
            <Tabs.Tab key={name} value={name}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {texts.map(({ name, title, text }) => (
          <Tabs.Panel key={name} value={name} className={classes.panel}>
            <div className={classes.copy}>
              <CopyButton text={text} label={`Copy: ${title}`} />
            </div>
            <pre className={classes.text} tabIndex={0} data-testid={`program-${name}`}>
              {visibleLines(text)}
            </pre>
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
