/** A preload for node: the time of day jumps back by up to an hour at every look in a hundred, as a clock that is set does. */
import { threadId } from "node:worker_threads";
import { stream } from "../../src/data/streams.js";

const HOUR_MS = 3_600_000;
const RealDate = Date;
const random = stream("soak", "clock", threadId);
let offsetMs = 0;

function now(): number {
  if (random.uniform() < 1 / 100) offsetMs -= random.uniform() * HOUR_MS;
  return RealDate.now() + offsetMs;
}

globalThis.Date = class extends RealDate {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [now()] : given) as [number]));
  }
  static override now(): number {
    return now();
  }
} as DateConstructor;
