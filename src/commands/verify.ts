/** `gmm-sweep verify`: trains a sample of the stored trial rows again, and compares them to the bit. */
import { databaseFrom } from "../config.js";
import { stream } from "../data/streams.js";
import { loadProfile } from "../engine/engines.js";
import { SweepError } from "../errors.js";
import { type Flags, text, wholeNumber } from "../flags.js";
import { MEASURES, type StoredRow, storedRows } from "../queries.js";
import { retrain, specOfRow } from "../rebuild.js";
import { alignedTable } from "../report/table.js";
import { SqliteReader } from "../store/reader.js";
import { trialRows } from "../trajectory.js";
import { type Command, DB_ARGUMENT, DB_OPTION, EXIT, SWEEP_OPTION, type Terminal, value } from "./command.js";
import { sweepsFrom } from "./sweeps.js";

const SAMPLE = 20;

export const verifyCommand: Command = {
  words: ["verify [file]"],
  describe: "train a sample of the stored trial rows again and compare every bit; exit code 1 where one differs",
  positionals: DB_ARGUMENT,
  options: {
    sample: value("how many trial rows of each sweep", SAMPLE),
    seed: value("seed of the choice", 0),
    data: value("the folder of imported data, where the rows were trained on one"),
    ...SWEEP_OPTION,
    ...DB_OPTION,
  },
  examples: [["$0 verify night.db --sample 100", "100 rows of each sweep, chosen by seed 0"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = text(flags, "file") ?? databaseFrom(flags);
  const count = wholeNumber(flags, "sample", 1, 1_000_000, SAMPLE);
  const seed = wholeNumber(flags, "seed", 0, Number.MAX_SAFE_INTEGER, 0);
  const data = text(flags, "data");
  const reader = new SqliteReader(path);
  try {
    let differing = 0;
    for (const sweep of await sweepsFrom(reader, flags, path)) {
      const rows = await sample(storedRows(reader, sweep.id), count, seed);
      const faults: (string | number)[][] = [];
      for (const row of rows) faults.push(...(await differences(row, data, path)));
      differing += faults.length;
      if (faults.length > 0)
        await terminal.out(
          alignedTable(["method", "trial", "λ", "epochs", "measure", "stored", "trained again"], faults),
        );
      const equal = rows.length - new Set(faults.map((fault) => fault.slice(0, 4).join())).size;
      await terminal.out(
        `sweep ${sweep.id}: ${equal} of ${rows.length} trial rows came out equal to the bit (${sweep.profile})\n`,
      );
    }
    return differing === 0 ? EXIT.ok : EXIT.trialFailed;
  } finally {
    reader.close();
  }
}

/** `count` of the rows, each as likely as any other (Vitter 1985, algorithm R); the same for the same seed. */
async function sample<Row>(rows: AsyncIterable<Row>, count: number, seed: number): Promise<Row[]> {
  const random = stream("verify", seed);
  const chosen: Row[] = [];
  let seen = 0;
  for await (const row of rows) {
    seen += 1;
    if (chosen.length < count) chosen.push(row);
    else {
      const place = Math.floor(random.uniform() * seen);
      if (place < count) chosen[place] = row;
    }
  }
  return chosen;
}

/** The measures of a row that come out otherwise when it is trained again. */
async function differences(row: StoredRow, data: string | null, path: string): Promise<(string | number)[][]> {
  const engine = await loadProfile(row.engine, row.profile);
  if (engine === null)
    throw new SweepError(
      "UNAVAILABLE",
      `${path} was trained with the numerics profile ${row.profile}, which no engine gives on this machine: gmm-sweep doctor lists those it has`,
    );
  const spec = specOfRow(row, data);
  const [again] = trialRows(spec.asked, retrain(spec, engine));
  return MEASURES.flatMap(([column, name]) => {
    const trained = again[name] === null || Number.isNaN(again[name]) ? null : again[name];
    if (Object.is(row[column], trained)) return [];
    return [[row.method, row.trial, row.lambda_reg, row.epochs, column, String(row[column]), String(trained)]];
  });
}
