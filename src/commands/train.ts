/** `gmm-sweep train`: one trajectory, here and now, to hold it against PyTorch or any other program. Nothing is stored. */

import type { Curve } from "../engine/contract.js";
import { loadEngine } from "../engine/engines.js";
import { mustBeFree } from "../files/output.js";
import type { Flags } from "../plan/flags.js";
import { choiceAsked, trainRequest } from "../plan/request.js";
import { onlyTrajectory } from "../plan/trajectories.js";
import { CURVE_COLUMNS, type CurveRow, curveTable } from "../report/curve.js";
import { jsonOf } from "../report/json.js";
import { retrain, retrainFrom } from "../run/rebuild.js";
import { shapeOf } from "../run/trajectory.js";
import { readWeights, writeWeights } from "../run/weights.js";
import { lastEpoch } from "../trial.js";
import {
  type Command,
  FORCE_OPTION,
  METHOD_FILE_OPTION,
  METHOD_LIST,
  type Terminal,
  TRAINING_OPTIONS,
  value,
  widthOf,
} from "./command.js";
import { EXIT } from "./exit-codes.js";

export const trainCommand: Command = {
  words: ["train"],
  describe: "train one trajectory and print its curve; nothing is stored",
  positionals: {},
  options: {
    method: value(`one of ${METHOD_LIST}, or of --method-file`, "original"),
    ...METHOD_FILE_OPTION,
    lambda: value("λ as written, of this method", "the method's"),
    epochs: value("epochs of this method", "the method's"),
    trial: value("the trial whose seeded weights it starts from", 1),
    ...TRAINING_OPTIONS,
    init: value("weights to start from, used as given: a .npz with fc1.weight … fc3.bias", "seeded"),
    out: value("write the final weights to this .npz"),
    ...FORCE_OPTION,
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
  const { plan, trial, init, out, json } = trainRequest(flags);
  const spec = onlyTrajectory(plan, trial);
  const engine = await loadEngine(choiceAsked(plan));
  const { cell } = spec;
  const shape = shapeOf(cell);
  const curve = init === null ? retrain(spec, engine) : retrainFrom(readWeights(init, shape), spec, engine);
  // Another program may have taken the name meanwhile.
  if (out !== null) mustBeFree(out, []);
  if (out !== null) writeWeights(out.path, shape, curve.parameters);
  const rows = curveRows(curve, lastEpoch(spec));
  const said = {
    method: cell.method,
    preset: cell.preset,
    lambda_reg: cell.lambda,
    lambda_effective: cell.lambdaEffective,
    epochs: rows.length,
    profile: engine.profile,
    columns: CURVE_COLUMNS,
    curve: rows,
  };
  await terminal.out(json ? `${jsonOf(said)}\n` : curveTable(rows, widthOf(terminal)));
  return EXIT.ok;
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
