/** The one error a user can cause or fix; everything else that is thrown is a bug and shows its stack. */

export type ErrorCode =
  | "BAD_USAGE" // an option, an argument or a file the user named: exit code 2
  | "BAD_STORE" // a database that cannot be used as it is: exit code 2
  | "UNAVAILABLE"; // something this machine lacks: exit code 2

export class SweepError extends Error {
  readonly code: ErrorCode;

  /** `message` is one sentence that says what is wrong, what was found, and what to do. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SweepError";
    this.code = code;
  }
}

/** What an unknown thrown value says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
