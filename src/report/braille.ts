/** Curves and distributions in a terminal: two dots across and four down to a character of braille. */
import { rounded } from "./verdict-words.js";

const [ACROSS, DOWN] = [2, 4];
const BLANK = 0x2800;
/** The bit of each dot in a character, by its row and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** So many characters. */
interface Size {
  readonly width: number;
  readonly height: number;
}

interface Axis {
  readonly low: number;
  readonly high: number;
}

class Canvas {
  readonly #size: Size;
  readonly #cells: Uint8Array;

  constructor(size: Size) {
    this.#size = size;
    this.#cells = new Uint8Array(size.width * size.height);
  }

  /** A dot, counted from the left and from the bottom. */
  dot(x: number, y: number): void {
    const { width, height } = this.#size;
    const row = height * DOWN - 1 - y;
    if (x < 0 || x >= width * ACROSS || row < 0 || row >= height * DOWN) return;
    this.#cells[Math.floor(row / DOWN) * width + Math.floor(x / ACROSS)] |= DOTS[row % DOWN][x % ACROSS];
  }

  lines(): string[] {
    const { width, height } = this.#size;
    return Array.from({ length: height }, (_, row) =>
      Array.from(this.#cells.subarray(row * width, (row + 1) * width), (cell) =>
        String.fromCodePoint(BLANK + cell),
      ).join(""),
    );
  }
}

const HEIGHT = 8; // characters
const LEAST_MARGIN = 8; // characters in front of the picture
const [LEAST_PLACES, MOST_PLACES] = [3, 15];

/** A curve of one value an epoch, the first at epoch `first`, under its title; nothing of one that has no number. */
export function curvePicture(title: string, values: readonly (number | null)[], width: number): string {
  const there = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (there.length === 0) return "";
  const axis = spread(there);
  const size = { width: Math.max(ACROSS, width - marginOf(axis)), height: HEIGHT };
  const canvas = new Canvas(size);
  const columns = size.width * ACROSS;
  const heightOf = (value: number): number =>
    Math.round(((value - axis.low) / (axis.high - axis.low)) * (HEIGHT * DOWN - 1));
  const placeOf = (x: number): number => (x / (columns - 1)) * (values.length - 1);
  for (let x = 0; x < columns; x++) {
    // Every epoch is drawn, however many share a column, and a steep way whole.
    const [from, to] = [placeOf(Math.max(0, x - 1)), placeOf(x)];
    const passed = [between(values, from), ...values.slice(Math.ceil(from), Math.floor(to) + 1), between(values, to)];
    const heights = passed.flatMap((value) => (value === null || !Number.isFinite(value) ? [] : [heightOf(value)]));
    const top = heights.reduce((a, b) => Math.max(a, b), -1);
    for (let y = heights.reduce((a, b) => Math.min(a, b), HEIGHT * DOWN); y <= top; y++) canvas.dot(x, y);
  }
  return picture(title, canvas, { axis, ends: ["epoch 1", `epoch ${values.length}`], width });
}

/** The value at a place between two epochs, on the line from one to the other. */
function between(values: readonly (number | null)[], place: number): number | null {
  const [before, after] = [values[Math.floor(place)], values[Math.ceil(place)]];
  return before === null || after === null ? null : before + (after - before) * (place - Math.floor(place));
}

/** How many of the values lie where, as columns. */
export function distributionPicture(title: string, values: readonly number[], width: number): string {
  if (values.length === 0) return "";
  const axis = spread(values);
  const size = { width: Math.max(ACROSS, width - LEAST_MARGIN), height: HEIGHT };
  const columns = size.width * ACROSS;
  const bins = Math.min(columns, Math.max(1, Math.ceil(2 * values.length ** (1 / 3)))); // Rice's rule
  const counts = new Array<number>(bins).fill(0);
  for (const value of values)
    counts[Math.min(bins - 1, Math.floor(((value - axis.low) / (axis.high - axis.low)) * bins))] += 1;
  const most = counts.reduce((a, b) => Math.max(a, b));
  const canvas = new Canvas(size);
  for (let x = 0; x < columns; x++) {
    // A single trial is seen, too.
    const high = Math.ceil((counts[Math.floor((x / columns) * bins)] / most) * HEIGHT * DOWN);
    for (let y = 0; y < high; y++) canvas.dot(x, y);
  }
  return picture(title, canvas, { axis: { low: 0, high: most }, ends: labelsOf(axis), width });
}

/** From the least to the most, and never nothing. */
function spread(values: readonly number[]): Axis {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return high > low ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

/** The ends of an axis, with decimals that tell them apart. */
function labelsOf({ low, high }: Axis): readonly [string, string] {
  const places = Math.ceil(-Math.log10(high - low)) + 1;
  const told = (value: number): string =>
    Number.isInteger(value) ? String(value) : rounded(value, Math.min(MOST_PLACES, Math.max(LEAST_PLACES, places)));
  return [told(low), told(high)];
}

function marginOf(axis: Axis): number {
  return labelsOf(axis).reduce((most, { length }) => Math.max(most, length + 1), LEAST_MARGIN);
}

interface Frame {
  readonly axis: Axis;
  readonly ends: readonly [string, string];
  readonly width: number;
}

function picture(title: string, canvas: Canvas, { axis, ends: [first, last], width }: Frame): string {
  const margin = marginOf(axis);
  const [low, high] = labelsOf(axis);
  const lines = canvas.lines().map((line, row) => {
    const label = row === 0 ? high : row === HEIGHT - 1 ? low : "";
    return `${label.padStart(margin - 1)} ${line}`;
  });
  const under = `${" ".repeat(margin)}${first}${` ${last}`.padStart(width - margin - first.length)}`;
  return [title, ...lines, under].map((line) => `${line}\n`).join("");
}
