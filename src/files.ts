/** Files that an option names for writing: whether they can be is known before anything is trained for them. */
import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { bad, messageOf, SweepError } from "./errors.js";
import { type Flags, text } from "./plan/flags.js";

/** The file of an option, null where it is not given; `kept` are the files of the command that it must not overwrite. Writes nothing. */
export function writableFile(
  flags: Flags,
  name: string,
  kept: readonly (readonly [what: string, path: string])[],
): string | null {
  const path = text(flags, name);
  if (path === null) return null;
  const clash = kept.find(([, other]) => whereabouts(other) === whereabouts(path));
  if (clash !== undefined)
    throw bad(`--${name} must be another file than ${clash[0]}, got ${path} for both: name a file of its own`);
  try {
    if (isFolder(path)) throw new Error("it is a folder");
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
    return path;
  } catch (error) {
    throw unwritable(`--${name} must be a file that can be written, got ${path}`, error);
  }
}

const DISK_FAULTS = ["ENOSPC", "EDQUOT", "EIO"]; // no other name would help

/** What is to be thrown where a named place cannot be written: the user's fault, but where the disk gives out. */
export function unwritable(sentence: string, error: unknown): SweepError {
  const { code } = error as NodeJS.ErrnoException;
  const fault = DISK_FAULTS.includes(code ?? "") ? "environment" : "usage";
  return new SweepError(fault, `${sentence} (${messageOf(error)})`, { cause: error });
}

/** Makes a folder and those above it that are not there. mkdirSync's own `recursive` never returns below /proc, where no folder can be made. */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  makeFolder(dirname(resolve(path)));
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw error; // else another process made it meanwhile
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function whereabouts(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}
