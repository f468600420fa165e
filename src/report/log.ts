/** A log of a sweep as JSON lines, one an event, for programs that watch it. */
import { appendFileSync, closeSync, openSync } from "node:fs";
import { messageOf, SweepError } from "../errors.js";
import type { SweepEvent } from "../run/coordinator.js";
import { armKey, lastEpoch, type TrajectorySpec } from "../trial.js";

/** Appends to a file; where there is none, it keeps nothing. */
export class EventLog {
  readonly #file: number | null;

  /** Throws BAD_USAGE where `path` cannot be written. */
  constructor(path: string | null) {
    try {
      this.#file = path === null ? null : openSync(path, "a");
    } catch (error) {
      throw new SweepError("BAD_USAGE", `--log must be a file that can be written, got ${path} (${messageOf(error)})`, {
        cause: error,
      });
    }
  }

  write(event: string, details: object): void {
    if (this.#file === null) return;
    const line = `${JSON.stringify({ time: new Date().toISOString(), event, ...details })}\n`;
    try {
      appendFileSync(this.#file, line);
    } catch (error) {
      const sentence = `--log could not be written any more (${messageOf(error)}): make room and run the same command again; what had finished is kept`;
      throw new SweepError("BAD_USAGE", sentence, { cause: error });
    }
  }

  event(event: SweepEvent): void {
    if (event.kind === "second try") {
      this.write("second_try", { ...named(event.spec), reason: event.reason });
      return;
    }
    for (const outcome of event.outcomes)
      if (outcome.state === "failed") this.write("failed", { ...named(outcome.spec), reason: outcome.reason });
    // Starts that were trained again count for nothing, as in the progress.
    const trajectories = event.outcomes.filter((outcome) => outcome.state === "failed" || outcome.wanted).length;
    this.write("landed", { trajectories, progress: event.progress });
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

/** A trajectory in words. */
function named(spec: TrajectorySpec): object {
  const [draw] = armKey(spec);
  const { preset, method, trial, lambda, seed } = spec;
  return { draw, preset, method, trial, lambda, seed, epochs: lastEpoch(spec) };
}
