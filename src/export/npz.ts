/**
 * A table as a .npz of one array a column: int64, float64 and <U, as numpy reads them without pickle. Of a column that
 * may have nulls there is a second array of booleans, its name and `_isnull`; where it is true stand 0, NaN or "".
 *
 * An array lies in one piece, while rows come one after the other. So their columns are kept block by block in a file
 * beside, texts as their places in a list of those that differ, and are packed one after the other at the end: memory
 * is that of a block and of the texts that differ, however many rows there are.
 */
import { createRequire } from "node:module";
import { constants, crc32, deflateRawSync } from "node:zlib";
import type { ZipInputFile } from "fflate";
import { npyHeader } from "../data/npy.js";
import { ARRAY_TIME, DEFLATED } from "../data/zip.js";
import { bad } from "../errors.js";
import type { Block, Values } from "./block.js";
import type { Column } from "./columns.js";
import type { TableFile } from "./folder.js";
import type { PartFile, Piece } from "./part-file.js";

const require = createRequire(import.meta.url);
/** Loaded with the first file: most commands do without. */
const fflate = (): typeof import("fflate") => require("fflate");

const MASK = "_isnull";
const MOST_BYTES = 2 ** 32 - 1; // that a zip archive can say of a member or of a place
const EXPANDED_AT_ONCE = 2 ** 20; // bytes of texts
const QUICK = { level: 1, finishFlush: constants.Z_SYNC_FLUSH } as const;

/** What is kept of a column until the end. */
interface Kept {
  readonly column: Column;
  readonly values: Piece[];
  readonly masks: Piece[];
  /** Of a column of texts: those that differ, each with its place among them. */
  readonly texts: Map<string, number>;
}

export function npzFile(file: PartFile, columns: readonly Column[]): TableFile {
  const beside = file.beside();
  const kept = columns.map((column): Kept => ({ column, values: [], masks: [], texts: new Map() }));
  let rows = 0;
  return {
    add: (block) => {
      rows += block.rows;
      for (const [i, values] of block.columns.entries()) keep(beside, kept[i], values, block);
    },
    end: () => pack(file, beside, kept, rows),
  };
}

function keep(beside: PartFile, { values, masks, texts, column }: Kept, from: Values, { rows }: Block): void {
  values.push(beside.write(from.type === "text" ? placesOf(from.values, rows, texts) : bytesOf(from.values, rows)));
  if (column.nullable) masks.push(beside.write(bytesOf(from.isNull, rows)));
}

function bytesOf(values: BigInt64Array | Float64Array | Uint8Array, rows: number): Uint8Array {
  return new Uint8Array(values.buffer, 0, rows * values.BYTES_PER_ELEMENT);
}

function placesOf(values: readonly string[], rows: number, texts: Map<string, number>): Uint8Array {
  const places = new Uint32Array(rows);
  for (let r = 0; r < rows; r++) {
    const place = texts.get(values[r]) ?? texts.size;
    if (place === texts.size) texts.set(values[r], place);
    places[r] = place;
  }
  return new Uint8Array(places.buffer);
}

type Zip = InstanceType<typeof import("fflate")["Zip"]>;

function pack(file: PartFile, beside: PartFile, kept: readonly Kept[], rows: number): void {
  const zip = new (fflate().Zip)((error, bytes) => {
    if (error !== null) throw error;
    file.write(bytes);
    if (file.length > MOST_BYTES)
      throw bad("--format npz must be of files of less than 4 GiB, got a larger one: take --format parquet");
  });
  for (const { column, values, masks, texts } of kept) {
    if (column.type === "text") packTexts(zip, column.name, { rows, texts, places: piecesOf(beside, values) });
    else
      packArray(
        zip,
        { name: column.name, descr: column.type === "integer" ? "<i8" : "<f8", rows, bytes: 8 },
        piecesOf(beside, values),
      );
    if (column.nullable)
      packArray(zip, { name: `${column.name}${MASK}`, descr: "|b1", rows, bytes: 1 }, piecesOf(beside, masks));
  }
  zip.end();
}

function* piecesOf(beside: PartFile, pieces: readonly Piece[]): Generator<Uint8Array> {
  for (const piece of pieces) yield beside.read(piece);
}

interface Texts {
  readonly rows: number;
  readonly texts: ReadonlyMap<string, number>;
  readonly places: Iterable<Uint8Array>;
}

/** numpy keeps each character of a text in 32 bits, and each text of an array as long as its longest. */
function packTexts(zip: Zip, name: string, { rows, texts, places }: Texts): void {
  const points = [...texts.keys()].map((text) => Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0));
  const width = points.reduce((most, { length }) => Math.max(most, length), 1);
  packArray(zip, { name, descr: `<U${width}`, rows, bytes: 4 * width }, expanded(places, points, width));
}

function* expanded(places: Iterable<Uint8Array>, points: readonly Uint32Array[], width: number): Generator<Uint8Array> {
  const most = Math.max(1, Math.floor(EXPANDED_AT_ONCE / (4 * width)));
  for (const { buffer, byteOffset, length } of places) {
    const all = new Uint32Array(buffer, byteOffset, length / 4);
    for (let at = 0; at < all.length; at += most) {
      const some = all.subarray(at, at + most);
      const padded = new Uint32Array(some.length * width);
      for (const [i, place] of some.entries()) padded.set(points[place], i * width);
      yield new Uint8Array(padded.buffer);
    }
  }
}

interface ArrayOf {
  readonly name: string;
  /** Its type, as numpy writes it, and how many bytes a value has. */
  readonly descr: string;
  readonly bytes: number;
  readonly rows: number;
}

function packArray(zip: Zip, { name, descr, bytes, rows }: ArrayOf, values: Iterable<Uint8Array>): void {
  const header = npyHeader(descr, [rows]);
  if (header.length + rows * bytes > MOST_BYTES)
    throw bad(
      `--format npz must be of arrays of less than 4 GiB, but ${name} is of ${rows} rows of ${bytes} bytes: take --format parquet`,
    );
  const member = { filename: `${name}.npy`, size: 0, crc: 0, compression: DEFLATED, mtime: ARRAY_TIME } as ZipInputFile;
  zip.add(member);
  const add = (raw: Uint8Array, isLast: boolean): void => {
    member.size += raw.length;
    member.crc = crc32(raw, member.crc);
    member.ondata?.(null, deflateRawSync(raw, isLast ? {} : QUICK), isLast);
  };
  add(header, false);
  for (const piece of values) add(piece, false);
  add(new Uint8Array(0), true); // what is packed piece by piece has an end of its own
}
