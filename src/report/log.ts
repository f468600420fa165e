/** A log of a sweep as JSON lines, one an event, for programs that watch it. */
import { appendFileSync, closeSync, openSync } from "node:fs";
import { messageOf, SweepError } from "../errors.js";
import { unwritable } from "../files/paths.js";
import { NOTHING_DONE, type Observer, type SweepEvent, type SweepResult, together } from "../run/events.js";
import { drawKey, lastEpoch, type TrajectorySpec } from "../trial.js";
import { jsonOf } from "./json.js";

/** Appends to a file what it hears of the training of one sweep; it is an observer. */
export class EventLog {
  readonly #file: number;
  readonly #command: string;
  readonly #began = performance.now();
  /** What has been done so far, round by round. */
  #result: SweepResult = NOTHING_DONE;
  /** The last signal that was to stop it. */
  #signal: string | null = null;

  /** `command` is what asked for the sweep. Throws a fault of usage where `path` cannot be written. */
  constructor(path: string, command: string) {
    this.#command = command;
    try {
      this.#file = openSync(path, "a");
    } catch (error) {
      throw unwritable(`--log must be a file that can be written, got ${path}`, error);
    }
  }

  readonly observe: Observer = (event: SweepEvent) => {
    switch (event.kind) {
      case "opened": {
        const { id, profile } = event.sweep;
        return this.#write("start", { sweep: id, command: this.#command, profile, missing: event.missing });
      }
      case "second try":
        return this.#write("second_try", { ...named(event.spec), reason: event.reason });
      case "lane lost":
        return this.#write("lane_lost", { reason: event.reason, left: event.left });
      case "stopping":
        this.#signal = event.signal;
        return this.#write("stopping", { signal: event.signal, now: event.now });
      case "landed": {
        for (const outcome of event.outcomes)
          if (outcome.state === "failed") this.#write("failed", { ...named(outcome.spec), reason: outcome.reason });
        // Starts that were trained again count for nothing, as in the progress.
        const trajectories = event.outcomes.filter((outcome) => outcome.state === "failed" || outcome.wanted).length;
        return this.#write("landed", { trajectories, progress: event.progress });
      }
      case "decided":
        return this.#write("decided", { look: event.look, of: event.of, sentence: event.sentence });
      case "ended":
        this.#result = together(this.#result, event);
        return;
      case "started":
        return;
    }
  };

  /** The last line: how it ended, `reason` being the sentence of what made the exit code what it is; null: a signal that stopped it, or nothing did. */
  end(exitCode: number, reason: string | null): void {
    const elapsed_ms = Math.round(performance.now() - this.#began);
    const { tally, skipped } = this.#result;
    const why = reason ?? (tally.stopped ? `stopped by ${this.#signal ?? "its runner"}` : null);
    this.#write("end", { ...tally, skipped, elapsed_ms, exit_code: exitCode, reason: why });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(event: string, details: object): void {
    const line = `${jsonOf({ time: new Date().toISOString(), event, ...details })}\n`;
    try {
      appendFileSync(this.#file, line);
    } catch (error) {
      const sentence = `--log could not be written any more (${messageOf(error)}): make room and run the same command again; what had finished is kept`;
      throw new SweepError("environment", sentence, { cause: error });
    }
  }
}

/** A trajectory in words. */
function named(spec: TrajectorySpec): object {
  const { draw, preset, method, lambda, seed } = spec.cell;
  return { draw: drawKey(draw), preset, method, trial: spec.trial, lambda, seed, epochs: lastEpoch(spec) };
}
