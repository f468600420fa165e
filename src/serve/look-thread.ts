/** The thread that looks: a server answers at once, however long a look takes. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, SweepError, shellWord, withoutPasswords } from "../errors.js";
import { gathered, titleOf } from "../report/page/gather.js";
import { mainHtml } from "../report/page/page.js";
import { type PanelData, panelData } from "../report/page/panels.js";
import type { Results } from "../store/contract.js";
import { openBegun } from "../store/open.js";
import { type Sight, sightsOf } from "../verdict/sights.js";
import type { LookAnswer, LookKind } from "./looks.js";

/** A page as HTML, and what its panels are drawn from. */
export interface PageLook {
  readonly html: string;
  readonly data: Readonly<Record<string, PanelData>>;
  /** ISO 8601, UTC. */
  readonly at: string;
}

const { place } = workerData as { readonly place: string };

parentPort?.on("message", async (kind: LookKind) => {
  const begun = performance.now();
  const answer = kind === "progress" ? await progress() : { kind, page: await page() };
  parentPort?.postMessage({ ...answer, ms: performance.now() - begun } as LookAnswer);
});

async function progress(): Promise<Omit<Extract<LookAnswer, { kind: "progress" }>, "ms">> {
  const looked = await reading(async (results) => {
    const sweeps = [];
    for (const sweep of await results.sweeps())
      sweeps.push({
        ...{ id: sweep.id, name: sweep.plan.name ?? "run" },
        ...{ cells: await results.cellStatus(sweep), failures: await results.failures(sweep) },
      });
    return sweeps;
  });
  if (typeof looked === "string") return { kind: "progress", sweeps: [], waiting: looked };
  return { kind: "progress", sweeps: looked, waiting: looked.length === 0 ? "it holds no sweep yet" : null };
}

/** Null where there is nothing to make a page of yet. */
async function page(): Promise<PageLook | null> {
  const made = await reading(async (results) => {
    const sights: Sight[] = [];
    const asked = { questionOf: <Same>(stored: Same) => stored, all: true, isKept: () => true };
    for (const sweep of await results.sweeps())
      for await (const sight of sightsOf(results, sweep, asked)) sights.push(sight);
    if (sights.length === 0) return null;
    const content = await gathered(sights, results, { title: titleOf(place), tell: () => {}, digests: false });
    return {
      html: mainHtml(content, shellWord(withoutPasswords(place))).text,
      data: panelData(content.settings),
      at: content.at,
    };
  });
  return typeof made === "string" ? null : made;
}

/** What `look` finds in the place, which is opened for it and let go of; a sentence where nothing can be read there now. */
async function reading<Found>(look: (results: Results) => Promise<Found>): Promise<Found | string> {
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
    return `a look failed: ${messageOf(error)}`;
  }
}
