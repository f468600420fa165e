/** Data as files: a draw that is written and read again is the same draw, and what cannot be data is refused by name. */
import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { drawsIn, exportDraw, importDraw, reloadDraw } from "../src/data/directory.js";
import { seededDraw } from "../src/data/draw.js";
import { writeNpy } from "../src/data/npy.js";
import { folder } from "./command-line.js";

const DRAW = { kind: "seeded", dataSeed: 3, samples: 8, features: 2, forgetRows: 2 } as const;

/** A folder with an exported draw. */
function exported(t: TestContext): string {
  const path = folder(t);
  exportDraw(seededDraw(DRAW), path);
  return path;
}

/** A float64 array as a .npy file in the type that `descr` names. */
function npy(descr: string, shape: readonly number[], values: readonly number[]): Uint8Array {
  const header = Buffer.from(writeNpy(shape, new Uint8Array(0)));
  const text = header.toString("latin1").replace("|u1", descr);
  const bytes = Buffer.alloc(8 * values.length);
  if (descr === "<i8") values.forEach((value, i) => void bytes.writeBigInt64LE(BigInt(value), 8 * i));
  else values.forEach((value, i) => void bytes.writeDoubleLE(value, 8 * i));
  return Buffer.concat([Buffer.from(text, "latin1"), bytes]);
}

test("an exported draw is imported as the same draw, test sample and all", (t) => {
  const path = exported(t);
  const { source, draw } = importDraw(path, null);
  const seeded = seededDraw(DRAW);
  assert.deepEqual(draw.rows, seeded.rows);
  assert.deepEqual(draw.test, seeded.test);
  assert.equal(draw.bayes, null, "nobody told us the means");
  const { sha256, ...rest } = source;
  assert.deepEqual(rest, { kind: "imported", directory: path, samples: 8, features: 2, forgetRows: 2 });
  assert.match(sha256, /^[0-9a-f]{64}$/);
});

test("export writes six files, each of which says its shape", (t) => {
  const path = folder(t);
  const files = exportDraw(seededDraw(DRAW), join(path, "a", "b"));
  assert.deepEqual(files, ["X.npy", "Y.npy", "X_forget.npy", "Y_forget.npy", "X_test.npy", "Y_test.npy"]);
  const headers = files.map((name) =>
    readFileSync(join(path, "a", "b", name))
      .toString("latin1", 10, 80)
      .trim(),
  );
  assert.deepEqual(
    headers.map((text) => /'descr': '(.*?)'.*'shape': (\(.*?\))/.exec(text)?.slice(1)),
    [
      ["<f4", "(8, 2)"],
      ["|u1", "(8,)"],
      ["<f4", "(2, 2)"],
      ["|u1", "(2,)"],
      ["<f4", "(2, 2)"],
      ["|u1", "(2,)"],
    ],
  );
});

test("without X_test.npy there is no test sample", (t) => {
  const path = exported(t);
  for (const name of ["X_test.npy", "Y_test.npy"]) rmSync(join(path, name));
  assert.equal(importDraw(path, null).draw.test, null);
});

test("the same values in another type, or in another folder, are the same draw", (t) => {
  const path = exported(t);
  const { source } = importDraw(path, null);
  const { x, y } = seededDraw(DRAW).rows;
  writeFileSync(join(path, "X.npy"), npy("<f8", [8, 2], [...x.subarray(0, 16)]));
  writeFileSync(join(path, "Y.npy"), npy("<i8", [8], [...y.subarray(0, 8)]));
  assert.equal(importDraw(path, null).source.sha256, source.sha256);
  const elsewhere = join(folder(t), "copy");
  cpSync(path, elsewhere, { recursive: true });
  assert.equal(importDraw(elsewhere, null).source.sha256, source.sha256);
});

test("float64 data is rounded to float32", (t) => {
  const path = exported(t);
  writeFileSync(join(path, "X_forget.npy"), npy("<f8", [2, 2], [0.1, 1 / 3, 1, 2]));
  assert.deepEqual([...importDraw(path, null).draw.rows.x.subarray(16)], [Math.fround(0.1), Math.fround(1 / 3), 1, 2]);
});

test("one forget row may come without its first axis", (t) => {
  const path = exported(t);
  writeFileSync(join(path, "X_forget.npy"), npy("<f8", [2], [1, 2]));
  writeFileSync(join(path, "Y_forget.npy"), npy("<i8", [1], [1]));
  assert.equal(importDraw(path, null).source.forgetRows, 1);
});

test("each forget row has its own label", (t) => {
  const path = exported(t);
  writeFileSync(join(path, "Y_forget.npy"), npy("<i8", [2], [1, 0]));
  assert.deepEqual([...importDraw(path, null).draw.rows.y], [0, 0, 0, 0, 1, 1, 1, 1, 1, 0]);
});

/** An exported draw as it was exported before: forget rows of the old name, and no labels of theirs. */
function exportedBefore(t: TestContext): string {
  const path = exported(t);
  renameSync(join(path, "X_forget.npy"), join(path, "x.npy"));
  rmSync(join(path, "Y_forget.npy"));
  return path;
}

test("forget rows without labels are refused with both remedies, under the old name and the new one", (t) => {
  const path = exportedBefore(t);
  const refusal = (name: string): object => ({
    fault: "usage",
    message: `--data: ${path} must say the label of each row of ${name}, got none: put Y_forget.npy beside it, or give --forget-label 0 or --forget-label 1 for all of them`,
  });
  assert.throws(() => importDraw(path, null), refusal("x.npy"));
  renameSync(join(path, "x.npy"), join(path, "X_forget.npy"));
  assert.throws(() => importDraw(path, null), refusal("X_forget.npy"));
});

test("a label that is said is that of all forget rows, and part of what names the draw", (t) => {
  const path = exportedBefore(t);
  const [zeros, ones] = [importDraw(path, 0), importDraw(path, 1)];
  assert.deepEqual([...zeros.draw.rows.y.subarray(8)], [0, 0]);
  assert.deepEqual([...ones.draw.rows.y.subarray(8)], [1, 1]);
  assert.notEqual(zeros.source.sha256, ones.source.sha256);
  writeFileSync(join(path, "Y_forget.npy"), npy("<i8", [2], [1, 1]));
  assert.deepEqual(importDraw(path, null), ones, "labels are the same whoever says them");
});

test("forget rows of label 0 make the draws that they made before labels were asked for", (t) => {
  for (const [name, sha256] of [
    ["small", "a9d5c8ac69eab223c904a11850ef22b48eac9c0f88038c06c2eaad14cd1ce2a4"],
    ["seed0", "f8bdefbf42556382f8862ed253713a7dfa559e7de9ac0ad7af2c1f4b6804af86"],
  ]) {
    const directory = join(folder(t), name);
    cpSync(`test/golden/${name}`, directory, { recursive: true });
    renameSync(join(directory, "X_forget.npy"), join(directory, "x.npy"));
    const { source } = importDraw(directory, 0);
    assert.deepEqual(
      { directory: source.directory, sha256: source.sha256, forgetRows: source.forgetRows },
      { directory, sha256, forgetRows: 1 },
    );
  }
});

test("a draw that was planned is found again by its name, which says the labels that its folder does not", (t) => {
  const path = exportedBefore(t);
  for (const label of [0, 1] as const) {
    const { source, draw } = importDraw(path, label);
    assert.deepEqual(reloadDraw(source), draw);
  }
  assert.deepEqual(
    drawsIn(path).map(({ source }) => source),
    [importDraw(path, 0).source, importDraw(path, 1).source],
  );
  assert.deepEqual(drawsIn(exported(t)).length, 1, "a folder with labels is one draw");
});

test("a label is refused where the folder says them itself", (t) => {
  assert.throws(() => importDraw(exported(t), 0), {
    fault: "usage",
    message:
      "--forget-label must not be given where --data has Y_forget.npy, which says the label of each row, got 0: leave one of the two out",
  });
});

test("no two files here have names that differ by capitals alone", () => {
  const names = ["src", "test", "scripts", "workers", "data"].flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)).toLowerCase()),
  );
  assert.equal(new Set(names).size, names.length);
});

test("forget rows of both names are refused", (t) => {
  const path = exported(t);
  cpSync(join(path, "X_forget.npy"), join(path, "x.npy"));
  assert.throws(() => importDraw(path, null), {
    fault: "usage",
    message: `--data: ${path} must have the forget rows once, got X_forget.npy and x.npy, as they were called before: remove the one that is not meant`,
  });
});

test("an x.npy that is X.npy itself, as on a disk without capitals, is no forget rows", (t) => {
  const path = exported(t);
  linkSync(join(path, "X.npy"), join(path, "x.npy"));
  assert.equal(importDraw(path, null).source.forgetRows, 2);
  rmSync(join(path, "X_forget.npy"));
  assert.throws(() => importDraw(path, null), {
    fault: "usage",
    message: `--data: ${path} must have the forget rows as X_forget.npy, got x.npy, which is one file with X.npy there: save the forget rows under that name, and X.npy again where one has overwritten the other`,
  });
});

for (const name of ["X.npy", "Y.npy", "X_forget.npy", "Y_forget.npy", "X_test.npy", "Y_test.npy"]) {
  test(`another ${name} is another draw`, (t) => {
    const path = exported(t);
    const { source } = importDraw(path, null);
    const bytes = readFileSync(join(path, name));
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(join(path, name), bytes);
    assert.notEqual(importDraw(path, null).source.sha256, source.sha256);
  });
}

test("data that is gone while a sweep runs is the environment's fault, and not an option's", (t) => {
  const path = exported(t);
  const { source } = importDraw(path, null);
  rmSync(join(path, "Y.npy"));
  assert.throws(() => reloadDraw(source), {
    fault: "environment",
    message: `the data in ${path} cannot be read any more (--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but Y.npy in ${path} cannot be read (ENOENT: no such file or directory, open '${join(path, "Y.npy")}')): put them back and start again, what has finished is kept`,
  });
});

test("data that changes while a sweep runs is refused", (t) => {
  const path = exported(t);
  const { source } = importDraw(path, null);
  assert.deepEqual(reloadDraw(source).rows, seededDraw(DRAW).rows);
  writeFileSync(join(path, "X_forget.npy"), npy("<f8", [2, 2], [1, 2, 3, 4]));
  assert.throws(() => reloadDraw(source), {
    fault: "environment",
    message: `the data in ${path} changed while the sweep was running: start it again`,
  });
});

const NAN = Number.NaN;
const BAD_FILES: [about: string, name: string, bytes: Uint8Array | null, sentence: string][] = [
  [
    "a missing Y.npy",
    "Y.npy",
    null,
    "--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but Y.npy in DIR cannot be read (ENOENT: no such file or directory, open 'DIR/Y.npy')",
  ],
  [
    "a missing X_forget.npy",
    "X_forget.npy",
    null,
    "--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but X_forget.npy in DIR cannot be read (ENOENT: no such file or directory, open 'DIR/X_forget.npy')",
  ],
  [
    "an empty file",
    "X.npy",
    new Uint8Array(0),
    "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  ],
  [
    "a text file",
    "X.npy",
    Buffer.from("1,2\n3,4\n5,6\n7,8\n9,10\n"),
    "--data: X.npy must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  ],
  [
    "labels as X",
    "X.npy",
    writeNpy([8, 2], new Uint8Array(16)),
    "--data: X.npy must hold <f4 or <f8 values, got |u1: convert it with numpy's astype",
  ],
  [
    "real labels",
    "Y.npy",
    npy("<f8", [8], [0, 0, 0, 0, 1, 1, 1, 1]),
    "--data: Y.npy must hold |u1 or <i8 values, got <f8: convert it with numpy's astype",
  ],
  [
    "a file that was cut",
    "X.npy",
    npy("<f8", [8, 2], [1, 2, 3]),
    "--data: X.npy must hold 128 bytes of values for shape (8, 2), got 24: save it again",
  ],
  [
    "a vector as X",
    "X.npy",
    npy("<f8", [8], [1, 2, 3, 4, 5, 6, 7, 8]),
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (8)",
  ],
  [
    "a cube as X",
    "X.npy",
    npy("<f8", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (2, 2, 2)",
  ],
  [
    "no rows",
    "X.npy",
    npy("<f8", [0, 2], []),
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (0, 2)",
  ],
  [
    "257 features",
    "X.npy",
    npy("<f8", [1, 257], Array<number>(257).fill(1)),
    "--data: X.npy must be a matrix of rows with 1 to 256 features, got shape (1, 257)",
  ],
  [
    "a forget row of other width",
    "X_forget.npy",
    npy("<f8", [1, 3], [1, 2, 3]),
    "--data: X_forget.npy must be a matrix of rows with X.npy's 2 features, got shape (1, 3)",
  ],
  [
    "no forget row",
    "X_forget.npy",
    npy("<f8", [0, 2], []),
    "--data: X_forget.npy must be a matrix of rows with X.npy's 2 features, got shape (0, 2)",
  ],
  [
    "a NaN",
    "X_forget.npy",
    npy("<f8", [2, 2], [1, 2, NAN, 4]),
    "--data: X_forget.npy must hold finite float32 values, got NaN at row 1: clean the data first",
  ],
  [
    "a value beyond float32",
    "X_forget.npy",
    npy("<f8", [1, 2], [1, 1e39]),
    "--data: X_forget.npy must hold finite float32 values, got 1e+39 at row 0: clean the data first",
  ],
  [
    "too few labels",
    "Y.npy",
    writeNpy([7], new Uint8Array(7)),
    "--data: Y.npy must hold one label for each of the 8 rows, got shape (7)",
  ],
  [
    "labels as a matrix",
    "Y.npy",
    writeNpy([8, 1], new Uint8Array(8)),
    "--data: Y.npy must hold one label for each of the 8 rows, got shape (8, 1)",
  ],
  [
    "a third class",
    "Y.npy",
    writeNpy([8], Uint8Array.of(0, 0, 0, 2, 1, 1, 1, 1)),
    "--data: Y.npy must hold labels 0 and 1, got 2 at row 3",
  ],
  [
    "a negative label",
    "Y.npy",
    npy("<i8", [8], [0, 0, 0, 0, 1, 1, 1, -1]),
    "--data: Y.npy must hold labels 0 and 1, got -1 at row 7",
  ],
  [
    "test rows without labels",
    "Y_test.npy",
    null,
    "--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but Y_test.npy in DIR cannot be read (ENOENT: no such file or directory, open 'DIR/Y_test.npy')",
  ],
  [
    "too few labels of forget rows",
    "Y_forget.npy",
    writeNpy([1], new Uint8Array(1)),
    "--data: Y_forget.npy must hold one label for each of the 2 rows, got shape (1)",
  ],
  [
    "forget rows of a third class",
    "Y_forget.npy",
    writeNpy([2], Uint8Array.of(0, 2)),
    "--data: Y_forget.npy must hold labels 0 and 1, got 2 at row 1",
  ],
  [
    "labels without test rows",
    "X_test.npy",
    null,
    "--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but X_test.npy in DIR cannot be read (ENOENT: no such file or directory, open 'DIR/X_test.npy')",
  ],
  [
    "a test sample of other width",
    "X_test.npy",
    npy("<f8", [1, 3], [1, 2, 3]),
    "--data: X_test.npy must be a matrix of rows with X.npy's 2 features, got shape (1, 3)",
  ],
];

for (const [about, name, bytes, sentence] of BAD_FILES) {
  test(`refused: ${about}`, (t) => {
    const path = exported(t);
    if (bytes === null) rmSync(join(path, name));
    else writeFileSync(join(path, name), bytes);
    assert.throws(() => importDraw(path, null), {
      name: "SweepError",
      fault: "usage",
      message: sentence.replaceAll("DIR", path),
    });
  });
}

test("a pipe or a device in the place of an array is refused, and not waited for", {
  skip: !existsSync("/dev/zero"),
}, (t) => {
  const path = exported(t);
  rmSync(join(path, "X.npy"));
  symlinkSync("/dev/zero", join(path, "X.npy"));
  assert.throws(() => importDraw(path, null), {
    fault: "usage",
    message: `--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but X.npy in ${path} cannot be read (it is no plain file)`,
  });
});

test("a folder below one where none can be made is refused", { skip: !existsSync("/proc/self") && "no /proc" }, () => {
  assert.throws(() => exportDraw(seededDraw(DRAW), "/proc/none/draw"), {
    fault: "usage",
    message:
      "DIR must be a folder that can be written, got /proc/none/draw (ENOENT: no such file or directory, mkdir '/proc/none')",
  });
});

test("a folder that cannot be written is refused", (t) => {
  const path = join(folder(t), "file");
  writeFileSync(path, "");
  assert.throws(() => exportDraw(seededDraw(DRAW), path), {
    fault: "usage",
    message: `DIR must be a folder that can be written, got ${path} (EEXIST: file already exists, mkdir '${path}')`,
  });
  assert.ok(existsSync(path));
});
