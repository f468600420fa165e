/** `gmm-sweep verify`: trains a sample of the stored trial rows again, and compares them to the bit. */

import type { Draw } from "../data/draw.js";
import { loadDraw } from "../data/source.js";
import { stream } from "../data/streams.js";
import type { Engine } from "../engine/contract.js";
import { type Flags, items, wholeNumber } from "../plan/flags.js";
import { cellColumns } from "../report/cell-columns.js";
import { alignedTable } from "../report/table.js";
import { cachedDraws } from "../run/chunk.js";
import { type ImportedDraws, importedDraws, isStoredAs, retrain, specOfRow } from "../run/rebuild.js";
import { trialRows } from "../run/trajectory.js";
import {
  CURVE,
  MEASURES,
  type StoredRow,
  type SweepNote,
  storedCurve,
  storedLogits,
  storedRows,
} from "../store/sqlite/queries.js";
import { SqliteReader } from "../store/sqlite/reader.js";
import type { DrawSource } from "../trial.js";
import { type Command, DB_ARGUMENT, DB_OPTION, EXIT, SWEEP_OPTION, type Terminal, value } from "./command.js";
import { engineOf, fileFrom, sweepsFrom } from "./sweeps.js";

const SAMPLE = 20;
const MAX_SAMPLE = 1_000_000;
const FAULTS_SHOWN = 20;
const DRAWS_KEPT = 4; // rows are sampled in the order of their keys, so that neighbours share a draw

export const verifyCommand: Command = {
  words: ["verify [file]"],
  describe: "train a sample of the stored trial rows again and compare every bit; exit code 1 where one differs",
  positionals: DB_ARGUMENT,
  options: {
    sample: value("how many trial rows of each sweep", SAMPLE),
    seed: value("seed of the choice", 0),
    data: value("the folders of imported data, where the rows were trained on such, separated by commas"),
    ...SWEEP_OPTION,
    ...DB_OPTION,
  },
  examples: [["$0 verify night.db --sample 100", "100 rows of each sweep, chosen by seed 0"]],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const count = wholeNumber(flags, "sample", 1, MAX_SAMPLE, SAMPLE);
  const seed = wholeNumber(flags, "seed", 0, Number.MAX_SAFE_INTEGER, 0);
  const imported = importedDraws(items(flags, "data"));
  const reader = new SqliteReader(path);
  try {
    let equal = true;
    for (const sweep of await sweepsFrom(reader, flags, path)) {
      const engine = await engineOf(sweep, path);
      const load = cachedDraws(loadDraw, DRAWS_KEPT);
      const rows = await sample(storedRows(reader, sweep.id), count, seed);
      const compared: Compared[] = [];
      for (const row of rows) compared.push({ row, faults: await faultsOf(row, { reader, engine, imported, load }) });
      await terminal.out(verifiedText(sweep, compared));
      equal &&= compared.every(({ faults }) => faults.length === 0);
    }
    return equal ? EXIT.ok : EXIT.trialFailed;
  } finally {
    reader.close();
  }
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

interface Trainer {
  readonly reader: SqliteReader;
  readonly engine: Engine;
  readonly imported: ImportedDraws;
  readonly load: (source: DrawSource) => Draw;
}

/** What of a row, its forget rows' logits and its curve up to there comes out otherwise when it is trained again. */
async function faultsOf(row: StoredRow, { reader, engine, imported, load }: Trainer): Promise<Fault[]> {
  const spec = specOfRow(row, imported);
  const curve = retrain(spec, engine, load(spec.draw));
  const [again] = trialRows(spec.asked, curve);
  const faults: Fault[] = [];
  const compare = (what: string, stored: number | null, trained: number | null): void => {
    if (!isStoredAs(trained, stored)) faults.push({ what, stored: String(stored), trained: String(trained) });
  };
  if (row.state !== again.state) faults.push({ what: "state", stored: row.state, trained: again.state });
  for (const [column, name] of MEASURES) compare(column, row[column], again[name]);
  for (const [i, logit] of (await storedLogits(reader, row.source_id, row.epochs)).entries())
    compare(`forget_logit of forget row ${i + 1}`, logit, again.forgetLogits[i]);
  for (const stored of await storedCurve(reader, row.source_id, row.epochs))
    for (const [column, name] of CURVE)
      compare(`${column} of epoch ${stored.epoch}`, stored[column], curve[name][stored.epoch - 1]);
  return faults;
}

function verifiedText({ id, profile }: SweepNote, compared: readonly Compared[]): string {
  if (compared.length === 0) return `sweep ${id}: there is no finished trial row to train again\n`;
  const differing = compared.filter(({ faults }) => faults.length > 0);
  const verdict = `sweep ${id}: ${compared.length - differing.length} of ${compared.length} trial rows came out equal to the bit (${profile})\n`;
  if (differing.length === 0) return verdict;
  const { header, cells } = cellColumns(differing.map(({ row }) => row));
  const lines = differing.flatMap(({ row, faults }, i) =>
    faults.map(({ what, stored, trained }) => [...cells[i], row.trial, what, stored, trained]),
  );
  const table = alignedTable([...header, "trial", "measure", "stored", "trained again"], lines.slice(0, FAULTS_SHOWN));
  const more = lines.length > FAULTS_SHOWN ? `… and ${lines.length - FAULTS_SHOWN} more\n` : "";
  return `${table}${more}\n${verdict}the file was changed after it was written, or one of the two trainings went wrong: keep the file, and train the sweep into another with --db\n`;
}
