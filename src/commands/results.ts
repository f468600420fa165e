/** What `run`, `grid` and `resume` print of a sweep: a run's table, or the cells of a grid that come nearest to retraining; and how it ended. */

import { loadDraw } from "../data/source.js";
import { shellWord } from "../errors.js";
import { severalIn } from "../plan/axes.js";
import { drawsOf, type SweepPlan } from "../plan/plan.js";
import { escaped, screenful } from "../printable.js";
import { jsonOf } from "../report/json.js";
import { nearestText } from "../report/nearest.js";
import { besideRun } from "../report/published.js";
import { summaryText } from "../report/summary.js";
import { asideText } from "../report/workers.js";
import type { SweepResult } from "../run/events.js";
import type { Results, Sweep } from "../store/contract.js";
import { isShared } from "../store/queue.js";
import { nearestCells } from "../verdict/nearest.js";
import { type NearestShown, nearestShown } from "../verdict/nearest-shown.js";
import { queryLine, type Terminal, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";

/** A sweep, and where it is. */
export interface Found {
  readonly store: Results;
  readonly path: string;
  readonly sweep: Sweep;
}

export interface Printed extends SweepResult, Found {
  readonly elapsedMs: number;
  readonly json: boolean;
}

export async function printResults(printed: Printed, terminal: Terminal): Promise<void> {
  await (printed.json ? printJson(printed, terminal) : printFound(printed, terminal));
}

/** What the exit code of a training is, and why it is not 0; null: it is. */
interface Ending {
  readonly code: number;
  readonly reason: string | null;
}

/** Says what failed of a training and what was stopped, each with how to go on; returns how it ended. */
export async function tellEnding(found: Found, { tally }: SweepResult, terminal: Terminal): Promise<Ending> {
  const { store, sweep, path } = found;
  for (const { method, trial, error, rows } of await store.failures(sweep))
    terminal.err(`${rows} of ${method} failed, first trial ${trial}: ${screenful(escaped(error))}\n`);
  if (tally.stopped) {
    terminal.err(`stopped: what finished is kept in ${path}; run the same command again to go on\n`);
    return { code: EXIT.interrupted, reason: null };
  }
  const aside = isShared(store) ? await store.aside(sweep) : [];
  terminal.err(asideText(aside));
  const { failed } = await store.stateCounts(sweep);
  if (failed === 0 && aside.length > 0)
    return {
      code: EXIT.check,
      reason: `${aside.length} ${aside.length === 1 ? "trajectory was" : "trajectories were"} put aside`,
    };
  if (failed === 0) return { code: EXIT.ok, reason: null };
  terminal.err("run the same command with --retry-failed to train the failed trials again\n");
  return { code: EXIT.check, reason: `${failed} trial ${failed === 1 ? "row" : "rows"} failed` };
}

/** What there is of a sweep, as text. */
export async function printFound(found: Found, terminal: Terminal): Promise<void> {
  await (found.sweep.plan.name === null ? printTable(found, terminal) : printNearest(found, terminal));
}

async function printJson({ store, sweep, tally, skipped, elapsedMs }: Printed, terminal: Terminal): Promise<void> {
  const { failed } = await store.stateCounts(sweep);
  const found =
    sweep.plan.name === null
      ? { summary: (await store.methodSummary(sweep)).map(({ copies: _copies, ...row }) => row) }
      : nearestObject(await shownOf(store, sweep));
  const said = {
    sweep: sweep.id,
    digest: await store.digest(sweep),
    trained: tally.trained,
    skipped,
    failed,
    diverged: tally.diverged,
    elapsed_ms: Math.round(elapsedMs),
    ...found,
  };
  await terminal.out(`${jsonOf(said)}\n`);
}

async function printTable({ store, sweep }: Found, terminal: Terminal): Promise<void> {
  const summary = await store.methodSummary(sweep);
  const { diverged } = await store.stateCounts(sweep);
  const report = { summary, diverged, bayes: bayesOf(sweep.plan), beside: besideRun(sweep.plan) };
  await terminal.out(summaryText(report, widthOf(terminal)));
}

/** What is known of a run's draw; nobody told us the means of imported data, whose folder may be elsewhere by now. */
function bayesOf({ parts: [{ draws }] }: SweepPlan): ReturnType<typeof loadDraw>["bayes"] {
  return draws.kind === "imported" ? null : loadDraw(drawsOf(draws)[0]).bayes;
}

async function printNearest({ store, path, sweep }: Found, terminal: Terminal): Promise<void> {
  const query = queryLine("select * from cell_summary", path);
  const shown = await shownOf(store, sweep);
  await terminal.out(nearestText(shown, { query, several: severalIn(sweep.plan) }, widthOf(terminal)));
  // The nearest of many is nearer than it is: the list says nothing of that.
  if (shown.length > 0)
    await terminal.out(
      `a list by the means, and no verdict; this judges them:\n  ${await verdictLine(store, path, sweep)}\n`,
    );
  const { done, diverged, failed } = await store.stateCounts(sweep);
  const digest = await store.digest(sweep);
  await terminal.out(
    `\nsweep ${sweep.id}: ${done} trial rows done, ${diverged} diverged, ${failed} failed\ndigest ${digest}\n`,
  );
}

/** The command that judges a sweep. */
async function verdictLine(store: Results, path: string, { id }: Sweep): Promise<string> {
  const only = (await store.sweeps()).length === 1 ? "" : ` --sweep ${id}`;
  return `gmm-sweep verdict ${shellWord(path)}${only}`;
}

const NEAREST_SHOWN = 10;
const TABLES_SHOWN = 3; // of cells that are compared on other draws

async function shownOf(store: Results, sweep: Sweep): Promise<NearestShown[]> {
  const shown: NearestShown[] = [];
  for (const comparison of nearestCells(await store.cellMeans(sweep))) {
    shown.push(await nearestShown(comparison, NEAREST_SHOWN, (cell) => store.cellTrials(sweep, cell)));
    if (shown.length === TABLES_SHOWN) break;
  }
  return shown;
}

/** The cells with the most to compare, and those that are there on other draws alone. */
function nearestObject([first, ...others]: readonly NearestShown[]): object {
  const object = ({ nearest, originals, retrained, compared, nothing_to_forget }: NearestShown): object => ({
    nearest,
    ...{ original: originals, retrain_scratch: retrained },
    compared,
    nothing_to_forget,
  });
  if (first === undefined) return { nearest: [] };
  return { ...object(first), on_other_draws: others.map(object), left: others.at(-1)?.left ?? first.left };
}
