/** How often the live page's server looks: what looks may take, and that the end of a sweep is seen at once. */
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { LOOK_KINDS } from "../src/serve/messages.js";
import { after, FIRST_TURN, isDue, markOf } from "../src/serve/pace.js";
import { folder } from "./command-line.js";

const BUSY = { mark: "later", quietMs: 0 };

test("while somebody trains looks of all kinds take together less than 1 % of the machine's CPU time, however long each takes: as much is left to pages", () => {
  for (const tookMs of [10, 400, 60_000])
    for (const cores of [1, 2, 64]) {
      const shares = LOOK_KINDS.map((kind) => tookMs / (after(kind, "m", tookMs, 0, cores).next * cores));
      const most = shares.reduce((sum, share) => sum + share, 0);
      assert.ok(most < 0.01, `${tookMs} ms on ${cores} cores: ${most}`);
    }
});

test("a look is due when its time has come, and not where nothing was written since", () => {
  const turn = after("progress", "m", 100, 5_000, 2);
  assert.ok(isDue(FIRST_TURN, BUSY, 0));
  assert.ok(!isDue(turn, BUSY, turn.next - 1));
  assert.ok(isDue(turn, BUSY, turn.next));
  assert.ok(!isDue(turn, { mark: "m", quietMs: 1e9 }, turn.next + 1e9));
});

test("where nothing is written any more what came last is looked at without waiting, the later the longer a look takes", () => {
  const due = (tookMs: number, quietMs: number): boolean =>
    isDue(after("figures", "m", tookMs, 0, 2), { mark: "later", quietMs }, 1_900);
  assert.deepEqual([due(50, 1_900), due(50, 2_000)], [false, true]);
  assert.deepEqual([due(1_000, 19_000), due(1_000, 20_000)], [false, true]);
});

test("of a database nobody knows when it was written, so that its looks go by their time alone", () => {
  assert.equal(markOf("postgres://reader@host/sweeps"), null);
  const turn = after("verdict", null, 100, 0, 2);
  assert.deepEqual(
    [isDue(turn, { mark: null, quietMs: 1e9 }, turn.next - 1), isDue(turn, { mark: null, quietMs: 0 }, turn.next)],
    [false, true],
  );
});

test("a file's mark is another once it or its log was written, and not where a reader made an empty log", (t) => {
  const path = join(folder(t), "night.db");
  const marks = [markOf(path)];
  writeFileSync(path, "a");
  marks.push(markOf(path));
  writeFileSync(`${path}-wal`, "");
  assert.equal(markOf(path), marks[1]);
  appendFileSync(`${path}-wal`, "b");
  marks.push(markOf(path));
  appendFileSync(path, "b");
  marks.push(markOf(path));
  assert.equal(new Set(marks).size, 4, marks.join(" | "));
});
