/** Files that an option names for writing: whether they can be is known before anything is trained for them. */
import { accessSync, constants, existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { bad, messageOf, SweepError } from "./errors.js";

/** A file that must not be overwritten, and what it is. */
export type KeptFile = readonly [what: string, path: string];

/** Refuses a file that cannot be written, or is one of those to be kept; `option` is what an error calls it. Writes nothing. */
export function mustBeWritable(option: string, path: string, kept: readonly KeptFile[]): void {
  const clash = kept.find(([, other]) => whereabouts(other) === whereabouts(path));
  if (clash !== undefined)
    throw bad(`${option} must be another file than ${clash[0]}, got ${path} for both: name a file of its own`);
  try {
    if (isFolder(path)) throw new Error("it is a folder");
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw unwritable(`${option} must be a file that can be written, got ${path}`, error);
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
