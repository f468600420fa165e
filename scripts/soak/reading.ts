/** Reads a file for as long as a parent process lets it, and says how often and what went wrong: node reading.js DATABASE. */
import type { Results } from "../../src/store/contract.js";
import { openResults } from "../../src/store/open.js";

const READS_A_CONNECTION = 50;
const [, , database] = process.argv;
const counts = { reads: 0, faults: [] as string[] };
let before = 0;
let stopped = false;
process.on("SIGTERM", () => {
  stopped = true;
});

while (!stopped) {
  try {
    await readSome();
  } catch (error) {
    counts.faults.push(String(error));
  }
  // Lets a signal in.
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(JSON.stringify(counts));

async function readSome(): Promise<void> {
  const results = await openResults(database);
  try {
    for (let i = 0; i < READS_A_CONNECTION; i++) await readOnce(results);
  } finally {
    await results.close();
  }
}

/** Rows only ever come to be: a later read sees no fewer, and never a curve without its trajectory's rows. */
async function readOnce(results: Results): Promise<void> {
  const read = await results.query(
    `select (select count(*) from trial_rows),
       (select count(*) from trajectories t where not exists (select 1 from trial_rows r where r.trajectory_id = t.id))`,
  );
  for await (const [rows, bare] of read.rows) {
    counts.reads += 1;
    if (Number(rows) < before) counts.faults.push(`${rows} rows after ${before}`);
    if (Number(bare) > 0) counts.faults.push(`${bare} trajectories without a row`);
    before = Number(rows);
  }
}
