import type { Program } from "../../api/tracing";
import { count } from "../../format/numbers";

interface Text {
  readonly name: "log" | "bytecode" | "source";
  readonly title: string;
  readonly text: string;
}

/** The parts of a program that there are, the most telling one first: why it was refused, if it was. */
export function programTexts({ log, functions, source }: Program): Text[] {
  const instructions = functions.reduce((sum, found) => sum + found.instructions, 0);
  const bytecode = functions.map((found) => `${found.name} (${found.type}, ${count(BigInt(found.instructions))} instructions)\n${found.bytecode}`);
  const texts: Text[] = [
    { name: "log", title: "Why it was refused", text: log },
    { name: "source", title: "C as compiled", text: source },
    { name: "bytecode", title: `Bytecode, ${count(BigInt(instructions))} instructions`, text: bytecode.join("\n\n") },
  ];
  return texts.filter(({ text }) => text !== "");
}
