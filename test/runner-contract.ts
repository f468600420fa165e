/** What every runner keeps (src/run/runner.ts): called on each of them. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { loadDraw } from "../src/data/source.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { SweepError } from "../src/errors.js";
import { STOP_FLAG_BYTES, stopFlag } from "../src/run/answer.js";
import { runChunk } from "../src/run/chunk.js";
import type { Runner } from "../src/run/runner.js";
import type { Outcome, TrajectorySpec } from "../src/trial.js";
import type { Behaviour } from "./fixtures/behaviour.js";
import { smallPlan, specsIn } from "./fixtures/sweeps.js";

/** A runner that behaves as it is told, and what it tells. */
export interface Told {
  readonly runner: Runner;
  /** Resolves once `count` more trajectories have begun. */
  begun(count: number): Promise<void>;
  /** How often a trial was begun. */
  attempts(trial: number): number;
}

export type MakeRunner = (
  t: TestContext,
  lanes: number,
  behaviour: Behaviour,
  lost: (reason: string, left: number) => void,
) => Told;

/** Six trials of one small training. */
export const ORIGINALS = { methods: "original", trials: "6", epochs: "original=3" };

const quiet = (): void => {};

export function testRunnerContract(name: string, make: MakeRunner): void {
  const specs = specsIn(smallPlan(ORIGINALS));

  test(`${name}: a chunk's outcomes come in its order, and are those of its specs, to the bit`, async (t) => {
    const { runner } = make(t, 2, {}, quiet);
    const outcomes = await runner.run(specs);
    assert.deepEqual(trials(outcomes), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(outcomes.map(bits), trainedHere(specs).map(bits));
  });

  test(`${name}: more callers than lanes get each what they asked for`, async (t) => {
    const { runner } = make(t, 2, {}, quiet);
    const outcomes = await Promise.all(specs.map((spec) => runner.run([spec])));
    assert.deepEqual(outcomes.map(trials), [[1], [2], [3], [4], [5], [6]]);
  });

  test(`${name}: a training that throws is that trajectory's outcome, and costs no other one`, async (t) => {
    const { runner } = make(t, 1, { throws: 2 }, quiet);
    assert.deepEqual((await runner.run(specs.slice(0, 3))).map(said), [
      "1 trained",
      "2 failed: trial 2 fell over",
      "3 trained",
    ]);
  });

  test(`${name}: a lane that exits fails what it trained, and trains the next chunk`, async (t) => {
    const { runner } = make(t, 1, { exits: 2 }, quiet);
    const [outcome] = await runner.run([specs[1]]);
    assert.match(said(outcome), /^2 failed: its (thread|lane) died/);
    assert.deepEqual(trials(await runner.run([specs[2]])), [3]);
  });

  test(`${name}: a drain lets what runs come to its end, and starts no other`, async (t) => {
    const { runner, begun, attempts } = make(t, 2, { holds: "drain" }, quiet);
    const running = begun(2);
    const chunks = [specs.slice(0, 3), specs.slice(3)].map((chunk) => runner.run(chunk));
    await running;
    assert.equal(runner.draining, false);
    runner.drain();
    assert.equal(runner.draining, true);
    assert.deepEqual((await Promise.all(chunks)).map(trials), [[1], [4]]);
    assert.deepEqual(await runner.run(specs), []);
    assert.deepEqual([1, 2, 3, 4, 5, 6].map(attempts), [1, 0, 0, 1, 0, 0]);
  });

  test(`${name}: a lane that exits while it drains blames nobody`, async (t) => {
    const { runner, begun } = make(t, 1, { holds: "drain", exits: 1 }, quiet);
    const running = begun(1);
    const chunk = runner.run([specs[0]]);
    await running;
    runner.drain();
    assert.deepEqual(await chunk, []);
  });

  test(`${name}: a cancel gives up what runs`, async (t) => {
    const { runner, begun } = make(t, 2, { holds: "cancel" }, quiet);
    const running = begun(2);
    const chunks = [runner.run([specs[0]]), runner.run([specs[1]])];
    await running;
    runner.cancel();
    assert.deepEqual(await Promise.all(chunks), [[], []]);
    assert.equal(runner.draining, true);
  });

  test(`${name}: what a closed runner still had comes to nothing`, async (t) => {
    const { runner, begun } = make(t, 1, { holds: "cancel" }, quiet);
    const running = begun(1);
    const chunks = [runner.run([specs[0]]), runner.run([specs[1]])];
    await running;
    await runner.close();
    assert.deepEqual(await Promise.all(chunks), [[], []]);
  });

  test(`${name}: a lane that gives out is lost, and another one trains what it was to train`, async (t) => {
    const lost: string[] = [];
    const { runner, attempts } = make(t, 2, { givesOutOnce: 2 }, (reason, left) =>
      lost.push(`${reason}, ${left} left`),
    );
    assert.deepEqual(trials(await runner.run([specs[0]])), [1]);
    assert.deepEqual((await runner.run([specs[1], specs[2]])).map(said), ["2 trained", "3 trained"]);
    assert.deepEqual(lost, ["there is not enough memory (Array buffer allocation failed), 1 left"]);
    assert.equal(attempts(2), 2);
    assert.deepEqual(trials(await runner.run(specs.slice(3))), [4, 5, 6]);
  });

  test(`${name}: with no lane left every chunk throws the environment's fault, and no trajectory is blamed`, async (t) => {
    const left: number[] = [];
    const { runner } = make(t, 2, { givesOut: 2 }, (_reason, count) => left.push(count));
    const fault = new SweepError(
      "environment",
      "no thread is left to train: there is not enough memory (Array buffer allocation failed); take fewer --workers, or a smaller task, what has finished is kept",
    );
    assert.deepEqual(trials(await runner.run([specs[0]])), [1]);
    await assert.rejects(runner.run([specs[1]]), fault);
    await assert.rejects(runner.run([specs[2]]), fault);
    assert.deepEqual(left, [1, 0]);
  });

  test(`${name}: data that changed end the run and no lane`, async (t) => {
    const { runner } = make(t, 1, { changes: 2 }, () => assert.fail("a lane was lost"));
    await assert.rejects(runner.run([specs[1]]), new SweepError("environment", "the data of trial 2 changed"));
  });

  test(`${name}: a bug outside of a training is thrown as one`, async (t) => {
    const { runner } = make(t, 1, { breaks: 2 }, quiet);
    await assert.rejects(runner.run([specs[1]]), (error: Error) => {
      assert.ok(!(error instanceof SweepError));
      assert.equal(error.message, "trial 2 found a bug");
      assert.match(error.stack ?? "", /behaviour\.js/);
      return true;
    });
  });
}

function trials(outcomes: readonly Outcome[]): number[] {
  return outcomes.map(({ spec }) => spec.trial);
}

function said(outcome: Outcome): string {
  return `${outcome.spec.trial} ${outcome.state}${outcome.state === "failed" ? `: ${outcome.reason}` : ""}`;
}

/** An outcome but for the time it took. */
function bits(outcome: Outcome): object {
  return { ...outcome, elapsedMs: 0 };
}

/** Trains a chunk on this thread. */
export function trainedHere(specs: readonly TrajectorySpec[]): Outcome[] {
  return runChunk(specs, referenceEngine(), loadDraw, stopFlag(new SharedArrayBuffer(STOP_FLAG_BYTES)));
}
