/** Reads a file for as long as a parent process lets it, and says how often and what went wrong: node reading.js DATABASE. */
import { SqliteReader } from "../../src/store/sqlite/reader.js";

const READS_A_CONNECTION = 50;
const [, , database] = process.argv;
const counts = { reads: 0, faults: [] as string[] };
let before = 0;
let stopped = false;
process.on("SIGTERM", () => {
  stopped = true;
});

while (!stopped) {
  const reader = new SqliteReader(database);
  try {
    for (let i = 0; i < READS_A_CONNECTION; i++) await readOnce(reader);
  } catch (error) {
    counts.faults.push(String(error));
  } finally {
    reader.close();
  }
  // Lets a signal in.
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(JSON.stringify(counts));

/** Rows only ever come to be: a later read sees no fewer, and never a curve without its trajectory's rows. */
async function readOnce(reader: SqliteReader): Promise<void> {
  const [{ rows, bare }] = await reader.all<{ rows: number; bare: number }>(
    `select (select count(*) from trial_rows) as rows,
       (select count(*) from trajectories t where not exists (select 1 from trial_rows r where r.trajectory_id = t.id)) as bare`,
  );
  counts.reads += 1;
  if (rows < before) counts.faults.push(`${rows} rows after ${before}`);
  if (bare > 0) counts.faults.push(`${bare} trajectories without a row`);
  before = rows;
}
