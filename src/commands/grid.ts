/** `gmm-sweep grid`: λ × epochs × draws × nets × methods as one sweep that can be killed and extended. */
import { ENGINE_NAMES } from "../engine/engines.js";
import { DEFAULTS, GRID_DEFAULTS } from "../plan/defaults.js";
import type { Flags } from "../plan/flags.js";
import { METHOD_NAMES } from "../plan/methods.js";
import { RECORDS } from "../plan/plan.js";
import { PRESET_NAMES } from "../plan/presets.js";
import { READY_NAMES } from "../plan/ready.js";
import { gridRequest } from "../plan/request.js";
import { usableCores } from "../run/cores.js";
import {
  type Command,
  DATA_FILES,
  DATABASE_ARGUMENT,
  DB_OPTION,
  FORGET_LABEL_OPTION,
  GROW_OPTION,
  LOG_OPTION,
  METHOD_FILE_OPTION,
  NULL_OPTION,
  QUESTION_OPTIONS,
  RUNNING_OPTIONS,
  SHARED_NUMBERS,
  type Terminal,
  value,
} from "./command.js";
import { dryRun } from "./dry-run.js";
import { openAndTrain } from "./opening.js";

/** Options that say what is asked for. */
const ASKING = {
  trials: value("trials of each cell", DEFAULTS.trials),
  methods: value(`some of ${METHOD_NAMES.join(", ")}`, GRID_DEFAULTS.methods.join(",")),
  ...NULL_OPTION,
  ...METHOD_FILE_OPTION,
  lambda: value("λ of unlearn: values and ranges FROM:TO:STEP, or METHOD=…", 4.2, "NUMBERS"),
  epochs: value("epochs of unlearn: values and ranges FROM:TO, or METHOD=…", 5, "NUMBERS"),
  preset: value(`${PRESET_NAMES.join(" or ")}, or both as ${PRESET_NAMES.join(",")}`, GRID_DEFAULTS.preset, "NAMES"),
  "data-seeds": value(`seeds of the data draws: values and ranges; ${SHARED_NUMBERS}`, DEFAULTS["data-seed"]),
  samples: value("rows of D: values and ranges", DEFAULTS.samples, "NUMBERS"),
  features: value("features of a row: values and ranges", DEFAULTS.features, "NUMBERS"),
  "forget-rows": value("rows of the forget set: values and ranges", DEFAULTS["forget-rows"], "NUMBERS"),
  data: value(`a folder with ${DATA_FILES} instead of seeded draws`),
  ...FORGET_LABEL_OPTION,
  hidden: value("widths of the two hidden layers; given more than once for several", DEFAULTS.hidden),
  "learning-rate": value("Adam's learning rate: values", DEFAULTS["learning-rate"], "NUMBERS"),
  seed: value("seed of the initial weights", DEFAULTS.seed),
  engine: value(`what trains: ${ENGINE_NAMES.join(", ")}`, DEFAULTS.engine),
  precision: value("f32 or f64, where the engine has both", "the engine's first"),
  name: value("what the sweep is called in its file: the same name extends it", "the file's, or grid"),
  record: value(`epochs that are kept of a curve: ${RECORDS.join(", ")}`, GRID_DEFAULTS.record),
  ...GROW_OPTION,
  ...QUESTION_OPTIONS,
  until: value(
    "train in rounds, and no more of what is asked for than it takes: until decided, or a half-width as forget=0.02",
  ),
};

export const gridCommand: Command = {
  words: ["grid [file] [database]"],
  describe: "train a grid of λ, epochs, draws, nets and methods; what is finished already is not trained again",
  positionals: {
    file: `a sweep file (YAML), or one that comes with gmm-sweep: ${READY_NAMES.join(", ")}; options given beside it stand in place of its keys`,
    ...DATABASE_ARGUMENT,
  },
  options: {
    workers: value("worker threads", "the cores"),
    ...ASKING,
    shard: value("train part I of N only, as I/N, into a file of its own; merge unites them"),
    ...DB_OPTION,
    "dry-run": { type: "boolean", describe: "say what it will take, train nothing, write nothing" },
    ...LOG_OPTION,
    ...RUNNING_OPTIONS,
    json: { type: "boolean", describe: "print one JSON object instead of text" },
  },
  examples: [
    ["$0 grid --lambda 0:10:0.25 --epochs 1:50 --dry-run", "what 41 × 50 cells of 100 trials take"],
    ["$0 grid sweep.yaml --workers 8 --log sweep.log", "a sweep file, overnight"],
    ["$0 grid sweep.yaml --data-seeds 1:20 --until decided", "no more of 20 draws than the verdict takes"],
    ["$0 grid many-draws draws.db --with-null", "one that comes with gmm-sweep: 200 draws"],
    ["$0 grid sweep.yaml --shard 3/8 --db part3.db", "an eighth of it, on one of eight machines"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const request = gridRequest(flags, usableCores(), Object.keys(ASKING));
  return request.dryRun ? dryRun(request, terminal) : openAndTrain(request, terminal);
}
