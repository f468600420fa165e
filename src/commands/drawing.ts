/** What `gmm-sweep plot` does. */
import { extname } from "node:path";
import { bad, didYouMean, SweepError, shellWord } from "../errors.js";
import { type FigureNumbers, shownText } from "../figures/numbers.js";
import { mustBeFree, type Output, writeWhole } from "../files/output.js";
import { type Flags, fileFrom, items, text } from "../plan/flags.js";
import { parseName } from "../plan/values.js";
import { numbersCsv } from "../report/figures/data-file.js";
import type { Figure } from "../report/figures/figure.js";
import { FIGURES } from "../report/figures/figures.js";
import { FIGURE_KINDS } from "../report/figures/kinds.js";
import { pixelDrawer } from "../report/figures/pixels.js";
import { pdfOf, pngOf, type Svg, svgOf } from "../report/figures/render.js";
import { COLUMNS, type ThemeName } from "../report/figures/theme.js";
import { openResults } from "../store/open.js";
import type { Sight } from "../verdict/sights.js";
import { paragraph, type Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { sightsFrom } from "./sights.js";

/** What a picture is written as, by the ending of its file. */
const WRITERS = {
  svg: async ({ text: drawn }: Svg) => Buffer.from(drawn),
  png: pngOf,
  pdf: (svg: Svg, { title }: Figure) => pdfOf(svg, title),
} as const;
type Ending = keyof typeof WRITERS;

/** Draws what is asked for, and returns the exit code. */
export async function plot(flags: Flags, terminal: Terminal): Promise<number> {
  const figure = figureFrom(flags);
  const { picture, numbersFile, printsNumbers } = outputsFrom(flags);
  const drawing = { width: widthFrom(flags), theme: themeFrom(flags) };
  if (picture?.kind === "png") await pixelDrawer();
  const path = fileFrom(flags);
  const results = await openResults(path);
  try {
    const sight = onlySight(await sightsFrom(results, flags, { path, all: true }));
    const found = await figure.numbers(sight);
    if (typeof found === "string")
      throw new SweepError("check", `${figure.kind} cannot be drawn of ${path}, since ${found}`);
    const numbers = chosenIn(found, items(flags, "choose"));
    const files: [string, Uint8Array][] = [];
    if (picture !== null) {
      const svg = await svgOf(figure, numbers, drawing);
      files.push([picture.path, await WRITERS[picture.kind as Ending](svg, figure)]);
    }
    if (numbersFile !== null) files.push([numbersFile.path, Buffer.from(numbersCsv(numbers))]);
    for (const output of [picture, numbersFile]) if (output !== null) mustBeFree(output, [["the database", path]]);
    writeWhole(files);
    const names = files.length === 0 ? "" : `${files.map(([name]) => shellWord(name)).join(" and ")}: `;
    const told = `${names}${shownText(numbers)}\n${paragraph(figure.caption(numbers), terminal)}`;
    if (!printsNumbers) await terminal.out(told);
    else {
      await terminal.exact(numbersCsv(numbers));
      terminal.err(told);
    }
    return EXIT.ok;
  } finally {
    await results.close();
  }
}

function figureFrom(flags: Flags): Figure {
  const given = String(flags["figure"]);
  const found = FIGURES.find(({ kind }) => kind === given);
  if (found !== undefined) return found;
  throw bad(`FIGURE must be one of ${FIGURE_KINDS.join(", ")}, got ${given}${didYouMean(given, FIGURE_KINDS)}`);
}

interface Outputs {
  readonly picture: Output | null;
  readonly numbersFile: Output | null;
  /** Whether the numbers go to standard output, which then has nothing else. */
  readonly printsNumbers: boolean;
}

const STANDARD_OUTPUT = "-";

/** What is to be written, one thing at least. */
function outputsFrom(flags: Flags): Outputs {
  const [out, data, force] = [text(flags, "out"), text(flags, "data"), flags["force"] === true];
  if (out === null && data === null)
    throw bad("--out must name the picture, a file that ends in .svg, .png or .pdf, got none: write -o figure.svg");
  const picture: Output | null = out === null ? null : { option: "--out", path: out, kind: endingOf(out), force };
  const printsNumbers = data === STANDARD_OUTPUT;
  const numbersFile: Output | null =
    data === null || printsNumbers ? null : { option: "--data", path: data, kind: "numbers", force };
  if (picture !== null) mustBeFree(picture, numbersFile === null ? [] : [["--data", numbersFile.path]]);
  if (numbersFile !== null) mustBeFree(numbersFile, []);
  return { picture, numbersFile, printsNumbers };
}

function endingOf(path: string): Ending {
  const ending = extname(path).slice(1).toLowerCase();
  if (ending in WRITERS) return ending as Ending;
  throw bad(`--out must end in .svg, .png or .pdf, which says what is drawn, got ${path}`);
}

function widthFrom(flags: Flags): number {
  const given = text(flags, "width") ?? "1";
  if (given === "1" || given === "2") return COLUMNS[given];
  throw bad(`--width must be 1 or 2, columns of a paper, got ${given}`);
}

function themeFrom(flags: Flags): ThemeName {
  return flags["dark"] === true ? "dark" : "light";
}

/** The setting that is drawn: a figure is of one. */
function onlySight(sights: readonly Sight[]): Sight {
  const [sight, ...others] = sights;
  if (others.length === 0) return sight;
  const told = sights.map(({ sweep, finding: { setting } }) => `sweep ${sweep.id} ${setting.preset} ${setting.hidden}`);
  throw bad(
    `a figure must be of one setting, got ${sights.length} (${told.slice(0, 4).join("; ")}${told.length > 4 ? "; …" : ""}): choose one by --sweep, --preset, --hidden, --samples, --features, --forget-rows or --learning-rate`,
  );
}

/** The numbers with what is asked to be drawn in the first place of its choices. */
function chosenIn(numbers: FigureNumbers, asked: readonly string[]): FigureNumbers {
  const choices = { ...numbers.choices };
  for (const item of asked) {
    const [, column, wanted] = /^([^=]+)=(.+)$/s.exec(item) ?? [];
    const columns = Object.keys(choices);
    if (column === undefined || wanted === undefined)
      throw bad(
        `--choose must be COLUMN=VALUE${columns.length === 0 ? "" : ` with one of ${columns.join(", ")}`}, got ${item}`,
      );
    if (columns.length === 0) throw bad(`--choose must be left out of a figure with nothing to choose, got ${item}`);
    parseName("--choose COLUMN", column, columns);
    parseName(`--choose ${column}`, wanted, choices[column]);
    choices[column] = [wanted, ...choices[column].filter((one) => one !== wanted)];
  }
  return { ...numbers, choices };
}
