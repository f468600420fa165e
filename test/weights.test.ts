/** Weights as .npz files: named and shaped as PyTorch's state_dict, used as given. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { unzipSync, zipSync } from "fflate";
import { readNpy, writeNpy } from "../src/data/npy.js";
import { stream } from "../src/data/streams.js";
import { parameterCount } from "../src/engine/contract.js";
import { SweepError } from "../src/errors.js";
import { readWeights, writeWeights } from "../src/run/weights.js";
import { folder } from "./command-line.js";

const SHAPE = { features: 3, widths: [5, 4] } as const;

function someWeights(): Float64Array {
  const random = stream("test", "weights");
  return Float64Array.from({ length: parameterCount(SHAPE) }, () => random.normal());
}

/** The arrays of a written file, to be spoilt and written again. */
function arrays(path: string): Record<string, Uint8Array> {
  writeWeights(path, SHAPE, someWeights());
  return unzipSync(readFileSync(path));
}

function rewritten(path: string, files: Record<string, Uint8Array>): string {
  writeFileSync(path, zipSync(files));
  return path;
}

test("weights come back to the bit, not rounded to float32", (t) => {
  const path = join(folder(t), "w.npz");
  const weights = someWeights();
  writeWeights(path, SHAPE, weights);
  assert.deepEqual(readWeights(path, SHAPE), weights);
  assert.ok(weights.some((value) => value !== Math.fround(value)));
});

test("the arrays have the names, shapes and order of the state_dict", (t) => {
  const path = join(folder(t), "w.npz");
  const files = arrays(path);
  assert.deepEqual(Object.keys(files), [
    "fc1.weight.npy",
    "fc1.bias.npy",
    "fc2.weight.npy",
    "fc2.bias.npy",
    "fc3.weight.npy",
    "fc3.bias.npy",
  ]);
  const shapes = Object.values(files).map((bytes) => readNpy(bytes, "array", ["<f8"]).shape);
  assert.deepEqual(shapes, [[5, 3], [5], [4, 5], [4], [2, 4], [2]]);
  assert.deepEqual(readNpy(files["fc1.weight.npy"], "array", ["<f8"]).values, someWeights().subarray(0, 15));
});

test("the same weights make the same bytes", (t) => {
  const [one, two] = ["1.npz", "2.npz"].map((name) => join(folder(t), name));
  for (const path of [one, two]) writeWeights(path, SHAPE, someWeights());
  assert.deepEqual(readFileSync(one), readFileSync(two));
});

test("a compressed file, its arrays in another order and in float32, is read too", (t) => {
  const path = join(folder(t), "w.npz");
  const files = Object.entries(arrays(path)).reverse();
  const float32 = (bytes: Uint8Array): Uint8Array => {
    const { shape, values } = readNpy(bytes, "array", ["<f8"]);
    return writeNpy(shape, Float32Array.from(values));
  };
  writeFileSync(path, zipSync(Object.fromEntries(files.map(([name, bytes]) => [name, float32(bytes)])), { level: 9 }));
  assert.deepEqual(readWeights(path, SHAPE), someWeights().map(Math.fround));
});

test("a missing array is named, beside those that are there", (t) => {
  const path = join(folder(t), "w.npz");
  const { "fc2.bias.npy": _, ...files } = arrays(path);
  assert.throws(() => readWeights(rewritten(path, files), SHAPE), {
    fault: "usage",
    message: `--init must hold the array fc2.bias, but ${path} has only fc1.weight, fc1.bias, fc2.weight, fc3.weight, fc3.bias`,
  });
});

for (const [widths, count, names] of [
  [[], 8, ["fc1.weight", "fc1.bias"]],
  [[5], 32, ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]],
  [
    [5, 4, 2],
    60,
    ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias", "fc4.weight", "fc4.bias"],
  ],
] as const) {
  test(`weights of a net with ${widths.length} hidden layers are written by layer and read back`, (t) => {
    const path = join(folder(t), "w.npz");
    const shape = { features: 3, widths };
    assert.equal(parameterCount(shape), count);
    const parameters = Float64Array.from({ length: count }, (_, i) => Math.sin(i));
    writeWeights(path, shape, parameters);
    assert.deepEqual(
      Object.keys(unzipSync(readFileSync(path))),
      names.map((name) => `${name}.npy`),
    );
    assert.deepEqual(readWeights(path, shape), parameters);
  });
}

test("weights of another net are refused with both shapes", (t) => {
  const path = join(folder(t), "w.npz");
  writeWeights(path, SHAPE, someWeights());
  assert.throws(() => readWeights(path, { features: 3, widths: [6, 4] }), {
    fault: "usage",
    message:
      "--init: fc1.weight must have shape (6, 3) for this net, got (5, 3): give --hidden and the data that the weights belong to",
  });
});

test("weights of another type are refused", (t) => {
  const path = join(folder(t), "w.npz");
  const files = { ...arrays(path), "fc1.bias.npy": writeNpy([5], new Uint8Array(5)) };
  assert.throws(() => readWeights(rewritten(path, files), SHAPE), {
    fault: "usage",
    message: "--init: fc1.bias must hold <f4 or <f8 values, got |u1: convert it with numpy's astype",
  });
});

test("an array that is no .npy is refused", (t) => {
  const path = join(folder(t), "w.npz");
  const files = { ...arrays(path), "fc1.bias.npy": new TextEncoder().encode("not an array at all") };
  assert.throws(() => readWeights(rewritten(path, files), SHAPE), {
    fault: "usage",
    message: "--init: fc1.bias must be a numpy .npy file, but its header cannot be read: write it with numpy.save",
  });
});

test("a file that is no .npz, and one that is not there, are refused", (t) => {
  const path = join(folder(t), "w.npz");
  assert.throws(() => readWeights(path, SHAPE), {
    fault: "usage",
    message: `--init must be a .npz file as numpy.savez writes it, but ${path} cannot be read (ENOENT: no such file or directory, open '${path}')`,
  });
  writeFileSync(path, "no zip");
  assert.throws(() => readWeights(path, SHAPE), {
    fault: "usage",
    message: `--init must be a .npz file as numpy.savez writes it, but ${path} cannot be read (it is no zip archive)`,
  });
});

test("whatever byte of a file is another, it is refused or read as it was", (t) => {
  const path = join(folder(t), "w.npz");
  for (const level of [0, 9] as const) {
    writeFileSync(path, zipSync(arrays(path), { level }));
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1 << (at % 8);
      writeFileSync(path, changed);
      try {
        assert.deepEqual(readWeights(path, SHAPE), someWeights());
      } catch (error) {
        if (!(error instanceof SweepError)) throw error;
      }
    }
  }
});

test("a file that ends early anywhere is refused", (t) => {
  const path = join(folder(t), "w.npz");
  writeWeights(path, SHAPE, someWeights());
  const bytes = readFileSync(path);
  for (let length = 0; length < bytes.length; length++) {
    writeFileSync(path, bytes.subarray(0, length));
    assert.throws(() => readWeights(path, SHAPE), { fault: "usage" });
  }
});

test("a value that is not the one of its checksum is refused by its array's name", (t) => {
  const path = join(folder(t), "w.npz");
  writeWeights(path, SHAPE, someWeights());
  const bytes = readFileSync(path);
  bytes[bytes.indexOf(readNpyBytes(path)) + 200] ^= 1;
  writeFileSync(path, bytes);
  assert.throws(() => readWeights(path, SHAPE), {
    fault: "usage",
    message: `--init must be a .npz file as numpy.savez writes it, but ${path} cannot be read (fc1.weight.npy is damaged: its bytes are not those of its checksum)`,
  });
});

/** The first array of a written file. */
function readNpyBytes(path: string): Uint8Array {
  return unzipSync(readFileSync(path))["fc1.weight.npy"];
}

test("an array that would unpack to more than any net has is refused before it is unpacked", (t) => {
  const path = join(folder(t), "w.npz");
  const files = { ...arrays(path), "fc1.bias.npy": new Uint8Array(2_000_000) };
  writeFileSync(path, zipSync(files, { level: 9 }));
  assert.throws(() => readWeights(path, SHAPE), {
    message: `--init must be a .npz file as numpy.savez writes it, but ${path} cannot be read (fc1.bias.npy is of 2000000 bytes, and at most 1048576 are read)`,
  });
  // One that says it is small unpacks to no more than it says.
  const bytes = readFileSync(path);
  const entry = bytes.lastIndexOf("fc1.bias.npy") - 46;
  bytes.writeUInt32LE(10, entry + 24);
  writeFileSync(path, bytes);
  assert.throws(() => readWeights(path, SHAPE), /fc1\.bias\.npy is damaged and cannot be unpacked/);
});

test("a file that cannot be written is refused", (t) => {
  const path = join(folder(t), "none", "w.npz");
  assert.throws(() => writeWeights(path, SHAPE, someWeights()), {
    fault: "usage",
    message: `--out must be a file that can be written, got ${path} (ENOENT: no such file or directory, access '${dirname(path)}')`,
  });
});
