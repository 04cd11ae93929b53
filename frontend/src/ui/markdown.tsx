import { Fragment, type ReactNode } from "react";
import { type Block, parseMarkdown, splitInline } from "./markdown-blocks";
import classes from "./parts.module.css";

/** The Markdown that tool pages use, as elements and text nodes: no HTML is ever made from it. */
export function Markdown({ text }: { text: string }) {
  return (
    <>
      {parseMarkdown(text).map((block, index) => (
        <Fragment key={index}>{drawBlock(block)}</Fragment>
      ))}
    </>
  );
}

function drawBlock(block: Block): ReactNode {
  switch (block.kind) {
    case "heading":
      return block.level <= 1 ? <h2>{inline(block.text)}</h2> : <h3>{inline(block.text)}</h3>;
    case "code":
      return <pre tabIndex={0}>{block.text}</pre>;
    case "list":
      return (
        <ul>
          {block.items.map((item, index) => (
            <li key={index}>{inline(item)}</li>
          ))}
        </ul>
      );
    case "table":
      return (
        <table className={classes.table}>
          <thead>
            <tr>
              {block.head.map((cell, index) => (
                <th key={index}>{inline(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, place) => (
                  <td key={place}>{inline(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case "paragraph":
      return <p>{inline(block.text)}</p>;
  }
}

function inline(text: string): ReactNode {
  return splitInline(text).map((part, index) =>
    part.code ? <code key={index}>{part.text}</code> : part.strong ? <strong key={index}>{part.text}</strong> : part.text,
  );
}
