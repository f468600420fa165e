/** What the live page's server and the thread that looks for it say to one another. */
import type { PanelData } from "../report/page/panels.js";
import type { SweepLook } from "./progress.js";

/** A page as HTML, and what its panels are drawn from. */
export interface PageLook {
  readonly html: string;
  readonly data: Readonly<Record<string, PanelData>>;
  /** Which figures these are: another number where they are others. */
  readonly figures: number;
}

/** What is asked of the thread, and in this order: figures are made with a verdict, which then need not be asked for. */
export const LOOK_KINDS = ["progress", "figures", "verdict"] as const;
export type LookKind = (typeof LOOK_KINDS)[number];

export type LookAnswer = {
  /** What it took: CPU time of all cores or, of a database, where others do the work, the time that passed. */
  readonly ms: number;
  /** The stack of a bug that the look met; null: it met none. */
  readonly bug: string | null;
} & (
  | { readonly kind: "progress"; readonly sweeps: readonly SweepLook[]; readonly waiting: string | null }
  | { readonly kind: "verdict" | "figures"; readonly page: PageLook | null; readonly sentence: string | null }
);
