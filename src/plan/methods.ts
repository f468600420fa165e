/** Methods as data. A method is a record: where it starts, what each row weighs, λ and epochs; engines, threads and stores know nothing of it. */
import { createHash } from "node:crypto";
import { bad } from "../errors.js";

/** What a retained row and a forget row weigh in a term, as expressions of n, k and the method's parameters. */
export interface TermWeights {
  readonly retained: string;
  readonly forget: string;
}

/** A method that can be stored, hashed and sent: every number that it depends on stands in it. */
export interface MethodRecord {
  /** What keys call it. */
  readonly name: string;
  /** The method whose trained net it goes on from; null: fresh weights. */
  readonly start: string | null;
  readonly crossEntropy: TermWeights;
  readonly penalty: TermWeights;
  /** Whether it trains the forget rows towards their own labels or the other ones. */
  readonly forgetLabels: "kept" | "flipped";
  /** λ and epochs where the user says nothing. */
  readonly lambda: number;
  readonly epochs: number;
  readonly parameters: Readonly<Record<string, number>>;
  /**
   * The method that this one is a second, independent set of: trained as that one is, whatever a preset puts in place of
   * its weights, but always from fresh weights of its own. Not there in any other record: plans are kept as text, and
   * those of before have no such field.
   */
  readonly twinOf?: string;
}

/** A method as a user defines it: parameters may have several values, each combination of which is a record. */
export interface MethodDefinition extends Omit<MethodRecord, "parameters" | "twinOf"> {
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

const NAME = /^[a-z]\w{0,31}$/;

/** The name of a user's method or parameter; `option` is what an error calls it. */
export function parseDefinedName(option: string, name: string): string {
  if (NAME.test(name)) return name;
  throw bad(`${option} must be named by up to 32 letters, digits and underscores from a small letter on, got ${name}`);
}

/** The mean over D ∪ F. */
const ALL_ROWS: TermWeights = { retained: "1/(n + k)", forget: "1/(n + k)" };
/** The mean over D; F weighs nothing. */
const RETAINED_ROWS: TermWeights = { retained: "1/n", forget: "0" };
/** The mean over the notebook's X_train, which is D ∪ F followed by D again. */
export const NOTEBOOK_ROWS: TermWeights = { retained: "2/(2*n + k)", forget: "1/(2*n + k)" };

const KEPT = { forgetLabels: "kept", parameters: {} } as const;

// To add a method, add a record here: nothing else needs to know it.
export const METHODS: readonly MethodRecord[] = [
  { name: "original", start: null, crossEntropy: ALL_ROWS, penalty: NOTEBOOK_ROWS, lambda: 0, epochs: 100, ...KEPT },
  {
    name: "retrain_scratch",
    start: null,
    crossEntropy: RETAINED_ROWS,
    penalty: RETAINED_ROWS,
    lambda: 0,
    epochs: 100,
    ...KEPT,
  },
  {
    name: "unlearn",
    start: "original",
    crossEntropy: ALL_ROWS,
    penalty: NOTEBOOK_ROWS,
    lambda: 4.2,
    epochs: 5,
    ...KEPT,
  },
  {
    name: "retrain_original",
    start: "original",
    crossEntropy: ALL_ROWS,
    penalty: NOTEBOOK_ROWS,
    lambda: 0,
    epochs: 100,
    ...KEPT,
  },
  {
    name: "fine_tune",
    start: "original",
    crossEntropy: RETAINED_ROWS,
    penalty: RETAINED_ROWS,
    lambda: 0,
    epochs: 5,
    ...KEPT,
  },
  {
    // Up the loss of F alone, as Thudi et al. 2022 (arXiv 2109.13398) and Golatkar et al. 2020 (arXiv 1911.04933) name it.
    name: "gradient_ascent",
    start: "original",
    crossEntropy: { retained: "0", forget: "-1/k" },
    penalty: { retained: "0", forget: "1/k" },
    lambda: 0,
    epochs: 5,
    ...KEPT,
  },
  {
    name: "relabel",
    start: "original",
    crossEntropy: ALL_ROWS,
    penalty: NOTEBOOK_ROWS,
    forgetLabels: "flipped",
    lambda: 0,
    epochs: 5,
    parameters: {},
  },
  {
    // How fast an unlearned net learns x again: plain training, whose curve says when it is as sure of x as the original.
    name: "relearn",
    start: "unlearn",
    crossEntropy: ALL_ROWS,
    penalty: NOTEBOOK_ROWS,
    lambda: 0,
    epochs: 50,
    ...KEPT,
  },
  {
    // How far two sets of retrained nets lie apart that differ by chance alone: what any difference is held against.
    name: "retrain_twin",
    start: null,
    crossEntropy: RETAINED_ROWS,
    penalty: RETAINED_ROWS,
    lambda: 0,
    epochs: 100,
    ...KEPT,
    twinOf: "retrain_scratch",
  },
];

export const METHOD_NAMES: readonly string[] = METHODS.map(({ name }) => name);

/** The notebook's own four. */
export const NOTEBOOK_METHODS: readonly string[] = METHOD_NAMES.slice(0, 4);

/** The records of a user's method: one for each combination of its parameters' values, the last parameter's innermost. */
export function recordsOf(definition: MethodDefinition): MethodRecord[] {
  const { name, parameters, ...rest } = definition;
  const bindings = Object.entries(parameters).reduce<Record<string, number>[]>(
    (bound, [parameter, values]) => bound.flatMap((one) => values.map((value) => ({ ...one, [parameter]: value }))),
    [{}],
  );
  return bindings.map((bound) => {
    const record = { ...rest, parameters: Object.fromEntries(byName(bound)) };
    return { ...record, name: nameOf(name, record) };
  });
}

/** Whether a record has the name that `recordsOf` gives it. */
export function isNamedAfter(record: MethodRecord): boolean {
  const base = baseName(record.name);
  return NAME.test(base) && record.name === nameOf(base, record);
}

/** The name that the user gave: original, or neg_grad_plus of neg_grad_plus:beta=0.5~1f3a09bc. */
export function baseName(name: string): string {
  return name.split(/[:~]/, 1)[0];
}

/** What keys call a record of the user's method `base`: its parameters' values, and a hash that tells two definitions apart. */
function nameOf(base: string, record: Omit<MethodRecord, "name">): string {
  const values = byName(record.parameters).map(([parameter, value]) => `${parameter}=${value}`);
  // No comma, at which lists of methods are split.
  return `${[base, ...values].join(":")}~${definitionHash(record)}`;
}

/** Tells two methods of one name apart: the first 32 bits of SHA-256 over what a record does; λ and epochs are in the key anyway. */
function definitionHash({
  start,
  crossEntropy,
  penalty,
  forgetLabels,
  parameters,
}: Omit<MethodRecord, "name">): string {
  const terms = [crossEntropy, penalty].map(({ retained, forget }) => [retained, forget]);
  const text = JSON.stringify([start, terms, forgetLabels, byName(parameters)]);
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Parameters in one order, whatever order they were written or stored in. */
function byName(parameters: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
}
