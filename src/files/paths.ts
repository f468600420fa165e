/** Paths as people write them, files that are not there, folders that are made, and what is said where one cannot be. */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { bad, messageOf, SweepError, shellWord, typos } from "../errors.js";

/** A path as a shell reads it: a leading ~ is the home folder. Shells leave it alone in --db=~/x.db. `option` is what an error calls it. */
export function expanded(option: string, path: string): string {
  if (!path.startsWith("~")) return path;
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  throw bad(
    `${option} must be a path without another user's home folder, got ${path}: write the whole path, or ./${path} if the name begins so`,
  );
}

/** Whether nothing is at a path: not the same as that it cannot be looked at. */
export function isAbsent(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
  }
}

const PIECE_BYTES = 1 << 16;

/** What is in a file, of at most `most` bytes: a pipe or a device, which may be named too, need not have an end. Throws an Error that says what is wrong. */
export function bytesOf(path: string, most: number): Buffer {
  const file = openSync(path, "r");
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; length <= most; ) {
      const piece = Buffer.alloc(PIECE_BYTES);
      const read = readSync(file, piece);
      if (read === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, read));
      length += read;
    }
    throw new Error(`it has more than ${most} bytes`);
  } finally {
    closeSync(file);
  }
}

const NEAR_SHOWN = 5;

/** How a file with such an ending comes to be. */
const MADE: Readonly<Record<string, string>> = { ".db": ", or train one with gmm-sweep run or grid" };

/** Why a file that is not there cannot be read, and which there are in its folder, or else where one is: those whose name ends alike, the nearest names first. */
export function absentText(path: string, endings: readonly string[]): string {
  const likeIn = (folder: string): string[] =>
    namesIn(folder)
      .filter((name) => endings.some((ending) => name.endsWith(ending)))
      .map((name) => ({ name, amiss: typos(basename(path), name) }))
      .sort((a, b) => a.amiss - b.amiss || (a.name < b.name ? -1 : 1))
      .map(({ name }) => shellWord(join(folder, name)));
  const there = likeIn(dirname(path));
  const near = there.length > 0 ? there : likeIn(".");
  if (near.length === 0)
    return `${path} is not there, nor is any ${endings[0]} file in its folder: check the path${MADE[endings[0]] ?? ""}`;
  const shown = near.slice(0, NEAR_SHOWN);
  return `${path} is not there: name a file that is, such as ${shown.join(", ")}${near.length > NEAR_SHOWN ? ", …" : ""}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // there is none, or it cannot be listed: the sentence about the file is what matters
  }
}

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
