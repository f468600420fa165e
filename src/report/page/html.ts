/** HTML whose values are escaped where they are put in: only what this file made is taken as it is. */
import { printable } from "../../printable.js";

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Html | string | number | null | readonly Piece[];

/** A template whose values are escaped, but for what is Html; null is nothing, and lists are their pieces one after the other. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(strings.map((string, i) => string + (i < values.length ? pieceText(values[i]) : "")).join(""));
}

function pieceText(piece: Piece): string {
  if (piece === null) return "";
  if (piece instanceof Html) return piece.text;
  if (Array.isArray(piece)) return piece.map(pieceText).join("");
  return escapedHtml(String(piece));
}

/** Text between tags or in a quoted attribute; what would turn it around on a screen is written out. */
function escapedHtml(text: string): string {
  return printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** A value as JSON inside a script element, which nothing in it can end. */
export function jsonHtml(value: unknown): Html {
  const text = JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
  return new Html(text);
}
