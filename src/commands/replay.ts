/** `gmm-sweep replay`: the parameters of a stored trial at an epoch, trained again from its seed and held against what is stored. */
import { databaseFrom } from "../config.js";
import { writeWeights } from "../data/weights.js";
import { loadProfile } from "../engine/engines.js";
import { SweepError } from "../errors.js";
import { bad, type Flags, parseName, parseReal, text, wholeNumber } from "../flags.js";
import { METHOD_NAMES } from "../methods.js";
import { type ArmRow, armsWith, storedEpoch } from "../queries.js";
import { retrain, specOfRow } from "../rebuild.js";
import { SqliteReader } from "../store/reader.js";
import { shapeOf } from "../trajectory.js";
import { type Command, DB_ARGUMENT, DB_OPTION, EXIT, METHOD_LIST, type Terminal, value } from "./command.js";

/** The options that tell cells of one method apart, and their columns. */
const NARROWING = {
  lambda: "lambda_reg",
  preset: "preset",
  draw: "draw",
  samples: "samples",
  hidden: "hidden",
  "learning-rate": "learning_rate",
  seed: "seed",
  start: "start",
} as const;

export const replayCommand: Command = {
  words: ["replay [file]"],
  describe: "train a stored trial again up to an epoch, check it against what is stored, and write its weights",
  positionals: DB_ARGUMENT,
  options: {
    method: value(`one of ${METHOD_LIST}`, "unlearn"),
    trial: value("its number, from 1", 1),
    epoch: value("the epoch whose weights are wanted", "the last"),
    lambda: value("λ as written, where the file has several"),
    preset: value("its preset, where the file has both"),
    draw: value("its draw, as the column draw names it, where the file has several"),
    samples: value("rows of D, where the file has several"),
    hidden: value("widths, where the file has several"),
    "learning-rate": value("learning rate, where the file has several"),
    seed: value("seed of the initial weights, where the file has several"),
    start: value("its start, as the column start names it, where the file has several"),
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
  const path = text(flags, "file") ?? databaseFrom(flags);
  const method = parseName("--method", text(flags, "method") ?? "unlearn", METHOD_NAMES);
  const trial = wholeNumber(flags, "trial", 1, Number.MAX_SAFE_INTEGER, 1);
  const given = text(flags, "lambda");
  const lambda = given === null ? null : String(parseReal("--lambda", given, 0, "a number from 0 up"));
  const [out, data] = [text(flags, "out"), text(flags, "data")];
  const reader = new SqliteReader(path);
  try {
    const arm = onlyOne(
      narrowed(await armsWith(reader, method, trial), { ...flags, lambda: lambda ?? undefined }),
      path,
    );
    const epoch = wholeNumber(flags, "epoch", 1, arm.epochs, arm.epochs);
    const engine = await loadProfile(arm.engine, arm.profile);
    if (engine === null)
      throw new SweepError(
        "UNAVAILABLE",
        `${path} was trained with the numerics profile ${arm.profile}, which no engine gives on this machine: gmm-sweep doctor lists those it has`,
      );
    const stored = await storedEpoch(reader, arm.trajectory_id, epoch);
    const trainedTo = stored.epoch;
    const longer = retrain(specOfRow({ ...arm, epochs: trainedTo }, data), engine);
    const again = [longer.trainAccuracy[trainedTo - 1], longer.forgetProbability[trainedTo - 1]];
    const there = [stored.train_accuracy, stored.forget_probability];
    const equal = again.every((value, i) => Object.is(Number.isNaN(value) ? null : value, there[i]));
    const what = `${method} trial ${trial}, λ ${arm.lambda_reg}, epoch ${epoch}`;
    if (!equal) {
      terminal.err(
        `${what}: trained again it gives train accuracy ${again[0]} and forget probability ${again[1]} at epoch ${trainedTo}, where ${path} holds ${there[0]} and ${there[1]}; nothing was written\n`,
      );
      return EXIT.trialFailed;
    }
    const spec = specOfRow({ ...arm, epochs: epoch }, data);
    const curve = epoch === trainedTo ? longer : retrain(spec, engine);
    if (out !== null) writeWeights(out, shapeOf(spec), curve.parameters);
    await terminal.out(
      `${what}: train accuracy ${curve.trainAccuracy[epoch - 1]}, forget probability ${curve.forgetProbability[epoch - 1]}; equal to the bit to what is stored at epoch ${trainedTo}${out === null ? "" : `; weights in ${out}`}\n`,
    );
    return EXIT.ok;
  } finally {
    reader.close();
  }
}

/** The arms that the narrowing options leave. */
function narrowed(arms: readonly ArmRow[], flags: Flags): ArmRow[] {
  return arms.filter((arm) =>
    Object.entries(NARROWING).every(([option, column]) => {
      const wanted = text(flags, option);
      return wanted === null || String(arm[column]) === wanted;
    }),
  );
}

function onlyOne(arms: readonly ArmRow[], path: string): ArmRow {
  if (arms.length === 1) return arms[0];
  if (arms.length === 0)
    throw bad(
      `--method, --trial and what else is given must name a finished trial of ${path}, got none: gmm-sweep status ${path} lists what is there`,
    );
  const [option, column] = Object.entries(NARROWING).find(
    ([, name]) => new Set(arms.map((arm) => arm[name])).size > 1,
  ) as [string, (typeof NARROWING)[keyof typeof NARROWING]];
  const values = [...new Set(arms.map((arm) => arm[column]))];
  const shown = values.length > 8 ? `${values.slice(0, 8).join(", ")}, …` : values.join(", ");
  throw bad(`--${option} must say which trial of ${path} is meant, got none: it has ${shown}`);
}
