/** `gmm-sweep report`: all that a file says, as one page that one can send. */
import { basename } from "node:path";
import { shellWord } from "../errors.js";
import { mustBeFree, type Output, writeWhole } from "../files/output.js";
import { type Flags, fileFrom, text } from "../plan/flags.js";
import { escaped } from "../printable.js";
import { FIGURES } from "../report/figures/figures.js";
import { vegaSpec } from "../report/figures/render.js";
import type { PageContent, Panel, SettingContent, SweepContent } from "../report/page/content.js";
import { reportPage } from "../report/page/page.js";
import { sentencesText } from "../report/verdict.js";
import type { Results, Sweep } from "../store/contract.js";
import { openResults } from "../store/open.js";
import { isDatabase } from "../store/places.js";
import { judges } from "../verdict/finding.js";
import type { Sight } from "../verdict/sights.js";
import { VERSION } from "../version.js";
import { type Command, DB_ARGUMENT, FORCE_OPTION, type Terminal, value, widthOf } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { PLACE_OPTIONS, SEEING_OPTIONS, sightsFrom } from "./sights.js";

const WIDTH = 480; // pixels that a picture is laid out for, until a page gives it its own

export const reportCommand: Command = {
  words: ["report [file]"],
  describe: "write the verdict, its figures and where they come from as one page that opens anywhere",
  positionals: DB_ARGUMENT,
  options: {
    out: value("the page, a new file; -o for short", "report.html"),
    ...SEEING_OPTIONS,
    ...PLACE_OPTIONS,
    ...FORCE_OPTION,
    quiet: { type: "boolean", describe: "no progress on stderr" },
  },
  examples: [
    ["$0 report night.db -o night.html", "last night's grid, to send to a colleague"],
    ["$0 report night.db --preset paired --margin forget=0.02", "one setting, by a margin of one's own"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const path = fileFrom(flags);
  const out: Output = {
    option: "--out",
    path: text(flags, "out") ?? "report.html",
    kind: "page",
    force: flags["force"] === true,
  };
  mustBeFree(out, isDatabase(path) ? [] : [["the database", path]]);
  const tell = flags["quiet"] === true ? () => {} : (line: string) => terminal.err(`${line}\n`);
  const results = await openResults(path);
  try {
    const sights = await sightsFrom(results, flags, { path, all: true });
    const content = await contentOf(sights, results, { path, tell });
    const page = Buffer.from(reportPage(content, shellWord(path)));
    mustBeFree(out, []);
    writeWhole([[out.path, page]]);
    const findings = sights.map(({ finding }) => finding);
    const named = { width: widthOf(terminal), placeOf: () => shellWord(path) };
    await terminal.out(
      `${shellWord(out.path)}: ${(page.length / 1e6).toFixed(1)} MB, ${content.settings.length} ${content.settings.length === 1 ? "setting" : "settings"}\n\n${sentencesText(findings, named)}`,
    );
    return findings.some(judges) ? EXIT.ok : EXIT.check;
  } finally {
    await results.close();
  }
}

interface Telling {
  readonly path: string;
  readonly tell: (line: string) => void;
}

async function contentOf(sights: readonly Sight[], results: Results, { path, tell }: Telling): Promise<PageContent> {
  const settings: SettingContent[] = [];
  for (const [i, sight] of sights.entries()) {
    const panels: Panel[] = [];
    for (const figure of FIGURES) {
      tell(`setting ${i + 1} of ${sights.length}: ${figure.kind}`);
      const numbers = await figure.numbers(sight);
      panels.push(
        typeof numbers === "string"
          ? { figure, reason: numbers }
          : { figure, numbers, spec: await vegaSpec(figure, numbers, { width: WIDTH, theme: "light" }) },
      );
    }
    settings.push({ finding: sight.finding, panels });
  }
  const sweeps: SweepContent[] = [];
  for (const sweep of new Set(sights.map(({ sweep }) => sweep))) sweeps.push(await sweepContent(sweep, results, tell));
  const title = isDatabase(path) ? "A sweep" : escaped(basename(path));
  return {
    title: `Unlearning beside retraining: ${title}`,
    at: new Date().toISOString(),
    version: VERSION,
    settings,
    sweeps,
  };
}

async function sweepContent(sweep: Sweep, results: Results, tell: (line: string) => void): Promise<SweepContent> {
  tell(`sweep ${sweep.id}: digest`);
  return {
    sweep,
    commands: await results.commands(sweep),
    methods: await results.methodStatus(sweep),
    digest: await results.digest(sweep),
  };
}
