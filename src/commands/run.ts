/** `gmm-sweep [run]`: the experiment, from flags to the table. */
import { DEFAULTS } from "../plan/defaults.js";
import type { Flags } from "../plan/flags.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { runRequest } from "../plan/request.js";
import { usableCores } from "../run/cores.js";
import {
  type Command,
  DATABASE_ARGUMENT,
  DB_OPTION,
  LOG_OPTION,
  METHOD_FILE_OPTION,
  NULL_OPTION,
  QUESTION_OPTIONS,
  RUNNING_OPTIONS,
  type Terminal,
  TRAINING_OPTIONS,
  value,
} from "./command.js";
import { openAndTrain } from "./opening.js";

/** Options that say what is asked for. */
const ASKING = {
  trials: value("trials of each method", DEFAULTS.trials),
  methods: value(`some of ${METHOD_NAMES.join(", ")}, separated by commas`, "the first four"),
  ...NULL_OPTION,
  epochs: value("epochs of unlearn, or METHOD=EPOCHS", "5, original=100, …"),
  lambda: value("λ of unlearn as written, or METHOD=LAMBDA", 4.2),
  ...METHOD_FILE_OPTION,
  ...TRAINING_OPTIONS,
  ...QUESTION_OPTIONS,
};

export const runCommand: Command = {
  words: ["run [database]"],
  describe: "train every method's trials and print the table; what is finished already is not trained again",
  positionals: DATABASE_ARGUMENT,
  options: {
    workers: value("worker threads", "the cores"),
    ...ASKING,
    ...DB_OPTION,
    ...LOG_OPTION,
    ...RUNNING_OPTIONS,
    json: { type: "boolean", describe: "print one JSON object instead of the table" },
  },
  examples: [
    ["$0 --workers 8", "the notebook's experiment on 8 threads"],
    ["$0 --trials 10 --epochs original=200 --lambda 2", "fewer trials, a longer original, another λ"],
    ["$0 --preset paired --data-seed 42 --db data/paired.db", "the sound version, on a draw with something to forget"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  return openAndTrain(runRequest(flags, usableCores(), Object.keys(ASKING)), terminal);
}
