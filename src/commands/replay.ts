/** `gmm-sweep replay`: the parameters of a stored trial at an epoch, trained again from its seed and held against what is stored. */

import type { Curve } from "../engine/contract.js";
import { bad, shellWord } from "../errors.js";
import { type KeptFile, mustBeFree } from "../files/output.js";
import { CURVE } from "../measures.js";
import { type Flags, fileFrom, sweepFrom, text, weightsFrom, wholeNumber } from "../plan/flags.js";
import { parseWhole } from "../plan/values.js";
import { jsonOf } from "../report/json.js";
import { importedDraws, isStoredAs, retrain, specOfRow, type Templates, templatesOf } from "../run/rebuild.js";
import { shapeOf } from "../run/trajectory.js";
import { writeWeights } from "../run/weights.js";
import type { Results, StoredEpoch, StoredTrajectory, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import { engineOf } from "../sweep/engines.js";
import {
  type Command,
  DB_ARGUMENT,
  DB_OPTION,
  FORCE_OPTION,
  METHOD_LIST,
  paragraph,
  type Terminal,
  value,
} from "./command.js";
import { EXIT } from "./exit-codes.js";
import { NARROWING_OPTIONS, wantedFrom } from "./narrowing.js";
import { among, keyObject, storedTrial } from "./stored-trial.js";

export const replayCommand: Command = {
  words: ["replay [method] [trial] [file]"],
  describe: "train a stored trial again up to an epoch, check it against what is stored, and write its weights",
  positionals: { method: "in place of --method", trial: "in place of --trial", ...DB_ARGUMENT },
  options: {
    method: value(`one of ${METHOD_LIST}, or of one's own`, "unlearn"),
    trial: value("its number, from 1", 1),
    epoch: value("the epoch whose weights are wanted", "the last"),
    sweep: value("the number of the sweep", "all of the file's"),
    ...NARROWING_OPTIONS,
    data: value("the folder of imported data, where it was trained on one"),
    out: value("write the weights to this .npz"),
    ...FORCE_OPTION,
    ...DB_OPTION,
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
  examples: [
    [
      "$0 replay night.db --method unlearn --trial 41 --lambda 4.2 --epoch 12 --out weights.npz",
      "for numpy or PyTorch",
    ],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const method = text(flags, "method") ?? "unlearn";
  const trial = wholeNumber(flags, "trial", 1, Number.MAX_SAFE_INTEGER, 1);
  const given = text(flags, "epoch");
  if (given !== null) parseWhole("--epoch", given, 1, Number.MAX_SAFE_INTEGER);
  const data = text(flags, "data");
  const json = flags["json"] === true;
  const imported = importedDraws(data === null ? [] : [data]);
  const wanted = wantedFrom(flags, [...imported.keys()]);
  const kept: KeptFile[] = [["the database", path]];
  const file = weightsFrom(flags, kept);
  const out = file?.path ?? null;
  const results = await openResults(path);
  try {
    const { sweeps, only } = await among(results, sweepFrom(flags), path);
    const named = { method, argument: "--method", trial, path, wanted };
    const none = (methods: readonly string[]): Promise<Error> => noneFinished(results, sweeps, methods, named);
    const row = await storedTrial(results, { sweeps, only }, named, { counts: () => true, none });
    const epoch = given === null ? row.epochs : epochOf(given, row);
    const engine = await engineOf(row.engine, row.profile, path);
    const stored = await results.storedAt(row.source, epoch);
    const trainedTo = stored[0].epoch;
    const templates = templatesIn(sweeps);
    const longer = retrain(specOfRow(templates, { ...row, epochs: trainedTo }, imported), engine);
    const difference = differenceOf(stored, longer);
    const held = {
      what: `${row.method} trial ${row.trial}, λ ${row.lambda_reg}, epoch ${epoch}`,
      trainedTo,
      path,
      out,
    };
    const said = { ...keyObject(row), epoch, compared_epoch: trainedTo, equal: difference === null };
    if (difference !== null) {
      terminal.err(differenceText(difference, held));
      if (json) await terminal.out(`${jsonOf({ ...said, ...difference })}\n`);
      return EXIT.check;
    }
    const spec = specOfRow(templates, { ...row, epochs: epoch }, imported);
    const curve = epoch === trainedTo ? longer : retrain(spec, engine);
    // Another program may have taken the name meanwhile.
    if (file !== null) mustBeFree(file, kept);
    if (out !== null) writeWeights(out, shapeOf(spec.cell), curve.parameters);
    const [train_accuracy, forget_probability] = [curve.trainAccuracy[epoch - 1], curve.forgetProbability[epoch - 1]];
    await terminal.out(
      json
        ? `${jsonOf({ ...said, train_accuracy, forget_probability, weights: out })}\n`
        : paragraph(
            `${held.what}: train accuracy ${train_accuracy}, forget probability ${forget_probability}; equal to the bit to what is stored of epoch ${trainedTo}${out === null ? "" : `; weights in ${out}`}`,
            terminal,
          ),
    );
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

/** Says which of method and trial names nothing that is finished. */
async function noneFinished(
  results: Results,
  sweeps: readonly Sweep[],
  methods: readonly string[],
  { method, trial, path }: { readonly method: string; readonly trial: number; readonly path: string },
): Promise<Error> {
  const remedy = `gmm-sweep status ${shellWord(path)} says what is there`;
  return (await anyFinished(results, sweeps, methods))
    ? bad(`--trial must be a finished trial of ${method} in ${path}, got ${trial}: ${remedy}`)
    : bad(`--method must be one that ${path} has finished trials of, got ${method}: ${remedy}`);
}

async function anyFinished(results: Results, sweeps: readonly Sweep[], methods: readonly string[]): Promise<boolean> {
  for (const sweep of sweeps)
    for (const { method, done, diverged } of await results.methodStatus(sweep))
      if (done + diverged > 0 && methods.includes(method)) return true;
  return false;
}

/** Those of all sweeps: equal keys are equal trajectories. */
function templatesIn(sweeps: readonly Sweep[]): Templates {
  const all = new Map(templatesOf(sweeps[0].plan));
  for (const { plan } of sweeps.slice(1)) for (const [key, spec] of templatesOf(plan)) all.set(key, spec);
  return all;
}

function epochOf(given: string, { epochs, method, trial }: StoredTrajectory): number {
  const epoch = Number(given);
  if (epoch <= epochs) return epoch;
  throw bad(`--epoch must be one that ${method} trial ${trial} was trained to, 1 to ${epochs}, got ${epoch}`);
}

/** A stored value that came out otherwise. */
interface Difference {
  readonly column: string;
  readonly stored: number | null;
  readonly trained: number;
}

/** The first stored value that `curve` does not have; null: it has them all. */
function differenceOf(stored: readonly StoredEpoch[], curve: Curve): Difference | null {
  for (const row of stored) {
    for (const { name, of } of CURVE) {
      const [there, trained] = [row[name], of(curve)[row.epoch - 1]];
      if (!isStoredAs(trained, there)) return { column: name, stored: there, trained };
    }
  }
  return null;
}

interface HeldAgainst {
  /** What was trained, in words. */
  readonly what: string;
  readonly trainedTo: number;
  readonly path: string;
  readonly out: string | null;
}

function differenceText({ column, stored, trained }: Difference, { what, trainedTo, path, out }: HeldAgainst): string {
  return `${what}: trained again it gives ${trained} as ${column} of epoch ${trainedTo}, where ${path} holds ${stored}: ${out === null ? "" : "no weights were written; "}gmm-sweep verify ${shellWord(path)} compares other trials\n`;
}
