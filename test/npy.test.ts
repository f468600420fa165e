/** .npy files as numpy writes them (test/fixtures/npy), as we write them, and a folder of them as a draw. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { exportDraw, importDraw, reloadDraw } from "../src/data/directory.js";
import { seededDraw } from "../src/data/draw.js";
import { readNpy, writeNpy } from "../src/data/npy.js";
import { SweepError } from "../src/errors.js";

const REALS = ["<f4", "<f8"];
const LABELS = ["|u1", "<i8"];
const MATRIX = [1.5, -2.25, 3, 0.1, 1e-7, -65504];

function fixture(name: string): Uint8Array {
  return readFileSync(`test/fixtures/npy/${name}.npy`);
}

for (const name of ["f8", "f8-fortran", "f8-version2", "f8-version3"]) {
  test(`${name}.npy is read in row-major order, to the bit`, () => {
    const { shape, values } = readNpy(fixture(name), name, REALS);
    assert.deepEqual([...shape], [2, 3]);
    assert.deepEqual(Array.from(values), MATRIX);
  });
}

for (const name of ["f4", "f4-fortran"]) {
  test(`${name}.npy is read in row-major order, to the bit`, () => {
    const { shape, values } = readNpy(fixture(name), name, REALS);
    assert.deepEqual([...shape], [2, 3]);
    assert.deepEqual(Array.from(values), MATRIX.map(Math.fround));
  });
}

test("labels are read from uint8 and int64", () => {
  assert.deepEqual(Array.from(readNpy(fixture("u1"), "Y", LABELS).values), [0, 1, 255]);
  assert.deepEqual(Array.from(readNpy(fixture("i8"), "Y", LABELS).values), [0, 1, -3, 2 ** 40]);
});

test("arrays of no, one and three axes keep their shapes, in Fortran order too", () => {
  assert.deepEqual(readNpy(fixture("f8-no-axis"), "a", REALS), { shape: [], values: Float64Array.of(7.5) });
  assert.deepEqual(readNpy(fixture("f8-one-axis"), "a", REALS), { shape: [3], values: Float64Array.of(1.5, -2.25, 3) });
  assert.deepEqual(readNpy(fixture("f8-no-rows"), "a", REALS), { shape: [0, 3], values: new Float64Array(0) });
  const cube = readNpy(fixture("f8-cube-fortran"), "a", REALS);
  assert.deepEqual([...cube.shape], [2, 3, 4]);
  assert.deepEqual(
    Array.from(cube.values),
    Array.from({ length: 24 }, (_, i) => i),
  );
});

test("a file is read from the middle of a larger buffer", () => {
  const bytes = fixture("f8");
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  assert.deepEqual(Array.from(readNpy(larger.subarray(3), "a", REALS).values), MATRIX);
});

const REFUSED: [string, Uint8Array, string][] = [
  [
    "an array of booleans",
    fixture("bool"),
    "--data: X.npy must hold <f4 or <f8 values, got |b1: convert it with numpy's astype",
  ],
  [
    "an array of integers where reals are wanted",
    fixture("i8"),
    "--data: X.npy must hold <f4 or <f8 values, got <i8: convert it with numpy's astype",
  ],
  [
    "a big-endian array",
    fixture("f4-big-endian"),
    "--data: X.npy must hold <f4 or <f8 values, got >f4: convert it with numpy's astype",
  ],
  [
    "a structured array",
    fixture("structured"),
    "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  ],
  [
    "a text file",
    new TextEncoder().encode("1.5,-2.25,3.0\n0.1,1e-7,-65504\n"),
    "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  ],
  [
    "an empty file",
    new Uint8Array(0),
    "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  ],
  [
    "a file cut in its magic",
    fixture("f8").subarray(0, 5),
    "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  ],
  [
    "a file cut in its header",
    fixture("f8").subarray(0, 100),
    "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  ],
  [
    "a file cut after its header",
    fixture("f8").subarray(0, 128),
    "--data: X.npy must hold 48 bytes of values for shape (2, 3), got 0: save it again",
  ],
  [
    "a file cut in its last value",
    fixture("f8").subarray(0, 175),
    "--data: X.npy must hold 48 bytes of values for shape (2, 3), got 47: save it again",
  ],
  [
    "a file with bytes behind its values",
    Buffer.concat([fixture("f8"), Buffer.of(0)]),
    "--data: X.npy must hold 48 bytes of values for shape (2, 3), got 49: save it again",
  ],
];
for (const [what, bytes, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(() => readNpy(bytes, "--data: X.npy", REALS), { name: "SweepError", fault: "usage", message });
  });
}

/** Six float64 values under a header of any length. */
function ofSixValues(text: string): Uint8Array {
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01", "latin1");
  head.writeUInt16LE(Buffer.byteLength(text), 8);
  return Buffer.concat([head, Buffer.from(text), Buffer.alloc(48)]);
}

const UNREADABLE = "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save";

for (const [what, header, message] of [
  [
    "a type that moves a terminal's cursor",
    "{'descr': '\u001b[2J\u009b\n', 'fortran_order': False, 'shape': (2, 3), }",
    "--data: X.npy must hold <f4 or <f8 values, got \\u001b[2J\\u009b\\n: convert it with numpy's astype",
  ],
  [
    "a shape of more values than any memory has",
    "{'descr': '<f8', 'fortran_order': True, 'shape': (4000000000, 4000000000), }",
    "--data: X.npy must hold 128000000000000000000 bytes of values for shape (4000000000, 4000000000), got 48: save it again",
  ],
  [
    "a size that is no number of rows",
    `{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1${"0".repeat(400)}), }`,
    UNREADABLE,
  ],
  [
    "more axes than numpy has",
    `{'descr': '<f8', 'fortran_order': True, 'shape': (6, ${"1, ".repeat(20_000)}), }`,
    UNREADABLE,
  ],
])
  test(`a header that says ${what} is refused`, () => {
    assert.throws(() => readNpy(ofSixValues(header), "--data: X.npy", REALS), { fault: "usage", message });
  });

test("whatever byte of a file is another, and wherever it ends, it is refused or has as many values as its shape", () => {
  for (const name of ["f8", "f4-fortran", "f8-version3", "u1"]) {
    const bytes = fixture(name);
    for (let at = 0; at < bytes.length; at++)
      for (const bit of [1, 16, 128]) {
        const changed = Uint8Array.from(bytes);
        changed[at] ^= bit;
        try {
          const { shape, values } = readNpy(changed, "--data: X.npy", [...REALS, "|u1"]);
          assert.equal(
            values.length,
            shape.reduce((product, size) => product * size, 1),
          );
        } catch (error) {
          if (!(error instanceof SweepError)) throw error;
        }
      }
    for (let length = 0; length < bytes.length; length++)
      assert.throws(() => readNpy(bytes.subarray(0, length), "--data: X.npy", [...REALS, "|u1"]), { fault: "usage" });
  }
});

test("an array we write is the file that numpy writes, byte for byte", () => {
  assert.deepEqual(Buffer.from(writeNpy([2, 3], Float64Array.from(MATRIX))), fixture("f8"));
  assert.deepEqual(Buffer.from(writeNpy([2, 3], Float32Array.from(MATRIX))), fixture("f4"));
  assert.deepEqual(Buffer.from(writeNpy([3], Uint8Array.of(0, 1, 255))), fixture("u1"));
  assert.deepEqual(Buffer.from(writeNpy([3], Float64Array.of(1.5, -2.25, 3))), fixture("f8-one-axis"));
});

test("an array that is written and read again is the same, NaN and −0 too", () => {
  const values = Float64Array.of(-0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1.7976931348623157e308, 0.1);
  assert.deepEqual(readNpy(writeNpy([3, 2], values), "a", REALS), { shape: [3, 2], values });
});

test("a header of any length ends on a multiple of 64", () => {
  for (const columns of [1, 10, 1000, 1e6, 1e9, 1e12, 1e15]) {
    const bytes = writeNpy([0, columns, columns, columns, columns], new Float64Array(0));
    assert.equal(bytes.length % 64, 0);
    assert.deepEqual([...readNpy(bytes, "a", REALS).shape], [0, columns, columns, columns, columns]);
  }
});

test("an exported draw imports as the same rows, and as the same draw each time", (context) => {
  const folder = temporary(context);
  const draw = seededDraw({ kind: "seeded", dataSeed: 1, samples: 20, features: 3, forgetRows: 2 });
  assert.deepEqual(exportDraw(draw, folder), [
    "X.npy",
    "Y.npy",
    "X_forget.npy",
    "Y_forget.npy",
    "X_test.npy",
    "Y_test.npy",
  ]);
  const { source, draw: imported } = importDraw(folder, null);
  assert.deepEqual(imported, { rows: draw.rows, test: draw.test, bayes: null });
  assert.deepEqual([source.samples, source.features, source.forgetRows], [20, 3, 2]);
  assert.deepEqual(importDraw(folder, null).source, source);
  assert.deepEqual(reloadDraw(source), imported);
});

test("equal data is one draw whatever type and order its files have", (context) => {
  const folder = temporary(context);
  write(folder, {
    X: fixture("f4"),
    Y: writeNpy([2], Uint8Array.of(0, 1)),
    x: writeNpy([1, 3], Float32Array.of(1, 2, 3)),
  });
  const { sha256 } = importDraw(folder, 0).source;
  write(folder, { X: fixture("f8-fortran"), Y: int64Labels([0n, 1n]), x: writeNpy([3], Float64Array.of(1, 2, 3)) });
  assert.equal(importDraw(folder, 0).source.sha256, sha256);
  write(folder, { x: writeNpy([3], Float64Array.of(1, 2, 4)) });
  assert.notEqual(importDraw(folder, 0).source.sha256, sha256);
});

test("the forget set may hold k rows, whose labels are those that are said for all of them", (context) => {
  const folder = temporary(context);
  write(folder, {
    X: fixture("f4"),
    Y: writeNpy([2], Uint8Array.of(0, 1)),
    x: writeNpy([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
  });
  const { rows, test: sample } = importDraw(folder, 1).draw;
  assert.deepEqual([rows.n, rows.k], [2, 2]);
  assert.deepEqual(Array.from(rows.x.subarray(6)), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(Array.from(rows.y), [0, 1, 1, 1]);
  assert.equal(sample, null);
});

const GOOD = { X: fixture("f8"), Y: writeNpy([2], Uint8Array.of(0, 1)), x: writeNpy([3], Float32Array.of(1, 2, 3)) };
const BAD_FOLDERS: [string, Record<string, Uint8Array>, string][] = [
  [
    "X with one axis",
    { X: fixture("f8-one-axis") },
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (3)",
  ],
  [
    "X with three axes",
    { X: fixture("f8-cube-fortran") },
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (2, 3, 4)",
  ],
  [
    "X without rows",
    { X: fixture("f8-no-rows") },
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (0, 3)",
  ],
  [
    "X with 257 features",
    { X: writeNpy([1, 257], new Float32Array(257)) },
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (1, 257)",
  ],
  [
    "X with NaN",
    { X: writeNpy([2, 3], Float32Array.of(1, 2, 3, 4, Number.NaN, 6)) },
    "--data: X.npy must hold finite float32 values, got NaN at row 1: clean the data first",
  ],
  [
    "X with a number beyond float32",
    { X: writeNpy([2, 3], Float64Array.of(1, 2, 1e300, 4, 5, 6)) },
    "--data: X.npy must hold finite float32 values, got 1e+300 at row 0: clean the data first",
  ],
  [
    "x of another width",
    { x: writeNpy([1, 2], new Float32Array(2)) },
    "--data: x.npy must be a matrix of rows with X.npy's 3 features, got shape (1, 2)",
  ],
  [
    "x of labels",
    { x: writeNpy([3], new Uint8Array(3)) },
    "--data: x.npy must hold <f4 or <f8 values, got |u1: convert it with numpy's astype",
  ],
  [
    "Y one label short",
    { Y: writeNpy([1], Uint8Array.of(0)) },
    "--data: Y.npy must hold one label for each of the 2 rows, got shape (1)",
  ],
  [
    "Y as a column",
    { Y: writeNpy([2, 1], Uint8Array.of(0, 1)) },
    "--data: Y.npy must hold one label for each of the 2 rows, got shape (2, 1)",
  ],
  [
    "Y with a third class",
    { Y: writeNpy([2], Uint8Array.of(0, 2)) },
    "--data: Y.npy must hold labels 0 and 1, got 2 at row 1",
  ],
  ["Y with −1", { Y: int64Labels([-1n, 1n]) }, "--data: Y.npy must hold labels 0 and 1, got -1 at row 0"],
  [
    "Y of reals",
    { Y: writeNpy([2], Float32Array.of(0, 1)) },
    "--data: Y.npy must hold |u1 or <i8 values, got <f4: convert it with numpy's astype",
  ],
  [
    "a test sample of another width",
    { X_test: writeNpy([1, 2], new Float32Array(2)), Y_test: writeNpy([1], Uint8Array.of(0)) },
    "--data: X_test.npy must be a matrix of rows with X.npy's 3 features, got shape (1, 2)",
  ],
  [
    "a test sample one label short",
    { X_test: writeNpy([2, 3], new Float32Array(6)), Y_test: writeNpy([1], Uint8Array.of(0)) },
    "--data: Y_test.npy must hold one label for each of the 2 rows, got shape (1)",
  ],
];
for (const [what, files, message] of BAD_FOLDERS) {
  test(`a folder with ${what} is refused`, (context) => {
    const folder = temporary(context);
    write(folder, { ...GOOD, ...files });
    assert.throws(() => importDraw(folder, 0), { name: "SweepError", fault: "usage", message });
  });
}

test("a folder that lacks a file is refused by the file's name", (context) => {
  const folder = temporary(context);
  const cannot = (name: string): string =>
    `--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but ${name} in ${folder} cannot be read (ENOENT: no such file or directory, open '${join(folder, name)}')`;
  assert.throws(() => importDraw(folder, 0), { fault: "usage", message: cannot("X.npy") });
  write(folder, { X: GOOD.X });
  assert.throws(() => importDraw(folder, 0), { fault: "usage", message: cannot("X_forget.npy") });
  write(folder, { x: GOOD.x });
  assert.throws(() => importDraw(folder, 0), { fault: "usage", message: cannot("Y.npy") });
  write(folder, { Y: GOOD.Y, X_test: GOOD.X });
  assert.throws(() => importDraw(folder, 0), { fault: "usage", message: cannot("Y_test.npy") });
});

test("data that changed since the sweep began is refused", (context) => {
  const folder = temporary(context);
  write(folder, GOOD);
  const { source } = importDraw(folder, 0);
  write(folder, { Y: writeNpy([2], Uint8Array.of(1, 1)) });
  assert.throws(() => reloadDraw(source), {
    fault: "environment",
    message: `the data in ${folder} changed while the sweep was running: start it again`,
  });
});

test("a folder that cannot be written is refused", (context) => {
  const folder = temporary(context);
  writeFileSync(join(folder, "file"), "");
  const draw = seededDraw({ kind: "seeded", dataSeed: 1, samples: 4, features: 1, forgetRows: 1 });
  const target = join(folder, "file");
  assert.throws(() => exportDraw(draw, target), {
    fault: "usage",
    message: `DIR must be a folder that can be written, got ${target} (EEXIST: file already exists, mkdir '${target}')`,
  });
});

/** An empty folder that goes when the test ends. */
function temporary(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-npy-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function write(folder: string, files: Record<string, Uint8Array>): void {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, `${name}.npy`), bytes);
}

/** numpy's file of an int64 vector: the header of i8.npy, with another length. */
function int64Labels(labels: readonly bigint[]): Uint8Array {
  const header = Buffer.from(fixture("i8").subarray(0, 128)).toString("latin1").replace("(4,)", `(${labels.length},)`);
  return Buffer.concat([Buffer.from(header, "latin1"), Buffer.from(BigInt64Array.from(labels).buffer)]);
}

/** A float64 array whose header is this text, as some other program might write it. */
function withHeader(text: string, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(10 + text.length + 8 * values.length);
  bytes.set([0x93, ...Buffer.from("NUMPY"), 1, 0, text.length, 0]);
  bytes.set(Buffer.from(text), 10);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat64(10 + text.length + 8 * i, value, true);
  return bytes;
}

test("the sizes of a Python 2 header, written as 2L, are read", () => {
  const bytes = withHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 1L), }\n", [3, 4]);
  assert.deepEqual(readNpy(bytes, "a", REALS), { shape: [2, 1], values: Float64Array.of(3, 4) });
});

test("a header whose sizes are no numbers is refused", () => {
  const bytes = withHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (two, 1), }\n", [3, 4]);
  assert.throws(() => readNpy(bytes, "a", REALS), {
    message: "a must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  });
});
