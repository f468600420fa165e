/**
 * Data as files: X.npy, Y.npy, X_forget.npy, Y_forget.npy and, where there are any, X_test.npy and Y_test.npy in one
 * folder, as numpy reads and writes them. No two names differ by a capital alone, for there are disks that take such
 * for one file; folders from before have the forget rows as x.npy, and no labels of theirs.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { bad, messageOf, SweepError } from "../errors.js";
import { mustBeFree, sameFile, writeWhole } from "../files/output.js";
import { makeFolder, unwritable } from "../files/paths.js";
import type { DrawSource, ImportedDraw, SeededDraw } from "../trial.js";
import type { Draw } from "./draw.js";
import { type NpyArray, readNpy, writeNpy } from "./npy.js";
import type { TestRows } from "./rows.js";
import { float32Rows } from "./rows.js";

const MAX_FEATURES = 256;
const REALS = ["<f4", "<f8"];
const LABELS = ["|u1", "<i8"];

const FORGET_ROWS = "X_forget.npy";
const OLD_FORGET_ROWS = "x.npy";
const FORGET_LABELS = "Y_forget.npy";

/** The one label of all forget rows of a folder that does not say their labels. */
export type ForgetLabel = 0 | 1;

/** A folder of data that is asked for, and the label of its forget rows where one is said. */
export interface DataFolder {
  readonly kind: "folder";
  readonly directory: string;
  readonly label: ForgetLabel | null;
}

/** A draw that is asked for; what a folder holds nobody knows yet. */
export type DrawAsked = SeededDraw | DataFolder;

/** The draw that is asked for, read where it is one of a folder. Throws as `importDraw` does. */
export function drawOf(asked: DrawAsked): DrawSource {
  return asked.kind === "folder" ? importDraw(asked.directory, asked.label).source : asked;
}

/** A draw of a folder, and what names it. */
export interface Imported {
  readonly source: ImportedDraw;
  readonly draw: Draw;
}

/**
 * Reads a folder; values are rounded to float32. `forgetLabel` is that of its forget rows where it has no Y_forget.npy,
 * null where nobody said one. Throws a fault of usage that names the file and what it must hold.
 */
export function importDraw(directory: string, forgetLabel: ForgetLabel | null): Imported {
  const folder = readFolder(directory);
  if (folder.forgetLabels === null && forgetLabel === null)
    throw bad(
      `--data: ${directory} must say the label of each row of ${folder.forgetName}, got none: put ${FORGET_LABELS} beside it, or give --forget-label 0 or --forget-label 1 for all of them`,
    );
  if (folder.forgetLabels !== null && forgetLabel !== null)
    throw bad(
      `--forget-label must not be given where --data has ${FORGET_LABELS}, which says the label of each row, got ${forgetLabel}: leave one of the two out`,
    );
  return importedFrom(folder, forgetLabel);
}

/**
 * Every draw that a folder may be to those who know the name of the one they want, which holds its labels: where there
 * is no Y_forget.npy, one for each label.
 */
export function drawsIn(directory: string): Imported[] {
  const folder = readFolder(directory);
  const labels = folder.forgetLabels === null ? ([0, 1] as const) : [null];
  return labels.map((label) => importedFrom(folder, label));
}

/** Loads what `source` was made from. Throws a fault of the environment where the folder's content is no longer what it was. */
export function reloadDraw(source: ImportedDraw): Draw {
  const found = drawsAgain(source).find(({ source: { sha256 } }) => sha256 === source.sha256);
  if (found !== undefined) return found.draw;
  throw new SweepError(
    "environment",
    `the data in ${source.directory} changed while the sweep was running: start it again`,
  );
}

/** What was a folder of data when the sweep was planned is no mistake in an option now. */
function drawsAgain({ directory }: ImportedDraw): Imported[] {
  try {
    return drawsIn(directory);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw new SweepError(
      "environment",
      `the data in ${directory} cannot be read any more (${messageOf(error)}): put them back and start again, what has finished is kept`,
      { cause: error },
    );
  }
}

/** Refuses a folder that has files of the names of `exportDraw`; with `force`, one where such a file is no array, or where the forget rows have their old name. */
export function mustTakeArrays(directory: string, force: boolean): void {
  if (!existsSync(directory)) return;
  // First: --force would not help.
  if (hasOldForgetRows(directory))
    throw bad(
      `DIR must be a folder without ${OLD_FORGET_ROWS}, as the forget rows were called before, got one in ${directory}: remove it, or name another folder`,
    );
  for (const name of [...ROWS_AND_LABELS, ...TEST_ROWS_AND_LABELS])
    mustBeFree({ option: "each file in DIR", path: join(directory, name), kind: "array", force }, []);
}

const ROWS_AND_LABELS = ["X.npy", "Y.npy", FORGET_ROWS, FORGET_LABELS];
const TEST_ROWS_AND_LABELS = ["X_test.npy", "Y_test.npy"];

/** Writes a draw as X.npy, Y.npy, X_forget.npy, Y_forget.npy, X_test.npy and Y_test.npy; returns the names. */
export function exportDraw(draw: Draw, directory: string): string[] {
  const { n, k, features, x, y } = draw.rows;
  const files: [string, Uint8Array][] = [
    ["X.npy", writeNpy([n, features], x.subarray(0, n * features))],
    ["Y.npy", writeNpy([n], y.subarray(0, n))],
    [FORGET_ROWS, writeNpy([k, features], x.subarray(n * features))],
    [FORGET_LABELS, writeNpy([k], y.subarray(n))],
  ];
  if (draw.test !== null) {
    files.push(["X_test.npy", writeNpy([draw.test.rows, features], draw.test.x)]);
    files.push(["Y_test.npy", writeNpy([draw.test.rows], draw.test.y)]);
  }
  try {
    makeFolder(directory);
    writeWhole(files.map(([name, bytes]) => [join(directory, name), bytes]));
  } catch (error) {
    throw unwritable(`DIR must be a folder that can be written, got ${directory}`, error);
  }
  return files.map(([name]) => name);
}

/** What the files of a folder hold. */
interface Folder {
  readonly directory: string;
  readonly X: NpyArray;
  readonly y: Uint8Array;
  /** The file of the forget rows. */
  readonly forgetName: string;
  readonly forget: NpyArray;
  /** Null: the folder does not say them. */
  readonly forgetLabels: Uint8Array | null;
  readonly test: TestRows | null;
}

function readFolder(directory: string): Folder {
  const has = (name: string): boolean => existsSync(join(directory, name));
  const X = matrix(directory, "X.npy");
  const features = X.shape[1];
  const forgetName = forgetFile(directory);
  const forget = matrix(directory, forgetName, features);
  const y = labels(directory, "Y.npy", X.shape[0]);
  const forgetLabels = has(FORGET_LABELS) ? labels(directory, FORGET_LABELS, forget.shape[0]) : null;
  const test = has("X_test.npy") || has("Y_test.npy") ? testRows(directory, features) : null;
  return { directory, X, y, forgetName, forget, forgetLabels, test };
}

/** The file of the forget rows, by its name or, where that is told apart from X.npy, by its old one. */
function forgetFile(directory: string): string {
  const isThere = existsSync(join(directory, FORGET_ROWS));
  if (hasOldForgetRows(directory)) {
    if (!isThere) return OLD_FORGET_ROWS;
    throw bad(
      `--data: ${directory} must have the forget rows once, got ${FORGET_ROWS} and ${OLD_FORGET_ROWS}, as they were called before: remove the one that is not meant`,
    );
  }
  if (isThere || !existsSync(join(directory, OLD_FORGET_ROWS))) return FORGET_ROWS;
  throw bad(
    `--data: ${directory} must have the forget rows as ${FORGET_ROWS}, got ${OLD_FORGET_ROWS}, which is one file with X.npy there: save the forget rows under that name, and X.npy again where one has overwritten the other`,
  );
}

/** Whether there is an x.npy that is not X.npy by another name, as on a disk that takes capitals and small letters for the same. */
function hasOldForgetRows(directory: string): boolean {
  const old = join(directory, OLD_FORGET_ROWS);
  return existsSync(old) && !sameFile(old, join(directory, "X.npy"));
}

function importedFrom({ directory, X, y, forget, forgetLabels, test }: Folder, label: ForgetLabel | null): Imported {
  const [n, features] = X.shape;
  const k = forget.shape[0];
  const ofForget = forgetLabels ?? new Uint8Array(k).fill(label ?? 0);
  const rows = { n, k, features, x: float32Rows(X.values, forget.values), y: Uint8Array.from([...y, ...ofForget]) };
  const draw: Draw = { rows, test, bayes: null };
  const sha256 = contentHash(draw);
  return { source: { kind: "imported", directory, sha256, samples: n, features, forgetRows: k }, draw };
}

function testRows(directory: string, features: number): TestRows {
  const X = matrix(directory, "X_test.npy", features);
  return { rows: X.shape[0], x: float32Rows(X.values), y: labels(directory, "Y_test.npy", X.shape[0]) };
}

/** A rows × d matrix of finite values; one row may come without its first axis. */
function matrix(directory: string, name: string, features: number | null = null): NpyArray {
  const array = readNpy(fileBytes(directory, name), `--data: ${name}`, REALS);
  const shape = array.shape.length === 1 && features !== null ? [1, array.shape[0]] : array.shape;
  const fits =
    shape.length === 2 &&
    shape[0] >= 1 &&
    shape[1] >= 1 &&
    shape[1] <= MAX_FEATURES &&
    (features === null || shape[1] === features);
  if (!fits) {
    const columns = features === null ? `1 to ${MAX_FEATURES}` : `X.npy's ${features}`;
    throw bad(
      `--data: ${name} must be a matrix of rows with ${columns} features, got shape (${array.shape.join(", ")})`,
    );
  }
  const values = array.values.map(Math.fround);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong === -1) return { shape, values };
  throw bad(
    `--data: ${name} must hold finite float32 values, got ${array.values[wrong]} at row ${Math.floor(wrong / shape[1])}: clean the data first`,
  );
}

function labels(directory: string, name: string, rows: number): Uint8Array {
  const { shape, values } = readNpy(fileBytes(directory, name), `--data: ${name}`, LABELS);
  if (shape.length !== 1 || shape[0] !== rows) {
    throw bad(`--data: ${name} must hold one label for each of the ${rows} rows, got shape (${shape.join(", ")})`);
  }
  const wrong = values.findIndex((value) => value !== 0 && value !== 1);
  if (wrong === -1) return Uint8Array.from(values);
  throw bad(`--data: ${name} must hold labels 0 and 1, got ${values[wrong]} at row ${wrong}`);
}

function fileBytes(directory: string, name: string): Uint8Array {
  const path = join(directory, name);
  try {
    // A pipe would be waited for, and a device may have no end.
    if (existsSync(path) && !statSync(path).isFile()) throw new Error("it is no plain file");
    return readFileSync(path);
  } catch (error) {
    throw bad(
      `--data must be a folder with X.npy, Y.npy, ${FORGET_ROWS} and ${FORGET_LABELS}, but ${name} in ${directory} cannot be read (${messageOf(error)})`,
      { cause: error },
    );
  }
}

/** SHA-256 of sizes, float32 values and labels, those of the forget rows too: equal data is one draw whatever order, type or names its files had. */
function contentHash({ rows, test }: Draw): string {
  const hash = createHash("sha256");
  hash.update(`${rows.n} ${rows.k} ${rows.features} ${test === null ? 0 : test.rows}\n`);
  for (const part of [rows.x, rows.y, ...(test === null ? [] : [test.x, test.y])]) {
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest("hex");
}
