/** The entries that match, newest first, a page at a time; each opens to all it says. */

import { listOf, make } from "./dom";
import { type Entry, matches, type Wanted } from "./filter";
import { fields } from "./lines";

const PAGE = 200;
const FILTERS = ["actor", "action", "tool", "host", "outcome", "reason"] as const;
const DAYS = ["after", "until"] as const;
const COLUMNS = ["Entry", "Time (UTC)", "Who", "Did", "Outcome", "Tool", "Hosts", "Reason"];

export function browser(entries: readonly Entry[]): HTMLElement {
  const form = make("form", { role: "search", "aria-label": "Filter" });
  for (const name of FILTERS) form.append(make("input", { name, placeholder: name, "aria-label": `Filter by ${name}`, "data-testid": `filter-${name}` }));
  for (const name of DAYS) form.append(make("label", {}, `${name} `, make("input", { name, type: "date", "data-testid": `filter-${name}` })));
  const told = make("p", { role: "status", "data-testid": "count" });
  const body = make("tbody");
  const more = make("button", { type: "button", "data-testid": "more" }, "Older entries");
  let found: readonly Entry[] = [];
  const grow = (): void => {
    const shown = body.querySelectorAll("[data-testid=row]").length;
    for (const entry of found.slice(shown, shown + PAGE)) body.append(...rowsOf(entry));
    more.hidden = shown + PAGE >= found.length;
  };
  const show = (): void => {
    const wanted = wantedBy(form);
    found = entries.filter((entry) => matches(entry, wanted)).toReversed();
    told.textContent = `${found.length.toLocaleString("en")} of ${entries.length.toLocaleString("en")} entries`;
    body.replaceChildren();
    grow();
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", grow);
  show();
  const head = make("thead", {}, make("tr", {}, ...COLUMNS.map((name) => make("th", { scope: "col" }, name))));
  return make("section", {}, form, told, make("div", { class: "scroll" }, make("table", {}, head, body)), more);
}

function wantedBy(form: HTMLFormElement): Wanted {
  const data = new FormData(form);
  const of = (name: string): string => {
    const value = data.get(name);
    return typeof value === "string" ? value : "";
  };
  return {
    actor: of("actor"), action: of("action"), tool: of("tool"), host: of("host"),
    outcome: of("outcome"), reason: of("reason"), after: of("after"), until: of("until"),
  };
}

function rowsOf(entry: Entry): HTMLElement[] {
  const opener = make("button", { type: "button", "aria-expanded": "false" }, String(entry.id));
  const row = make("tr", { "data-testid": "row", "data-outcome": entry.outcome }, make("td", {}, opener));
  const cells = [entry.time.slice(0, 19).replace("T", " "), entry.actor, entry.action, entry.outcome, entry.tool, entry.hosts.join(", "), entry.reason];
  row.append(...cells.map((value) => make("td", {}, value)));
  const detail = make("tr", { "data-testid": "detail" });
  detail.hidden = true;
  opener.addEventListener("click", () => {
    if (!detail.hasChildNodes()) detail.append(make("td", { colspan: String(COLUMNS.length) }, detailOf(entry)));
    detail.hidden = !detail.hidden;
    opener.setAttribute("aria-expanded", String(!detail.hidden));
  });
  return [row, detail];
}

function detailOf(entry: Entry): HTMLElement {
  const { detail, session } = fields(entry.line.fields);
  const said = Object.entries(fields(detail)).map(([name, value]): [string, string] => [name, typeof value === "string" ? value : JSON.stringify(value)]);
  return listOf([["time", entry.time], ...(typeof session === "string" ? [["session", session] as const] : []), ...said]);
}
