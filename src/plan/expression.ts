/** Weights as a user writes them: 1/n, -beta/k, 2/(2*n + k). Numbers, names, + − * / and parentheses, in float64. */
import { bad } from "../errors.js";

/** A fault in an expression, and where in its text it stands (from 0). */
export interface ExpressionFault {
  readonly offset: number;
  readonly sentence: string;
}

type Token = { readonly text: string; readonly offset: number };

/** The value of `text` where names have the values `of`. Throws BAD_USAGE, as `expressionFault` would say it. */
export function evaluate(text: string, of: Readonly<Record<string, number>>): number {
  const parser = new Parser(text, of);
  const value = parser.whole();
  if (typeof value === "number") return value;
  throw bad(`${text} cannot be computed: ${value.sentence}`);
}

/** What is wrong with `text` as an expression of these names; null: nothing. */
export function expressionFault(text: string, names: readonly string[]): ExpressionFault | null {
  const value = new Parser(text, Object.fromEntries(names.map((name) => [name, 1]))).whole();
  return typeof value === "number" ? null : value;
}

/** Recursive descent: sum → product → factor. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  readonly #of: Readonly<Record<string, number>>;
  #next = 0;

  constructor(text: string, of: Readonly<Record<string, number>>) {
    const found = text.matchAll(/(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[A-Za-z_]\w*|\S/g);
    this.#tokens = [...found].map((match) => ({ text: match[0], offset: match.index }));
    this.#end = text.length;
    this.#of = of;
  }

  whole(): number | ExpressionFault {
    try {
      const value = this.#sum();
      if (this.#next < this.#tokens.length) throw this.#fault("+, -, * or /");
      return value;
    } catch (fault) {
      if (fault instanceof Error) throw fault;
      return fault as ExpressionFault;
    }
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
      if (this.#take(")") === null) throw this.#fault("a closing parenthesis");
      return value;
    }
    const token = this.#tokens[this.#next];
    if (token === undefined || !/^[\w.]/.test(token.text)) throw this.#fault("a number, a name or a parenthesis");
    const value = /^[\d.]/.test(token.text) ? Number(token.text) : this.#of[token.text];
    if (value === undefined || !(/^[\d.]/.test(token.text) || Object.hasOwn(this.#of, token.text)))
      throw this.#fault(`one of the names ${Object.keys(this.#of).join(", ")}`);
    this.#next += 1;
    return value;
  }

  #take(...texts: readonly string[]): string | null {
    const text = this.#tokens[this.#next]?.text;
    if (text === undefined || !texts.includes(text)) return null;
    this.#next += 1;
    return text;
  }

  #fault(expected: string): ExpressionFault {
    const token = this.#tokens[this.#next];
    const got = token === undefined ? "its end" : token.text;
    return { offset: token?.offset ?? this.#end, sentence: `${expected} must stand there, got ${got}` };
  }
}
