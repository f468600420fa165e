/** Whether the files of a database may be opened, before SQLite tries and says less. */
import { accessSync, type Stats, statSync } from "node:fs";
import { badPlace, withCode } from "../faults.js";
import { besides } from "./place.js";

/** SQLite opens a folder for reading, and then speaks of a disk that fails; a pipe it waits for. */
export function mustBeFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw withCode("EISDIR", `${file} is no plain file`);
}

/** What is written lies beside one of the names until it is folded in: by the other the file would lack it, or be torn. */
export function refuseSecondName({ nlink }: Stats): void {
  if (nlink > 1)
    throw badPlace(
      (name) =>
        `${name} must be the only name of its file, but it is one of ${nlink} (hard links), and SQLite keeps what is written beside one of them: copy the file and name the copy, or remove the other names`,
    );
}

/** What another user's program left beside a file locks out those who may not open it. */
export function refuseInTheWay(file: string, mode: number): void {
  for (const other of besides(file)) {
    const found = statSync(other, { throwIfNoEntry: false });
    if (found === undefined || may(other, mode)) continue;
    const remedy =
      found.size > 0 && other.endsWith("-wal")
        ? "it holds results, so have its owner make it readable and writable for you"
        : "have its owner end what reads the file, and remove it then";
    throw badPlace(
      (name) => `${name} cannot be opened because ${other} is in the way, which is ${ownerOf(found)}: ${remedy}`,
    );
  }
}

/** What says who may open a file that this process may not. */
export function ownerOf({ uid }: Stats): string {
  return uid === process.getuid?.() ? "read-only" : `another user's (uid ${uid})`;
}

export function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
