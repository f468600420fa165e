/** `gmm-sweep backup`: a checked copy, also of a file that is in use. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { backupCommand } from "../src/commands/backup.js";
import { digestCommand } from "../src/commands/digest.js";
import { openStore } from "../src/store/open.js";
import { folder, gmm, spoken } from "./command-line.js";
import { change, trainedFile } from "./fixtures/grids.js";

const GRID = {
  ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "2", workers: "1" },
  ...{ lambda: "0,4.2", epochs: "1:2,original=3,retrain_scratch=3" },
};

async function digest(file: string): Promise<string> {
  return (await spoken(digestCommand, { file })).out;
}

test("a backup of a file that a store has open is complete, and says that it was held against its hashes", async (t) => {
  const db = await trainedFile(t, GRID);
  const expected = await digest(db);
  const copy = join(folder(t), "copy.db");
  const store = await openStore(db);
  const { code, out, err } = await spoken(backupCommand, { files: [db, copy] });
  await store.close();
  const { length } = readFileSync(copy);
  assert.deepEqual(
    [code, err, out],
    [
      0,
      "",
      `${copy} is a copy of ${db}: ${length} bytes, 8 trajectories held against their hashes: nothing was changed\n`,
    ],
  );
  assert.equal(await digest(copy), expected);
});

test("OUT alone is a copy of the file that --db names, from a command line, too, and --json is one object", async (t) => {
  const db = await trainedFile(t, GRID);
  const cwd = folder(t);
  const { code, out, err } = await gmm(cwd, "backup", "copy.db", "--db", db, "--json");
  assert.deepEqual([code, err], [0, ""]);
  const { bytes, ...said } = JSON.parse(out);
  assert.deepEqual(said, { file: db, out: "copy.db", trajectories: 8, damages: [] });
  assert.equal(bytes, readFileSync(join(cwd, "copy.db")).length);
  assert.deepEqual(readdirSync(cwd), ["copy.db"]);
});

test("a copy that does not match its hashes is kept and told, with exit code 1", async (t) => {
  const db = await trainedFile(t, GRID);
  await change(db, "update trial_rows set penalty = 0.5 where id = (select min(id) from trial_rows) returning id");
  const copy = join(folder(t), "copy.db");
  const { code, out } = await spoken(backupCommand, { files: [db, copy] });
  assert.equal(code, 1);
  assert.match(
    out,
    /, but of its 8 trajectories not all match their hashes, as in the file itself: .*: what is stored of it is not what landed, as its hash says; gmm-sweep verify \S+ lists them\n$/,
  );
  assert.equal(await digest(copy), await digest(db));
});

const REFUSED: readonly (readonly [title: string, flags: (db: string) => object, message: RegExp])[] = [
  [
    "three files",
    (db) => ({ files: [db, "b", "c"] }),
    /^backup must be given FILE and OUT and no others, got 3 files: /,
  ],
  ["an empty OUT", (db) => ({ files: [db, ""] }), /^OUT must be a file, got an empty name$/],
  ["OUT in memory", (db) => ({ files: [db, ":memory:"] }), /^OUT must be a file, got :memory:$/],
  ["OUT that is FILE", (db) => ({ files: [db, db] }), /sweep\.db must not be there yet, but it is: /],
  ["FILE named twice", (db) => ({ files: [db, "b"], db }), /^FILE must not be given with --db, /],
];

for (const [title, flags, message] of REFUSED) {
  test(`backup refuses ${title}`, async (t) => {
    const db = await trainedFile(t, GRID);
    const before = readFileSync(db);
    await assert.rejects(spoken(backupCommand, { ...flags(db) }), { fault: "usage", message });
    assert.deepEqual(readFileSync(db), before);
  });
}
