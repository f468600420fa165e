/** What a page tells: findings and figures' numbers of every setting, and what is known of their sweeps. */
import type { Spec } from "vega";
import type { FigureNumbers } from "../../figures/numbers.js";
import type { MethodStatus, StoredCommand, Sweep } from "../../store/contract.js";
import type { Finding } from "../../verdict/finding.js";
import type { Figure } from "../figures/figure.js";

export interface PageContent {
  /** What the page is of, as its reader knows it. */
  readonly title: string;
  /** ISO 8601, UTC: when it was written. */
  readonly at: string;
  readonly version: string;
  readonly settings: readonly SettingContent[];
  readonly sweeps: readonly SweepContent[];
}

export interface SettingContent {
  readonly finding: Finding;
  /** The sweep, as a suggested command names it. */
  readonly named: string;
  readonly panels: readonly Panel[];
}

/** A figure with its numbers and its picture, or why it has none. */
export type Panel =
  | { readonly figure: Figure; readonly numbers: FigureNumbers; readonly spec: Spec }
  | { readonly figure: Figure; readonly reason: string };

export interface SweepContent {
  readonly sweep: Sweep;
  readonly commands: readonly StoredCommand[];
  readonly methods: readonly MethodStatus[];
  /** Null where it was not asked for, as of a sweep that is being trained. */
  readonly digest: string | null;
}
