/** `gmm-sweep query` and `gmm-sweep show`: what is stored, in forms that people and programs read. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { queryCommand } from "../src/commands/query.js";
import { showCommand } from "../src/commands/show.js";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { assertGolden, assertSnakeCase, CLI, gmm, programmed, spoken, TINY } from "./command-line.js";
import { OWN_METHODS, trainedFile } from "./fixtures/grids.js";

const cwd = mkdtempSync(join(tmpdir(), "gmm-sweep-test-"));
before(async () => assert.equal((await gmm(cwd, ...TINY, "--trials", "2", "--quiet")).code, 0));
after(() => rmSync(cwd, { recursive: true }));

const DB = join(cwd, "data", "gmm-sweep.db");

function query(sql: string, format = "table", db = DB): Promise<{ code: number; out: string; err: string }> {
  return spoken(queryCommand, { sql, format, db });
}

function show(
  method: string,
  trial: string,
  options: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  return spoken(showCommand, { method, trial, db: DB, ...options });
}

const SELECT =
  "select method, trial, epochs, lambda_reg, replicate_of from trial_results order by method, trial limit 6";

test("query prints a table", async () => {
  const { code, out, err } = await gmm(cwd, "query", SELECT);
  assert.deepEqual([code, err], [0, ""]);
  assertGolden("query prints a table", out);
});

test("query prints CSV that other programs read", async () => {
  const { code, out } = await query(SELECT, "csv");
  assert.deepEqual(
    [code, out],
    [
      0,
      "method,trial,epochs,lambda_reg,replicate_of\noriginal,1,12,0,\noriginal,2,12,0,\nretrain_original,1,11,0,\nretrain_original,2,11,0,1\nretrain_scratch,1,10,0,\nretrain_scratch,2,10,0,\n",
    ],
  );
});

test("query prints JSON: an array of objects, one a line, with every digit", async () => {
  const { code, out } = await query(
    "select 'a' as name, 0.1 + 0.2 as sum, null as none union all select 'b', 1e-300, 'x'",
    "json",
  );
  assert.deepEqual(
    [code, out],
    [0, '[\n{"name":"a","sum":0.30000000000000004,"none":null},\n{"name":"b","sum":1e-300,"none":"x"}\n]\n'],
  );
  assert.equal((await query("select 1 where 0", "json")).out, "[]\n");
});

test("--json is --format json, as other commands call it", async () => {
  const sql = "select 1 as one, 'x' as two";
  assert.deepEqual(await spoken(queryCommand, { sql, db: DB, json: true }), await query(sql, "json"));
});

test("query prints integers beyond 2^53 as they are", async () => {
  assert.equal((await query("select 9007199254740993 as big", "csv")).out, "big\n9007199254740993\n");
});

const SQL = "SQL must be one select that SQLite understands, got an error: ";
const PAGE = "; data/docs/columns.md lists the views and their columns";
const REFUSED: [sql: string, said: string][] = [
  ["select epoch from trial_results", `${SQL}no such column: epoch: did you mean epochs${PAGE}`],
  ["select nonsense", `${SQL}no such column: nonsense${PAGE}`],
  ["select * from nowhere", `${SQL}no such table: nowhere${PAGE}`],
  ["select * from trials", `${SQL}no such table: trials: did you mean trial_rows or trial_results${PAGE}`],
  [
    "select lambda from trial_results",
    `${SQL}no such column: lambda: did you mean lambda_reg or lambda_effective${PAGE}`,
  ],
  ["select * from method_sumary", `${SQL}no such table: method_sumary: did you mean method_summary${PAGE}`],
  [
    "select c.train_acuracy from trial_results c",
    `${SQL}no such column: c.train_acuracy: did you mean train_accuracy${PAGE}`,
  ],
  ["selec 1", `${SQL}near "selec": syntax error${PAGE}`],
  ["select 1; select 2", `${SQL}The supplied SQL string contains more than one statement${PAGE}`],
  ["", `${SQL}The supplied SQL string contains no statements${PAGE}`],
  ["delete from sweeps", `${SQL}it returns no rows, and the file is opened read-only${PAGE}`],
  ["drop table sweeps", `${SQL}it returns no rows, and the file is opened read-only${PAGE}`],
  ["update sweeps set trials = 9 returning id", `${SQL}attempt to write a readonly database${PAGE}`],
  ["-- nothing", `${SQL}The supplied SQL string contains no statements${PAGE}`],
  ["vacuum into 'copy.db'", `${SQL}it returns no rows, and the file is opened read-only${PAGE}`],
  ["select abs(-9223372036854775808)", `${SQL}integer overflow${PAGE}`],
];

for (const [sql, message] of REFUSED) {
  test(`query refuses ${sql === "" ? "an empty text" : sql}, and the file stays as it was`, async () => {
    const bytes = readFileSync(DB);
    await assert.rejects(query(sql), { name: "SweepError", fault: "usage", message });
    assert.deepEqual(readFileSync(DB), bytes);
  });
}

test("SQL may begin with a comment, and stand behind a bare --", async () => {
  for (const words of [
    ["-- what there is\nselect 1 as one"],
    ["--what=there is\nselect 1 as one"],
    ["--", "--what\nselect 1 as one"],
    ["--", "select 1 as one"],
    ["/* what */ select 1 as one -- there is"],
  ]) {
    const { code, out, err } = await gmm(cwd, "query", "--format", "csv", ...words);
    assert.deepEqual([code, out, err], [0, "one\n1\n", ""], words.join(" "));
  }
  const { code, err } = await gmm(cwd, "query", "--", "--format");
  assert.deepEqual([code, err], [2, `gmm-sweep: ${SQL}The supplied SQL string contains no statements${PAGE}\n`]);
});

test("JSON has one value for each name: columns of one name are refused, and CSV has both", async () => {
  const sql = "select a.method, b.method from trial_results a join trial_results b limit 1";
  await assert.rejects(query(sql, "json"), {
    fault: "usage",
    message: `--format json must have columns of different names, got method twice: call one of them otherwise with "as", or take --format csv`,
  });
  assert.equal((await query(sql, "csv")).out, "method,method\noriginal,original\n");
});

test("JSON has Infinity as a text, blobs in hexadecimal, and whole numbers with every digit", async () => {
  const sql = "select 9e999 as a, -9e999 as b, 9e999 - 9e999 as c, x'00ff' as d, 9223372036854775807 as e";
  const { out } = await query(sql, "json");
  assert.equal(out, '[\n{"a":"Infinity","b":"-Infinity","c":null,"d":"00ff","e":9223372036854775807}\n]\n');
});

test("a terminal sees no control character of a value, a name of a column or an error, and CSV has each as it is", async () => {
  const hostile = ["\u001b[2J", "\u007f", "\u0085", "\u009b1m", "\u202e", "\u2066", "\r\n", "\t"].join("");
  const seen = "\\u001b[2J\\u007f\\u0085\\u009b1m\\u202e\\u2066\\r\\n\\t";
  const sql = `select '${hostile}' as "${hostile}"`;
  const line = "-".repeat(seen.length);
  assert.equal((await query(sql)).out, `${seen}\n${line}\n${seen}\n`);
  assert.equal((await query(sql, "csv")).out, `"${hostile}"\n"${hostile}"\n`);
  const { out } = await query(sql, "json");
  assert.ok(!/(?!\n)\p{Cc}|\p{Bidi_Control}/u.test(out), out);
  assert.deepEqual(JSON.parse(out), [{ [hostile]: hostile }]);
  await assert.rejects(query(`select "${hostile}"`), ({ message }: Error) => {
    assert.ok(!/(?!\n)\p{Cc}|\p{Bidi_Control}/u.test(message), message);
    return true;
  });
});

test("a table cuts what is longer than a screen, and CSV and JSON have all of it", async () => {
  const long = `select printf('%.*c', 3000000, '"') as a, zeroblob(2000000) as b`;
  const [, , line] = (await query(long)).out.split("\n");
  assert.equal(line, `${'"'.repeat(500)}… and 2999500 more characters  x'${"00".repeat(50)}'… and 1999950 more bytes`);
  const csv = (await query(long, "csv")).out;
  assert.ok(csv === `a,b\n"${'""'.repeat(3_000_000)}",x'${"00".repeat(2_000_000)}'\n`);
  const json = (await query(long, "json")).out;
  assert.ok(json === `[\n{"a":"${'\\"'.repeat(3_000_000)}","b":"${"00".repeat(2_000_000)}"}\n]\n`);
  const pair = "select printf('%.*c', 1048575, 'a') || '😀' as a";
  assert.ok((await query(pair, "json")).out === `[\n{"a":"${"a".repeat(1_048_575)}😀"}\n]\n`);
});

test("an error of SQL that is longer than a screen is cut in its middle, and says what to do", async () => {
  await assert.rejects(query(`select "${"x".repeat(1_000_000)}"`), ({ message }: Error) => {
    assert.ok(message.length < 1500, `${message.length}`);
    assert.match(message, /^SQL must be .* … and \d+ more characters … .*; data\/docs\/columns\.md lists the views/);
    return true;
  });
});

test("a write attempt exits 2 with one sentence and no result", async () => {
  const { code, out, err } = await gmm(cwd, "query", "update sweeps set trials = 9 returning id");
  assert.deepEqual([code, out, err], [2, "", `gmm-sweep: ${SQL}attempt to write a readonly database${PAGE}\n`]);
});

test("query of an empty file, or show of one, is refused in a sentence", async () => {
  const empty = join(cwd, "empty.db");
  writeFileSync(empty, "");
  await assert.rejects(query("select * from method_summary", "table", empty), { name: "SweepError" });
  await assert.rejects(show("original", "1", { db: empty }), { name: "SweepError" });
});

test("query where there is no file, or not even its folder, is refused in the same sentence", async () => {
  for (const db of [join(cwd, "none", "none.db"), join(cwd, "none", "none", "sweep.db")])
    await assert.rejects(query("select 1", "table", db), {
      name: "SweepError",
      fault: "usage",
      message: `${db} is not there, nor is any .db file in its folder: check the path, or train one with gmm-sweep run or grid`,
    });
});

test("show prints the notebook's lines of a trial", async () => {
  const { code, out, err } = await gmm(cwd, "show", "original", "2");
  assert.deepEqual([code, err], [0, ""]);
  assertGolden("show prints the notebook's lines of a trial", out);
});

test("show says of a copy whose run it is", async () => {
  const { code, out } = await show("retrain_original", "2");
  assert.equal(code, 0);
  assert.match(
    out,
    /^(Epoch \[\d+\/11\], Mutual Information: \d\.\d{4}, Normal Classifier Loss: \d\.\d{4}, Lambda: 0\.0000\n){11}after epoch 11: .*\n\(one run for all trials, stored with trial 1\)\n$/,
  );
});

function noTrial(got: string): string {
  return `METHOD and TRIAL must name a finished trial of ${DB}, got ${got}: gmm-sweep query "select distinct sweep, method, trial from trial_results" --db ${DB} lists them`;
}

const NOT_SHOWN: [method: string, trial: string, options: Record<string, string>, sentence: string][] = [
  ["original", "3", {}, noTrial("original 3")],
  ["original", "3", { sweep: "1" }, noTrial("original 3 of sweep 1")],
  ["original", "1", { sweep: "2" }, `--sweep must be a sweep of ${DB}, one of 1, got 2`],
  ["original", "1", { sweep: "no" }, "--sweep must be a whole number from 1 up to 2^53 − 1, got no"],
  ["original", "0", {}, "TRIAL must be a whole number from 1 up to 2^53 − 1, got 0"],
  ["original", "one", {}, "TRIAL must be a whole number from 1 up to 2^53 − 1, got one"],
  ["orignal", "1", {}, `METHOD must be one of ${METHOD_NAMES.join(", ")}, got orignal: did you mean original`],
];

for (const [method, trial, options, message] of NOT_SHOWN) {
  test(`show refuses ${method} ${trial}${Object.entries(options)
    .map(([name, value]) => ` --${name} ${value}`)
    .join("")}`, async () => {
    await assert.rejects(show(method, trial, options), { name: "SweepError", message });
  });
}

test("show of a grid asks which of a trial's curves is meant, and shows that one alone", async (t) => {
  const flags = { "data-seeds": "1:2", samples: "40", features: "3", hidden: "6,4", engine: "reference", workers: "1" };
  const db = await trainedFile(t, {
    ...flags,
    trials: "1",
    lambda: "0,4.2",
    epochs: "20,original=12,retrain_scratch=10",
  });
  await assert.rejects(show("unlearn", "1", { db }), {
    message: `--lambda must say which trial of ${db} is meant, one of 0, 4.2, got none`,
  });
  await assert.rejects(show("unlearn", "1", { db, lambda: "4.2" }), {
    message: `--draw must say which trial of ${db} is meant, one of 1, 2, got none`,
  });
  await assert.rejects(show("unlearn", "1", { db, lambda: "3" }), {
    message: `--lambda must be what ${db} has of unlearn trial 1, one of 0, 4.2, got 3`,
  });
  const { out } = await show("unlearn", "1", { db, lambda: "4.20", draw: "2" });
  assert.match(out, /^(Epoch \[\d+\/20\], .*Lambda: 4\.2000\n){20}after epoch 20: .*\n$/);
});

test("show asks which run is meant where sweeps have several, until --sweep says which; of one that two have, there is nothing to ask", async (t) => {
  const flags = { "data-seeds": "1", samples: "40", features: "3", hidden: "6,4", engine: "reference", workers: "1" };
  const grid = { ...flags, trials: "1", epochs: "3,original=12,retrain_scratch=10" };
  const db = await trainedFile(t, { ...grid, name: "one" }, { ...grid, name: "two", lambda: "2" });
  await assert.rejects(show("unlearn", "1", { db }), {
    message: `--lambda must say which trial of ${db} is meant, one of 2, 4.2, got none`,
  });
  for (const [sweep, lambda] of [
    ["1", "4.2000"],
    ["2", "2.0000"],
  ])
    assert.match(
      (await show("unlearn", "1", { db, sweep })).out,
      new RegExp(`^(Epoch .* Lambda: ${lambda}\n){3}after`),
    );
  await assert.rejects(show("unlearn", "1", { db, sweep: "2", lambda: "4.2" }), {
    message: `--lambda must be what sweep 2 of ${db} has of unlearn trial 1, one of 2, got 4.2`,
  });
  assert.equal((await show("original", "1", { db })).code, 0);
});

test("show --json is one object with the key and every epoch that is kept", async () => {
  const { out } = await spoken(showCommand, { method: "original", trial: "2", db: DB, json: true });
  const { curve, ...key } = JSON.parse(out) as Record<string, unknown> & { curve: Record<string, number>[] };
  assert.deepEqual([key["method"], key["trial"], key["epochs"], curve.length], ["original", 2, 12, 12]);
  assert.deepEqual(Object.keys(curve[11]), [
    ...["epoch", "penalty", "cross_entropy", "train_accuracy", "forget_probability", "forget_margin"],
  ]);
  assertSnakeCase(out);
});

test("show of a method of one's own asks which of its parameters is meant", async (t) => {
  const flags = { "data-seeds": "1", samples: "40", features: "3", hidden: "6,4", engine: "reference", workers: "1" };
  const methods = { "method-file": OWN_METHODS, methods: "neg_grad_plus", epochs: "neg_grad_plus=3,original=12" };
  const db = await trainedFile(t, { ...flags, ...methods, trials: "1" });
  let names: readonly string[] = [];
  await assert.rejects(show("neg_grad_plus", "1", { db }), ({ message }: Error) => {
    names = message.match(/neg_grad_plus:beta=\d~[0-9a-f]{8}/g) ?? [];
    const said = `METHOD must say which trial of ${db} is meant, one of ${names.join(", ")}, got neg_grad_plus`;
    assert.deepEqual([names.length, message], [2, said]);
    return true;
  });
  const { out } = await show(names[1], "1", { db });
  assert.match(out, /^(Epoch .*\n){3}after epoch 3: train accuracy \d\.\d{4}, forget probability \d\.\d{4}\n$/);
});

test("a table of any length prints", async () => {
  const rows = 200_000; // more than a call takes as arguments
  const { code, out } = await query(
    `with recursive c(x) as (select 1 union all select x + 1 from c limit ${rows}) select x, x * x as square from c`,
  );
  const lines = out.split("\n");
  assert.deepEqual([code, lines.length], [0, rows + 3]);
  assert.deepEqual(lines.slice(0, 3), ["     x       square", "------  -----------", "     1            1"]);
});

test("a result that is larger than memory goes out row by row, as fast as its reader takes it", async () => {
  // 150 MB of rows, through 48 MB of heap.
  const sql =
    "with recursive c(x) as (select 1 union all select x + 1 from c limit 150000) select printf('%01000d', x) as digits from c";
  const args = ["--max-old-space-size=48", CLI, "query", sql, "--format", "csv", "--db", DB];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  let bytes = 0;
  child.stdout.on("data", (part: Buffer) => {
    bytes += part.length;
  });
  const [code] = (await once(child, "close")) as [number | null];
  assert.deepEqual([code, bytes], [0, 150_000 * 1001 + "digits\n".length]);
});

test("at a terminal a result that is too wide stands as names and values; in a pipe a row stays one line", async () => {
  const sql = "select * from trial_results where trial = 1 limit 1";
  const narrow = await programmed(80, "query", sql, DB);
  const piped = await programmed(null, "query", sql, DB);
  assert.match(narrow.out, /^sweep +1\n/);
  for (const line of narrow.out.split("\n")) assert.ok(line.length <= 80, line);
  assert.match(piped.out, /^sweep {2}[^\n]+\n[- ]+\n[^\n]+\n$/);
  assert.ok(piped.out.split("\n")[0].length > 200);
  const csv = await programmed(80, "query", sql, DB, "--format", "csv");
  assert.equal(csv.out.split("\n").length, 3);
});
