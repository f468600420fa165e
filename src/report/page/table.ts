/** Tables of a page: they scroll by themselves where a screen is narrow. */
import type { Cell } from "../pieces.js";
import { type Html, html } from "./html.js";

export function htmlTable(caption: string, header: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const isNumber = header.map((_, i) => rows.every((row) => row[i] === null || typeof row[i] === "number"));
  const cell = (value: Cell, i: number): Html =>
    i === 0
      ? html`<th scope="row">${breakable(textOf(value))}</th>`
      : html`<td${isNumber[i] ? html` class="number"` : null}>${textOf(value)}</td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${header.map((name) => html`<th scope="col">${unbroken(name)}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

/** Names of one's own methods may break before a parameter and before their hash, and nowhere else. */
function breakable(text: string): Html[] {
  return text.split(/(?=[:~])/).map((part, i) => html`${i === 0 ? null : html`<wbr>`}${part}`);
}

function textOf(value: Cell): string {
  if (value === null) return "–";
  return typeof value === "number" ? value.toLocaleString("en-US") : unbroken(String(value));
}

/** Text whose brackets stay on one line, and a recipe's λ and epochs: an interval that is broken reads as two numbers. */
function unbroken(text: string): string {
  return text.replaceAll(/[([][^()[\]]{1,32}[)\]]|λ \S+ × \S+$/g, (whole) => whole.replaceAll(" ", "\u00a0"));
}
