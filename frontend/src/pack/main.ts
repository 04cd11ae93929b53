/** The viewer inside an auditor pack: opens the audit that the file holds, checks it and shows it. Asks nobody for anything. */

import { type Bytes, fromBase64, joined } from "./bytes";
import { check, isWhole, type Verdict } from "./check";
import { listOf, make } from "./dom";
import { entriesOf } from "./filter";
import { Broken, type Line, linesOf } from "./lines";
import "./pack.css";
import { browser } from "./table";

async function open(): Promise<void> {
  const verdict = make("p", { role: "status", class: "verdict", "data-testid": "verdict" }, "Checking every entry …");
  const root = make("main", {}, make("h1", {}, "Audit"), verdict);
  const data = document.getElementById("log")?.textContent ?? "";
  document.body.replaceChildren(root);
  try {
    const file = decoded(data);
    const lines = linesOf(file);
    root.append(frame(lines, file), browser(entriesOf(lines)));
    const found = await check(lines);
    verdict.textContent = told(found, lines[0]);
    verdict.dataset.state = "good";
    root.querySelector("[data-testid=facts]")?.append(listOf([["SHA-256 of the data", found.sha256]]));
  } catch (error) {
    verdict.textContent = error instanceof Broken ? `Do not trust this file: ${error.message}` : `This browser cannot check the file: ${String(error)}`;
    verdict.dataset.state = "bad";
  }
}

/** One base64 text a line. Throws Broken. */
function decoded(data: string): Bytes {
  try {
    return joined(data.trim().split("\n").map(fromBase64));
  } catch {
    throw new Broken("the data in it is no base64");
  }
}

function told(found: Verdict, header: Line | undefined): string {
  const what = header !== undefined && isWhole(header) ? "the whole log" : "a selection";
  const until = found.head === undefined ? "" : `; proven by the head of ${found.head.size} entries signed at ${found.head.time}`;
  return `${found.entries} entries, ${what}, as they were recorded${until}`;
}

function frame(lines: readonly Line[], file: Bytes): HTMLElement {
  const header = lines[0]?.fields ?? {};
  const of = (name: string): string => (typeof header[name] === "string" ? header[name] : JSON.stringify(header[name]) || "–");
  const wanted = of("wanted") === "{}" ? "everything" : of("wanted");
  const save = make("button", { type: "button", "data-testid": "save" }, "Save the signed data");
  save.addEventListener("click", () => keep(file));
  const facts = listOf([
    ["Exported by", of("by")],
    ["at", of("at")],
    ["asked for", wanted],
    ["of the log", of("origin")],
    ["signed with", of("log_key")],
  ]);
  const limits = make(
    "p",
    { class: "limits" },
    "Compare the key in “signed with” with keys/public/audit.pub of the server, told by another road. This page checks itself: whoever " +
      "can change the file can change the checker too. To rely on neither, save the signed data and run “python -m server audit verify” on it.",
  );
  return make("section", { "data-testid": "facts" }, facts, limits, save);
}

function keep(file: Bytes): void {
  const address = URL.createObjectURL(new Blob([file], { type: "application/x-ndjson" }));
  make("a", { href: address, download: "fleetscope-audit.ndjson" }).click();
  URL.revokeObjectURL(address);
}

void open();
