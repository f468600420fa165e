/** Whose fault an error of a training is: the one place that turns a throw into an outcome, a lane that gives out, or a fault of the whole run. */
import { messageOf, SweepError } from "../errors.js";

/** Something a machine has only so much of: with one lane fewer there may be enough. */
interface Limit {
  /** Codes of errors, or words in their messages, that say that it is reached. */
  readonly signs: readonly string[];
  readonly what: string;
  readonly remedy: string;
}

const LIMITS: readonly Limit[] = [
  {
    signs: ["EMFILE", "ENFILE", "Too many open files"],
    what: "too many files are open",
    remedy: "take fewer --workers, or allow more open files (ulimit -n)",
  },
  {
    signs: ["EAGAIN"],
    what: "no more threads can be started",
    remedy: "take fewer --workers, or allow more threads (ulimit -u)",
  },
  {
    signs: [
      "ENOMEM",
      "ERR_WORKER_OUT_OF_MEMORY",
      "ERR_MEMORY_ALLOCATION_FAILED",
      "Array buffer allocation failed",
      "Invalid array buffer length",
      "Invalid typed array length",
      "WebAssembly.Memory.grow",
      "WebAssembly reaches",
      "std::bad_alloc",
      "not enough memory", // the addon's own words
    ],
    what: "there is not enough memory",
    remedy: "take fewer --workers, or a smaller task",
  },
  {
    signs: ["ERR_WORKER_INIT_FAILED"],
    what: "a thread could not be started",
    remedy: "take fewer --workers, or allow more threads and open files (ulimit -u, ulimit -n)",
  },
];

/** Codes of a disk or a folder that gave out; they are the same for every lane. */
const PLACES: readonly string[] = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EPERM"];

/** Why a lane or a run cannot go on, as data: a posted error would lose its class. */
export type GivenOut =
  /** This lane cannot; another one may. */
  | { readonly kind: "lane"; readonly reason: string; readonly remedy: string }
  /** None can. */
  | { readonly kind: "run"; readonly sentence: string };

/** What of the machine gave out, if that is what `error` says; null: something else is wrong. */
export function givenOut(error: unknown): GivenOut | null {
  const chain = [...causes(error)];
  for (const { signs, what, remedy } of LIMITS) {
    const sign = signs.find((text) => chain.some((each) => codeOf(each) === text || says(each, text)));
    if (sign !== undefined) return { kind: "lane", reason: `${what} (${sign})`, remedy };
  }
  if (error instanceof SweepError && error.fault === "environment") return { kind: "run", sentence: error.message };
  if (chain.some((each) => PLACES.includes(codeOf(each) ?? "")))
    return {
      kind: "run",
      sentence: `the machine gave out (${messageOf(error)}): set that right and start again, what has finished is kept`,
    };
  return null;
}

/** The end of a run that lost its last lane. */
export function noLaneLeft(reason: string, remedy: string): SweepError {
  return new SweepError("environment", `no thread is left to train: ${reason}; ${remedy}, what has finished is kept`);
}

/** What was thrown in this process, as the environment's fault where that is what it is; else as it is. */
export function faultOf(error: unknown): unknown {
  const how = error instanceof SweepError ? null : givenOut(error);
  if (how === null) return error;
  const sentence = how.kind === "run" ? how.sentence : `${how.reason}: ${how.remedy}, what has finished is kept`;
  return new SweepError("environment", sentence, { cause: error });
}

function* causes(error: unknown): Generator<unknown> {
  for (let each = error; each !== undefined && each !== null; each = each instanceof Error ? each.cause : null)
    yield each;
}

/** A size that is no size, negative or NaN, is a bug's and no want of memory. */
function says(error: unknown, sign: string): boolean {
  const message = messageOf(error);
  return message.includes(sign) && !/length: (-|NaN)/.test(message);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
