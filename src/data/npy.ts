/** numpy's .npy format (NEP 1; versions 1 to 3): the dense little-endian arrays that data and weights come in. */
import { bad } from "../errors.js";
import { escaped } from "../printable.js";

const MAGIC = "\x93NUMPY";
const LAST_VERSION = 3;
const MOST_AXES = 64; // numpy's own limit

/** A dense array in row-major (C) order, whatever order its file had. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** The array types that are read, by numpy's descr. */
const READERS: Record<string, { bytes: number; read: (view: DataView, offset: number) => number }> = {
  "<f4": { bytes: 4, read: (view, offset) => view.getFloat32(offset, true) },
  "<f8": { bytes: 8, read: (view, offset) => view.getFloat64(offset, true) },
  "|u1": { bytes: 1, read: (view, offset) => view.getUint8(offset) },
  "<i8": { bytes: 8, read: (view, offset) => Number(view.getBigInt64(offset, true)) },
};

/** Reads a .npy file's bytes; `name` is what an error calls it, `types` the descrs that are allowed there. */
export function readNpy(bytes: Uint8Array, name: string, types: readonly string[]): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(bytes, view, name);
  const reader = types.includes(header.descr) ? READERS[header.descr] : undefined;
  if (reader === undefined) {
    throw bad(
      `${name} must hold ${types.join(" or ")} values, got ${escaped(header.descr)}: convert it with numpy's astype`,
    );
  }
  const count = header.shape.reduce((product, size) => product * size, 1);
  if (view.byteLength - header.offset !== count * reader.bytes) {
    throw bad(
      `${name} must hold ${count * reader.bytes} bytes of values for shape (${header.shape.join(", ")}), got ${view.byteLength - header.offset}: save it again`,
    );
  }
  const strides = header.fortran ? fortranStrides(header.shape) : null;
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const place = strides === null ? i : fortranIndex(i, header.shape, strides);
    values[i] = reader.read(view, header.offset + place * reader.bytes);
  }
  return { shape: header.shape, values };
}

/** The bytes of a version 1.0 .npy file in C order. */
export function writeNpy(shape: readonly number[], values: Float32Array | Float64Array | Uint8Array): Uint8Array {
  const descr = values instanceof Float32Array ? "<f4" : values instanceof Float64Array ? "<f8" : "|u1";
  const header = npyHeader(descr, shape);
  const bytes = new Uint8Array(header.length + values.byteLength);
  bytes.set(header);
  const write = new DataView(bytes.buffer, header.length);
  values.forEach((value, i) => {
    if (descr === "<f4") write.setFloat32(4 * i, value, true);
    else if (descr === "<f8") write.setFloat64(8 * i, value, true);
    else write.setUint8(i, value);
  });
  return bytes;
}

/** What such a file begins with, before its values: `descr` is their type as numpy writes it. */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`; // the header ends on a multiple of 64
  const bytes = Buffer.from(`${MAGIC}\x01\x00\x00\x00${padded}`, "latin1");
  bytes.writeUInt16LE(padded.length, 8);
  return bytes;
}

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly offset: number;
}

function readHeader(bytes: Uint8Array, view: DataView, name: string): Header {
  const unreadable = (): never => {
    throw bad(`${name} must be a numpy .npy file, but its header cannot be read: write it with numpy.save`);
  };
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) return unreadable();
  if (bytes[6] < 1 || bytes[6] > LAST_VERSION) return unreadable();
  const long = bytes[6] >= 2; // versions 2 and 3 count the header in four bytes
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const offset = (long ? 12 : 10) + length;
  if (offset > bytes.length) return unreadable();
  const text = new TextDecoder().decode(bytes.subarray(offset - length, offset));
  const descr = /'descr': *'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(text)?.[1];
  const shape = /'shape': *\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) return unreadable();
  // Python 2 wrote sizes as 12L.
  const sizes = shape
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "");
  const isSize = (size: string): boolean => /^\d+$/.test(size) && Number.isSafeInteger(Number(size));
  if (sizes.length > MOST_AXES || !sizes.every(isSize)) return unreadable();
  return { descr, fortran: order === "True", shape: sizes.map(Number), offset };
}

function fortranStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  shape.reduce((stride, size) => {
    strides.push(stride);
    return stride * size;
  }, 1);
  return strides;
}

/** Where the element at row-major index i lies in a column-major file. */
function fortranIndex(i: number, shape: readonly number[], strides: readonly number[]): number {
  let rest = i;
  let place = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place += (rest % shape[axis]) * strides[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return place;
}
