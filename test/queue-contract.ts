/** What every queue keeps (src/store/queue.ts): called on each of them. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { planMark } from "../src/plan/places.js";
import { countRows, epochsToTrain, trajectoriesOf } from "../src/plan/trajectories.js";
import type { Sweep } from "../src/store/contract.js";
import { type Chunk, type Lease, type Queue, type SharedStore, VANISHED_MS } from "../src/store/queue.js";
import { type TrajectorySpec, trajectoryKey } from "../src/trial.js";
import { nextUp, openRequest, smallPlan, trained, withLastEpoch } from "./fixtures/sweeps.js";
import { ORIGINALS } from "./runner-contract.js";

/** A queue to test, in which nothing is up, over a store in which nothing is. */
export interface MadeQueue {
  readonly store: SharedStore;
  readonly queue: Queue;
  /** Another process's; the same where there can be none. */
  readonly other: Queue;
  /** Has a lease lost, the only one there is of its sweep, as if its holder were dead. */
  lose(lease: Lease): Promise<void>;
}

export type MakeQueue = (t: TestContext) => Promise<MadeQueue>;

/** The trajectories of a sweep by their numbers. */
export function numbered({ plan, shard }: Pick<Sweep, "plan" | "shard">): TrajectorySpec[] {
  return [...trajectoriesOf(plan, shard)].flat();
}

/** All of a sweep in chunks of `size` trajectories. */
export function chunksOf(sweep: Sweep, size: number): Chunk[] {
  const specs = numbered(sweep);
  const firsts = Array.from({ length: Math.ceil(specs.length / size) }, (_, i) => i * size);
  return firsts.map((first) => {
    const some = specs.slice(first, first + size);
    const [rows, epochs] = [countRows(some), epochsToTrain(some)];
    return { first, count: some.length, rows, trajectories: some.length, epochs, retryFailed: false, losses: 0 };
  });
}

interface OpenedQueue extends MadeQueue {
  readonly sweep: Sweep;
  readonly specs: readonly TrajectorySpec[];
}

/** A sweep of six trials, of which nothing is up. */
async function opened(made: MadeQueue): Promise<OpenedQueue> {
  const sweep = await made.store.open(openRequest(smallPlan(ORIGINALS)));
  return { ...made, sweep, specs: numbered(sweep) };
}

async function claimed(queue: Queue, sweep: Sweep): Promise<Lease> {
  const lease = await queue.claim(sweep);
  assert.ok(lease !== null, "nothing waits");
  return lease;
}

async function counts({ queue, sweep }: Pick<OpenedQueue, "queue" | "sweep">): Promise<[number, number]> {
  const { waiting, leased } = await queue.up(sweep);
  return [waiting, leased];
}

export function testQueueContract(name: string, make: MakeQueue): void {
  test(`${name}: of a sweep that nobody asked for nothing is up, and nothing is to be had`, async (t) => {
    const { queue, sweep } = await opened(await make(t));
    assert.deepEqual(await queue.up(sweep), { waiting: 0, leased: 0, rows: 0, trajectories: 0, epochs: 0 });
    assert.deepEqual([await queue.waiting(), await queue.claim(sweep)], [new Set(), null]);
  });

  test(`${name}: chunks come back as they were put up, each to one who asks, and say what is up until they end`, async (t) => {
    const { queue, other, sweep } = await opened(await make(t));
    const chunks = chunksOf(sweep, 2).map((chunk, i) => ({ ...chunk, retryFailed: i === 1, losses: i }));
    assert.equal(await queue.submit(sweep, chunks), true);
    assert.deepEqual(await other.up(sweep), { waiting: 3, leased: 0, rows: 6, trajectories: 6, epochs: 18 });
    const leases = await Promise.all([queue, other, queue, other].map((each) => each.claim(sweep)));
    const there = leases.filter((lease) => lease !== null).sort((a, b) => a.chunk.first - b.chunk.first);
    assert.deepEqual(
      there.map(({ chunk }) => chunk),
      chunks,
    );
    assert.deepEqual(
      there.map(({ losses }) => losses),
      [0, 1, 2],
    );
    assert.ok(there.every(({ plan, sweep: of }) => plan === planMark(sweep.plan) && of.id === sweep.id));
    assert.deepEqual(await other.up(sweep), { waiting: 0, leased: 3, rows: 6, trajectories: 6, epochs: 18 });
    assert.deepEqual(await other.waiting(), new Set());
    for (const lease of there) await queue.settle(lease, [], []);
    assert.deepEqual(await counts({ queue: other, sweep }), [0, 0]);
  });

  test(`${name}: of two who put up one plan at once one does, and the other's chunks are not added while any is up`, async (t) => {
    const { queue, other, sweep } = await opened(await make(t));
    const put = await Promise.all([queue, other].map((each) => each.submit(sweep, chunksOf(sweep, 3))));
    assert.deepEqual(new Set(put), new Set([true, false]));
    const leases = [await claimed(queue, sweep), await claimed(other, sweep)];
    assert.equal(await queue.submit(sweep, chunksOf(sweep, 1)), false);
    assert.deepEqual(await counts({ queue, sweep }), [0, 2]);
    // Each ends by who has it.
    await queue.settle(leases[0], [], []);
    assert.equal(await queue.submit(sweep, chunksOf(sweep, 1)), false);
    await other.settle(leases[1], [], []);
    assert.equal(await queue.submit(sweep, chunksOf(sweep, 1)), true);
    assert.deepEqual(await counts({ queue, sweep }), [6, 0]);
  });

  test(`${name}: a plan that grew takes back what waits of the earlier one, and leaves what is on lease`, async (t) => {
    const { store, queue, sweep, specs } = await opened(await make(t));
    await queue.submit(sweep, chunksOf(sweep, 2));
    const early = await claimed(queue, sweep);
    const grown = await store.open(openRequest(smallPlan({ ...ORIGINALS, trials: "8" })));
    assert.equal(await queue.submit(grown, chunksOf(grown, 4)), true);
    assert.deepEqual(await counts({ queue, sweep }), [2, 1]);
    const later = await claimed(queue, grown);
    assert.deepEqual([early.plan, later.plan], [planMark(sweep.plan), planMark(grown.plan)]);
    assert.notEqual(early.plan, later.plan);
    // What was asked for by the earlier plan is of the sweep all the same.
    assert.deepEqual(await queue.settle(early, specs.slice(0, 2).map(trained), []), landed(2));
    assert.deepEqual(await counts({ queue, sweep: grown }), [1, 1]);
  });

  test(`${name}: who cut chunks of an earlier plan takes back none of a later one, and adds none, whether some are up or not`, async (t) => {
    const { store, queue, other, sweep } = await opened(await make(t));
    const grown = await store.open(openRequest(smallPlan({ ...ORIGINALS, trials: "8" })));
    assert.equal(await queue.submit(sweep, chunksOf(sweep, 2)), false);
    assert.deepEqual(await counts({ queue, sweep }), [0, 0]);
    assert.equal(await other.submit(grown, chunksOf(grown, 4)), true);
    assert.equal(await queue.submit(sweep, chunksOf(sweep, 2)), false);
    assert.deepEqual(await counts({ queue, sweep }), [2, 0]);
    assert.equal((await claimed(queue, grown)).plan, planMark(grown.plan));
  });

  test(`${name}: each sweep has its own`, async (t) => {
    const { store, queue, other, sweep } = await opened(await make(t));
    const another = await store.open(openRequest(smallPlan({ ...ORIGINALS, trials: "2", samples: "22" })));
    await queue.submit(sweep, chunksOf(sweep, 6));
    assert.equal(await queue.claim(another), null);
    assert.deepEqual(await queue.waiting(), new Set([sweep.id]));
    await queue.submit(another, chunksOf(another, 1));
    assert.deepEqual(await other.waiting(), new Set([sweep.id, another.id]));
    assert.deepEqual(await counts({ queue, sweep }), [1, 0]);
    await queue.submit(sweep, chunksOf(sweep, 6));
    assert.deepEqual(await counts({ queue, sweep: another }), [2, 0]);
  });

  test(`${name}: rows land and a chunk ends in one step; where they do not land it is on lease as before`, async (t) => {
    const { store, queue, sweep, specs } = await opened(await make(t));
    await store.record(sweep, [trained(specs[0])]);
    await queue.submit(sweep, chunksOf(sweep, 2));
    const lease = await claimed(queue, sweep);
    const outcomes = specs.slice(lease.chunk.first, lease.chunk.first + 2).map(trained);
    const penalty = outcomes[0].rows[0].measures.penalty as number;
    const wrong = outcomes.map((outcome) => withLastEpoch(outcome, { penalty: nextUp(penalty) }));
    await assert.rejects(queue.settle(lease, wrong, chunksOf(sweep, 1)), { fault: "check" });
    assert.deepEqual([await counts({ queue, sweep }), (await store.stateCounts(sweep)).done], [[2, 1], 1]);
    assert.deepEqual(await queue.settle(lease, outcomes, []), landed(1));
    assert.deepEqual([await counts({ queue, sweep }), (await store.stateCounts(sweep)).done], [[2, 0], 2]);
  });

  test(`${name}: what is given back is put up for others as it is, with the losses that it had and no other`, async (t) => {
    const { queue, other, sweep, specs } = await opened(await make(t));
    await queue.submit(sweep, chunksOf(sweep, 6));
    const lease = await claimed(queue, sweep);
    const rest = { ...lease.chunk, first: 2, count: 4, losses: 1 };
    await queue.settle(lease, specs.slice(0, 2).map(trained), [rest]);
    const again = await claimed(other, sweep);
    assert.deepEqual([again.chunk, again.plan, again.losses], [rest, lease.plan, 1]);
    assert.equal(await queue.claim(sweep), null);
  });

  test(`${name}: a lost lease is counted and its chunk goes to another; what its holder lands late counts, and ends nothing`, async (t) => {
    const { store, queue, other, sweep, specs, lose } = await opened(await make(t));
    await queue.submit(sweep, [{ ...chunksOf(sweep, 6)[0], losses: 2 }]);
    const early = await claimed(queue, sweep);
    await lose(early);
    assert.deepEqual(await counts({ queue, sweep }), [1, 0]);
    const later = await claimed(other, sweep);
    assert.deepEqual([early.losses, later.losses, later.chunk], [2, 3, early.chunk]);
    const outcomes = specs.map(trained);
    assert.deepEqual(await queue.settle(early, outcomes, [early.chunk]), landed(6));
    assert.deepEqual(await counts({ queue, sweep }), [0, 1]);
    assert.deepEqual((await store.missing(sweep.profile, specs, false)).specs, []);
    const penalty = outcomes[5].rows[0].measures.penalty as number;
    const wrong = withLastEpoch(outcomes[5], { penalty: nextUp(penalty) });
    await assert.rejects(other.settle(later, [wrong], []), { fault: "check" });
    assert.deepEqual(await other.settle(later, outcomes, []), landed(0));
    assert.deepEqual(await counts({ queue, sweep }), [0, 0]);
  });

  test(`${name}: a chunk that was lost again and again counts each time`, async (t) => {
    const { queue, sweep, lose } = await opened(await make(t));
    await queue.submit(sweep, chunksOf(sweep, 6));
    const losses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const lease = await claimed(queue, sweep);
      losses.push(lease.losses);
      await lose(lease);
    }
    assert.deepEqual(losses, [0, 1, 2, 3]);
  });

  test(`${name}: what is put aside is named until the sweep is put up again, or lands after all`, async (t) => {
    const { store, queue, other, sweep, specs, lose } = await opened(await make(t));
    const trajectories = specs.map(trajectoryKey);
    await queue.submit(
      sweep,
      chunksOf(sweep, 1).map((chunk) => ({ ...chunk, losses: 3 })),
    );
    const leases: Lease[] = [];
    for (let i = 0; i < 4; i++) leases.push(await claimed(queue, sweep));
    const nameOf = ({ chunk }: Lease): string => trajectories[chunk.first];
    for (const lease of leases.slice(0, 3)) await queue.putAside(lease, nameOf(lease));
    await lose(leases[3]);
    await queue.putAside(leases[3], nameOf(leases[3]));
    assert.deepEqual(await counts({ queue, sweep }), [3, 0]);
    const named = leases.slice(0, 3).map((lease) => ({ trajectory: nameOf(lease), losses: 3 }));
    assert.deepEqual(await store.aside(sweep), named);
    await other.settle(leases[1], [trained(specs[leases[1].chunk.first])], []);
    assert.deepEqual(await store.aside(sweep), [named[0], named[2]]);
    assert.equal(await queue.submit(sweep, chunksOf(sweep, 1)), false);
    assert.equal((await store.aside(sweep)).length, 2);
    for (let lease = await other.claim(sweep); lease !== null; lease = await other.claim(sweep))
      await other.settle(lease, [], []);
    assert.equal(await queue.submit(sweep, chunksOf(sweep, 1)), true);
    assert.deepEqual(await store.aside(sweep), []);
  });

  test(`${name}: workers are known by what they say, until they say how they ended`, async (t) => {
    const { store, queue, other } = await make(t);
    const note = { machine: "a\u0007 machine", pid: 12, version: "9.9.9", lanes: 3 };
    const nothing = { chunks: 0, rows: 0, epochs: 0, speed: 0, ending: null };
    const [first, second] = [await queue.join(note), await other.join({ ...note, pid: 13 })];
    assert.ok(first.id >= 1 && second.id > first.id);
    const said = async (): Promise<unknown[]> =>
      (await store.workers()).map(({ joinedMs, seenMs, ...worker }) => {
        assert.ok(joinedMs >= seenMs && seenMs >= 0 && joinedMs < VANISHED_MS, `${joinedMs} ${seenMs}`);
        return worker;
      });
    assert.deepEqual(await said(), [
      { ...note, ...nothing, id: first.id },
      { ...note, ...nothing, id: second.id, pid: 13 },
    ]);
    const work = { chunks: 1, rows: 20, epochs: 3e9, speed: 0.5 };
    second.tell(work);
    await second.leave("nothing was left");
    assert.deepEqual(await said(), [
      { ...note, ...nothing, id: first.id },
      { ...note, ...work, id: second.id, pid: 13, ending: "nothing was left" },
    ]);
  });
}

function landed(count: number): { trained: number; diverged: number; failed: number } {
  return { trained: count, diverged: 0, failed: 0 };
}
