import { visible } from "../../format/bytes-text";
import { Popover } from "@mantine/core";
import type { BooksState } from "../../api/tracing";
import { count } from "../../format/numbers";
import type { RunState } from "../../gen/proto/v1/live_pb";
import { Badge } from "../../ui/parts";
import { BOOKS, type LedgerLine, ledgerLines } from "./ledger";
import classes from "./session.module.css";

/** The state of the books; opened, it says for every host what was seen, stored and lost, and why. */
export function LedgerBadge({ books, runs }: { books: BooksState; runs: readonly RunState[] }) {
  const { tone, text, help } = BOOKS[books];
  const lost = ledgerLines(runs).reduce((sum, line) => sum + lostOf(line), 0n);
  const losing = books === "in-flight" && lost > 0n;
  return (
    <Popover position="bottom-start" shadow="md" width="max-content">
      <Popover.Target>
        <button type="button" className={classes.badgeButton} data-testid="ledger-badge" data-books={books} aria-label={`Ledger: ${text}`}>
          <Badge tone={losing ? "warn" : tone}>{losing ? `${count(lost)} lost so far` : text}</Badge>
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <p>{help}</p>
        <table className={classes.ledger}>
          <thead>
            <tr>
              <th>host</th>
              <th className={classes.num}>seen</th>
              <th className={classes.num}>stored</th>
              <th className={classes.num}>lost</th>
              <th>cause</th>
            </tr>
          </thead>
          <tbody>
            {ledgerLines(runs).map((line) => (
              <tr key={line.host} title={visible(line.message)}>
                <td>{line.host}</td>
                <td className={classes.num}>{count(line.seen)}</td>
                <td className={classes.num}>{count(line.stored)}</td>
                <td className={classes.num}>{count(lostOf(line))}</td>
                <td>{line.lost.map((loss) => `${loss.cause}: ${count(loss.events)}`).join("; ") || visible(line.message) || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Popover.Dropdown>
    </Popover>
  );
}

function lostOf(line: LedgerLine): bigint {
  return line.lost.reduce((sum, loss) => sum + loss.events, 0n);
}
