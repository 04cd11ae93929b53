import { Modal, TextInput, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import type { Me } from "../api/accounts";
import { tools } from "../api/catalog";
import { hosts } from "../api/fleet";
import { sessions } from "../api/tracing";
import { hostNames } from "../format/host-names";
import { matchWords } from "./match";
import { placesOf } from "./places";
import classes from "./palette.module.css";

interface Command {
  readonly name: string;
  readonly group: string;
  readonly run: () => void;
}

const SHOWN = 12;

export function CommandPalette({ opened, close, me }: { opened: boolean; close: () => void; me: Me }) {
  return (
    <Modal.Root opened={opened} onClose={close} padding={8} size="lg" yOffset="12vh" lockScroll={false}>
      <Modal.Overlay />
      <Modal.Content aria-label="Command palette">
        <Modal.Body>
          <Palette close={close} me={me} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Palette({ close, me }: { close: () => void; me: Me }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const commands = useCommands(me);
  const found = commands.filter((command) => matchWords(text, `${command.group} ${command.name}`)).slice(0, SHOWN);
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    close();
    command.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        size="sm"
        placeholder="Go to, start, open…"
        aria-label="Command"
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        value={text}
        onKeyDown={onKey}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <ul className={classes.list} id="palette-list" role="listbox" aria-label="Commands">
        {found.map((command, index) => (
          <li
            key={`${command.group} ${command.name}`}
            className={classes.item}
            role="option"
            aria-selected={index === at}
            onMouseEnter={() => setAt(index)}
            onClick={() => run(command)}
          >
            {command.name}
            <small>{command.group}</small>
          </li>
        ))}
        {found.length === 0 && <li className={classes.item}>Nothing called that.</li>}
      </ul>
    </>
  );
}

function useCommands(me: Me): Command[] {
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const toolList = useQuery(tools).data;
  const hostList = useQuery({ ...hosts, enabled: me.can.look }).data;
  const sessionList = useQuery({ ...sessions({ limit: 20, offset: 0 }), enabled: me.can.look }).data;
  return useMemo(() => {
    const go = (to: string) => () => void navigate(to);
    return [
      ...placesOf(me.can).map(({ name, to }) => ({ name, group: "go to", run: go(to) })),
      { name: "Settings", group: "go to", run: go("/settings") },
      ...(toolList ?? []).map((tool) => ({
        name: `${tool.name}: ${tool.title}`,
        group: me.can.start ? "start" : "tool",
        run: go(me.can.start ? `/tools/${tool.name}/start` : `/tools/${tool.name}`),
      })),
      ...(sessionList?.items ?? []).map((item) => ({
        name: `${item.tool} on ${hostNames(item.hosts)} (${item.id.slice(0, 8)})`,
        group: "session",
        run: go(`/sessions/${item.id}`),
      })),
      ...(hostList ?? []).map((host) => ({ name: host.name, group: "host", run: go(`/hosts?host=${host.name}`) })),
      { name: "Light theme", group: "look", run: () => setColorScheme("light") },
      { name: "Dark theme", group: "look", run: () => setColorScheme("dark") },
    ];
  }, [navigate, setColorScheme, me, toolList, hostList, sessionList]);
}
