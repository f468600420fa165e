/** `gmm-sweep verify`: holds every stored trajectory against its hash, then trains a sample of the trial rows again, and compares them to the bit. */

import type { Draw } from "../data/draw.js";
import { loadDraw } from "../data/source.js";
import { stream } from "../data/streams.js";
import type { Engine } from "../engine/contract.js";
import { SweepError } from "../errors.js";
import { CURVE, MEASURES } from "../measures.js";
import { severalIn } from "../plan/axes.js";
import { ROW_KEY_NAMES } from "../plan/cell.js";
import { type Flags, fileFrom, items, sweepFrom, wholeNumber } from "../plan/flags.js";
import { cellColumns } from "../report/cell-columns.js";
import { jsonOf } from "../report/json.js";
import { tableWithin } from "../report/table.js";
import { cachedDraws } from "../run/chunk.js";
import {
  type ImportedDraws,
  importedDraws,
  isStoredAs,
  retrain,
  specOfRow,
  type Templates,
  templatesOf,
} from "../run/rebuild.js";
import { trialRows } from "../run/trajectory.js";
import type { Damage, Results, StoredRow, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import { engineOf } from "../sweep/engines.js";
import type { DrawSource } from "../trial.js";
import { roundsIn } from "../verdict/decisions.js";
import { type Command, DB_ARGUMENT, DB_OPTION, SWEEP_OPTION, type Terminal, value, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { sweepsFrom } from "./sweeps.js";

const SAMPLE = 20;
const MAX_SAMPLE = 1_000_000;
const FAULTS_SHOWN = 20;
const DRAWS_KEPT = 4; // rows are sampled in the order of their keys, so that neighbours share a draw

export const verifyCommand: Command = {
  words: ["verify [file]"],
  describe:
    "hold every stored trajectory against its hash, train a sample of the trial rows again and compare every bit; exit code 1 where one differs",
  positionals: DB_ARGUMENT,
  options: {
    sample: value("how many trial rows of each sweep are trained again; 0: hashes alone", SAMPLE),
    seed: value("seed of the choice", 0),
    data: value(
      "the folders of imported data, where the rows were trained on such, separated by commas",
      null,
      "FOLDERS",
    ),
    ...SWEEP_OPTION,
    ...DB_OPTION,
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
  examples: [
    ["$0 verify night.db --sample 100", "100 rows of each sweep, chosen by seed 0"],
    ["$0 verify night.db --sample 0", "nothing is trained: whether the file is as it was written"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const count = wholeNumber(flags, "sample", 0, MAX_SAMPLE, SAMPLE);
  const seed = wholeNumber(flags, "seed", 0, Number.MAX_SAFE_INTEGER, 0);
  const imported = importedDraws(items(flags, "data"));
  const results = await openResults(path);
  try {
    const sweeps = await sweepsFrom(results, sweepFrom(flags), path);
    for (const sweep of sweeps) await roundsIn(results, sweep); // decisions that say no rounds are refused
    const json = flags["json"] === true;
    const held = await heldOf(results);
    if (!json) await terminal.out(heldText(held));
    const source = { results, imported, path };
    const tell = async (one: SweepAgain): Promise<void> =>
      json ? undefined : terminal.out(verifiedText(one, widthOf(terminal)));
    const again = count === 0 ? NOTHING_AGAIN : await trainedAgain(sweeps, { count, seed }, { ...source, held, tell });
    if (json) await terminal.out(`${jsonOf(verifiedObject(held, again))}\n`);
    if (again.refused !== null) terminal.err(`not trained again: ${again.refused}\n`);
    const equal = again.sweeps.every(({ compared }) => compared.every(({ faults }) => faults.length === 0));
    return held.found === 0 && equal && again.refused === null ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}

/** How much of a file is as it was written. */
interface HeldFile {
  readonly trajectories: number;
  /** How many do not match their hash, and the first of them. */
  readonly found: number;
  readonly shown: readonly Damage[];
}

async function heldOf(results: Results): Promise<HeldFile> {
  const shown: Damage[] = [];
  let found = 0;
  for await (const damage of results.damages()) {
    found += 1;
    if (shown.length < FAULTS_SHOWN) shown.push(damage);
  }
  return { trajectories: await results.trajectoryCount(), found, shown };
}

function heldText({ trajectories, found, shown }: HeldFile): string {
  const held = `${trajectories} ${trajectories === 1 ? "trajectory" : "trajectories"} held against ${trajectories === 1 ? "its hash" : "their hashes"}`;
  if (found === 0) return `${held}: nothing was changed\n`;
  const lines = shown.map(({ sentence }) => `  ${sentence}\n`).join("");
  const more = found > shown.length ? `  … and ${found - shown.length} more\n` : "";
  return `${held}: ${found} ${found === 1 ? "does" : "do"} not match\n${lines}${more}\n`;
}

interface Choice {
  readonly count: number;
  readonly seed: number;
}

/** What came of a sample of each sweep that was trained again; `refused` says why the rest was not. */
interface Again {
  readonly sweeps: readonly SweepAgain[];
  readonly refused: string | null;
}

interface SweepAgain {
  readonly sweep: Sweep;
  readonly compared: readonly Compared[];
}

const NOTHING_AGAIN: Again = { sweeps: [], refused: null };

async function trainedAgain(
  sweeps: readonly Sweep[],
  { count, seed }: Choice,
  { held, tell, ...source }: Source & { held: HeldFile; tell: (one: SweepAgain) => Promise<void> },
): Promise<Again> {
  const again: SweepAgain[] = [];
  try {
    for (const sweep of sweeps) {
      const rows = await sample(finished(source.results.rows(sweep)), count, seed);
      const one = { sweep, compared: await rowsAgain(rows, sweep, source) };
      again.push(one);
      await tell(one);
    }
  } catch (error) {
    // What was changed may be nothing that can be trained, and that it was changed is said already.
    if (held.found === 0 || !(error instanceof SweepError)) throw error;
    return { sweeps: again, refused: error.message };
  }
  return { sweeps: again, refused: null };
}

async function* finished(rows: AsyncIterable<StoredRow>): AsyncGenerator<StoredRow> {
  for await (const row of rows) if (row.state !== "failed") yield row;
}

/** `count` of the rows, each as likely as any other (Vitter 1985, algorithm R), in their order; the same for the same seed. */
async function sample<Row>(rows: AsyncIterable<Row>, count: number, seed: number): Promise<Row[]> {
  const random = stream("verify", seed);
  const chosen: { row: Row; place: number }[] = [];
  let seen = 0;
  for await (const row of rows) {
    const place = seen++;
    if (chosen.length < count) chosen.push({ row, place });
    else {
      const other = Math.floor(random.uniform() * seen);
      if (other < count) chosen[other] = { row, place };
    }
  }
  return chosen.sort((a, b) => a.place - b.place).map(({ row }) => row);
}

interface Compared {
  readonly row: StoredRow;
  readonly faults: readonly Fault[];
}

/** A stored value that came out otherwise. */
interface Fault {
  /** The measure and, but for those of the row itself, where it stands. */
  readonly what: string;
  readonly stored: string;
  readonly trained: string;
}

interface Source {
  readonly results: Results;
  readonly imported: ImportedDraws;
  readonly path: string;
}

/** Trains rows of a sweep again, one after the other. */
async function rowsAgain(
  rows: readonly StoredRow[],
  { plan, profile }: Sweep,
  { results, imported, path }: Source,
): Promise<Compared[]> {
  const engine = await engineOf(plan.engine.name, profile, path);
  const load = cachedDraws(loadDraw, DRAWS_KEPT);
  const templates = templatesOf(plan);
  const compared: Compared[] = [];
  for (const row of rows)
    compared.push({ row, faults: await faultsOf(row, { results, engine, templates, imported, load }) });
  return compared;
}

interface Trainer {
  readonly results: Results;
  readonly engine: Engine;
  readonly templates: Templates;
  readonly imported: ImportedDraws;
  readonly load: (source: DrawSource) => Draw;
}

/** What of a row, its forget rows' margins and its curve up to there comes out otherwise when it is trained again. */
async function faultsOf(row: StoredRow, { results, engine, templates, imported, load }: Trainer): Promise<Fault[]> {
  const spec = specOfRow(templates, row, imported);
  const curve = retrain(spec, engine, load(spec.cell.draw));
  const [again] = trialRows(spec.asked, curve);
  const faults: Fault[] = [];
  const compare = (what: string, stored: number | null, trained: number | null): void => {
    if (!isStoredAs(trained, stored)) faults.push({ what, stored: String(stored), trained: String(trained) });
  };
  if (row.state !== again.state) faults.push({ what: "state", stored: row.state, trained: again.state });
  for (const { name } of MEASURES) compare(name, row.measures[name], again.measures[name]);
  for (const [i, margin] of (await results.marginsAt(row.source, row.epochs)).entries())
    compare(`forget_margin of forget row ${i + 1}`, margin, again.forgetMargins[i]);
  for (const stored of await results.curve(row.source, row.epochs))
    for (const { name, of } of CURVE)
      compare(`${name} of epoch ${stored.epoch}`, stored[name], of(curve)[stored.epoch - 1]);
  return faults;
}

/** The same as JSON; damages beyond the first are counted. */
function verifiedObject({ trajectories, found, shown }: HeldFile, { sweeps, refused }: Again): object {
  const differing = ({ row, faults }: Compared): object[] => {
    const key = Object.fromEntries(ROW_KEY_NAMES.map((name) => [name, row[name]]));
    return faults.map(({ what, stored, trained }) => ({ ...key, measure: what, stored, trained_again: trained }));
  };
  return {
    trajectories,
    changed: found,
    damages: shown.map(({ sentence }) => sentence),
    sweeps: sweeps.map(({ sweep: { id, profile }, compared }) => ({
      ...{ sweep: id, profile, trained_again: compared.length },
      differing: compared.flatMap(differing),
    })),
    not_trained_again: refused,
  };
}

function verifiedText({ sweep: { id, profile, plan }, compared }: SweepAgain, width: number): string {
  if (compared.length === 0) return `sweep ${id}: there is no finished trial row to train again\n`;
  const differing = compared.filter(({ faults }) => faults.length > 0);
  const verdict = `sweep ${id}: ${compared.length - differing.length} of ${compared.length} trial rows came out equal to the bit (${profile})\n`;
  if (differing.length === 0) return verdict;
  const { header, cells } = cellColumns(
    differing.map(({ row }) => row),
    severalIn(plan),
  );
  const lines = differing.flatMap(({ row, faults }, i) =>
    faults.map(({ what, stored, trained }) => [...cells[i], row.trial, what, stored, trained]),
  );
  const table = tableWithin(
    width,
    [...header, "trial", "measure", "stored", "trained again"],
    lines.slice(0, FAULTS_SHOWN),
  );
  const more = lines.length > FAULTS_SHOWN ? `… and ${lines.length - FAULTS_SHOWN} more\n` : "";
  return `\n${table}${more}\n${verdict}the file was changed after it was written, or one of the two trainings went wrong: keep the file, and train the sweep into another with --db\n`;
}
