/** `gmm-sweep train`: one trajectory, here and now, to hold it against PyTorch or any other program. Nothing is stored. */

import { readWeights, writeWeights } from "../data/weights.js";
import type { Curve } from "../engine/contract.js";
import { loadEngine } from "../engine/engines.js";
import { type Flags, oneOf, text, wholeNumber } from "../plan/flags.js";
import { effectiveLambda, METHOD_NAMES, methodNamed } from "../plan/methods.js";
import { configFrom, type SweepConfig } from "../plan/options.js";
import { specOf } from "../plan/trajectories.js";
import { CURVE_COLUMNS, type CurveRow, curveTable } from "../report/curve.js";
import { retrain, retrainFrom } from "../run/rebuild.js";
import { shapeOf } from "../run/trajectory.js";
import { lastEpoch } from "../trial.js";
import { type Command, EXIT, METHOD_LIST, type Terminal, TRAINING_OPTIONS, value } from "./command.js";

const MAX_TRIAL = 1_000_000;

export const trainCommand: Command = {
  words: ["train"],
  describe: "train one trajectory and print its curve; nothing is stored",
  positionals: {},
  options: {
    method: value(`one of ${METHOD_LIST}`, "original"),
    lambda: value("λ as written, of this method", "the method's"),
    epochs: value("epochs of this method", "the method's"),
    trial: value("the trial whose seeded weights it starts from", 1),
    ...TRAINING_OPTIONS,
    init: value("weights to start from, used as given: a .npz with fc1.weight … fc3.bias", "seeded"),
    out: value("write the final weights to this .npz"),
    json: { type: "boolean", describe: "print one JSON object instead of the table" },
  },
  examples: [
    ["$0 train --method original --epochs 20", "the first 20 epochs of trial 1"],
    [
      "$0 train --method unlearn --lambda 4.2 --epochs 5 --init original.npz --out unlearned.npz",
      "unlearn from given weights",
    ],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const method = oneOf(flags, "method", METHOD_NAMES, "original");
  const config = configFor(flags, method);
  const trial = wholeNumber(flags, "trial", 1, MAX_TRIAL, 1);
  const [init, out] = [text(flags, "init"), text(flags, "out")];
  const engine = await loadEngine(config.engine);
  const spec = specOf(config, method, trial, trial);
  const curve = init === null ? retrain(spec, engine) : retrainFrom(readWeights(init, shapeOf(spec)), spec, engine);
  if (out !== null) writeWeights(out, shapeOf(spec), curve.parameters);
  const rows = curveRows(curve, lastEpoch(spec));
  const lambda = {
    lambda_reg: spec.lambda,
    lambda_effective: effectiveLambda(spec.preset, methodNamed(method), spec.lambda),
  };
  await terminal.out(
    flags["json"] === true
      ? `${JSON.stringify({ method, preset: spec.preset, ...lambda, epochs: rows.length, profile: engine.profile, columns: CURVE_COLUMNS, curve: rows })}\n`
      : curveTable(rows),
  );
  return EXIT.ok;
}

/** In `train`, bare --lambda and --epochs speak of the method that is trained. */
function configFor(flags: Flags, method: string): SweepConfig {
  const named = Object.fromEntries(
    ["lambda", "epochs"].flatMap((name) => {
      const given = text(flags, name);
      return given === null ? [] : [[name, given.includes("=") ? given : `${method}=${given}`]];
    }),
  );
  return configFrom({ ...flags, ...named });
}

function curveRows(curve: Curve, epochs: number): CurveRow[] {
  return Array.from({ length: epochs }, (_, e) => ({
    epoch: e + 1,
    penalty: curve.penalty[e],
    cross_entropy: curve.crossEntropy[e],
    train_accuracy: curve.trainAccuracy[e],
    forget_probability: curve.forgetProbability[e],
  }));
}
