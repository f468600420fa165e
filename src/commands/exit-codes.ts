/** The exit codes of the program, and which of them what was thrown ends with. */
import { SweepError } from "../errors.js";

/** The exit codes that a shell sees. */
export const EXIT = { ok: 0, check: 1, usage: 2, environment: 3, bug: 70, interrupted: 130 } as const;

/** The exit code of a command that threw. */
export function exitCodeOf(error: unknown): number {
  return error instanceof SweepError ? EXIT[error.fault] : EXIT.bug;
}
