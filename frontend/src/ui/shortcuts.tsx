import { Modal } from "@mantine/core";
import { Facts, Key } from "./parts";

const KEYS: readonly (readonly [string, string])[] = [
  ["Ctrl K", "command palette"],
  ["g h", "hosts"],
  ["g t", "tools"],
  ["g s", "sessions"],
  ["g p", "approvals"],
  ["g a", "audit"],
  ["g m", "teams"],
  ["g ,", "settings"],
  ["/", "search in the list or the rows"],
  ["space", "session: pause and go on"],
  ["End", "session: follow the newest row"],
  ["↑ ↓ PgUp PgDn Home", "session: move through rows"],
  ["Enter", "session: all of a row"],
  ["c", "session: copy the row"],
  ["?", "this list"],
];

export function ShortcutHelp({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="Keys" size="sm">
      <Facts facts={KEYS.map(([key, meaning]) => [meaning, <Key key={key}>{key}</Key>] as const)} />
    </Modal>
  );
}
