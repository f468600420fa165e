/** `gmm-sweep verdict`: which recipe makes an unlearned net look retrained, how sure that is, and what doing nothing gives. */
import { bad, type SweepError, shellWord } from "../errors.js";
import { type Flags, fileFrom, oneOf, questionFrom, sweepFrom } from "../plan/flags.js";
import { ESTIMANDS, questionOf, USUAL_QUESTION } from "../plan/question.js";
import { compatText } from "../report/compat.js";
import { jsonOf, snakeCased } from "../report/json.js";
import { latexTable, markdownTable } from "../report/markup.js";
import { csvPieces } from "../report/table.js";
import { sentencesText, verdictText } from "../report/verdict.js";
import { allTable, findingSentence, numbersTable, skewedText, verdictTable } from "../report/verdict-table.js";
import type { CellSample, Results, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import { besideOf } from "../verdict/compat/beside.js";
import { type CompatFinding, compatOf } from "../verdict/compat/compat.js";
import { type Finding, findingOf, judges } from "../verdict/finding.js";
import { unlearns } from "../verdict/roles.js";
import { lookedAt } from "../verdict/round-look.js";
import { type Setting, settingsIn } from "../verdict/scores.js";
import { type Command, DB_ARGUMENT, DB_OPTION, SWEEP_OPTION, type Terminal, value, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { FILTER_OPTIONS, type Filter, filterFrom } from "./filter.js";
import { VERDICT_FORMATS } from "./kinds.js";
import { roundsIn } from "./rounds.js";
import { sweepsFrom } from "./sweeps.js";

/** What says among which recipes is chosen. */
const CHOOSING = ["methods", "lambda", "epochs"];
const AS_ASKED = "as the sweep was asked";

export const verdictCommand: Command = {
  words: ["verdict [file]"],
  describe: "say which recipe looks retrained, on how many draws, how sure that is, and what doing nothing gives",
  positionals: DB_ARGUMENT,
  options: {
    margin: value("how large a difference does not matter, as ENDPOINT=NUMBER", AS_ASKED),
    estimand: value(`${ESTIMANDS.join(" or ")}: what is compared`, AS_ASKED),
    ...FILTER_OPTIONS,
    all: { type: "boolean", describe: "every recipe, with bands that hold all at once" },
    compat: { type: "boolean", describe: "the measures that papers report, too, in a table of their own" },
    format: value(`${VERDICT_FORMATS.join(", ")}; json is the findings, nothing of them rounded`, "table"),
    json: { type: "boolean", describe: "the same as --format json: one JSON array, of an object a setting" },
    ...SWEEP_OPTION,
    ...DB_OPTION,
  },
  examples: [
    ["$0 verdict night.db", "what last night's grid says"],
    ["$0 verdict night.db --margin forget=0.02 --all --format csv > cells.csv", "every cell at another margin"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const isJson = flags["json"] === true;
  const format = oneOf(flags, "format", VERDICT_FORMATS, isJson ? "json" : "table");
  if (isJson && format !== "json")
    throw bad(`--format must be json where --json is given, got ${format}: leave one of the two out`);
  if (flags["compat"] === true && format !== "table" && format !== "json")
    throw bad(`--compat must be given with --format table or json, got ${format}: leave one of the two out`);
  const path = fileFrom(flags);
  const results = await openResults(path);
  try {
    const findings = await findingsFrom(results, flags, path);
    await PRINTERS[format](findings, path, terminal);
    return findings.some(judges) ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}

async function findingsFrom(results: Results, flags: Flags, path: string): Promise<Told[]> {
  const sweeps = await sweepsFrom(results, sweepFrom(flags), path);
  const filter = filterFrom(flags, sweeps);
  const findings: Told[] = [];
  const recipes = { there: 0, kept: 0 };
  for (const sweep of sweeps) {
    const rounds = await roundsIn(results, sweep);
    if (rounds !== null && flags["draws"] !== undefined) throw allDraws(sweep, String(flags["draws"]));
    const asked = {
      question: questionOf(questionFrom(flags), sweep.question ?? USUAL_QUESTION),
      all: flags["all"] === true,
      rounds,
    };
    for (const setting of await settingsIn(kept(results.cellSamples(sweep), filter, recipes))) {
      const finding = findingOf(sweep, setting, asked);
      const compat =
        flags["compat"] === true ? await compatIn(results, sweep, lookedAt(setting, rounds), finding) : null;
      findings.push(compat === null ? finding : { ...finding, compat });
    }
  }
  const isNarrowed = CHOOSING.some((name) => flags[name] !== undefined);
  if (isNarrowed && findings.length > 0 && recipes.there > 0 && recipes.kept === 0)
    throw bad(
      `${path} must have a recipe that --methods, --lambda and --epochs leave to choose from, but there is none: gmm-sweep verdict ${shellWord(path)} --all lists its recipes`,
    );
  if (findings.length > 0) return findings;
  throw bad(
    `${path} must have trials of what is asked about, but there are none: gmm-sweep status ${shellWord(path)} says what is there`,
  );
}

/** Its looks are at draws that were decided beforehand. */
function allDraws({ id }: Sweep, given: string): SweepError {
  return bad(
    `--draws must be left out of sweep ${id}, which is trained in rounds and judged by the draws of its last look, got ${given}`,
  );
}

/** The measures of the field for the recipes that a finding shows. */
async function compatIn(
  results: Results,
  sweep: Sweep,
  setting: Setting,
  { verdict }: Finding,
): Promise<readonly CompatFinding[]> {
  const recipes = new Map((verdict?.rows ?? []).map(({ recipe }) => [JSON.stringify(recipe), recipe]));
  const trials = Array.from({ length: sweep.plan.trials }, (_, i) => i + 1);
  return compatOf(setting, [...recipes.values()], await besideOf(results, sweep, trials));
}

/** The cells that are asked for; of those of recipes it counts how many there are, and how many are left. */
async function* kept(
  cells: AsyncIterable<CellSample>,
  filter: Filter,
  recipes: { there: number; kept: number },
): AsyncGenerator<CellSample> {
  for await (const cell of cells) {
    const isKept = filter(cell.key);
    if (unlearns(cell.key.method)) {
      recipes.there += 1;
      if (isKept) recipes.kept += 1;
    }
    if (isKept) yield cell;
  }
}

/** A finding, with the measures of the field where they were asked for. */
type Told = Finding & { readonly compat?: readonly CompatFinding[] };

type Print = (findings: readonly Told[], path: string, terminal: Terminal) => Promise<void>;

const PRINTERS: Readonly<Record<(typeof VERDICT_FORMATS)[number], Print>> = {
  table: async (findings, path, terminal) => {
    const width = widthOf(terminal);
    await terminal.out(sentencesText(findings, { width, path: shellWord(path) }));
    for (const finding of findings) {
      await terminal.out(verdictText(finding, findings, { width, path: shellWord(path) }));
      if (finding.compat !== undefined) await terminal.out(`\n${compatText(finding.compat, width)}`);
    }
  },
  json: async (findings, _path, terminal) => {
    await terminal.exact(`${jsonOf(snakeCased(findings))}\n`);
  },
  csv: async (findings, _path, terminal) => {
    const { header, rows } = numbersTable(findings);
    for (const row of [header, ...rows]) for (const piece of csvPieces(row)) await terminal.exact(piece);
  },
  markdown: (findings, path, terminal) => printMarkup(findings, path, terminal, markdownTable),
  latex: (findings, path, terminal) => printMarkup(findings, path, terminal, latexTable),
};

async function printMarkup(
  findings: readonly Finding[],
  path: string,
  terminal: Terminal,
  written: typeof markdownTable,
): Promise<void> {
  for (const [i, finding] of findings.entries()) {
    const said = findingSentence(finding, findings, shellWord(path));
    const caption = [said, ...(finding.verdict === null ? [] : skewedText(finding.verdict))].join(" ");
    const { header, rows } = finding.simultaneous === null ? verdictTable(finding) : allTable(finding.simultaneous);
    await terminal.exact(`${i === 0 ? "" : "\n"}${written(caption, header, rows)}`);
  }
}
