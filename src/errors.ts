/** The one error a user can cause or fix; everything else that is thrown is a bug and shows its stack. */
import { screenful } from "./printable.js";

/** Whose fault it is. */
export type Fault =
  | "usage" // an option, an argument or a file the user named: nothing was written
  | "check" // a trial failed, or what was compared differs
  | "environment"; // the machine gave out or lacks something: what has landed is kept, and no trial is blamed

export class SweepError extends Error {
  readonly fault: Fault;

  /** `message` is one sentence that says what is wrong, what was found, and what to do; what was found may be anything, and is shown as a screen can. */
  constructor(fault: Fault, message: string, options?: ErrorOptions) {
    super(screenful(message), options);
    this.name = "SweepError";
    this.fault = fault;
  }
}

/** A fault of the command line or of a file it names, in one sentence. */
export function bad(sentence: string, options?: ErrorOptions): SweepError {
  return new SweepError("usage", sentence, options);
}

/** What an unknown thrown value says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
