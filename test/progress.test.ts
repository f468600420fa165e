/** Progress on a terminal that is too narrow for one line: it is laid in several, and all of them are written over. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { ProgressPrinter } from "../src/report/progress.js";

const HALFWAY = {
  landed: { rows: 30, trajectories: 20, epochs: 500 },
  missing: { rows: 60, trajectories: 40, epochs: 2000 },
};
const TALLY = { trained: 30, failed: 0, diverged: 0, stopped: false };
const ENDED = { kind: "ended", tally: TALLY, skipped: 0, fault: null } as const;
const MORE = ["3/9 cells", "nearest to retraining: unlearn λ 4.2, 5 epochs (0.012 away)"];

/** What a printer writes a second after it began to a terminal of this width; 0 is that of one that does not say it. */
function written(t: TestContext, columns: number, more: readonly string[]): string {
  let now = 0;
  t.mock.method(performance, "now", () => {
    now += 1000;
    return now;
  });
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  const stream = { isTTY: true, columns, write };
  const printer = new ProgressPrinter(stream as unknown as NodeJS.WriteStream, () => more);
  printer.observe({ kind: "landed", outcomes: [], progress: HALFWAY });
  printer.observe(ENDED);
  return text;
}

test("parts that do not fit stand in a second line, the cursor goes back to the first, and the end clears both", (t) => {
  assert.equal(
    written(t, 80, MORE),
    `\r30/60 trials  20 trajectories/s  ETA 3 s  ${MORE[0]}\n${MORE[1]}\x1b[K\x1b[1A\r\x1b[J`,
  );
});

test("what fits, and whatever a terminal of unknown width gets, is one line", (t) => {
  const line = `\r30/60 trials  20 trajectories/s  ETA 3 s  ${MORE.join("  ")}\x1b[K\r\x1b[K`;
  assert.equal(written(t, 160, MORE), line);
  assert.equal(written(t, 0, MORE), line);
});

test("a part that is longer than the terminal is cut", (t) => {
  for (const line of written(t, 40, MORE).split("\x1b")[0].split("\n"))
    assert.ok(line.replace("\r", "").length < 40, line);
});
