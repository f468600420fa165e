/** Weights as a user writes them: 1/n, -beta/k, 2/(2*n + k). Numbers, names, + − * / and parentheses, in float64. */
import { bad } from "../errors.js";

/** A fault in an expression, and where in its text it stands (from 0). */
export interface ExpressionFault {
  readonly offset: number;
  readonly sentence: string;
}

type Values = Readonly<Record<string, number>>;
type Token = { readonly text: string; readonly offset: number };

const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const WORD = /^[A-Za-z_]\w*$/;
const TOKEN = /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[A-Za-z_]\w*|\S/gi;

// Parentheses are read by recursion, which a longer text could exhaust.
const MOST_CHARACTERS = 200;

/** The value of `text` where names have the values `of`; it may not be finite. Throws usage, as `expressionFault` says it. */
export function evaluate(text: string, of: Values): number {
  const value = read(text, of);
  if (typeof value === "number") return value;
  throw bad(`the weight ${text} ${value.sentence}`);
}

/** What is wrong with `text` as an expression of these names; null: nothing. */
export function expressionFault(text: string, names: readonly string[]): ExpressionFault | null {
  const value = read(text, Object.fromEntries(names.map((name) => [name, 1])));
  return typeof value === "number" ? null : value;
}

/** The names that an expression has, each once. */
export function namesIn(text: string): Set<string> {
  return new Set(tokensOf(text).flatMap((token) => (WORD.test(token.text) ? [token.text] : [])));
}

function tokensOf(text: string): Token[] {
  return Array.from(text.matchAll(TOKEN), (match) => ({ text: match[0], offset: match.index }));
}

function read(text: string, of: Values): number | ExpressionFault {
  if (text.length > MOST_CHARACTERS)
    return { offset: 0, sentence: `must be at most ${MOST_CHARACTERS} characters, got ${text.length}` };
  try {
    return new Parser(text, of).whole();
  } catch (error) {
    if (error instanceof Misread) return { offset: error.offset, sentence: error.message };
    throw error;
  }
}

class Misread extends Error {
  readonly offset: number;

  constructor(offset: number, sentence: string) {
    super(sentence);
    this.offset = offset;
  }
}

/** Recursive descent: sum → product → factor. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  readonly #of: Values;
  #next = 0;

  constructor(text: string, of: Values) {
    this.#tokens = tokensOf(text);
    this.#end = text.length;
    this.#of = of;
  }

  whole(): number {
    const value = this.#sum();
    if (this.#next < this.#tokens.length) throw this.#misread("+, -, * or /");
    return value + 0; // −0 is 0
  }

  #sum(): number {
    let value = this.#product();
    for (let sign = this.#take("+", "-"); sign !== null; sign = this.#take("+", "-")) {
      const other = this.#product();
      value = sign === "+" ? value + other : value - other;
    }
    return value;
  }

  #product(): number {
    let value = this.#factor();
    for (let sign = this.#take("*", "/"); sign !== null; sign = this.#take("*", "/")) {
      const other = this.#factor();
      value = sign === "*" ? value * other : value / other;
    }
    return value;
  }

  #factor(): number {
    if (this.#take("-") !== null) return -this.#factor();
    if (this.#take("(") !== null) {
      const value = this.#sum();
      if (this.#take(")") === null) throw this.#misread("a closing parenthesis");
      return value;
    }
    const token = this.#tokens[this.#next];
    if (token === undefined) throw this.#misread("a number, a name or a parenthesis");
    const value = this.#valueOf(token.text);
    this.#next += 1;
    return value;
  }

  #valueOf(text: string): number {
    if (NUMBER.test(text)) return Number(text);
    if (Object.hasOwn(this.#of, text)) return this.#of[text];
    if (!WORD.test(text)) throw this.#misread("a number, a name or a parenthesis");
    const remedy = ": define it under parameters, or take one of these";
    throw this.#misread(`one of the names ${Object.keys(this.#of).join(", ")}`, remedy);
  }

  #take(...texts: readonly string[]): string | null {
    const text = this.#tokens[this.#next]?.text;
    if (text === undefined || !texts.includes(text)) return null;
    this.#next += 1;
    return text;
  }

  #misread(expected: string, remedy = ""): Misread {
    const token = this.#tokens[this.#next];
    const got = token === undefined ? "its end" : token.text;
    return new Misread(token?.offset ?? this.#end, `must have ${expected} there, got ${got}${remedy}`);
  }
}
