/** The thread that looks: a server answers at once, however long a look takes. */
import { existsSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, SweepError, shellWord, withoutPasswords } from "../errors.js";
import { isDatabase } from "../files/places.js";
import { escaped } from "../printable.js";
import type { Figure } from "../report/figures/figure.js";
import { FIGURES } from "../report/figures/figures.js";
import type { Panel } from "../report/page/content.js";
import { titleOf } from "../report/page/frame.js";
import { gathered, panelOf } from "../report/page/gather.js";
import { mainHtml } from "../report/page/page.js";
import { panelData } from "../report/page/panels.js";
import type { Results } from "../store/contract.js";
import { openBegun } from "../store/open.js";
import { type Sight, sightsOf } from "../verdict/sights.js";
import type { LookAnswer, LookKind, PageLook } from "./messages.js";

const { place } = workerData as { readonly place: string };

let last: Promise<void> = Promise.resolve();
let bug: string | null = null;

// One after the other, so that none is billed for another.
parentPort?.on("message", (kind: LookKind) => {
  last = last.then(() => looked(kind));
});

async function looked(kind: LookKind): Promise<void> {
  const begun = takenMs();
  bug = null;
  const answer = kind === "progress" ? await progress() : { kind, ...(await page(kind === "figures")) };
  parentPort?.postMessage({ ...answer, ms: takenMs() - begun, bug } as LookAnswer);
}

/** The CPU time that this process has taken, with what clears up after a look; of a database, where others do the work, the time that has passed. */
function takenMs(): number {
  if (isDatabase(place)) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function progress(): Promise<Omit<Extract<LookAnswer, { kind: "progress" }>, "ms" | "bug">> {
  const looked = await reading(async (results) => {
    const sweeps = [];
    for (const sweep of await results.sweeps()) {
      const cells = await results.cellStatus(sweep);
      const failures = cells.some(({ failed }) => failed > 0) ? await results.failures(sweep) : [];
      sweeps.push({ id: sweep.id, name: sweep.plan.name ?? "run", cells, failures });
    }
    return sweeps;
  });
  if (typeof looked === "string") return { kind: "progress", sweeps: [], waiting: looked };
  return { kind: "progress", sweeps: looked, waiting: looked.length === 0 ? "it holds no sweep yet" : null };
}

/** The panels as they were last made, by the settings that they are of. */
let made: ReadonlyMap<string, readonly Panel[]> = new Map();
let figures = 0;

/** The page with the verdict of now, and figures that are made anew or those of before; a sentence where there is nothing to make one of yet. */
async function page(isDrawn: boolean): Promise<{ page: PageLook | null; sentence: string | null }> {
  const found = await reading(async (results) => {
    const sights: Sight[] = [];
    const asked = {
      ...{ questionOf: <Same>(stored: Same) => stored, all: true, isKept: () => true },
      ...{ place: shellWord(withoutPasswords(place)), draws: null, isNarrowed: false },
    };
    for (const sweep of await results.sweeps())
      for await (const sight of sightsOf(results, sweep, asked)) sights.push(sight);
    if (sights.length === 0) return "no trial has landed yet";
    if (isDrawn) await drawAll(sights);
    const content = await gathered(sights, results, {
      ...{ title: titleOf(place), tell: () => {}, digests: false },
      panels: async (sight) => made.get(settingOf(sight)) ?? [],
    });
    return {
      html: mainHtml(content, new Map()).text,
      ...{ data: panelData(content.settings), figures },
    };
  });
  return typeof found === "string" ? { page: null, sentence: found } : { page: found, sentence: null };
}

async function drawAll(sights: readonly Sight[]): Promise<void> {
  const panels = new Map<string, readonly Panel[]>();
  for (const sight of sights) {
    const drawn: Panel[] = [];
    for (const figure of FIGURES) drawn.push(figure.isTimed === true ? left(figure) : await panelOf(figure, sight));
    panels.set(settingOf(sight), drawn);
  }
  [made, figures] = [panels, figures + 1];
}

function left(figure: Figure): Panel {
  return { figure, reason: "it is timed when nothing trains here: gmm-sweep report draws it" };
}

function settingOf({ sweep, finding }: Sight): string {
  return JSON.stringify([sweep.id, finding.setting]);
}

/** That the file is made by whoever trains there. */
function notYet(): string | null {
  if (isDatabase(place) || existsSync(place)) return null;
  return `${escaped(place)} is not there yet, and is made by the run or grid that trains into it (--db ${shellWord(place)})`;
}

/** What `look` finds in the place, which is opened for it and let go of; a sentence where nothing can be read there now. */
async function reading<Found>(look: (results: Results) => Promise<Found>): Promise<Found | string> {
  const waiting = notYet();
  if (waiting !== null) return waiting;
  try {
    const results = await openBegun(place);
    if (results === null) return "nothing has been written there yet";
    try {
      return await look(results);
    } finally {
      await results.close();
    }
  } catch (error) {
    if (error instanceof SweepError) return error.message;
    bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `a look failed: ${withoutPasswords(messageOf(error))}`;
  }
}
