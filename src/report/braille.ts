/** Curves and distributions in a terminal: two dots across and four down to a character of braille. */

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
const LABEL = 8; // characters in front of the picture
const PLACES = 3;

/** A curve of one value an epoch, the first at epoch `first`, under its title; nothing of one that has no number. */
export function curvePicture(title: string, values: readonly (number | null)[], width: number): string {
  const there = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (there.length === 0) return "";
  const size = { width: Math.max(ACROSS, width - LABEL), height: HEIGHT };
  const axis = spread(there);
  const canvas = new Canvas(size);
  const columns = size.width * ACROSS;
  const heightOf = (value: number): number =>
    Math.round(((value - axis.low) / (axis.high - axis.low)) * (HEIGHT * DOWN - 1));
  let before: number | null = null;
  for (let x = 0; x < columns; x++) {
    const value = values[Math.round((x / Math.max(1, columns - 1)) * (values.length - 1))];
    if (value === null || !Number.isFinite(value)) {
      before = null;
      continue;
    }
    const y = heightOf(value);
    // A steep way is drawn whole.
    const from = before ?? y;
    for (let dot = Math.min(from, y); dot <= Math.max(from, y); dot++) canvas.dot(x, dot);
    before = y;
  }
  return picture(title, canvas, { axis, ends: ["epoch 1", `epoch ${values.length}`], width });
}

/** How many of the values lie where, as columns. */
export function distributionPicture(title: string, values: readonly number[], width: number): string {
  if (values.length === 0) return "";
  const size = { width: Math.max(ACROSS, width - LABEL), height: HEIGHT };
  const axis = spread(values);
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
  const ends: [string, string] = [axis.low.toFixed(PLACES), axis.high.toFixed(PLACES)];
  return picture(title, canvas, { axis: { low: 0, high: most }, ends, width });
}

/** From the least to the most, and never nothing. */
function spread(values: readonly number[]): Axis {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return high > low ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

interface Frame {
  readonly axis: Axis;
  readonly ends: readonly [string, string];
  readonly width: number;
}

function picture(title: string, canvas: Canvas, { axis, ends: [first, last], width }: Frame): string {
  const told = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(PLACES));
  const lines = canvas.lines().map((line, row) => {
    const label = row === 0 ? told(axis.high) : row === HEIGHT - 1 ? told(axis.low) : "";
    return `${label.padStart(LABEL - 1)} ${line}`.trimEnd();
  });
  const under = `${" ".repeat(LABEL)}${first}${last.padStart(Math.max(1, width - LABEL - first.length))}`;
  return [title, ...lines, under].map((line) => `${line}\n`).join("");
}
