/** `npm run bench`: how fast it is, in ratios against peers and limits that are measured in the same run. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, cpus } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bad, messageOf, SweepError } from "../src/errors.js";
import { type Findings, missesTarget, sectionText } from "./bench/finding.js";
import type { BenchOptions, Section } from "./bench/section.js";
import { SECTIONS } from "./bench/sections.js";

const DEFAULT_SECONDS = 2;
const EXIT = { ok: 0, missed: 1, usage: 2, bug: 70 } as const;

const USAGE = `usage: npm run bench -- [--json] [--python PYTHON] [--seconds S] [--only SECTION,…]
  --json           one JSON object instead of the tables
  --python PYTHON  a Python with torch and jax, for the peers in them [default: those are left out]
  --seconds S      how long each contestant runs in each of a measurement's samples [default: ${DEFAULT_SECONDS}]
  --only SECTION   some of the sections, separated by commas [default: all]
Sections:
${SECTIONS.map(({ name, describe }) => `  ${name.padEnd(15)}  ${describe}\n`).join("")}Contestants take turns, every figure is a median of samples, each of several sections has a process of its own. Progress goes to stderr.
Exit codes: 0 every target that was measured is met, 1 one is missed, 2 it cannot be measured so, 70 a bug.
`;

interface Command {
  readonly json: boolean;
  readonly sections: readonly Section[];
  readonly options: BenchOptions;
}

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const command = commandFrom(process.argv.slice(2));
    if (command !== null) return await bench(command);
    process.stdout.write(USAGE);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof SweepError)) {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      return EXIT.bug;
    }
    process.stderr.write(`bench: ${error.message}\n`);
    return EXIT.usage;
  }
}

/** The command line; null where it asks for help. */
function commandFrom(words: readonly string[]): Command | null {
  const { json, python, seconds, only, help } = flagsFrom(words);
  if (help) return null;
  const names = only === undefined ? SECTIONS.map(({ name }) => name) : only.split(",");
  return {
    json,
    sections: names.map(sectionNamed),
    options: {
      seconds: positive("--seconds", seconds),
      python: python ?? null,
      progress: (what) => void process.stderr.write(`${what}\n`),
    },
  };
}

function flagsFrom(words: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        json: { type: "boolean", default: false },
        python: { type: "string" },
        seconds: { type: "string", default: `${DEFAULT_SECONDS}` },
        only: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return values;
  } catch (error) {
    throw bad(`${messageOf(error)}: npm run bench -- --help lists the options`, {
      cause: error,
    });
  }
}

function positive(option: string, word: string): number {
  const value = Number(word);
  if (word.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw bad(`${option} must be a number above 0, got ${word}`);
}

function sectionNamed(name: string): Section {
  const section = SECTIONS.find((one) => one.name === name);
  if (section !== undefined) return section;
  const names = SECTIONS.map((one) => one.name).join(", ");
  throw bad(`--only must name some of ${names}, got ${name}`);
}

type Found = Findings & { readonly section: string };

/** A section in a process of its own, whose memory holds nothing that another one has loaded. */
async function alone({ name }: Section, { seconds, python }: BenchOptions): Promise<Findings> {
  const words = ["--only", name, "--json", "--seconds", `${seconds}`, ...(python === null ? [] : ["--python", python])];
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "close") as Promise<[number | null]>]);
  if (code === EXIT.usage) throw bad(`section ${name} could not be measured, as it says above`);
  if (code !== EXIT.ok && code !== EXIT.missed) throw new Error(`section ${name} ended with exit code ${code}`);
  return (JSON.parse(said) as { readonly sections: readonly [Found] }).sections[0];
}

/** Runs the sections and prints what each found as it ends, or everything as one object. */
async function bench({ json, sections, options }: Command): Promise<number> {
  const machine = `${cpus()[0]?.model ?? "unknown processor"} × ${availableParallelism()}, Node ${process.versions.node}`;
  const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
  if (!json) process.stdout.write(`${machine}: ${command}\n`);
  const found: Found[] = [];
  for (const section of sections) {
    const findings = sections.length === 1 ? await section.run(options) : await alone(section, options);
    found.push({ section: section.name, ...findings });
    if (!json) process.stdout.write(`\n${sectionText(section.name, findings)}`);
  }
  const missed = found.flatMap(({ findings }) => findings).filter(missesTarget).length;
  if (json) process.stdout.write(`${JSON.stringify({ machine, command, sections: found, missed })}\n`);
  else if (missed > 0) process.stdout.write(`\n${missed} ${missed === 1 ? "target is" : "targets are"} missed\n`);
  return missed === 0 ? EXIT.ok : EXIT.missed;
}
