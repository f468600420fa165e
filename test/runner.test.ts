/** The runners there are, held to their contract; and what only threads do. */
import assert from "node:assert/strict";
import test from "node:test";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { SweepError } from "../src/errors.js";
import { ThreadRunner, TRIAL_WORKER } from "../src/run/threads.js";
import { HereRunner } from "./fixtures/here-runner.js";
import { smallPlan, specsIn } from "./fixtures/sweeps.js";
import { engineNamed, tellingThreads } from "./fixtures/threads.js";
import { ORIGINALS, testRunnerContract } from "./runner-contract.js";

testRunnerContract("threads", tellingThreads);

testRunnerContract("this process", (_t, lanes, behaviour, lost) => {
  const runner = new HereRunner(lanes, behaviour, lost);
  return { runner, begun: (count) => runner.begun(count), attempts: (trial) => runner.attempts(trial) };
});

const specs = specsIn(smallPlan(ORIGINALS));

test("a thread that dies fails its whole chunk, since nobody knows how far it came", async (t) => {
  const { runner } = tellingThreads(t, 1, { exits: 2 }, () => {});
  const reason = "its thread died: worker exited with code: 9";
  assert.deepEqual(
    await runner.run(specs.slice(0, 3)),
    specs.slice(0, 3).map((spec) => ({ state: "failed", spec, reason })),
  );
});

test("threads that died are replaced, each time", async (t) => {
  const { runner } = tellingThreads(t, 1, { exits: 1 }, () => assert.fail("a lane was lost"));
  for (let round = 0; round < 3; round++) {
    const [died, healthy] = [await runner.run([specs[0]]), await runner.run([specs[1]])];
    assert.deepEqual([died[0].state, healthy[0].state], ["failed", "trained"]);
  }
});

test("an engine that no thread can load is no trial's fault, and the process lives on", async (t) => {
  const engine = engineNamed("an engine that nobody has");
  const runner = new ThreadRunner({ workers: 1, engine, profile: null, entry: TRIAL_WORKER, lost: () => {} });
  t.after(() => runner.close());
  for (const spec of specs.slice(0, 2)) await assert.rejects(runner.run([spec]), { name: "Error" });
});

test("an entry that cannot be loaded is no trial's fault, and nothing waits for it for ever", async (t) => {
  const entry = new URL("no-such-worker.js", import.meta.url);
  const runner = new ThreadRunner({
    workers: 1,
    engine: engineNamed("reference"),
    profile: null,
    entry,
    lost: () => {},
  });
  t.after(() => runner.close());
  for (const spec of specs.slice(0, 2)) await assert.rejects(runner.run([spec]), /no-such-worker/);
});

test("a thread whose engine computes otherwise than the sweep trains nothing", async (t) => {
  const options = { workers: 1, engine: engineNamed("reference"), entry: TRIAL_WORKER, lost: () => {} };
  const runner = new ThreadRunner({ ...options, profile: "another/f64/r1" });
  t.after(() => runner.close());
  const { profile } = referenceEngine();
  const sentence = `a thread computes as ${profile}, where the sweep is of another/f64/r1: start again, what has finished is kept`;
  await assert.rejects(runner.run(specs), new SweepError("environment", sentence));
});
