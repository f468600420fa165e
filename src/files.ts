/** Folders that are made, and what is said where one cannot be. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { messageOf, SweepError } from "./errors.js";

const DISK_FAULTS = ["ENOSPC", "EDQUOT", "EFBIG", "EIO"]; // no other name would help

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
