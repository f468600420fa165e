/** `gmm-sweep export`: what is stored, to the bit, as Parquet, CSV and npz, and a folder in which nothing is lost or half written. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { dataCommand } from "../src/commands/data.js";
import { exportCommand } from "../src/commands/export.js";
import { readNpy } from "../src/data/npy.js";
import { unzip } from "../src/data/zip.js";
import { Block } from "../src/export/block.js";
import { columnOf } from "../src/export/columns.js";
import { exportResults } from "../src/export/export.js";
import { EXPORT_FORMATS, type ExportFormat } from "../src/export/formats.js";
import { npzFile } from "../src/export/npz.js";
import { PartFile } from "../src/export/part-file.js";
import type { Flags } from "../src/plan/flags.js";
import type { Results } from "../src/store/contract.js";
import { openResults } from "../src/store/open.js";
import { assertSnakeCase, folder, programmed, smallDisk, spoken } from "./command-line.js";
import { retold, type Tell, trainedFile } from "./fixtures/grids.js";
import { failed, withLastEpoch } from "./fixtures/sweeps.js";

const GRID: Flags = {
  ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "3", workers: "1", record: "all" },
  ...{ lambda: "0,4.2", epochs: "1:2,original=3,retrain_scratch=3,retrain_original=3" },
  ...{ methods: "original,unlearn,retrain_scratch,retrain_original", preset: "notebook" },
};

/** Each of them must be quoted in CSV for another character. */
const REASONS = ['its "thread" died', "its thread died, or so: 😀", "its thread\ndied"];

/** Trials that failed, one that diverged, one of which nothing is there. */
const AMISS: Tell = (outcome) => {
  const { cell, trial } = outcome.spec;
  if (cell.method === "retrain_scratch") return failed(outcome.spec, REASONS[trial - 1]);
  if (cell.method === "original" && trial === 3)
    return withLastEpoch(outcome, { penalty: Number.POSITIVE_INFINITY, cross_entropy: Number.NaN });
  return cell.method === "unlearn" && trial === 1 ? null : outcome;
};

/** Two sweeps, one of them of data that were imported, with two forget rows. */
function night(t: TestContext): Promise<string> {
  made ??= makeNight(t);
  return made;
}

let made: Promise<string> | null = null;

async function makeNight(t: TestContext): Promise<string> {
  const dir = join(folder(t), "draw");
  const draw = { export: "export", dir, "data-seed": "5", samples: "8", features: "2", "forget-rows": "2" };
  assert.equal((await spoken(dataCommand, draw)).code, 0);
  const imported = { ...GRID, samples: undefined, features: undefined, name: "imported", data: dir };
  return retold(t, await trainedFile(t, { ...GRID, "data-seeds": "1:2" }, imported), AMISS);
}

type Value = bigint | number | string | null;
type Row = Record<string, Value>;

async function query(results: Results, sql: string): Promise<Row[]> {
  const { columns, rows } = await results.query(sql);
  const found: Row[] = [];
  for await (const row of rows) found.push(Object.fromEntries(columns.map((name, i) => [name, row[i] as Value])));
  return found;
}

/** Exports a file in blocks of few rows, so that each table takes several. */
async function exported(t: TestContext, db: string, format: ExportFormat, place?: string): Promise<string> {
  const directory = place ?? join(folder(t), "out");
  const results = await openResults(db);
  const request = { directory, force: false, format, sweeps: await results.sweeps(), sweep: null, blockRows: 7 };
  await exportResults(results, request, () => {});
  await results.close();
  return directory;
}

type Read = (path: string, like: readonly Row[]) => Promise<Row[]>;

const READERS: Readonly<Record<ExportFormat, Read>> = { parquet: readParquet, csv: readCsv, npz: readNpz };

function bufferOf(path: string): ArrayBuffer {
  return Uint8Array.from(readFileSync(path)).buffer;
}

async function readParquet(path: string): Promise<Row[]> {
  return (await parquetReadObjects({ file: bufferOf(path) })) as Row[];
}

/** By RFC 4180; what a value is follows from the same column of `like`. */
async function readCsv(path: string, like: readonly Row[]): Promise<Row[]> {
  const [header, ...lines] = fieldsOf(readFileSync(path, "utf8"));
  return lines.map((line) =>
    Object.fromEntries(
      header.map((name, i): [string, Value] => {
        const type = typeof like.map((row) => row[name]).find((value) => value !== null);
        if (line[i] === "") return [name, null];
        const text = line[i].replace(/^"(.*)"$/s, "$1").replaceAll('""', '"');
        return [name, type === "bigint" ? BigInt(text) : type === "number" ? Number(text) : text];
      }),
    ),
  );
}

function fieldsOf(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, field, end] of text.matchAll(/("(?:[^"]|"")*"|[^",\n]*)(,|\n)/g)) {
    lines.at(-1)?.push(field);
    if (end === "\n") lines.push([]);
  }
  return lines.slice(0, -1);
}

async function readNpz(path: string): Promise<Row[]> {
  const members = unzip(readFileSync(path), 2 ** 24);
  const arrays = new Map([...members].map(([name, read]) => [name.replace(/\.npy$/, ""), arrayOf(read())]));
  const names = [...arrays.keys()].filter((name) => !name.endsWith("_isnull"));
  const rows = arrays.get("sweep")?.length ?? 0;
  return Array.from({ length: rows }, (_, r) =>
    Object.fromEntries(
      names.map((name) => [name, arrays.get(`${name}_isnull`)?.[r] === true ? null : (arrays.get(name)?.[r] as Value)]),
    ),
  );
}

function arrayOf(bytes: Uint8Array): (Value | boolean)[] {
  const text = Buffer.from(bytes).toString("latin1", 0, 128);
  const [, descr] = /'descr': '(.*?)'/.exec(text) ?? [];
  if (descr === "<f8") return [...readNpy(bytes, "it", ["<f8"]).values];
  const rows = Number(/'shape': \((\d+),\)/.exec(text)?.[1]);
  const view = new DataView(bytes.buffer, bytes.byteOffset + 10 + Buffer.from(bytes).readUInt16LE(8));
  const each = (read: (r: number) => Value | boolean): (Value | boolean)[] =>
    Array.from({ length: rows }, (_, r) => read(r));
  if (descr === "<i8") return each((r) => view.getBigInt64(8 * r, true));
  if (descr === "|b1") return each((r) => view.getUint8(r) === 1);
  const width = Number(/^<U(\d+)$/.exec(descr ?? "")?.[1]);
  const points = (r: number): number[] =>
    Array.from({ length: width }, (_, i) => view.getUint32(4 * (r * width + i), true));
  return each((r) => String.fromCodePoint(...points(r).filter((point) => point !== 0)));
}

for (const format of EXPORT_FORMATS) {
  test(`${format} holds each table as it is stored: types, nulls, texts, and numbers to the bit`, async (t) => {
    const db = await night(t);
    const directory = await exported(t, db, format);
    const results = await openResults(db);
    for (const [name, view] of [
      ["results", "trial_results"],
      ["epochs", "epoch_results"],
      ["forget", "forget_results"],
    ]) {
      const stored = await query(results, `select * from ${view}`);
      assert.ok(stored.length > 7, `${stored.length} rows of ${view}`);
      assert.deepEqual(await READERS[format](join(directory, `${name}.${format}`), stored), stored);
    }
    await results.close();
  });

  test(`${format} has a row for each cell, with the means of those with a trial that is done`, async (t) => {
    const db = await night(t);
    const directory = await exported(t, db, format);
    const results = await openResults(db);
    const means = await query(results, "select * from cell_summary");
    const keyOf = ({ sweep, draw, method, lambda_reg, epochs }: Row): string =>
      [sweep, draw, method, lambda_reg, epochs].join(" ");
    const status = await query(results, "select * from cell_status");
    const noMeans = Object.fromEntries(
      Object.keys(means[0])
        .filter((name) => /_(mean|std)$/.test(name))
        .map((name) => [name, null]),
    );
    const expected = status.map((cell): Row => {
      const mean = means.find((one) => keyOf(one) === keyOf(cell));
      return { ...noMeans, ...mean, ...cell };
    });
    await results.close();
    const read = await READERS[format](join(directory, `cells.${format}`), expected);
    const sorted = (rows: readonly Row[]): Row[] => rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    assert.deepEqual(sorted(read), sorted(expected));
    assert.ok(read.some(({ train_accuracy_mean }) => train_accuracy_mean === null));
  });
}

test("what is compared has a null of each kind, a number without an end, and texts that CSV must quote", async (t) => {
  const results = await openResults(await night(t));
  const found = async (where: string): Promise<number> =>
    (await query(results, `select 1 from trial_results where ${where}`)).length;
  for (const where of [
    ...["data_seed is null", "start_trial is null", "test_accuracy is null", "replicate_of is not null"],
    ...["cross_entropy is null and state = 'diverged'", "penalty = 9e999", "start = ''"],
    ...["error like '%\"%'", "error like '%,%'", "error like '%' || char(10) || '%'"],
  ])
    assert.ok((await found(where)) > 0, where);
  await results.close();
});

test("Parquet keeps types: INT64, DOUBLE and UTF8, optional where a column may have nulls, in several row groups", async (t) => {
  const directory = await exported(t, await night(t), "parquet");
  const metadata = parquetMetadata(bufferOf(join(directory, "results.parquet")));
  const { children } = parquetSchema(metadata);
  const typeOf = (name: string): unknown[] => {
    const element = children.find((child) => child.element.name === name)?.element;
    return [element?.type, element?.converted_type, element?.repetition_type];
  };
  assert.deepEqual(typeOf("trial"), ["INT64", undefined, "REQUIRED"]);
  assert.deepEqual(typeOf("start_trial"), ["INT64", undefined, "OPTIONAL"]);
  assert.deepEqual(typeOf("lambda_reg"), ["DOUBLE", undefined, "REQUIRED"]);
  assert.deepEqual(typeOf("test_accuracy"), ["DOUBLE", undefined, "OPTIONAL"]);
  assert.deepEqual(typeOf("error"), ["BYTE_ARRAY", "UTF8", "OPTIONAL"]);
  assert.ok(metadata.row_groups.length > 2);
  const method = metadata.row_groups[0].columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === "method");
  assert.ok(method?.meta_data?.encodings.includes("RLE_DICTIONARY"));
  const pandas = metadata.key_value_metadata?.find(({ key }) => key === "pandas")?.value ?? "";
  const { columns } = JSON.parse(pandas) as { columns: { name: string; numpy_type: string }[] };
  const numpyType = (name: string): string | undefined => columns.find((one) => one.name === name)?.numpy_type;
  assert.deepEqual(["start_trial", "trial"].map(numpyType), ["Int64", "int64"]);
});

test("npz has 0, NaN and an empty text where the array of nulls is true, and such an array of no other column", async (t) => {
  const directory = await exported(t, await night(t), "npz");
  const members = unzip(readFileSync(join(directory, "results.npz")), 2 ** 24);
  const under = (name: string): Set<Value | boolean> => {
    const [values, isNull] = [`${name}.npy`, `${name}_isnull.npy`].map((one) =>
      arrayOf(members.get(one)?.() ?? new Uint8Array()),
    );
    return new Set(values.filter((_, r) => isNull[r]));
  };
  assert.deepEqual(["start_trial", "cross_entropy", "error"].map(under), [
    new Set([0n]),
    new Set([Number.NaN]),
    new Set([""]),
  ]);
  assert.deepEqual([members.has("data_seed_isnull.npy"), members.has("trial_isnull.npy")], [true, false]);
});

test("a null where none may be is no value, and neither is one of another type", () => {
  const block = new Block(["trial", "start_trial", "method", "penalty"].map(columnOf), 9);
  block.add([1n, null, "original", 0.5]);
  assert.throws(() => block.add([null, null, "original", 0.5]), { message: "a row has no trial" });
  assert.throws(() => block.add([1n, 0.5, "original", 0.5]), { message: "a row's start_trial is no integer" });
  assert.throws(() => block.add([1n, 1n, 7n, 0.5]), { message: "a row's method is no text" });
  assert.throws(() => block.add([1n, 1n, "original", "0.5"]), { message: "a row's penalty is no real" });
  assert.throws(() => columnOf("lambda"), { message: "no type is known of the column lambda" });
});

test("what appears in the folder during an export is kept, and ends it", async (t) => {
  const directory = folder(t);
  const results = await openResults(await night(t));
  const request = { directory, force: false, format: "csv", sweeps: [], sweep: null, blockRows: 9 } as const;
  const writing = exportResults(results, request, () => writeFileSync(join(directory, "notes.txt"), "mine\n"));
  await assert.rejects(writing, {
    fault: "usage",
    message: /^DIR must be .*, got \S+, which holds notes\.txt: name another one$/,
  });
  await results.close();
  assert.deepEqual(readdirSync(directory), ["notes.txt"]);
});

test("a npz array larger than an archive can say is refused", async (t) => {
  const directory = folder(t);
  const file = new PartFile(directory, join(directory, "results.npz"));
  t.after(() => file.close());
  const block = new Block([columnOf("error")], 2000);
  const reason = "x".repeat(600_000);
  for (let r = 0; r < 2000; r++) block.add([reason]);
  const npz = npzFile(file, [columnOf("error")]);
  npz.add(block);
  assert.throws(() => npz.end(), {
    fault: "usage",
    message:
      "--format npz must be of arrays of less than 4 GiB, but error is of 2000 rows of 2400000 bytes: take --format parquet",
  });
});

test("what the folder holds is printed, with rows and bytes; the plan has the commands that asked for it", async (t) => {
  const db = await trainedFile(t, { ...GRID, "data-seeds": "1" });
  const dir = join(folder(t), "a", "out");
  const { code, out, err } = await programmed(80, "export", dir, db, "--quiet");
  const bytes = (file: string): number => statSync(join(dir, file)).size;
  assert.deepEqual(
    [code, err, out],
    [
      0,
      "",
      [
        `${dir} holds\n`,
        "file             rows  bytes",
        "---------------  ----  -----",
        `results.parquet    21  ${String(bytes("results.parquet")).padStart(5)}`,
        `epochs.parquet     39  ${String(bytes("epochs.parquet")).padStart(5)}`,
        `cells.parquet       7  ${String(bytes("cells.parquet")).padStart(5)}`,
        `plan.json           1  ${String(bytes("plan.json")).padStart(5)}\n`,
      ].join("\n"),
    ],
  );
  assert.deepEqual(readdirSync(dir).toSorted(), ["cells.parquet", "epochs.parquet", "plan.json", "results.parquet"]);
  const results = await openResults(db);
  const [sweep] = await results.sweeps();
  const { id, ...stored } = sweep;
  const plans = [{ sweep: id, ...stored, commands: await results.commands(sweep), decisions: [] }];
  await results.close();
  assert.ok(stored.question !== null);
  assert.deepEqual(JSON.parse(readFileSync(join(dir, "plan.json"), "utf8")), JSON.parse(JSON.stringify(plans)));
});

test("--sweep N exports one sweep, and --json says what the folder holds", async (t) => {
  const db = await night(t);
  const dir = join(folder(t), "out");
  const { out } = await spoken(exportCommand, { dir, file: db, format: "csv", sweep: "1", json: true });
  assertSnakeCase(out);
  const { files, ...said } = JSON.parse(out) as { files: { file: string; rows: number; bytes: number }[] };
  assert.deepEqual(said, { dir, format: "csv", sweeps: [1] });
  // Its draws have one forget row each, and so no forget.csv.
  assert.deepEqual(
    files.map(({ file }) => file),
    ["results.csv", "epochs.csv", "cells.csv", "plan.json"],
  );
  for (const { file, rows, bytes } of files) {
    const text = readFileSync(join(dir, file), "utf8");
    assert.equal(bytes, Buffer.byteLength(text));
    if (file === "plan.json") assert.equal(rows, 1);
    if (file === "plan.json") continue;
    const lines = fieldsOf(text).slice(1);
    assert.equal(lines.length, rows);
    assert.ok(lines.every(([sweep]) => sweep === "1"));
  }
  await assert.rejects(spoken(exportCommand, { dir: `${dir}2`, file: db, sweep: "3" }), {
    message: `--sweep must be a sweep of ${db}, one of 1, 2, got 3`,
  });
  assert.deepEqual(readdirSync(dirname(dir)), ["out"]);
});

test("an earlier export is put away with --force alone, and leaves no file of its own", async (t) => {
  const db = await night(t);
  const dir = join(folder(t), "out");
  mkdirSync(dir);
  assert.equal((await spoken(exportCommand, { dir, file: db, format: "npz" })).code, 0);
  const before = readFileSync(join(dir, "results.npz"));
  await assert.rejects(spoken(exportCommand, { dir, file: db, sweep: "1" }), {
    fault: "usage",
    message: `DIR must be a new or empty folder, got ${dir}, which holds an earlier export: name another one, or add --force to put this one in its place`,
  });
  assert.deepEqual(readFileSync(join(dir, "results.npz")), before);
  for (const format of ["csv", "parquet", "npz", "parquet"]) {
    assert.equal((await spoken(exportCommand, { dir, file: db, sweep: "1", format, force: true })).code, 0);
    const tables = ["cells", "epochs", "results"].map((name) => `${name}.${format}`);
    assert.deepEqual(readdirSync(dir).toSorted(), [...tables, "plan.json"].toSorted());
  }
});

test("a folder with anything else is refused, and so are files that only have an export's names", async (t) => {
  const db = await trainedFile(t, { ...GRID, "data-seeds": "1" });
  for (const name of ["notes.txt", "results.csv", "results.parquet", "results.npz", "plan.json"]) {
    const dir = folder(t);
    writeFileSync(join(dir, name), "mine\n");
    await assert.rejects(spoken(exportCommand, { dir, file: db, force: true }), {
      fault: "usage",
      message: `DIR must be a new or empty folder, or one that holds an earlier export alone, got ${dir}, which holds ${name}: name another one`,
    });
    assert.deepEqual(readdirSync(dir), [name]);
  }
  await assert.rejects(spoken(exportCommand, { dir: db, file: db, force: true }), {
    fault: "usage",
    message: `DIR must be a folder that can be written, got ${db} (it is no folder)`,
  });
});

test("what a killed export left is no hindrance to the next, and is put away", async (t) => {
  const db = await trainedFile(t, { ...GRID, "data-seeds": "1" });
  const dir = folder(t);
  mkdirSync(join(dir, ".gmm-sweep-01234567-89ab-cdef-0123-456789abcdef.part"));
  writeFileSync(join(dir, ".gmm-sweep-01234567-89ab-cdef-0123-456789abcdef.part", "results.csv"), "half");
  assert.equal((await spoken(exportCommand, { dir, file: db, format: "csv" })).code, 0);
  assert.deepEqual(readdirSync(dir).toSorted(), ["cells.csv", "epochs.csv", "plan.json", "results.csv"]);
});

test("a full disk ends an export with exit code 3, and leaves what was there as it was", async (t) => {
  const disk = smallDisk(t, "24k");
  if (disk === null) return;
  const small = await trainedFile(t, { ...GRID, "data-seeds": "1", trials: "1", lambda: "0" });
  const large = await night(t);
  const dir = join(disk, "out");
  assert.equal((await spoken(exportCommand, { dir, file: small, format: "csv" })).code, 0);
  const before = readFileSync(join(dir, "results.csv"));
  for (const format of EXPORT_FORMATS) {
    for (const into of [dir, join(disk, "other")])
      await assert.rejects(spoken(exportCommand, { dir: into, file: large, format, force: true }), {
        fault: "environment",
        message: `DIR must be a folder that can be written, got ${into} (ENOSPC: no space left on device, write)`,
      });
    assert.deepEqual(readdirSync(disk), ["out"]);
    assert.deepEqual(readdirSync(dir).toSorted(), ["cells.csv", "epochs.csv", "plan.json", "results.csv"]);
    assert.deepEqual(readFileSync(join(dir, "results.csv")), before);
  }
});

test("on a terminal the rows that are written are told in a line that is taken away, and with --quiet nothing is", async (t) => {
  const db = await trainedFile(t, { ...GRID, "data-seeds": "1" });
  const told = async (flags: Flags): Promise<string> => {
    const parts: string[] = [];
    const stderr = { isTTY: true, columns: 80, write: (part: string) => parts.push(part) > 0, on: () => {} };
    const terminal = {
      ...{ out: async () => {}, exact: async () => {}, isRead: true, err: () => {}, columns: 80 },
      ...{ stderr, atEnd: () => () => {}, end: () => {} },
    };
    assert.equal(await exportCommand.run({ dir: join(folder(t), "out"), file: db, ...flags }, terminal), 0);
    return parts.join("");
  };
  const lines = ["results.parquet: 21 rows", "epochs.parquet: 39 rows", "cells.parquet: 7 rows", ""];
  assert.equal(await told({}), lines.map((line) => `\r${line}\x1b[K`).join(""));
  assert.equal(await told({ quiet: true }), "");
});

const PYTHON = process.env["GMM_SWEEP_PYTHON"] ?? "python3";
const CHECK = fileURLToPath(new URL("../../scripts/export-check.py", import.meta.url));
const PAGE = fileURLToPath(new URL("../../data/docs/export.md", import.meta.url));
const MODULES = "pandas, duckdb, pyarrow, numpy";
const hasModules = spawnSync(PYTHON, ["-c", `import ${MODULES}`], { stdio: "ignore" }).status === 0;

test("pandas, DuckDB, pyarrow and numpy read what is stored, to the bit, and the page's Python runs", {
  skip: hasModules ? false : `${PYTHON} has not all of ${MODULES}: GMM_SWEEP_PYTHON names one that has`,
}, async (t) => {
  const db = await night(t);
  const cwd = folder(t);
  for (const [format, name] of [
    ["parquet", "out"],
    ["csv", "tables"],
    ["npz", "arrays"],
  ] as const)
    await exported(t, db, format, join(cwd, name));
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-B", CHECK, db, cwd, PAGE], { encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /^results: \d+ rows .*\nepochs: .*\nforget: .*\nthe page's 3 pieces of Python run\n$/);
});
