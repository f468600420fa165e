/** What a plan asks for, axis by axis: each value as it was read, so that one that was not meant is seen. */

import { drawKey } from "../trial.js";
import type { CellKey } from "./cell.js";
import { baseName, type MethodRecord } from "./methods.js";
import { drawsOf, type PerMethod, type SweepPlan } from "./plan.js";

type Values = readonly (number | string)[];

/** The values of each axis, each once; those of all parts. */
export interface Axes {
  readonly presets: Values;
  readonly draws: Values;
  readonly samples: Values;
  readonly features: Values;
  readonly forget_rows: Values;
  readonly hidden: Values;
  readonly learning_rates: Values;
  readonly methods: Values;
  /** By method, those that are only started from too; those of one's own by the name that has all its parameters. */
  readonly lambda: Readonly<Record<string, Values>>;
  readonly epochs: Readonly<Record<string, Values>>;
}

export function axesOf({ parts }: SweepPlan): Axes {
  const draws = parts.flatMap((part) => drawsOf(part.draws));
  return {
    presets: each(parts.flatMap(({ presets }) => presets)),
    draws: each(draws.map(drawKey)),
    samples: each(draws.map(({ samples }) => samples)),
    features: each(draws.map(({ features }) => features)),
    forget_rows: each(draws.map(({ forgetRows }) => forgetRows)),
    hidden: each(parts.flatMap(({ widths }) => widths.map(String))),
    learning_rates: each(parts.flatMap(({ learningRates }) => learningRates)),
    methods: each(parts.flatMap(({ methods }) => methods)),
    lambda: byMethod(parts.map(({ lambda }) => lambda)),
    epochs: byMethod(parts.map(({ epochs }) => epochs)),
  };
}

/** The columns of a cell's key of which a plan has several values; of starts, those of one method. */
export function severalIn(plan: SweepPlan): ReadonlySet<keyof CellKey> {
  const { presets, draws, samples, features, forget_rows, hidden, learning_rates, lambda, epochs } = axesOf(plan);
  const axes = { preset: presets, draw: draws, samples, features, forget_rows, hidden, learning_rate: learning_rates };
  const byName = new Map(plan.methods.map((method) => [method.name, method]));
  const hasStarts = ({ start }: MethodRecord): boolean => {
    const from = start === null ? undefined : byName.get(start);
    if (from === undefined) return false;
    const name = baseName(from.name);
    return lambda[name].length * epochs[name].length > 1 || hasStarts(from);
  };
  const trained = new Set(plan.parts.flatMap(({ methods }) => methods));
  const names = Object.entries(axes).flatMap(([name, values]) => (values.length > 1 ? [name as keyof CellKey] : []));
  const isStarted = plan.methods.some((method) => trained.has(method.name) && hasStarts(method));
  return new Set<keyof CellKey>([...names, ...(isStarted ? ["start" as const] : [])]);
}

function each<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}

function byMethod(parts: readonly PerMethod[]): Record<string, number[]> {
  const all: Record<string, number[]> = {};
  for (const part of parts)
    for (const [method, values] of Object.entries(part)) {
      const name = baseName(method);
      all[name] = each([...(all[name] ?? []), ...values]).sort((a, b) => a - b);
    }
  return all;
}

const SAME = 1e-9; // relative: nobody means two values so near to each other

/** Neighbouring values that only rounding can have told apart. */
export function closeValues(values: Values): [number, number][] {
  const numbers = values.filter((value) => typeof value === "number").sort((a, b) => a - b);
  return numbers.flatMap((value, i): [number, number][] =>
    i > 0 && value - numbers[i - 1] <= SAME * value ? [[numbers[i - 1], value]] : [],
  );
}
