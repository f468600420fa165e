/** A net's parameters as a .npz file: arrays named as in PyTorch's state_dict, so that either side loads the other's. */
import { createRequire } from "node:module";
import { readNpy, writeNpy } from "../data/npy.js";
import { ARRAY_TIME, unzip } from "../data/zip.js";
import { layerSizes, type Shape } from "../engine/contract.js";
import { bad, messageOf } from "../errors.js";
import { writeWhole } from "../files/output.js";
import { bytesOf, unwritable } from "../files/paths.js";
import { listed } from "../printable.js";

const require = createRequire(import.meta.url);
/** Loaded with the first file of weights: most commands do without. */
const fflate = (): typeof import("fflate") => require("fflate");

const MOST_BYTES = 2 ** 20; // an array of any net has half as many
const MOST_OF_ALL = 2 ** 24;

/** The arrays of a net in the order of an engine's flat parameters. */
function arrayShapes(shape: Shape): (readonly [name: string, shape: number[]])[] {
  return layerSizes(shape).flatMap(([outputs, inputs], l) => [
    [`fc${l + 1}.weight`, [outputs, inputs]],
    [`fc${l + 1}.bias`, [outputs]],
  ]);
}

/** Reads flat parameters, not rounded. Throws a fault of usage that names the array and the shape it must have. */
export function readWeights(path: string, shape: Shape): Float64Array {
  const files = readable(path, () => unzip(bytesOf(path, MOST_OF_ALL), MOST_BYTES));
  const parts = arrayShapes(shape).map(([name, expected]) => {
    const content = files.get(`${name}.npy`);
    if (content === undefined)
      throw bad(
        `--init must hold the array ${name}, but ${path} has only ${listed([...files.keys()].map((file) => file.replace(/\.npy$/, "")))}`,
      );
    const array = readNpy(readable(path, content), `--init: ${name}`, ["<f4", "<f8"]);
    if (!array.values.every(Number.isFinite))
      throw bad(
        `--init: ${name} must hold finite values, got ${array.values.find((value) => !Number.isFinite(value))}: take the weights of a training that did not diverge`,
      );
    if (array.shape.join(",") === expected.join(",")) return array.values;
    throw bad(
      `--init: ${name} must have shape (${expected.join(", ")}) for this net, got (${array.shape.join(", ")}): give --hidden and the data that the weights belong to`,
    );
  });
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** Writes flat parameters as float64. */
export function writeWeights(path: string, shape: Shape, parameters: Float64Array): void {
  let offset = 0;
  const arrays = arrayShapes(shape).map(([name, sizes]) => {
    const count = sizes.reduce((product, size) => product * size, 1);
    const values = parameters.subarray(offset, offset + count);
    offset += count;
    return [`${name}.npy`, writeNpy(sizes, values)];
  });
  try {
    writeWhole([
      [
        path,
        fflate().zipSync(Object.fromEntries(arrays) as Record<string, Uint8Array>, { level: 0, mtime: ARRAY_TIME }),
      ],
    ]);
  } catch (error) {
    throw unwritable(`--out must be a file that can be written, got ${path}`, error);
  }
}

/** What `read` reads of the file at `path`, which must be as numpy writes it. */
function readable<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw bad(`--init must be a .npz file as numpy.savez writes it, but ${path} cannot be read (${messageOf(error)})`, {
      cause: error,
    });
  }
}
