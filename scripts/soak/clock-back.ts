/** A preload for node: the time of day jumps back by up to an hour at every look in a hundred, as a clock that is set does. */
import { randomInt } from "node:crypto";

const HOUR_MS = 3_600_000;
const RealDate = Date;
let offsetMs = 0;

function now(): number {
  if (randomInt(100) === 0) offsetMs -= randomInt(HOUR_MS);
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
