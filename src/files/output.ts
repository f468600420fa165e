/**
 * Files that an option names for writing. Whether they can be is known before anything is trained for them; what is
 * there already is kept, but where it is plainly of the kind that is to be written and --force says so; and no file is
 * left half written.
 */
import { randomUUID } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { bad, SweepError } from "../errors.js";
import { unwritable } from "./paths.js";

const require = createRequire(import.meta.url);
/** Loaded with the first file of weights that is there already: most commands do without. */
const fflate = (): typeof import("fflate") => require("fflate");

/** A file of the command that must not be overwritten, and what it is. */
export type KeptFile = readonly [what: string, path: string];

/** What may be written: what an error calls it, and whether a file that is there is plainly one. */
const KINDS = {
  weights: { called: "weights as gmm-sweep writes them", is: isWeights },
  array: { called: "an array as numpy writes it", is: (path: string) => startOf(path, 6) === "\x93NUMPY" },
  log: { called: "a log as gmm-sweep writes it", is: isLog },
  svg: { called: "a figure as gmm-sweep draws it", is: (path: string) => startOf(path, 4) === "<svg" },
  png: { called: "a picture as PNG", is: (path: string) => startOf(path, 8) === "\x89PNG\r\n\x1a\n" },
  pdf: { called: "a PDF", is: (path: string) => startOf(path, 5) === "%PDF-" },
  numbers: {
    called: "a figure's numbers as gmm-sweep writes them",
    is: (path: string) => startOf(path, 7) === "series,",
  },
  page: { called: "a page as gmm-sweep writes it", is: (path: string) => startOf(path, PAGE.length) === PAGE },
} as const;

/** How every page of ours begins. */
export const PAGE = '<!doctype html>\n<html lang="en" data-by="gmm-sweep"';

export interface Output {
  /** What an error calls it. */
  readonly option: string;
  readonly path: string;
  readonly kind: keyof typeof KINDS;
  /** Whether a file of its kind may be overwritten. */
  readonly force: boolean;
}

/** Refuses a place that cannot be written, or where something is that must be kept. Writes nothing. */
export function mustBeFree({ option, path, kind, force }: Output, kept: readonly KeptFile[]): void {
  if (path === "-")
    throw bad(
      `${option} must be a file, got -, which elsewhere stands for standard output: write a name, ./- for that one`,
    );
  looked(option, path, () => {
    refuseKept(option, path, kept);
    if (existsSync(path)) {
      refuseOther(option, path, kind);
      // A pipe or a device holds nothing that could be lost.
      if (!statSync(path).isFile()) return;
      if (!force)
        throw bad(
          `${option} must be a new file, got ${path}, which is there: name another one, or add --force to overwrite it`,
        );
      accessSync(path, constants.W_OK);
    }
    mustHaveRoom(path);
  });
}

/** The same for a log, which is appended to where there is one. */
export function mustTakeEvents(option: string, path: string, kept: readonly KeptFile[]): void {
  looked(option, path, () => {
    refuseKept(option, path, kept);
    if (!existsSync(path)) return mustHaveRoom(path);
    const isEmpty = statSync(path).isFile() && statSync(path).size === 0;
    if (!isEmpty) refuseOther(option, path, "log");
    return accessSync(path, constants.W_OK);
  });
}

/** Looks at a place; what the disk says against it is told in a sentence. */
function looked(option: string, path: string, look: () => void): void {
  try {
    look();
  } catch (error) {
    if (error instanceof SweepError) throw error;
    throw unwritable(`${option} must be a file that can be written, got ${path}`, error);
  }
}

/** Refuses what is there and is not of the kind that is to be written. */
function refuseOther(option: string, path: string, kind: Output["kind"]): void {
  if (statSync(path).isDirectory()) throw new Error("it is a folder");
  const { called, is } = KINDS[kind];
  if (statSync(path).isFile() && !is(path))
    throw bad(`${option} must be a new file or ${called}, got ${path}, which is neither: name another one`);
}

const BESIDE_DATABASES = /(\.lock|-wal|-shm|-journal)$/;

/** Refuses the files of the command by any of their names, and those that belong to a database. */
function refuseKept(option: string, path: string, kept: readonly KeptFile[]): void {
  const clash = kept.find(([, other]) => sameFile(other, path));
  if (clash !== undefined)
    throw bad(`${option} must be another file than ${clash[0]}, got ${path} for both: name a file of its own`);
  const owner = path.replace(BESIDE_DATABASES, "");
  if (owner === path) return;
  if (kept.some(([, other]) => sameFile(other, owner)) || startOf(owner, 15) === "SQLite format 3")
    throw bad(`${option} must be no file that belongs to the database ${owner}, got ${path}: name a file of its own`);
}

/** Whether two names are one file, or would be. */
export function sameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => (existsSync(path) ? statSync(path, { bigint: true }) : null));
  if (a !== null && b !== null) return a.dev === b.dev && a.ino === b.ino;
  return a === b && whereabouts(one) === whereabouts(other);
}

function whereabouts(path: string): string {
  const folder = dirname(resolve(path));
  return existsSync(folder) ? join(realpathSync(folder), basename(path)) : resolve(path);
}

/** A new file needs a folder that can be written, and so does one that takes the place of another. */
function mustHaveRoom(path: string): void {
  const folder = dirname(path);
  accessSync(folder, constants.W_OK);
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
  if (!existsSync(path) && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new Error("it is a link to nothing");
}

/** Writes files beside their places and moves them there when all of them are whole. */
export function writeWhole(files: readonly (readonly [path: string, bytes: Uint8Array])[]): void {
  const written: (readonly [part: string, place: string])[] = [];
  try {
    for (const [path, bytes] of files) {
      if (existsSync(path) && !statSync(path).isFile()) writeFileSync(path, bytes);
      else {
        const place = existsSync(path) ? realpathSync(path) : path;
        const folder = dirname(place);
        accessSync(folder, constants.W_OK); // its sentence names the folder, and not the part
        const part = join(folder, `.gmm-sweep-${randomUUID()}.part`);
        written.push([part, place]);
        writeDurably(part, bytes);
      }
    }
    for (const [part, place] of written) renameSync(part, place);
  } catch (error) {
    for (const [part] of written) rmSync(part, { force: true });
    throw error;
  }
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "wx");
  try {
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A .npz that holds the arrays of a net and nothing else. */
function isWeights(path: string): boolean {
  if (startOf(path, 4) !== "PK\x03\x04") return false;
  const names: string[] = [];
  try {
    fflate().unzipSync(readFileSync(path), {
      filter: ({ name }) => {
        names.push(name);
        return false;
      },
    });
  } catch {
    return false; // no zip
  }
  return names.length > 0 && names.every((name) => /^fc\d+\.(weight|bias)\.npy$/.test(name));
}

const MOST_OF_A_LINE = 1 << 20;

/** A file whose first line is an event. */
function isLog(path: string): boolean {
  const [line] = startOf(path, MOST_OF_A_LINE).split("\n");
  return /^\{"time":"[\d:.TZ-]+","event":"[a-z_]+",.*\}$/.test(line);
}

/** The first bytes of a file as Latin-1; none where it is not there, or is none. */
function startOf(path: string, length: number): string {
  if (!existsSync(path) || !statSync(path).isFile()) return "";
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.min(length, statSync(path).size));
    return bytes.toString("latin1", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
