/** `--dry-run`: what is asked for, how much of it is there already, and how long the rest will take. */
import { existsSync } from "node:fs";
import { axesOf } from "../plan/axes.js";
import { wholePlan } from "../plan/growth.js";
import type { Request } from "../plan/request.js";
import { axesText } from "../report/axes.js";
import { forecastObject, forecastText } from "../report/forecast.js";
import { jsonOf } from "../report/json.js";
import { usableCores } from "../run/cores.js";
import { forecast } from "../run/forecast.js";
import { ALL_MISSING, type Lookup } from "../run/survey.js";
import { openBegun } from "../store/open.js";
import type { Terminal } from "./command.js";
import { engineFor } from "./engines.js";
import { EXIT } from "./exit-codes.js";

/** Prints what a request will take; nothing is trained or written. */
export async function dryRun({ plan, place, running }: Request, terminal: Terminal): Promise<number> {
  const { path, shard, grow } = place;
  const { retryFailed, workers, json } = running;
  const engine = await engineFor(plan);
  const { profile } = engine;
  // One in which nothing is yet is one that a run would make its own.
  const results = existsSync(path) ? await openBegun(path) : null;
  try {
    const lookup: Lookup = results === null ? ALL_MISSING : (specs) => results.missing(profile, specs, retryFailed);
    const whole = wholePlan((await results?.sweeps()) ?? [], { plan, profile }, grow);
    const threads = Math.min(workers, usableCores());
    const result = await forecast({ plan: whole, shard, retryFailed, workers: threads }, engine, lookup);
    const axes = axesOf(whole);
    const { columns } = terminal;
    await terminal.out(
      json
        ? `${jsonOf({ ...forecastObject(result), axes })}\n`
        : `${axesText(axes, columns)}\n${forecastText(result, columns)}`,
    );
    return EXIT.ok;
  } finally {
    await results?.close();
  }
}
