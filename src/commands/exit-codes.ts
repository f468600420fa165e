/** The exit codes of the program, and which of them what was thrown ends with. */
import { messageOf, SweepError, withoutPasswords } from "../errors.js";
import { faultOf, givenOut } from "../run/faults.js";
import { VERSION } from "../version.js";

/** The exit codes that a shell sees. */
export const EXIT = { ok: 0, check: 1, usage: 2, environment: 3, bug: 70, interrupted: 130 } as const;

/** The exit code of a command that threw. */
export function exitCodeOf(error: unknown): number {
  return error instanceof SweepError ? EXIT[error.fault] : EXIT.bug;
}

/** What reached the edge, as the machine's fault where that is what it is; a bug as it is. */
export function faultAtEdge(error: unknown): unknown {
  return error instanceof SweepError
    ? error
    : NOT_INSTALLED.includes(codeOf(error))
      ? faultOfLoading(error)
      : faultOf(error);
}

/** What was thrown, for people: a sentence where the user or the machine can be helped, the stack of a bug. */
export function faultText(error: unknown): string {
  if (error instanceof SweepError) return `gmm-sweep: ${error.message}\n`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `gmm-sweep: this is a bug of gmm-sweep ${VERSION}:\n${withoutPasswords(stack)}\n`;
}

const NOT_INSTALLED = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "ERR_DLOPEN_FAILED"];

/** What kept the program from being loaded, as the machine's fault where that is what it is; a bug as it is. */
export function faultOfLoading(error: unknown): unknown {
  const how = givenOut(error);
  if (how === null && !NOT_INSTALLED.includes(codeOf(error))) return error;
  const [reason] = (how?.kind === "lane" ? how.reason : messageOf(error)).split("\n");
  const remedy =
    how === null
      ? "npm ci installs what it needs"
      : "allow more open files and memory (ulimit -n, ulimit -v), or end other programs";
  return new SweepError("environment", `the program could not be loaded (${reason}): ${remedy}`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
