/** Files that are not as we wrote them: whatever is in them, a reader gets an answer or a sentence, within a moment and without a control character, and verify finds what was changed. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { Command } from "../src/commands/command.js";
import { diffCommand } from "../src/commands/diff.js";
import { digestCommand } from "../src/commands/digest.js";
import { queryCommand } from "../src/commands/query.js";
import { showCommand } from "../src/commands/show.js";
import { statusCommand } from "../src/commands/status.js";
import { verifyCommand } from "../src/commands/verify.js";
import { messageOf, SweepError } from "../src/errors.js";
import type { Flags } from "../src/plan/flags.js";
import { besideRun } from "../src/report/published.js";
import { summaryText } from "../src/report/summary.js";
import { openResults } from "../src/store/open.js";
import { folder, spoken } from "./command-line.js";
import { trainedFile } from "./fixtures/grids.js";

const VERSION_1 = fileURLToPath(new URL("../../test/fixtures/schema-v1/part1of3.db", import.meta.url));

const GRID = {
  ...{ preset: "notebook,paired", "data-seeds": "1", samples: "8", features: "2", hidden: "3,2", engine: "reference" },
  ...{ workers: "1", trials: "2", "forget-rows": "2", methods: "original,unlearn", epochs: "2,original=3" },
};

/** The bytes of a small file, without a writer's log. */
async function goodBytes(t: TestContext): Promise<Buffer> {
  return readFileSync(await trainedFile(t, GRID));
}

const VIEWS = ["trial_results", "epoch_results", "forget_results", "cell_summary", "method_summary", "missing"];

/** How many commands read each change beside verify. */
const AT_ONCE = 2;

/** What reads a file as commands do: what each printed, or the sentence of what it threw. Verify is always among them; the others take turns, or are all asked where there is no turn. */
async function readings(path: string, sample: string, turn: number | null): Promise<Map<string, string>> {
  const sql = "select * from method_summary limit 50";
  const others: [name: string, command: Command, flags: Flags][] = [
    ["status", statusCommand, { db: path }],
    ["digest", digestCommand, { db: path }],
    ["show", showCommand, { db: path, method: "unlearn", trial: "1", preset: "paired" }],
    ["diff", diffCommand, { first: path, second: path }],
    ["query", queryCommand, { db: path, sql }],
  ];
  const asked =
    turn === null ? others : Array.from({ length: AT_ONCE }, (_, i) => others[(turn * AT_ONCE + i) % others.length]);
  const said = new Map<string, string>();
  for (const [name, command, flags] of [...asked, ["verify", verifyCommand, { db: path, sample }] as const])
    said.set(name, await answer(name, async () => spokenText(await spoken(command, flags))));
  said.set("results", await answer("results", () => readAll(path)));
  return said;
}

function spokenText({ code, out, err }: { code: number; out: string; err: string }): string {
  return `${code} ${out}${err}`;
}

async function answer(name: string, read: () => Promise<string>): Promise<string> {
  let text: string;
  try {
    text = await read();
  } catch (error) {
    if (!(error instanceof SweepError)) throw new Error(`${name} is no match for it`, { cause: error });
    text = `${error.fault}: ${error.message}`;
    assert.ok(text.length < 4000, `${name} says too much`);
  }
  assert.ok(!/(?!\n)[\p{Cc}\p{Bidi_Control}]/u.test(text), `${name} shows a control character: ${text}`);
  return text;
}

async function readAll(path: string): Promise<string> {
  const results = await openResults(path);
  try {
    for (const sweep of await results.sweeps()) {
      await results.stateCounts(sweep);
      await results.incompleteCells(sweep, 3);
      summaryText(
        {
          summary: await results.methodSummary(sweep),
          diverged: 0,
          bayes: null,
          beside: besideRun(sweep.plan),
        },
        80,
      );
      await results.cellMeans(sweep);
      for await (const row of results.margins(sweep)) assert.ok(row);
      for (const { source, epochs } of await results.trajectories(null, "unlearn", 1)) {
        await results.storedAt(source, 1);
        await results.marginsAt(source, epochs);
      }
    }
    for (const view of VIEWS)
      for await (const row of (await results.query(`select * from ${view} limit 50`)).rows) assert.ok(row);
    return `${await results.trajectoryCount()} ${await results.size()}`;
  } finally {
    await results.close();
  }
}

test("whatever byte of a file is another", async (t) => {
  const bytes = await goodBytes(t);
  const path = join(folder(t), "sweep.db");
  for (const [turn, at] of placesIn(bytes).entries()) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1 << (at % 8);
    writeFileSync(path, changed);
    await told(`byte ${at}`, () => readings(path, "2", turn));
  }
});

/** Bytes of the header, which has most that SQLite goes by, and of all the rest. */
function placesIn(bytes: Buffer): number[] {
  const rest = bytes.length - 100;
  return [
    ...Array.from({ length: 40 }, (_, i) => i + 16),
    ...Array.from({ length: 40 }, (_, i) => 100 + ((i * 7919 + 13) % rest)),
  ];
}

test("wherever a file ends", async (t) => {
  const bytes = await goodBytes(t);
  const path = join(folder(t), "sweep.db");
  const pages = bytes.length / 4096;
  const lengths = [
    0,
    1,
    15,
    16,
    99,
    100,
    101,
    511,
    512,
    4095,
    ...Array.from({ length: pages }, (_, i) => i * 4096),
    bytes.length - 1,
  ];
  for (const length of lengths) {
    writeFileSync(path, bytes.subarray(0, length));
    const said = await told(`${length} bytes`, () => readings(path, "0", null));
    for (const [name, text] of said) assert.match(text, /^(usage|environment): /, `${name} of ${length} bytes`);
  }
});

async function told<Result>(what: string, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    const reason = (error as Error).cause ?? error;
    throw new Error(`${what}: ${messageOf(error)}, ${reason instanceof Error ? reason.stack : ""}`, { cause: error });
  }
}

const VALUES = [
  ...["null", "-1", "9007199254740993", "1e308", "x'00ff'"],
  "'x' || char(27) || '[2J' || char(155) || char(8238) || char(10) || printf('%.*c', 99999, 'y')",
];

/** No result and no part of a plan: whatever stands there is as true as anything else, as far as its kind is right. */
const NOTES = new Set([
  ...[
    "sweeps.created_at",
    "sweeps.opened_at",
    "trial_rows.error",
    "trial_rows.attempts",
    "trial_rows.elapsed_ms",
    "trial_rows.finished_at",
  ],
  ...["commands.id", "commands.command", "commands.at", "commands.version", "commands.machine"],
]);

/** Here all rows have the value: a mean of nothing is no number. */
const MEASURED: ReadonlySet<string> = new Set([
  "train_accuracy",
  "forget_probability",
  "forget_margin",
  "penalty",
  "state",
]);

const TABLES = [
  "sweeps",
  "commands",
  "draws",
  "cell_keys",
  "sweep_cells",
  "trajectories",
  "trial_rows",
  "epochs",
  "forget_margins",
];

for (const table of TABLES)
  test(`whatever value stands in a column of ${table}, and verify finds it`, async (t) => {
    const bytes = inMemory(await goodBytes(t));
    const path = join(folder(t), "sweep.db");
    // Each column has values enough for all commands to have their turn.
    for (const column of columnsOf(bytes, table)) {
      let changes = 0;
      for (const value of VALUES) {
        const what = `${table}.${column} = ${value}`;
        // Where the column takes no such value another program can have it do so.
        const changed =
          edited(bytes, { table, column, value, kind: "as declared" }) ??
          edited(bytes, { table, column, value, kind: "of any kind" });
        if (changed === null) continue;
        changes += 1;
        writeFileSync(path, changed);
        const said = await told(what, () => readings(path, "0", changes));
        if (!NOTES.has(`${table}.${column}`))
          assert.match(said.get("verify") ?? "", /^(1 |usage: |environment: )/, what);
      }
      assert.ok(changes >= 2, `${table}.${column} took ${changes} values`);
    }
  });

const TABLES_1 = ["sweeps", "draws", "arms", "sweep_cells", "trajectories", "trial_rows", "epochs"];

for (const table of TABLES_1)
  test(`whatever value stands in a column of ${table} in a file of schema 1`, async (t) => {
    const bytes = inMemory(readFileSync(VERSION_1));
    const path = join(folder(t), "sweep.db");
    for (const column of columnsOf(bytes, table)) {
      let changes = 0;
      for (const value of VALUES) {
        const what = `${table}.${column} = ${value}`;
        const changed =
          edited(bytes, { table, column, value, kind: "as declared" }) ??
          edited(bytes, { table, column, value, kind: "of any kind" });
        if (changed === null) continue;
        changes += 1;
        writeFileSync(path, changed);
        await told(what, () => answer("results", () => readAll(path)));
      }
      assert.ok(changes >= 2, `${table}.${column} took ${changes} values`);
    }
  });

test("whatever byte of a file of schema 1 is another, and wherever it ends", async (t) => {
  const bytes = readFileSync(VERSION_1);
  const path = join(folder(t), "sweep.db");
  for (const at of placesIn(bytes)) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1 << (at % 8);
    writeFileSync(path, changed);
    await told(`byte ${at}`, () => answer("results", () => readAll(path)));
  }
  for (let length = bytes.length - 1; length > 0; length -= 4096) {
    writeFileSync(path, bytes.subarray(0, length));
    assert.match(await told(`${length} bytes`, () => answer("results", () => readAll(path))), /^(usage|environment): /);
  }
});

// Where a file's header says that it is in WAL mode, which one in memory cannot be.
function inMemory(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed.fill(1, 18, 20);
  return changed;
}

function columnsOf(bytes: Buffer, table: string): string[] {
  const db = new Database(bytes);
  const columns = db.pragma(`table_info(${table})`) as { name: string }[];
  db.close();
  return columns.map(({ name }) => name);
}

interface Edit {
  readonly table: string;
  readonly column: string;
  readonly value: string;
  readonly kind: "as declared" | "of any kind";
}

/** A file with another value in one row; null where that cannot be, or is nothing else. */
function edited(bytes: Buffer, { table, column, value, kind }: Edit): Buffer | null {
  const declared = kind === "as declared" ? bytes : withSchema(bytes, table, undeclared);
  const changed = withDatabase(declared, (db) => {
    const all = (): unknown => JSON.stringify(db.prepare(`select * from ${table}`).raw().all());
    const before = all();
    try {
      db.exec(`update ${table} set ${column} = ${value} where ${MEASURED.has(column) ? "true" : lastRow(db, table)}`);
    } catch {
      return false;
    }
    return all() !== before;
  });
  if (changed === null || kind === "as declared") return changed;
  const sql = schemaOf(bytes, table);
  return withSchema(changed, table, () => sql);
}

/** The file after `body`; null where it says that nothing came of it. */
function withDatabase(bytes: Buffer, body: (db: Database.Database) => boolean): Buffer | null {
  const db = new Database(Buffer.from(bytes));
  try {
    db.unsafeMode(true); // as other programs may
    db.pragma("foreign_keys = off");
    db.pragma("ignore_check_constraints = on");
    db.pragma("writable_schema = on");
    return body(db) ? db.serialize() : null;
  } finally {
    db.close();
  }
}

function schemaOf(bytes: Buffer, table: string): string {
  const db = new Database(Buffer.from(bytes));
  const sql = db.prepare("select sql from sqlite_master where name = ?").pluck().get(table) as string;
  db.close();
  return sql;
}

function withSchema(bytes: Buffer, table: string, change: (sql: string) => string): Buffer {
  const sql = change(schemaOf(bytes, table));
  const changed = withDatabase(
    bytes,
    (db) => db.prepare("update sqlite_master set sql = ? where name = ?").run(sql, table).changes === 1,
  );
  assert.ok(changed !== null);
  return changed;
}

/** A table that takes any value in any column. */
function undeclared(sql: string): string {
  return sql
    .split("\n")
    .map((line) =>
      /primary key|generated/.test(line) ? line : line.replace(/ (text|integer|real|blob)( not null)?/, ""),
    )
    .join("\n")
    .replace(/\) strict,?/, ")");
}

/** The last row by the table's key. */
function lastRow(db: Database.Database, table: string): string {
  const columns = db.pragma(`table_info(${table})`) as { name: string; pk: number }[];
  const key = columns.flatMap(({ name, pk }) => (pk > 0 ? [name] : []));
  return `(${key}) = (select ${key} from ${table} order by ${key.map((name) => `${name} desc`)} limit 1)`;
}
