/** Data as files: X.npy, Y.npy, x.npy and, where there are any, X_test.npy and Y_test.npy in one folder, as numpy reads and writes them. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestRows } from "../engine/contract.js";
import { bad, messageOf, SweepError } from "../errors.js";
import { makeFolder, unwritable } from "../files.js";
import type { ImportedDraw } from "../trial.js";
import { type Draw, float32Rows } from "./draw.js";
import { type NpyArray, readNpy, writeNpy } from "./npy.js";

const MAX_FEATURES = 256;
const REALS = ["<f4", "<f8"];
const LABELS = ["|u1", "<i8"];

/** Reads a folder; values are rounded to float32. Throws a fault of usage that names the file and what it must hold. */
export function importDraw(directory: string): { source: ImportedDraw; draw: Draw } {
  const X = matrix(directory, "X.npy");
  const features = X.shape[1];
  const x = matrix(directory, "x.npy", features);
  const [n, k] = [X.shape[0], x.shape[0]];
  const y = labels(directory, "Y.npy", n);
  const test = existsSync(join(directory, "X_test.npy")) ? testRows(directory, features) : null;
  const draw: Draw = {
    rows: { n, k, features, x: float32Rows(X.values, x.values), y: Uint8Array.from([...y, ...new Uint8Array(k)]) },
    test,
    bayes: null,
  };
  return {
    source: { kind: "imported", directory, sha256: contentHash(draw), samples: n, features, forgetRows: k },
    draw,
  };
}

/** Loads what `source` was made from. Throws a fault of the environment where the folder's content is no longer what it was. */
export function reloadDraw(source: ImportedDraw): Draw {
  const { source: found, draw } = importedAgain(source);
  if (found.sha256 === source.sha256) return draw;
  throw new SweepError(
    "environment",
    `the data in ${source.directory} changed while the sweep was running: start it again`,
  );
}

/** What was a folder of data when the sweep was planned is no mistake in an option now. */
function importedAgain({ directory }: ImportedDraw): ReturnType<typeof importDraw> {
  try {
    return importDraw(directory);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw new SweepError(
      "environment",
      `the data in ${directory} cannot be read any more (${messageOf(error)}): put them back and start again, what has finished is kept`,
      { cause: error },
    );
  }
}

/** Writes a draw as X.npy, Y.npy, x.npy, X_test.npy and Y_test.npy; returns the names. */
export function exportDraw(draw: Draw, directory: string): string[] {
  const { n, k, features, x, y } = draw.rows;
  const files: [string, Uint8Array][] = [
    ["X.npy", writeNpy([n, features], x.subarray(0, n * features))],
    ["Y.npy", writeNpy([n], y.subarray(0, n))],
    ["x.npy", writeNpy([k, features], x.subarray(n * features))],
  ];
  if (draw.test !== null) {
    files.push(["X_test.npy", writeNpy([draw.test.rows, features], draw.test.x)]);
    files.push(["Y_test.npy", writeNpy([draw.test.rows], draw.test.y)]);
  }
  try {
    makeFolder(directory);
    for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  } catch (error) {
    throw unwritable(`DIR must be a folder that can be written, got ${directory}`, error);
  }
  return files.map(([name]) => name);
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
  try {
    return readFileSync(join(directory, name));
  } catch (error) {
    throw bad(
      `--data must be a folder with X.npy, Y.npy and x.npy, but ${name} in ${directory} cannot be read (${messageOf(error)})`,
      { cause: error },
    );
  }
}

/** SHA-256 of sizes, float32 values and labels: equal data is one draw whatever order or type its files had. */
function contentHash({ rows, test }: Draw): string {
  const hash = createHash("sha256");
  hash.update(`${rows.n} ${rows.k} ${rows.features} ${test === null ? 0 : test.rows}\n`);
  for (const part of [rows.x, rows.y, ...(test === null ? [] : [test.x, test.y])]) {
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest("hex");
}
