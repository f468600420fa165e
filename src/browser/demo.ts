/** The demo: the notebook's trial in a browser, with λ under one's hand. */
import type { Curve } from "../engine/contract.js";
import { messageOf } from "../errors.js";
import { settlingUnder } from "../figures/balance.js";
import { type Chart, draw, type Line } from "./demo/chart.js";
import type { Asked, Specs } from "./demo/messages.js";
import { Trainer } from "./demo/trainer.js";
import { element } from "./shared/element.js";

interface Carried {
  readonly worker: string;
  readonly wasm: string;
  readonly specs: Specs;
  readonly trained: number;
}

const DRAWING_MS = 1500; // from the first epoch to the last
const DIGITS = 9; // of a number in the table of `gmm-sweep train`

function the<Kind extends Element>(selector: string): Kind {
  const found = document.querySelector<Kind>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

const { worker, wasm, specs, trained } = JSON.parse(the("#carried").textContent ?? "") as Carried;
const [main, form, svg] = [the("main"), the<HTMLFormElement>("form"), the<SVGSVGElement>("#chart")];
const [said, spoken, command] = [the("#said"), the("#spoken"), the("#command")];
const [lambda, epochs] = [the<HTMLInputElement>("#lambda"), the<HTMLInputElement>("#epochs")];
const [trial, dataSeed] = [the<HTMLInputElement>("#trial"), the<HTMLInputElement>("#data-seed")];
const preset = the<HTMLSelectElement>("#preset");

/** The controls as they stand. */
interface Controls {
  readonly preset: string;
  readonly trial: number;
  readonly dataSeed: number;
  readonly lambda: number;
  readonly epochs: number;
}

interface Net extends Line {
  readonly accuracy: number;
  /** The forget probability after its last epoch. */
  readonly ends: number;
}

interface Seen extends Chart {
  /** In the order of the table. */
  readonly lines: readonly Net[];
}

function controls(): Controls {
  const numbers = { trial: Number(trial.value), dataSeed: Number(dataSeed.value) };
  return { preset: preset.value, ...numbers, lambda: Number(lambda.value), epochs: Number(epochs.value) };
}

/** Trains what the controls ask for. */
async function train(trainer: Trainer, { lambda, epochs, ...common }: Controls): Promise<Seen> {
  const asked = (method: string, own: Pick<Asked, "lambda" | "epochs">): Asked => ({ ...common, method, ...own });
  const fresh = { lambda: null, epochs: null };
  const [original, retrained, tuned, unlearned] = await trainer.curves([
    asked("original", fresh),
    asked("retrain_scratch", fresh),
    asked("fine_tune", { lambda: null, epochs }),
    asked("unlearn", { lambda, epochs }),
  ]);
  const from = last(original.forgetProbability);
  const { objective } = specs[common.preset]["unlearn"].cell;
  return {
    lines: [
      net("original", "original", null, original),
      net("retrained", "retrain", null, retrained),
      net("fine-tuned", "fine-tune", from, tuned),
      net("unlearned", "unlearn", from, unlearned),
    ],
    ...{ trained, unlearned: epochs, original: from, level: last(retrained.forgetProbability) },
    settles: settlingUnder(objective, lambda)?.p ?? null,
  };
}

function net(name: string, look: Line["look"], from: number | null, curve: Curve): Net {
  const values = curve.forgetProbability;
  const phase = from === null ? "training" : "unlearning";
  return { name, look, phase, from, values, accuracy: last(curve.trainAccuracy), ends: last(values) };
}

function last(values: Float64Array): number {
  return values[values.length - 1];
}

function tell({ lines, level }: Seen, { preset, trial, dataSeed, lambda, epochs }: Controls): void {
  the("#numbers").replaceChildren(
    ...lines.map(({ name, look, ends, accuracy }) => {
      const off = look === "retrain" ? "" : signed(ends - level);
      const numbers = [ends.toFixed(4), off, accuracy.toFixed(4)].map((text) =>
        element("td", { class: "number" }, text),
      );
      return element("tr", {}, element("th", { scope: "row" }, name), ...numbers);
    }),
  );
  const { ends } = lines[lines.length - 1];
  said.textContent = `Unlearned, the net gives x's label a probability of ${ends.toFixed(3)}; retrained, it gives ${level.toFixed(3)}.`;
  const given = { method: "unlearn", lambda, epochs, trial, "data-seed": dataSeed, preset };
  const options = Object.entries(given).map(([option, value]) => `--${option} ${value}`);
  // What belongs together stays on one line.
  const words = ["GMM_SWEEP_ISA=wasm", "npx gmm-sweep train", ...options].map((word) => element("span", {}, word));
  command.replaceChildren(...words.flatMap((word, i) => (i === 0 ? [word] : [" ", word])));
  the("#last").textContent = String(Number(ends.toPrecision(DIGITS)));
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}

let shown: { readonly chart: Chart; upTo: number } | null = null;

/** Draws what was trained: at once, or epoch by epoch where that was asked for and motion is welcome. */
function show(chart: Chart, isAnimated: boolean): void {
  const mine = { chart, upTo: 0 };
  shown = mine;
  const whole = chart.trained + chart.unlearned;
  const isStill = !isAnimated || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const began = performance.now();
  const next = (): void => {
    if (shown !== mine) return; // another drawing has begun
    const part = isStill ? 1 : Math.min(1, (performance.now() - began) / DRAWING_MS);
    mine.upTo = whole * part;
    draw(svg, chart, mine.upTo);
    if (part < 1) requestAnimationFrame(next);
  };
  next();
}

/** How what is trained next is to be shown. */
interface Wish {
  readonly isAnimated: boolean;
  /** Whether a screen reader is to say what came out: at the end of a move, not while the slider is on its way. */
  readonly isSpoken: boolean;
}

/** Trains and shows what the controls say, one thing at a time: what was asked for in between is left out but the newest. */
function newestShown(trainer: Trainer): (wish: Wish) => void {
  let [wished, isBusy]: [Wish | null, boolean] = [null, false];
  const work = async (): Promise<void> => {
    isBusy = true;
    main.setAttribute("aria-busy", "true");
    try {
      while (wished !== null) {
        const { isAnimated, isSpoken }: Wish = wished;
        wished = null;
        const asked = controls();
        const seen = await train(trainer, asked);
        tell(seen, asked);
        if (isSpoken) spoken.textContent = said.textContent;
        show(seen, isAnimated);
      }
    } finally {
      main.setAttribute("aria-busy", "false");
      isBusy = false;
    }
  };
  return ({ isAnimated, isSpoken }) => {
    labelSliders();
    if (!form.reportValidity()) return;
    wished = { isAnimated: isAnimated || wished?.isAnimated === true, isSpoken: isSpoken || wished?.isSpoken === true };
    if (!isBusy) work().catch(giveUp);
  };
}

/** Puts the sliders' values beside them. */
function labelSliders(): void {
  for (const input of [lambda, epochs]) the(`output[for=${input.id}]`).textContent = input.value;
}

function giveUp(error: unknown): void {
  said.textContent = `It does not run here: ${messageOf(error)}`;
  spoken.textContent = said.textContent;
}

async function copy(): Promise<void> {
  const copied = the("#copied");
  try {
    await navigator.clipboard.writeText(command.textContent ?? "");
    copied.textContent = "Copied.";
  } catch {
    // A page that did not come by https or from the disk has no clipboard.
    getSelection()?.selectAllChildren(command);
    copied.textContent = "It is selected: copy it with Ctrl-C.";
  }
}

function start(): void {
  const trainer = new Trainer(worker, wasm, specs);
  const ask = newestShown(trainer);
  for (const input of [lambda, epochs]) {
    input.addEventListener("input", () => ask({ isAnimated: false, isSpoken: false }));
    input.addEventListener("change", () => ask({ isAnimated: false, isSpoken: true }));
  }
  for (const input of [trial, dataSeed, preset])
    input.addEventListener("change", () => ask({ isAnimated: true, isSpoken: true }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask({ isAnimated: true, isSpoken: true });
  });
  the("#copy").addEventListener("click", copy);
  new ResizeObserver(() => {
    if (shown !== null) draw(svg, shown.chart, shown.upTo);
  }).observe(svg);
  // What a test, or whoever is curious, holds against the command line.
  Object.assign(window, { curvesOf: (asked: readonly Asked[]) => trainer.curves(asked) });
  ask({ isAnimated: true, isSpoken: true });
}

try {
  start();
} catch (error) {
  giveUp(error);
}
