/** `gmm-sweep replay`: the parameters of a stored trial at an epoch, trained again from its seed and held against what is stored. */
import { writeWeights } from "../data/weights.js";
import type { Curve } from "../engine/contract.js";
import { writableFile } from "../files.js";
import { bad, type Flags, parseName, parseWhole, text, wholeNumber } from "../plan/flags.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { importedDraws, isStoredAs, retrain, specOfRow } from "../run/rebuild.js";
import { shapeOf } from "../run/trajectory.js";
import { type ArmRow, armsWith, CURVE, finishedMethods, type StoredEpoch, storedAt } from "../store/sqlite/queries.js";
import { SqliteReader } from "../store/sqlite/reader.js";
import { type Command, DB_ARGUMENT, DB_OPTION, EXIT, METHOD_LIST, type Terminal, value } from "./command.js";
import { NARROWING_OPTIONS, narrowed, onlyOne, wantedFrom } from "./narrowing.js";
import { engineOf, fileFrom } from "./sweeps.js";

export const replayCommand: Command = {
  words: ["replay [file]"],
  describe: "train a stored trial again up to an epoch, check it against what is stored, and write its weights",
  positionals: DB_ARGUMENT,
  options: {
    method: value(`one of ${METHOD_LIST}`, "unlearn"),
    trial: value("its number, from 1", 1),
    epoch: value("the epoch whose weights are wanted", "the last"),
    ...NARROWING_OPTIONS,
    data: value("the folder of imported data, where it was trained on one"),
    out: value("write the weights to this .npz"),
    ...DB_OPTION,
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
  const method = parseName("--method", text(flags, "method") ?? "unlearn", METHOD_NAMES);
  const trial = wholeNumber(flags, "trial", 1, Number.MAX_SAFE_INTEGER, 1);
  const given = text(flags, "epoch");
  if (given !== null) parseWhole("--epoch", given, 1, Number.MAX_SAFE_INTEGER);
  const data = text(flags, "data");
  const imported = importedDraws(data === null ? [] : [data]);
  const wanted = wantedFrom(flags, [...imported.keys()]);
  const out = writableFile(flags, "out", [["the database", path]]);
  const reader = new SqliteReader(path);
  try {
    const arms = await armsWith(reader, method, trial);
    if (arms.length === 0) throw await noneOf(method, trial, path, reader);
    const arm = onlyOne(narrowed(arms, wanted, `${path} has of ${method} trial ${trial}`), path);
    const epoch = given === null ? arm.epochs : epochOf(given, arm);
    const engine = await engineOf(arm, path);
    const stored = await storedAt(reader, arm.trajectory_id, epoch);
    const trainedTo = stored[0].epoch;
    const longer = retrain(specOfRow({ ...arm, epochs: trainedTo }, imported), engine);
    const what = `${method} trial ${trial}, λ ${arm.lambda_reg}, epoch ${epoch}`;
    const difference = differenceOf(stored, longer);
    if (difference !== null) {
      terminal.err(
        `${what}: trained again it gives ${difference.trained} as ${difference.column} of epoch ${trainedTo}, where ${path} holds ${difference.there}: ${out === null ? "" : "no weights were written; "}gmm-sweep verify compares other trials\n`,
      );
      return EXIT.trialFailed;
    }
    const spec = specOfRow({ ...arm, epochs: epoch }, imported);
    const curve = epoch === trainedTo ? longer : retrain(spec, engine);
    if (out !== null) writeWeights(out, shapeOf(spec), curve.parameters);
    await terminal.out(
      `${what}: train accuracy ${curve.trainAccuracy[epoch - 1]}, forget probability ${curve.forgetProbability[epoch - 1]}; equal to the bit to what is stored of epoch ${trainedTo}${out === null ? "" : `; weights in ${out}`}\n`,
    );
    return EXIT.ok;
  } finally {
    reader.close();
  }
}

/** Why there is nothing to replay. */
async function noneOf(method: string, trial: number, path: string, reader: SqliteReader): Promise<Error> {
  const methods = await finishedMethods(reader);
  const remedy = `gmm-sweep status ${path} says what is there`;
  return methods.includes(method)
    ? bad(`--trial must be a finished trial of ${method} in ${path}, got ${trial}: ${remedy}`)
    : bad(`--method must be one that ${path} has finished trials of, got ${method}: ${remedy}`);
}

function epochOf(given: string, { epochs, method, trial }: ArmRow): number {
  const epoch = Number(given);
  if (epoch <= epochs) return epoch;
  throw bad(`--epoch must be one that ${method} trial ${trial} was trained to, 1 to ${epochs}, got ${epoch}`);
}

/** The first stored value that `curve` does not have; null: it has them all. */
function differenceOf(
  stored: readonly StoredEpoch[],
  curve: Curve,
): { column: string; there: number | null; trained: number } | null {
  for (const row of stored) {
    for (const [column, name] of CURVE) {
      const [there, trained] = [row[column], curve[name][row.epoch - 1]];
      if (!isStoredAs(trained, there)) return { column, there, trained };
    }
  }
  return null;
}
