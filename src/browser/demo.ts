/** The demo: the notebook's trial in a browser, with λ under one's hand. */
import { balanced } from "../figures/balance.js";
import { type Chart, draw, type Line } from "./demo/chart.js";
import { type Specs, startEngine, Trials } from "./demo/trial.js";

interface Carried {
  readonly wasm: string;
  readonly specs: Specs;
  readonly trained: number;
}

const FRAMES = 75; // that a first drawing takes

function the<Kind extends Element>(selector: string): Kind {
  const found = document.querySelector<Kind>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

const { wasm, specs, trained } = JSON.parse(the("#carried").textContent ?? "") as Carried;
const [svg, said, command] = [the<SVGSVGElement>("#chart"), the("#said"), the("#command")];
const [lambda, epochs] = [the<HTMLInputElement>("#lambda"), the<HTMLInputElement>("#epochs")];
const [trial, dataSeed] = [the<HTMLInputElement>("#trial"), the<HTMLInputElement>("#data-seed")];
const preset = the<HTMLSelectElement>("#preset");

interface Seen extends Chart {
  readonly accuracies: Readonly<Record<string, number>>;
}

/** What is trained for the controls as they stand. */
function seen(trials: Trials): Seen {
  const of = (method: string, own: { lambda: number | null; epochs: number | null }) =>
    trials.curve({
      ...{ preset: preset.value, method, ...own },
      trial: Number(trial.value),
      dataSeed: Number(dataSeed.value),
    });
  const fresh = { lambda: null, epochs: null };
  const [original, retrain] = [of("original", fresh), of("retrain_scratch", fresh)];
  const own = { lambda: Number(lambda.value), epochs: Number(epochs.value) };
  const [unlearn, tuned] = [of("unlearn", own), of("fine_tune", { lambda: null, epochs: own.epochs })];
  const { crossEntropy, penalty } = specs[preset.value]["unlearn"].cell.objective;
  const last = (values: Float64Array): number => values[values.length - 1];
  const from = last(original.forgetProbability);
  const lines: Line[] = [
    { name: "original", look: "original", phase: "training", from: null, values: original.forgetProbability },
    { name: "retrained", look: "retrain", phase: "training", from: null, values: retrain.forgetProbability },
    { name: "fine-tuned", look: "fine-tune", phase: "unlearning", from, values: tuned.forgetProbability },
    { name: "unlearned", look: "unlearn", phase: "unlearning", from, values: unlearn.forgetProbability },
  ];
  return {
    ...{ lines, trained, unlearned: own.epochs, level: last(retrain.forgetProbability) },
    settles: own.lambda > 0 ? balanced((2 * crossEntropy.forget) / penalty.forget / own.lambda) : null,
    accuracies: {
      original: last(original.trainAccuracy),
      retrained: last(retrain.trainAccuracy),
      "fine-tuned": last(tuned.trainAccuracy),
      unlearned: last(unlearn.trainAccuracy),
    },
  };
}

function tell({ lines, accuracies }: Seen): void {
  const rows = lines.map(({ name, values }) => {
    const row = document.createElement("tr");
    for (const text of [name, values[values.length - 1].toFixed(4), accuracies[name].toFixed(4)])
      row.append(Object.assign(document.createElement(row.children.length === 0 ? "th" : "td"), { textContent: text }));
    return row;
  });
  the("#numbers").replaceChildren(...rows);
  command.textContent = `GMM_SWEEP_ISA=wasm npx gmm-sweep train --method unlearn --lambda ${lambda.value} --epochs ${epochs.value} --trial ${trial.value} --data-seed ${dataSeed.value} --preset ${preset.value}`;
  const [, retrained, , unlearned] = lines.map(({ values }) => values[values.length - 1]);
  said.textContent = `Forget probability: unlearned ${unlearned.toFixed(3)}, retrained ${retrained.toFixed(3)}.`;
}

/** Trained and told at once; drawn epoch by epoch where it was asked for and motion is welcome. */
function show(trials: Trials, isAnimated: boolean): void {
  const now = seen(trials);
  tell(now);
  const whole = now.trained + now.unlearned;
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches || !isAnimated;
  let frame = isStill ? FRAMES : 0;
  const shown = ++drawing;
  const next = (): void => {
    if (shown !== drawing) return; // another drawing has begun
    draw(svg, now, (whole * frame) / FRAMES);
    if (frame++ < FRAMES) requestAnimationFrame(next);
  };
  next();
}

let drawing = 0;

function name(input: HTMLInputElement): void {
  the(`output[for=${input.id}]`).textContent = input.value;
}

async function start(): Promise<void> {
  const trials = new Trials(await startEngine(wasm), specs);
  for (const input of [lambda, epochs])
    input.addEventListener("input", () => {
      name(input);
      show(trials, false);
    });
  for (const input of [trial, dataSeed, preset])
    input.addEventListener("change", () => {
      if (trial.validity.valid && dataSeed.validity.valid) show(trials, true);
    });
  the("#train").addEventListener("click", () => show(trials, true));
  the("#copy").addEventListener("click", () => void navigator.clipboard.writeText(command.textContent ?? ""));
  for (const input of [lambda, epochs]) name(input);
  // What a test, or whoever is curious, holds against the command line.
  Object.assign(window, { curveOf: trials.curve.bind(trials) });
  show(trials, true);
}

start().catch((error: unknown) => {
  said.textContent = `It does not run here: ${error instanceof Error ? error.message : String(error)}`;
});
