/**
 * The folder of an export: a new one, an empty one, or one of an earlier export that may be overwritten. Its files are
 * written in a folder inside it, and moved to their places when all of them are whole; what is left of an export that
 * was killed is no hindrance to the next.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bad } from "../errors.js";
import { isAbsent, makeFolder } from "../files/paths.js";
import { escaped, listed } from "../printable.js";
import type { Block } from "./block.js";
import { PartFile, told } from "./part-file.js";

/** A table's file that is being written. */
export interface TableFile {
  add(block: Block): void;
  /** Writes what stands after the last row. */
  end(): void;
}

const PART = /^\.gmm-sweep-[\da-f-]{36}\.part$/;

/** The names that an export gives, and what a file of each begins with: of every table, sweep is the first column. */
const BEGINNINGS: readonly (readonly [name: RegExp, bytes: RegExp])[] = [
  [/^(results|epochs|cells|forget)\.parquet$/, /^PAR1/],
  [/^(results|epochs|cells|forget)\.csv$/, /^sweep,/],
  [/^(results|epochs|cells|forget)\.npz$/, /^PK.{28}sweep\.npy/s],
  [/^plan\.json$/, /^\[\{"sweep":/],
];

/** Refuses a folder that holds anything but an earlier export that may be overwritten. Writes nothing. */
export function mustTakeExport({ directory, force }: Place): void {
  if (directory === "") throw bad("DIR must be the name of a folder, got an empty one");
  if (isAbsent(directory)) return;
  const names = told(directory, () => {
    if (!statSync(directory).isDirectory()) throw new Error("it is no folder");
    return readdirSync(directory).filter((name) => !PART.test(name));
  });
  const other = names.filter((name) => !isOfExport(directory, name));
  if (other.length > 0)
    throw bad(
      `DIR must be a new or empty folder, or one that holds an earlier export alone, got ${directory}, which holds ${listed(other.map(escaped))}: name another one`,
    );
  if (names.length > 0 && !force)
    throw bad(
      `DIR must be a new or empty folder, got ${directory}, which holds an earlier export: name another one, or add --force to put this one in its place`,
    );
}

function isOfExport(directory: string, name: string): boolean {
  const beginning = BEGINNINGS.find(([names]) => names.test(name))?.[1];
  return beginning !== undefined && told(directory, () => beginning.test(beginningOf(join(directory, name))));
}

const BEGINNING_BYTES = 64;

function beginningOf(path: string): string {
  if (!statSync(path).isFile()) return "";
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(BEGINNING_BYTES);
    return bytes.toString("latin1", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Where an export goes. */
export interface Place {
  readonly directory: string;
  /** Whether an earlier export may be overwritten. */
  readonly force: boolean;
}

/** Has `write` write files into a folder that takes an export: all of them, or none. */
export async function exportInto<Result>(
  place: Place,
  write: (folder: ExportFolder) => Promise<Result>,
): Promise<Result> {
  const made = foldersToMake(place.directory);
  const folder = new ExportFolder(place);
  try {
    folder.make();
    const result = await write(folder);
    folder.moveIn();
    return result;
  } catch (error) {
    folder.discard();
    for (const path of made) removeEmpty(path);
    throw error;
  }
}

/** The folders on the way to a path that are not there, the innermost first. */
function foldersToMake(path: string): string[] {
  return isAbsent(path) ? [path, ...foldersToMake(dirname(resolve(path)))] : [];
}

function removeEmpty(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path);
}

export class ExportFolder {
  readonly #place: Place;
  readonly #directory: string;
  readonly #parts: string;
  readonly #files = new Map<string, PartFile>();

  constructor(place: Place) {
    const { directory } = place;
    this.#place = place;
    this.#directory = directory;
    this.#parts = join(directory, `.gmm-sweep-${randomUUID()}.part`);
  }

  make(): void {
    told(this.#directory, () => {
      makeFolder(this.#directory);
      for (const name of readdirSync(this.#directory).filter((one) => PART.test(one)))
        rmSync(join(this.#directory, name), { recursive: true });
      mkdirSync(this.#parts);
    });
  }

  /** A file of this export. */
  file(name: string): PartFile {
    const file = new PartFile(this.#directory, join(this.#parts, name));
    this.#files.set(name, file);
    return file;
  }

  moveIn(): void {
    for (const file of this.#files.values()) file.finish();
    mustTakeExport(this.#place); // again: something may have appeared there meanwhile
    told(this.#directory, () => {
      const earlier = readdirSync(this.#directory).filter((name) => !PART.test(name) && !this.#files.has(name));
      for (const name of this.#files.keys()) renameSync(join(this.#parts, name), join(this.#directory, name));
      for (const name of earlier) rmSync(join(this.#directory, name));
      rmdirSync(this.#parts);
    });
  }

  discard(): void {
    for (const file of this.#files.values()) file.close();
    rmSync(this.#parts, { recursive: true, force: true });
  }
}
