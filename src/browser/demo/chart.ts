/** The demo's chart: training on the left, unlearning on the right, the forget probability upwards. */

const NS = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [760, 380];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 150, 32, 44];
const SPLIT = 0.55; // of the width is training

export interface Line {
  readonly name: string;
  readonly look: "original" | "retrain" | "unlearn" | "fine-tune";
  /** The phase it is drawn in. */
  readonly phase: "training" | "unlearning";
  /** What it goes on from; null: fresh weights. */
  readonly from: number | null;
  readonly values: ArrayLike<number>;
}

export interface Chart {
  readonly lines: readonly Line[];
  readonly trained: number;
  readonly unlearned: number;
  /** What retraining came to. */
  readonly level: number;
  /** Where the penalty leads; null: nowhere. */
  readonly settles: number | null;
}

/** Draws it anew into `svg`; `upTo` is how many epochs of the whole are drawn. */
export function draw(svg: SVGSVGElement, { lines, trained, unlearned, level, settles }: Chart, upTo: number): void {
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const inner = WIDTH - LEFT - RIGHT;
  const middle = LEFT + SPLIT * inner;
  const end = WIDTH - RIGHT;
  const y = (p: number): number => TOP + (1 - p) * (HEIGHT - TOP - BOTTOM);
  const x = (phase: Line["phase"], epoch: number): number =>
    phase === "training"
      ? LEFT + (epoch / trained) * (middle - LEFT)
      : middle + (epoch / Math.max(1, unlearned)) * (end - middle);
  const parts: SVGElement[] = [];
  for (const p of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(made("line", { x1: LEFT, x2: end, y1: y(p), y2: y(p), class: "rule" }));
    parts.push(words(LEFT - 6, y(p) + 4, String(p), "end"));
  }
  for (const epoch of [0, trained / 2, trained])
    parts.push(words(x("training", epoch), HEIGHT - BOTTOM + 18, String(epoch)));
  if (unlearned > 0) parts.push(words(end, HEIGHT - BOTTOM + 18, `+${unlearned}`));
  parts.push(words(LEFT - 30, TOP - 10, "forget probability of x", "start"));
  parts.push(words((LEFT + middle) / 2, HEIGHT - 8, "epochs of training"));
  parts.push(words((middle + end) / 2, HEIGHT - 8, "of unlearning"));
  parts.push(made("line", { x1: middle, x2: middle, y1: TOP, y2: HEIGHT - BOTTOM, class: "divide" }));
  if (upTo >= trained) parts.push(made("line", { x1: middle, x2: end, y1: y(level), y2: y(level), class: "level" }));
  if (settles !== null) {
    parts.push(made("line", { x1: middle, x2: end, y1: y(settles), y2: y(settles), class: "settles" }));
    parts.push(words((middle + end) / 2, y(settles) - 5, "where λ leads"));
  }
  const labels: { readonly at: number; readonly line: Line; readonly value: number }[] = [];
  for (const line of lines) {
    const begun = line.phase === "training" ? 0 : trained;
    const shown = Math.min(line.values.length, Math.max(0, Math.floor(upTo) - begun));
    if (shown === 0) continue;
    const points = Array.from({ length: shown }, (_, i) => `${x(line.phase, i + 1)},${y(line.values[i])}`);
    if (line.from !== null) points.unshift(`${x(line.phase, 0)},${y(line.from)}`);
    parts.push(made("polyline", { points: points.join(" "), class: `line ${line.look}` }));
    const isLast = line.phase === "unlearning" || line.look === "retrain";
    if (shown === line.values.length && isLast)
      labels.push({ at: y(line.values[shown - 1]), line, value: line.values[shown - 1] });
  }
  for (const { at, line, value } of apart(labels))
    parts.push(words(end + 8, at + 4, `${line.name} ${value.toFixed(3)}`, "start", line.look));
  svg.replaceChildren(...parts);
}

const LEAST_APART = 15;

/** Labels from the top down, none over another. */
function apart<Label extends { readonly at: number }>(labels: readonly Label[]): Label[] {
  let last = Number.NEGATIVE_INFINITY;
  return labels
    .toSorted((a, b) => a.at - b.at)
    .map((label) => {
      last = Math.max(label.at, last + LEAST_APART);
      return { ...label, at: last };
    });
}

function made(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS(NS, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}

function words(x: number, y: number, text: string, anchor = "middle", look = ""): SVGElement {
  const element = made("text", { x, y, "text-anchor": anchor, class: look });
  element.textContent = text;
  return element;
}
