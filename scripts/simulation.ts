/** The shape of scripts that hold what is simulated to a band: their options, their table, their exit code. */
import { parseArgs } from "node:util";
import { alignedTable } from "../src/report/table.js";

export const BAND = 0.999; // of the numbers that exactly what is stated would give

/** A line of the script's table, or some that come of one simulation. */
export interface Simulated {
  readonly what: string;
  readonly measured: (count: number) => readonly Measured[];
}

export interface Measured {
  readonly row: readonly (string | number)[];
  readonly ok: boolean;
  /** Whether the documentation says that, and why, it misses. */
  readonly isKnown: boolean;
  /** What stands beneath the table. */
  readonly told: readonly string[];
}

export interface Script {
  readonly name: string;
  /** The option that says how many are simulated for a line, and what these are. */
  readonly counted: { readonly option: string; readonly of: string; readonly usual: number };
  /** What a line's band holds BAND of. */
  readonly band: string;
  /** When the exit code is 0. */
  readonly good: string;
  readonly header: readonly string[];
  readonly lines: readonly Simulated[];
}

interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Runs the lines that the command line asks for, prints them, and returns the exit code: 0 none misses its band without a reason, 1 one does, 2 usage. */
export function simulate(
  script: Script,
  words: readonly string[] = process.argv.slice(2),
  { stdout: out, stderr: err }: Streams = process,
): number {
  const { name, header, lines } = script;
  const options = optionsFrom(script, words);
  if (typeof options === "string") {
    err.write(`${name}: ${options}: npm run ${name} -- --help lists the options\n`);
    return 2;
  }
  if (options.help) {
    out.write(helpOf(script));
    return 0;
  }
  const found = lines
    .filter(({ what }) => what.includes(options.only))
    .flatMap(({ what, measured }) => {
      err.write(`${what}\n`);
      return measured(options.count);
    });
  out.write(
    alignedTable(
      [...header, ""],
      found.map((one) => [...one.row, answerOf(one)]),
    ),
  );
  for (const told of found.flatMap((one) => one.told)) out.write(`${told}\n`);
  return found.some((one) => answerOf(one) === "MISSES") ? 1 : 0;
}

function answerOf({ ok, isKnown }: Measured): "ok" | "known" | "MISSES" {
  return ok ? "ok" : isKnown ? "known" : "MISSES";
}

interface Options {
  readonly count: number;
  readonly only: string;
  readonly help: boolean;
}

function optionsFrom({ counted: { option, usual } }: Script, words: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { [option]: { type: "string" }, only: { type: "string" }, help: { type: "boolean" } },
    });
    const [given, only] = [values[option], values["only"]];
    const count = Number(given ?? usual);
    if (!Number.isInteger(count) || count < 1) return `--${option} must be a whole number from 1 up, got ${given}`;
    return { count, only: typeof only === "string" ? only : "", help: values["help"] === true };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Why a line misses, where that is known and it does. */
export function reasonOf(what: string, ok: boolean, known: string | null): string[] {
  return ok || known === null ? [] : [`${what}: ${known}`];
}

function helpOf({ name, counted: { option, of, usual }, band, good }: Script): string {
  const width = Math.max(`--${option} N`.length, "--only TEXT".length);
  return `usage: npm run ${name} -- [--${option} N] [--only TEXT]
  ${`--${option} N`.padEnd(width)}  ${of} for each line [default: ${usual}]
  ${"--only TEXT".padEnd(width)}  only the lines whose name, as it goes by, contains TEXT
A line's band holds ${BAND * 100} % of what ${band} would give.
Exit codes: 0 ${good}; 1 one does; 2 the command line is not as it must be.
`;
}
