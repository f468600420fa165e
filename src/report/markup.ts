/** Tables in the markup of documents. */
import { escaped } from "../printable.js";
import type { Cell } from "./pieces.js";

type Rows = readonly (readonly Cell[])[];

/** A table of Markdown (GitHub's), with a sentence above it. */
export function markdownTable(caption: string, header: readonly string[], rows: Rows): string {
  const line = (cells: readonly Cell[]): string =>
    `| ${cells.map((cell) => inMarkdown(cellText(cell))).join(" | ")} |\n`;
  const rule = `|${header.map((_, i) => (i === 0 ? "---" : "---:")).join("|")}|\n`;
  return `${inMarkdown(caption)}\n\n${line(header)}${rule}${rows.map(line).join("")}`;
}

/** A table of LaTeX, with the sentence as its caption; it asks for no package. */
export function latexTable(caption: string, header: readonly string[], rows: Rows): string {
  const line = (cells: readonly Cell[]): string => `${cells.map((cell) => inLatex(cellText(cell))).join(" & ")} \\\\\n`;
  return [
    "\\begin{table}\n",
    `\\caption{${inLatex(caption)}}\n`,
    `\\begin{tabular}{l${"r".repeat(header.length - 1)}}\n`,
    `\\hline\n${line(header)}\\hline\n${rows.map(line).join("")}\\hline\n`,
    "\\end{tabular}\n\\end{table}\n",
  ].join("");
}

function cellText(cell: Cell): string {
  return cell === null ? "–" : escaped(String(cell));
}

function inMarkdown(text: string): string {
  return text.replaceAll(/[\\|`*_<>[\]]/g, "\\$&");
}

const IN_LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  λ: "$\\lambda$",
  Δ: "$\\Delta$",
  "±": "$\\pm$",
  "×": "$\\times$",
  "–": "--",
};

/** Numbers below 0 get a minus sign in place of a dash. */
function inLatex(text: string): string {
  return text
    .replaceAll(/[\\~^λΔ±×–{}#$%&_]/g, (character) => IN_LATEX[character] ?? `\\${character}`)
    .replaceAll(/(?<![\w$])-(?=\d)/g, "$-$");
}
