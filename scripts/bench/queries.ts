/** Section `queries`: what views, a user's grouping and the digest cost on a million trial rows, against a plain scan of the same file. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openResults } from "../../src/store/open.js";
import type { Finding, Findings } from "./finding.js";
import { median, SAMPLES } from "./sampling.js";
import type { BenchOptions, Section } from "./section.js";
import { sweepInto } from "./sweep.js";

/** 10,102 cells of 100 trials: λ × epochs of a tiny net. */
const GRID = {
  ...{ lambda: "0:10:0.1", epochs: "1:100", trials: "100", samples: "20", features: "2", hidden: "4,4" },
  record: "asked",
};
const SCAN = "select count(*), avg(forget_probability) from trial_rows";
/** Each with how many scans it may take. */
const QUERIES: readonly (readonly [what: string, sql: string, most: number])[] = [
  ["select * from cell_summary", "select * from cell_summary", 8],
  [
    "means by method, λ and epochs from trial_results",
    "select method, lambda_reg, epochs, avg(forget_probability) from trial_results group by 1, 2, 3",
    6,
  ],
  ["select * from cell_status", "select * from cell_status", 8],
  ["select * from verdict_inputs", "select * from verdict_inputs", 18],
  // As many epochs as there are trial rows, which are sorted by epoch.
  ["select * from learning_curves", "select * from learning_curves", 40],
  ["select * from memorisation", "select * from memorisation", 1],
];
const DIGEST_MOST = 40;

export const queriesSection: Section = {
  name: "queries",
  describe: "views and the digest on 1,010,200 trial rows, against a plain scan of the same file",
  run,
};

async function run({ progress }: BenchOptions): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-bench-"));
  const file = join(folder, "million.db");
  try {
    progress("queries: training 1,010,200 trial rows");
    await sweepInto(file, GRID, availableParallelism());
    progress("queries: reading them");
    const findings = await measured(file);
    const notes = [`the file has ${(statSync(file).size / 1e6).toFixed(0)} MB`];
    return { findings, notes, leftOut: [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each contestant beside scans of the same moment: the machine's rate wanders. */
async function measured(file: string): Promise<Finding[]> {
  const db = new Database(file, { readonly: true });
  const results = await openResults(file);
  try {
    const [sweep] = await results.sweeps();
    const rows = (sql: string) => async (): Promise<unknown> => db.prepare(sql).raw().all();
    const contestants = [
      ...QUERIES.map(([what, sql, most]) => ({ what, most, work: rows(sql) })),
      { what: "the digest", most: DIGEST_MOST, work: () => results.digest(sweep) },
    ];
    const findings: Finding[] = [];
    for (const { what, most, work } of contestants) {
      const samples: { scan: number; took: number }[] = [];
      await work();
      for (let i = 0; i < SAMPLES; i++) {
        const scans = [await msOf(rows(SCAN)), await msOf(rows(SCAN)), await msOf(rows(SCAN))];
        samples.push({ scan: median(scans), took: await msOf(work) });
      }
      findings.push({
        what,
        measured: median(samples.map(({ took }) => took)) / 1000,
        unit: "s",
        ratio: median(samples.map(({ scan, took }) => took / scan)),
        ratioIs: "times",
        against: `a scan, ${median(samples.map(({ scan }) => scan)).toFixed(0)} ms`,
        target: { atMost: most },
      });
    }
    return findings;
  } finally {
    await results.close();
    db.close();
  }
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
