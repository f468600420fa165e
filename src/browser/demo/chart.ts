/** The demo's chart: training on the left, unlearning on the right, the forget probability upwards. */

const NS = "http://www.w3.org/2000/svg";
const [TOP, BOTTOM] = [40, 48]; // px around the lines
const WIDE = { left: 48, split: 0.55 };
const NARROW = { left: 36, split: 0.5 };
const GAP = 8; // px before and after the names beside the lines
const WIDE_FROM = 560; // px

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
  /** What the original and retraining came to. */
  readonly original: number;
  readonly level: number;
  /** Where the penalty would lead x alone; null: nowhere. */
  readonly settles: number | null;
}

/** From epochs and probabilities to pixels; `split` of the width is training. */
interface Places {
  readonly left: number;
  readonly middle: number;
  readonly end: number;
  readonly bottom: number;
  readonly x: (phase: Line["phase"], epoch: number) => number;
  readonly y: (probability: number) => number;
}

/** Draws it anew into `svg`, as large as that is on the screen; `upTo` is how many epochs of the whole are drawn. */
export function draw(svg: SVGSVGElement, chart: Chart, upTo: number): void {
  const [width, height] = [svg.clientWidth, svg.clientHeight];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const places = placesIn(width, height, widestName(svg, chart), chart);
  const isTrained = upTo >= chart.trained;
  svg.replaceChildren(
    ...axes(places, chart),
    ...(isTrained ? levels(places, chart) : []),
    ...chart.lines.flatMap((line) => drawnLine(places, line, shownOf(line, chart, upTo))),
    ...(isTrained ? middleLabels(places, chart) : []),
    ...labels(places, chart, upTo),
  );
}

/** How wide the names beside the lines come to be, in px: whose letters the page gets, its reader's machine says. */
function widestName(svg: SVGSVGElement, { lines }: Chart): number {
  const names = lines.filter(isNamed).map((line) => words(0, 0, nameOf(line), "start", line.look));
  svg.replaceChildren(...names);
  return Math.max(...names.map((name) => name.getComputedTextLength()));
}

function placesIn(width: number, height: number, names: number, { trained, unlearned }: Chart): Places {
  const { left, split } = width < WIDE_FROM ? NARROW : WIDE;
  const [end, bottom] = [width - names - 2 * GAP, height - BOTTOM];
  const middle = left + split * (end - left);
  return {
    ...{ left, middle, end, bottom },
    x: (phase, epoch) =>
      phase === "training" ? left + (epoch / trained) * (middle - left) : middle + (epoch / unlearned) * (end - middle),
    y: (probability) => TOP + (1 - probability) * (bottom - TOP),
  };
}

function axes({ left, middle, end, bottom, x, y }: Places, { trained, unlearned }: Chart): SVGElement[] {
  return [
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((p) => [
      made("line", { x1: left, x2: end, y1: y(p), y2: y(p), class: "rule" }),
      words(left - 6, y(p) + 4, String(p), "end"),
    ]),
    ...[0, trained / 2, trained].map((epoch) => words(x("training", epoch), bottom + 18, String(epoch))),
    words(end, bottom + 18, `+${unlearned}`),
    words(0, 14, "forget probability of x", "start"),
    words((left + middle) / 2, bottom + 38, "epochs of training"),
    words((middle + end) / 2, bottom + 38, "of unlearning"),
    made("line", { x1: middle, x2: middle, y1: TOP, y2: bottom, class: "divide" }),
  ];
}

/** What unlearning is held against. */
function levels({ middle, end, y }: Places, { level, settles }: Chart): SVGElement[] {
  const across = (p: number, look: string): SVGElement =>
    made("line", { x1: middle, x2: end, y1: y(p), y2: y(p), class: look });
  return [across(level, "level"), ...(settles === null ? [] : [across(settles, "settles")])];
}

/** How many epochs of a line are drawn. */
function shownOf({ phase, values }: Line, { trained }: Chart, upTo: number): number {
  return Math.min(values.length, Math.max(0, Math.floor(upTo) - (phase === "training" ? 0 : trained)));
}

function drawnLine({ x, y }: Places, { look, phase, from, values }: Line, shown: number): SVGElement[] {
  if (shown === 0) return [];
  const points = Array.from({ length: shown }, (_, i) => `${x(phase, i + 1)},${y(values[i])}`);
  if (from !== null) points.unshift(`${x(phase, 0)},${y(from)}`);
  return [made("polyline", { points: points.join(" "), class: `line ${look}` })];
}

/** The names of what has no label beside the chart, over its lines: the original's on the side that is turned away from the other line. */
function middleLabels({ middle, end, y }: Places, { original, level, settles }: Chart): SVGElement[] {
  const name = words(middle - 6, y(original) + (original >= level ? -8 : 18), "original", "end", "original");
  return settles === null ? [name] : [name, words((middle + end) / 2, y(settles) - 5, "λ’s balance")];
}

/** The names and last values of the lines that are drawn to their ends, beside the chart. */
function labels({ end, y }: Places, chart: Chart, upTo: number): SVGElement[] {
  const placed = chart.lines
    .filter((line) => isNamed(line) && shownOf(line, chart, upTo) === line.values.length)
    .map((line) => ({ at: y(lastOf(line)), text: nameOf(line), look: line.look }));
  return apart(placed).map(({ at, text, look }) => words(end + GAP, at + 4, text, "start", look));
}

/** Whether a line has its name beside the chart; the original's stands over the lines. */
function isNamed({ look }: Line): boolean {
  return look !== "original";
}

function nameOf(line: Line): string {
  return `${line.name} ${lastOf(line).toFixed(3)}`;
}

function lastOf({ values }: Line): number {
  return values[values.length - 1];
}

const LEAST_APART = 15; // px

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

function made<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS(NS, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}

function words(x: number, y: number, text: string, anchor = "middle", look = ""): SVGTextElement {
  const element = made("text", { x, y, "text-anchor": anchor, class: look });
  element.textContent = text;
  return element;
}
