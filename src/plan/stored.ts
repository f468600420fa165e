/** A plan read back from where it was stored: as strictly as what is typed, since a file may come from anywhere. */
import { ENGINE_NAMES, precisionsOf } from "../engine/engines.js";
import { bad, messageOf, SweepError } from "../errors.js";
import type { ImportedDraw } from "../trial.js";
import { expressionFault } from "./expression.js";
import {
  ascending,
  field,
  fieldsOf,
  isObject,
  list,
  mapping,
  number,
  oneOf,
  type Reader,
  shown,
  stringOf,
} from "./json.js";
import { isNamedAfter, METHODS, type MethodRecord, parseDefinedName, type TermWeights } from "./methods.js";
import { refuseEndlessWeights } from "./objective.js";
import {
  canonicalText,
  countSettings,
  type DrawAxes,
  type PerMethod,
  PLAN_VERSION,
  type PlanPart,
  RECORDS,
  type SweepPlan,
  withStarts,
} from "./plan.js";
import { PRESETS, type PresetRecord } from "./presets.js";
import { LIMITS, parseName, parseReal, parseSweepName, parseWhole, READ } from "./values.js";

/** Reads the text of a plan. Throws usage with the first field that is not as a plan has it. */
export function parsePlan(text: string): SweepPlan {
  try {
    const plan = readPlan(parseJson(text));
    if (canonicalText(plan) !== text) throw bad("text must be that of the plan it says, with nothing added");
    return plan;
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw bad(error.message.replace(/^--/, ""), { cause: error }); // no option says it here
  }
}

/** A plan as the text that is stored of it. Throws usage where `parsePlan` would refuse that text. */
export function textOfPlan(plan: SweepPlan): string {
  const text = canonicalText(plan);
  try {
    parsePlan(text);
    return text;
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw bad(
      `the plan of a sweep must be one that can be read back, but its ${error.message}: give what is asked for another --name`,
      { cause: error },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`text must be JSON (${messageOf(error)})`, { cause: error });
  }
}

function readPlan(given: unknown): SweepPlan {
  // The version is looked at first: of another one, other fields are no surprise.
  if (isObject(given)) field(given, "version", readVersion);
  const plan = fieldsOf("plan", given, {
    version: readVersion,
    name: (name, value) => (value === null ? null : parseSweepName(name, stringOf(name, value))),
    seed: number(READ.seed),
    engine: readEngine,
    record: oneOf(RECORDS),
    trials: number(READ.trials),
    presets: list(readPreset),
    methods: list(readMethod),
    parts: list(readPart),
  });
  refuseTwice(
    "presets",
    plan.presets.map(({ name }) => name),
  );
  refuseTwice(
    "methods",
    plan.methods.map(({ name }) => name),
  );
  checkStarts(plan.methods);
  for (const [i, part] of plan.parts.entries()) checkPart(`parts[${i}]`, part, plan);
  refuseUnused("presets", plan.presets, new Set(plan.parts.flatMap(({ presets }) => presets)));
  refuseEndlessWeights(plan);
  const methods = plan.parts.flatMap(({ methods }) => methods);
  refuseUnused("methods", plan.methods, new Set(withStarts(methods, plan.methods)));
  return plan;
}

/** A start that stands before cannot be part of a circle. */
function checkStarts(methods: readonly MethodRecord[]): void {
  const before = new Set<string>();
  for (const [i, { name, start }] of methods.entries()) {
    if (start !== null && !before.has(start))
      throw bad(`methods[${i}].start must be a method that stands before it, got ${start}`);
    before.add(name);
  }
}

/** What a part says of the plan that it is in. */
function checkPart(place: string, part: PlanPart, { presets, methods, trials }: SweepPlan): void {
  const [presetNames, methodNames] = [presets, methods].map((records) => records.map(({ name }) => name));
  refuseUnknown(`${place}.presets`, part.presets, presetNames);
  refuseUnknown(`${place}.methods`, part.methods, methodNames);
  refuseTwice(`${place}.presets`, part.presets);
  if (part.trials !== undefined) checkTrials(`${place}.trials`, part.trials, { presets, trials, named: part.presets });
  refuseTwice(`${place}.widths`, part.widths.map(String));
  const named = new Set(part.methods);
  const order = methodNames.filter((name) => named.has(name));
  if (String(order) !== String(part.methods))
    throw bad(
      `${place}.methods must be in the order of the plan's methods, ${order.join(", ")}, got ${part.methods.join(", ")}`,
    );
  const needed = new Set(withStarts(part.methods, methods));
  for (const name of ["epochs", "lambda"] as const) {
    const other = Object.keys(part[name]).find((method) => !needed.has(method));
    if (other !== undefined)
      throw bad(`${place}.${name} must be of methods of the part and their starts, got ${other}`);
    const missing = [...needed].find((method) => !Object.hasOwn(part[name], method));
    if (missing !== undefined) throw bad(`${place}.${name}.${missing} must be there, got nothing`);
  }
  const settings = countSettings(part);
  if (settings > LIMITS.settings) throw bad(`${place} must make at most ${LIMITS.settings} settings, got ${settings}`);
}

function checkTrials(
  place: string,
  given: number,
  of: Pick<SweepPlan, "presets" | "trials"> & { readonly named: readonly string[] },
): void {
  if (given >= of.trials) throw bad(`${place} must be fewer than the plan's ${of.trials}, got ${given}`);
  const copied = of.presets.find(({ name, startTrial }) => startTrial === "last" && of.named.includes(name));
  if (copied !== undefined)
    throw bad(
      `${place} must not be there under the preset ${copied.name}, whose trials go on from the last, got ${given}`,
    );
}

const readVersion: Reader<typeof PLAN_VERSION> = (field, given) => {
  if (given === PLAN_VERSION) return PLAN_VERSION;
  throw bad(`${field} must be ${PLAN_VERSION}, got ${shown(given)}`);
};

/** An engine that this gmm-sweep does not have may still have trained what is stored. */
const readEngine: Reader<SweepPlan["engine"]> = (field, given) => {
  const engine = fieldsOf(field, given, { name: readWord, precision: oneOf(["f32", "f64"]) });
  if (ENGINE_NAMES.includes(engine.name)) parseName(`${field}.precision`, engine.precision, precisionsOf(engine.name));
  return engine;
};

const readPreset: Reader<PresetRecord> = (field, given) => {
  const preset = fieldsOf(field, given, {
    name: readWord,
    freshLambda: number(READ.lambda),
    initialWeights: oneOf(["own", "shared"]),
    startTrial: oneOf(["own", "last"]),
    penalties: mapping((place, terms) => checkedTerms(place, terms, [])),
  });
  refuseOther(field, preset, PRESETS);
  return preset;
};

const readMethod: Reader<MethodRecord> = (field, given) => {
  const isTwin = isObject(given) && METHODS.some(({ name, twinOf }) => name === given["name"] && twinOf !== undefined);
  const method = isTwin
    ? fieldsOf(field, given, { ...METHOD_FIELDS, twinOf: stringOf })
    : fieldsOf(field, given, METHOD_FIELDS);
  const parameters = Object.keys(method.parameters);
  for (const name of parameters) parseDefinedName(`${field}.parameters`, name);
  for (const term of ["crossEntropy", "penalty"] as const) checkedTerms(`${field}.${term}`, method[term], parameters);
  refuseOther(field, method, METHODS);
  if (!METHODS.some(({ name }) => name === method.name) && !isNamedAfter(method))
    throw bad(`${field}.name must be the one that its definition gives, got ${method.name}`);
  return method;
};

/** Weights whose expressions are yet to be checked: which names there are, other fields say. */
const readTerms: Reader<TermWeights> = (field, given) =>
  fieldsOf(field, given, { retained: stringOf, forget: stringOf });

/** Those that every method has. */
const METHOD_FIELDS = {
  name: stringOf,
  start: (place: string, value: unknown) => (value === null ? null : stringOf(place, value)),
  crossEntropy: readTerms,
  penalty: readTerms,
  forgetLabels: oneOf(["kept", "flipped"]),
  lambda: number(READ.lambda),
  epochs: number(READ.epochs),
  parameters: mapping(number((place, text) => parseReal(place, text, -Number.MAX_VALUE, "a number"))),
} as const;

function checkedTerms(field: string, given: unknown, parameters: readonly string[]): TermWeights {
  const terms = readTerms(field, given);
  for (const rows of ["retained", "forget"] as const) {
    const fault = expressionFault(terms[rows], ["n", "k", ...parameters]);
    if (fault !== null) throw bad(`${field}.${rows} ${fault.sentence} (character ${fault.offset + 1})`);
  }
  return terms;
}

/** A part has trials of its own where they are fewer than the plan's. */
const readPart: Reader<PlanPart> = (field, given) => {
  if (!isObject(given) || !Object.hasOwn(given, "trials")) return readLists(field, given);
  const { trials, ...lists } = given;
  return { ...readLists(field, lists), trials: number(READ.trials)(`${field}.trials`, trials) };
};

const readLists: Reader<PlanPart> = (field, given) =>
  fieldsOf(field, given, {
    presets: list(stringOf),
    draws: readDraws,
    widths: list((place, widths) => READ.widths(place, list(number(parseWidth))(place, widths).join(","))),
    learningRates: ascending(READ.learningRate),
    methods: list(stringOf),
    epochs: mapping(ascending(READ.epochs)) as Reader<PerMethod>,
    lambda: mapping(ascending(READ.lambda)) as Reader<PerMethod>,
  });

const readDraws: Reader<DrawAxes> = (field, given) => {
  if (isObject(given) && given["kind"] === "imported") {
    const axis = fieldsOf(field, given, { kind: oneOf(["imported"]), draws: list(readImported) });
    refuseTwice(
      `${field}.draws`,
      axis.draws.map(({ sha256 }) => sha256),
    );
    return axis;
  }
  return fieldsOf(field, given, {
    kind: oneOf(["seeded"]),
    dataSeeds: ascending(READ.seed),
    samples: ascending(READ.samples),
    features: ascending(READ.features),
    forgetRows: ascending(READ.forgetRows),
  });
};

const readImported: Reader<ImportedDraw> = (field, given) =>
  fieldsOf(field, given, {
    kind: oneOf(["imported"]),
    directory: stringOf,
    sha256: (place, value) => {
      if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value;
      throw bad(`${place} must be 64 hexadecimal digits, got ${shown(value)}`);
    },
    samples: number(parseCount),
    features: number(READ.features),
    forgetRows: number(parseCount),
  });

function parseWidth(option: string, given: string): number {
  return parseWhole(option, given, 1, LIMITS.width);
}

/** Of rows that a user brought, which may be any number. */
function parseCount(option: string, given: string): number {
  return parseWhole(option, given, 1, Number.MAX_SAFE_INTEGER);
}

/** A record under a built-in's name is the built-in's: keys tell methods and presets apart by their names alone. */
function refuseOther<Item extends MethodRecord | PresetRecord>(
  field: string,
  item: Item,
  registry: readonly Item[],
): void {
  const ours = registry.find(({ name }) => name === item.name);
  if (ours !== undefined && canonicalText(ours) !== canonicalText(item))
    throw bad(`${field} must be ${item.name} as this gmm-sweep has it, got another of that name`);
}

function refuseUnused(field: string, records: readonly { readonly name: string }[], used: ReadonlySet<string>): void {
  const unused = records.find(({ name }) => !used.has(name));
  if (unused !== undefined) throw bad(`${field} must be those that its parts name, got ${unused.name} too`);
}

function refuseUnknown(field: string, names: readonly string[], known: readonly string[]): void {
  const there = new Set(known);
  const other = names.find((name) => !there.has(name));
  if (other !== undefined) parseName(field, other, known);
}

function refuseTwice(field: string, names: readonly string[]): void {
  if (new Set(names).size === names.length) return;
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  throw bad(`${field} must have each once, got ${twice} twice`);
}

function readWord(place: string, given: unknown): string {
  return parseSweepName(place, stringOf(place, given));
}
