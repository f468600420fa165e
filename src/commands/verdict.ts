/** `gmm-sweep verdict`: which recipe makes an unlearned net look retrained, how sure that is, and what doing nothing gives. */
import { bad } from "../errors.js";
import { type Flags, fileFrom, oneOf } from "../plan/flags.js";
import { compatText } from "../report/compat.js";
import { jsonOf, snakeCased } from "../report/json.js";
import { latexTable, markdownTable } from "../report/markup.js";
import { csvPieces } from "../report/table.js";
import { type Places, sentencesText, verdictText } from "../report/verdict.js";
import { allTable, findingSentence, numbersTable, skewedText, verdictTable } from "../report/verdict-table.js";
import { openResults } from "../store/open.js";
import { besideOf } from "../verdict/compat/beside.js";
import { type CompatFinding, compatOf } from "../verdict/compat/compat.js";
import { type Finding, judges } from "../verdict/finding.js";
import type { Sight } from "../verdict/sights.js";
import { type Command, DB_ARGUMENT, type Terminal, value, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { VERDICT_FORMATS } from "./kinds.js";
import { namesIn, nullsIn, PLACE_OPTIONS, SEEING_OPTIONS, sightsFrom } from "./sights.js";

export const verdictCommand: Command = {
  words: ["verdict [file]"],
  describe: "say which recipe looks retrained, on how many draws, how sure that is, and what doing nothing gives",
  positionals: DB_ARGUMENT,
  options: {
    ...SEEING_OPTIONS,
    all: { type: "boolean", describe: "every recipe, with bands that hold all at once" },
    compat: { type: "boolean", describe: "the measures that papers report, too, in a table of their own" },
    format: value(`${VERDICT_FORMATS.join(", ")}; json is the findings, nothing of them rounded`, "table"),
    json: { type: "boolean", describe: "the same as --format json: one JSON array, of an object a setting" },
    ...PLACE_OPTIONS,
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
    const sights = await sightsFrom(results, flags, { path, all: flags["all"] === true });
    const findings = flags["compat"] === true ? await withCompat(sights) : sights.map(({ finding }) => finding);
    await PRINTERS[format](findings, { placeOf: namesIn(sights), nullIn: nullsIn(sights) }, terminal);
    return findings.some(judges) ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}

async function withCompat(sights: readonly Sight[]): Promise<Told[]> {
  const findings: Told[] = [];
  for (const sight of sights) findings.push({ ...sight.finding, compat: await compatIn(sight) });
  return findings;
}

/** The measures of the field for the recipes that a finding shows. */
async function compatIn({ results, sweep, setting, finding }: Sight): Promise<readonly CompatFinding[]> {
  const recipes = new Map((finding.verdict?.rows ?? []).map(({ recipe }) => [JSON.stringify(recipe), recipe]));
  const trials = Array.from({ length: sweep.plan.trials }, (_, i) => i + 1);
  return compatOf(setting, [...recipes.values()], await besideOf(results, sweep, trials));
}

/** A finding, with the measures of the field where they were asked for. */
type Told = Finding & { readonly compat?: readonly CompatFinding[] };

type Print = (findings: readonly Told[], places: Places, terminal: Terminal) => Promise<void>;

const PRINTERS: Readonly<Record<(typeof VERDICT_FORMATS)[number], Print>> = {
  table: async (findings, places, terminal) => {
    const width = widthOf(terminal);
    await terminal.out(sentencesText(findings, { width, ...places }));
    for (const finding of findings) {
      await terminal.out(verdictText(finding, findings, { width, ...places }));
      if (finding.compat !== undefined) await terminal.out(`\n${compatText(finding.compat, width)}`);
    }
  },
  json: async (findings, _places, terminal) => {
    await terminal.exact(`${jsonOf(snakeCased(findings))}\n`);
  },
  csv: async (findings, _places, terminal) => {
    const { header, rows } = numbersTable(findings);
    for (const row of [header, ...rows]) for (const piece of csvPieces(row)) await terminal.exact(piece);
  },
  markdown: (findings, places, terminal) => printMarkup(findings, places, terminal, markdownTable),
  latex: (findings, places, terminal) => printMarkup(findings, places, terminal, latexTable),
};

async function printMarkup(
  findings: readonly Finding[],
  { placeOf }: Places,
  terminal: Terminal,
  written: typeof markdownTable,
): Promise<void> {
  for (const [i, finding] of findings.entries()) {
    const said = findingSentence(finding, findings, placeOf(finding));
    const caption = [said, ...(finding.verdict === null ? [] : skewedText(finding.verdict))].join(" ");
    const { header, rows } = finding.simultaneous === null ? verdictTable(finding) : allTable(finding.simultaneous);
    await terminal.exact(`${i === 0 ? "" : "\n"}${written(caption, header, rows)}`);
  }
}
