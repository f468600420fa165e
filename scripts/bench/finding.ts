/** What a section of the bench finds out: ratios against a peer or a limit of the same run, some with a target. */
import { alignedTable } from "../../src/report/table.js";

export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One line of a section's table. */
export interface Finding {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  /** The figure that counts: `measured` against `against`; greater is better, unless the target is `atMost`. */
  readonly ratio: number;
  /** A share of a limit (of 1), or how many times as fast. */
  readonly ratioIs: "share" | "times";
  readonly against: string;
  /** Null: there for comparison. */
  readonly target: Target | null;
}

/** What a section hands back; sentences for what a table cannot say. */
export interface Findings {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** What this machine or command line did not allow, each with its reason. */
  readonly leftOut: readonly string[];
}

export function missesTarget({ ratio, target }: Finding): boolean {
  if (target === null) return false;
  return !("atLeast" in target ? ratio >= target.atLeast : ratio <= target.atMost);
}

/** A section as text: the table, then its sentences. */
export function sectionText(name: string, { findings, notes, leftOut }: Findings): string {
  const rows = findings.map((finding) => [
    finding.what,
    significant(finding.measured),
    finding.unit,
    ratioText(finding.ratio, finding),
    finding.against,
    targetText(finding),
    finding.target === null ? "" : missesTarget(finding) ? "misses" : "ok",
  ]);
  const lines = [...notes, ...leftOut.map((reason) => `left out: ${reason}`)];
  const table = alignedTable([name, "measured", "unit", "ratio", "against", "target", ""], rows);
  return [rows.length === 0 ? `${name}\n` : table, ...lines.map((line) => `${line}\n`)].join("");
}

function targetText(finding: Finding): string {
  const { target } = finding;
  if (target === null) return "";
  return "atLeast" in target ? `≥ ${ratioText(target.atLeast, finding)}` : `≤ ${ratioText(target.atMost, finding)}`;
}

function ratioText(ratio: number, { ratioIs }: Finding): string {
  return ratioIs === "share" ? `${(100 * ratio).toFixed(0)} %` : `${significant(ratio)} ×`;
}

/** Three significant digits, and whole numbers whole. */
export function significant(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
