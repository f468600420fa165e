/** What is wrong with a place, in sentences: who finds it does not know what the user calls the place, who opened it does. */
import { type Fault, SweepError } from "../errors.js";

/** How places of a kind are spoken of. */
export interface Kind {
  /** One of them. */
  readonly what: "file" | "store";
  /** The option that names one. */
  readonly option: "--db" | "--store";
}

/** What is said of the place of that name. */
export type Sentence = (place: string, kind: Kind) => string;

export const A_FILE: Kind = { what: "file", option: "--db" };

/** What is wrong with a place that its finder has no name for: who opened it says the user's. */
export class PlaceFault extends Error {
  readonly fault: Fault;
  readonly sentence: Sentence;

  constructor(fault: Fault, sentence: Sentence, options?: ErrorOptions) {
    super(sentence("the file", A_FILE), options);
    this.fault = fault;
    this.sentence = sentence;
  }
}

/** A fault of usage: the user named the place. */
export function badPlace(sentence: Sentence, options?: ErrorOptions): PlaceFault {
  return new PlaceFault("usage", sentence, options);
}

/** What to do about a place that says what gmm-sweep does not. */
export const OTHER_COPY = "take a copy of it from before another program changed it";

/** What is said of a place that fails. */
export interface Remedy {
  readonly code: RegExp;
  /** While it is being opened, when nothing has been written. */
  readonly opening: readonly [fault: Fault, problem: string];
  /** Once it is open, when the user's command was right and the place gives out. */
  readonly open: string;
}

/** Where it makes no difference whether the place is open. */
export function always(code: RegExp, problem: string): Remedy {
  return { code, opening: ["environment", problem], open: problem };
}

/** What is to be thrown of a failure at the place that the user calls so. */
export type Told = (place: string, error: unknown) => unknown;

/** Tells of failures while places of a kind are opened and once they are open: a sentence where there is one. */
export function tellers(
  kind: Kind,
  remedies: readonly Remedy[],
  codeOf: (error: unknown) => string,
): { toldOfOpening: Told; toldOf: Told } {
  const told = (place: string, error: unknown, of: (remedy: Remedy) => Remedy["opening"]): unknown => {
    if (error instanceof PlaceFault) return new SweepError(error.fault, error.sentence(place, kind), { cause: error });
    if (error instanceof SweepError) return error;
    const remedy = remedies.find(({ code }) => code.test(codeOf(error)));
    if (remedy === undefined) return error;
    const [fault, problem] = of(remedy);
    return new SweepError(fault, `${place} ${problem}`, { cause: error });
  };
  return {
    toldOfOpening: (place, error) => told(place, error, ({ opening }) => opening),
    toldOf: (place, error) => told(place, error, ({ open }) => ["environment", open]),
  };
}

/** An error as the system would throw it. */
export function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** What was thrown in the middle of a run: of a fault of usage a user may think that nothing was written, so it is the check's. */
export function metInRun(error: unknown): unknown {
  if (!(error instanceof SweepError) || error.fault !== "usage") return error;
  return new SweepError("check", error.message, { cause: error });
}
