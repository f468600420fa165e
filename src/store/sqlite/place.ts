/** Where a database file is: the one file that its names mean, and whether it is still there. */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { bad } from "../../errors.js";
import { makeFolder } from "../../files/paths.js";

/** What tells the file that a path means from all others that are there, or open; null where there is none. */
export function fileAt(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}

const MOST_LINKS = 40; // as Linux follows them

/**
 * The path without links, of a file that need not be there: what lies beside a database, its lock too, goes by it.
 * Throws usage for a name that better-sqlite3 would read as another.
 */
export function realPlace(path: string): string {
  if (path !== path.trimEnd())
    throw bad(
      `a database file must have a name that does not end in white space, which better-sqlite3 leaves out, got ${JSON.stringify(path)}: name it without`,
    );
  let place = resolve(path);
  for (let links = 0; !existsSync(place) && isLink(place) && links < MOST_LINKS; links++)
    place = resolve(dirname(place), readlinkSync(place));
  if (existsSync(place)) return realpathSync.native(place);
  const folder = dirname(place);
  return existsSync(folder) ? join(realpathSync.native(folder), basename(place)) : place;
}

/** The same of a file that is to be made there, with the folder for it; for a name that is refused no folder is made. */
export function placeFor(path: string): string {
  const place = realPlace(path);
  makeFolder(dirname(path));
  // The links above a folder that was not there could not be followed before.
  return join(realpathSync.native(dirname(place)), basename(place));
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** The files beside a database that SQLite keeps while it is open. */
export function besides(file: string): string[] {
  return [`${file}-wal`, `${file}-shm`];
}

const OPEN_FILES = "/proc/self/fd"; // Linux

/** Where a file that this process has open is now: null where it has no name any more, or nobody says. */
export function whereabouts(file: string): string | null {
  if (!existsSync(OPEN_FILES)) return null;
  for (const name of readdirSync(OPEN_FILES)) {
    const descriptor = join(OPEN_FILES, name);
    if (fileAt(descriptor) !== file) continue;
    const path = readlinkSync(descriptor);
    return fileAt(path) === file ? path : null;
  }
  return null;
}

/** The end of the name of a file that is being made and will be put in its place. */
export const BUILDING = ".building";

/** Removes the second name of a file whose making was killed between its first and its last name. */
export function dropBuildingName(file: string): void {
  const other = `${file}${BUILDING}`;
  if (fileAt(other) !== null && fileAt(other) === fileAt(file)) rmSync(other);
}
