/** Sweep files that come with the package: their names are understood anywhere, and a file of the same name wins. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gridCommand } from "../src/commands/grid.js";
import { READY_NAMES, readyPath } from "../src/plan/ready.js";
import { gridPlan } from "../src/plan/request.js";
import { folder, gmm, programmed, rows, SMALL, spoken } from "./command-line.js";

/** So little of a sweep file that it is trained in no time. */
const LITTLE = [
  ...["--trials", "2", "--lambda", "1", "--epochs", "unlearn=2,original=3,retrain_scratch=3"],
  ...["--methods", "original,retrain_scratch,unlearn", "--preset", "paired", "--data-seeds", "1", "--workers", "1"],
  ...SMALL.slice(2),
  "--quiet",
];

test("every sweep file of the package is ready by its name", () => {
  const files = readdirSync("data").filter((name) => name.endsWith(".yaml"));
  assert.deepEqual(
    files.sort(),
    READY_NAMES.map((name) => `${name}.yaml`),
  );
});

for (const name of READY_NAMES)
  test(`${name} asks for what its file asks for`, () =>
    assert.deepEqual(gridPlan({}, name), gridPlan({}, `data/${name}.yaml`)));

test("a dry run of a ready file says which file is meant, in text and JSON", async (t) => {
  const cwd = folder(t);
  const { code, out } = await gmm(cwd, "grid", "notebook", "--dry-run");
  assert.equal(code, 0);
  assert.equal(out.split("\n")[0], `notebook is the sweep file that comes with gmm-sweep, ${readyPath("notebook")}`);
  const json = await gmm(cwd, "grid", "notebook", "--dry-run", "--json");
  assert.equal((JSON.parse(json.out) as { sweep_file: string }).sweep_file, readyPath("notebook"));
  assert.deepEqual(readdirSync(cwd), []);
});

test("a ready file's sweep goes to the usual place below the folder, has the file's name, and is asked for by a command that means the same anywhere", async (t) => {
  const cwd = folder(t);
  const { code, err } = await gmm(cwd, "grid", "many-draws", ...LITTLE);
  assert.equal(code, 0, err);
  const db = join(cwd, "data", "gmm-sweep.db");
  assert.ok(existsSync(db));
  const [[name]] = await rows(db, "select name from sweeps");
  const [[command]] = await rows(db, "select command from commands");
  assert.equal(name, "many-draws");
  assert.match(String(command), /^gmm-sweep grid many-draws --trials 2 /);
});

test("a file here of a ready file's name wins, and its command says that it is one here", async (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, "notebook"), "trials: 2\n");
  const { code, err } = await gmm(cwd, "grid", "notebook", "--db", "x.db", ...LITTLE);
  assert.equal(code, 0, err);
  const [[command]] = await rows(join(cwd, "x.db"), "select command from commands");
  assert.match(String(command), /^gmm-sweep grid \.\/notebook /);
  const dry = await gmm(cwd, "grid", "notebook", "--dry-run", "--json");
  assert.equal((JSON.parse(dry.out) as { sweep_file: string }).sweep_file, "notebook");
});

test("a bare name of no file is refused with those that come with gmm-sweep, and its like is named", async () => {
  const among =
    "FILE must be a sweep file, or one of those that come with gmm-sweep, lambda-epoch, many-draws, notebook";
  await assert.rejects(spoken(gridCommand, { file: "many-draw" }), {
    message: `${among}, got many-draw, which is neither: did you mean many-draws`,
  });
  await assert.rejects(spoken(gridCommand, { file: "tonight" }), {
    message: `${among}, got tonight, which is neither: name a file that is there`,
  });
  await assert.rejects(programmed(null, "many-draws"), {
    message: "there is no command many-draws: write gmm-sweep grid many-draws",
  });
});

test("help of grid lists the ready files", async () => {
  const { out } = await programmed(80, "grid", "--help");
  for (const name of READY_NAMES) assert.ok(out.includes(name), name);
});
