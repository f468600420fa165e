/** `--dry-run`: what is asked for, how much of it is there already, and how long the rest will take. */
import { existsSync } from "node:fs";
import { isDatabase } from "../files/places.js";
import { axesOf } from "../plan/axes.js";
import { grown, heldIn } from "../plan/growth.js";
import type { SweepPlan } from "../plan/plan.js";
import type { NamedFile } from "../plan/ready.js";
import type { GridRequest } from "../plan/request.js";
import { trajectoriesOf } from "../plan/trajectories.js";
import { axesText } from "../report/axes.js";
import { forecastObject, forecastText, type RoundAhead, roundText } from "../report/forecast.js";
import { jsonOf } from "../report/json.js";
import { roundsSoFarText } from "../report/rounds.js";
import { usableCores } from "../run/cores.js";
import { forecast } from "../run/forecast.js";
import { ALL_MISSING, type Lookup, surveyMissing } from "../run/survey.js";
import { openBegun } from "../store/open.js";
import { engineFor } from "../sweep/engines.js";
import { roundsMeant } from "../sweep/rounds.js";
import { currentPlan, type Rounds } from "../verdict/rounds.js";
import { paragraph, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";

/** Prints what a request will take; nothing is trained or written. */
export async function dryRun({ plan, place, running, file, until }: GridRequest, terminal: Terminal): Promise<number> {
  const { path, shard, grow } = place;
  const { retryFailed, workers, json } = running;
  const engine = await engineFor(plan);
  const { profile } = engine;
  // One in which nothing is yet is one that a run would make its own.
  const results = isDatabase(path) || existsSync(path) ? await openBegun(path) : null;
  try {
    const lookup: Lookup = results === null ? ALL_MISSING : (specs) => results.missing(profile, specs, retryFailed);
    const held = results === null ? null : heldIn(await results.sweeps(), plan, profile);
    const all = (): SweepPlan => (held === null ? plan : grown(held.plan, plan, grow));
    const rounds = await roundsMeant(results, plan, held, until);
    // In rounds it is what was first asked for, at the most.
    const whole = rounds === null ? all() : plan;
    const threads = Math.min(workers, usableCores());
    const result = await forecast({ plan: whole, shard, retryFailed, workers: threads }, engine, lookup);
    const axes = axesOf(whole);
    const { columns } = terminal;
    const round = rounds === null ? null : await roundAhead(rounds, lookup);
    await terminal.out(
      json
        ? `${jsonOf({ sweep_file: file?.path ?? null, ...forecastObject(result), ...(round === null ? {} : { round }), axes })}\n`
        : `${file === null ? "" : meantText(file, columns)}${axesText(axes, columns)}\n${forecastText(result, columns)}${round === null ? "" : roundText(round, columns)}`,
    );
    return EXIT.ok;
  } finally {
    await results?.close();
  }
}

/** Of a name that is no file here, which file is meant. */
function meantText({ word, path, isReady }: NamedFile, columns: number | null): string {
  if (!isReady) return "";
  return `${paragraph(`${word} is the sweep file that comes with gmm-sweep, ${path}`, { columns })}\n`;
}

async function roundAhead(rounds: Rounds, lookup: Lookup): Promise<RoundAhead> {
  const { missing } = await surveyMissing(trajectoriesOf(currentPlan(rounds)), lookup);
  return { until: roundsSoFarText(rounds), epochs_left: missing.epochs };
}
