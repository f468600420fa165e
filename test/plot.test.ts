/** `gmm-sweep plot`: figures as files. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { FIGURES } from "../src/report/figures/figures.js";
import { FIGURE_KINDS } from "../src/report/figures/kinds.js";
import { svgOf } from "../src/report/figures/render.js";
import type { Sight } from "../src/verdict/sights.js";
import { CLI, type Ended, gmm, SMALL, started } from "./command-line.js";
import { trainedFile } from "./fixtures/grids.js";
import { picturedFile } from "./fixtures/pictured.js";
import { sightIn } from "./fixtures/sights.js";

/** Figures that say how fast this machine is. */
const MEASURED = ["next-hour"];
const PLACES = 1; // of a coordinate in a golden picture

async function firstSight(t: TestContext): Promise<Sight> {
  return sightIn(t, await picturedFile(t));
}

async function plotted(t: TestContext, ...words: readonly string[]): Promise<Ended & { readonly folder: string }> {
  const path = await picturedFile(t);
  return { ...(await gmm(dirname(path), "plot", ...words, path)), folder: dirname(path) };
}

/** A picture with its coordinates rounded, but none of its words: the last digits of a font's widths are no fault. */
function rounded(svg: string): string {
  const shorter = (text: string): string =>
    text.replaceAll(/-?\d+\.\d+/g, (number) => String(Number(Number(number).toFixed(PLACES))));
  return svg
    .replaceAll(/ ([\w-]+)="([^"]*)"/g, (all, name: string, value: string) =>
      name === "aria-label" ? all : ` ${name}="${shorter(value)}"`,
    )
    .replaceAll("><", ">\n<");
}

for (const { kind } of FIGURES.filter((figure) => !MEASURED.includes(figure.kind)))
  test(`the figure ${kind} is drawn as it was looked at`, async (t) => {
    const { code, err, folder } = await plotted(t, kind, "-o", "figure.svg");
    assert.equal(code, 0, err);
    const svg = rounded(readFileSync(join(folder, "figure.svg"), "utf8"));
    const golden = `test/golden/figures/${kind}.svg`;
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, svg);
    assert.equal(svg, readFileSync(golden, "utf8"));
  });

test("a command line knows every figure by its name, in the order of the page", () => {
  assert.deepEqual(
    FIGURES.map(({ kind }) => kind),
    FIGURE_KINDS,
  );
});

test("every figure but what is measured has a golden picture, and no other is there", () => {
  const kinds = FIGURES.map(({ kind }) => kind).filter((kind) => !MEASURED.includes(kind));
  assert.deepEqual(readdirSync("test/golden/figures").sort(), kinds.map((kind) => `${kind}.svg`).sort());
});

test("in the dark, too, a map goes from one colour by the paper's to another, by no third", async (t) => {
  const { folder } = await plotted(t, "map", "-o", "map.svg", "--dark");
  const cells = [...readFileSync(join(folder, "map.svg"), "utf8").matchAll(/fill="rgb\((\d+), (\d+), (\d+)\)"/g)];
  const colours = cells.map(([, ...rgb]) => rgb.map(Number));
  const [warm, cold] = [colours.filter(([red, , blue]) => red > blue), colours.filter(([red, , blue]) => red < blue)];
  assert.ok(warm.length > 0 && cold.length > 0);
  for (const [red, green, blue] of warm) assert.ok(red >= green && green >= blue, `${red} ${green} ${blue}`);
  for (const [red, green, blue] of cold) assert.ok(blue >= green && green >= red, `${red} ${green} ${blue}`);
});

test("a PNG is as wide as its column at 600 dots an inch", async (t) => {
  const { code, err, folder } = await plotted(t, "slope", "-o", "one.png");
  assert.equal(code, 0, err);
  const png = readFileSync(join(folder, "one.png"));
  assert.equal(png.toString("latin1", 1, 4), "PNG");
  assert.equal(png.readUInt32BE(16), Math.round((89 / 25.4) * 600));
});

test("a picture of two columns is twice as wide, and lower for its width", async (t) => {
  const path = await picturedFile(t);
  const sizes = [];
  for (const width of ["1", "2"]) {
    const { code, err } = await gmm(dirname(path), "plot", "slope", path, "-o", `${width}.svg`, "--width", width);
    assert.equal(code, 0, err);
    const svg = readFileSync(join(dirname(path), `${width}.svg`), "utf8");
    const [, wide, high] = /^<svg [^>]*width="([\d.]+)mm" height="([\d.]+)mm"/.exec(svg) ?? [];
    sizes.push([Number(wide), Number(high)]);
  }
  assert.deepEqual([sizes[0][0], sizes[1][0]], [89, 183]);
  const [one, two] = sizes.map(([wide, high]) => high / wide);
  assert.ok(two > 0.5 * one && two < 0.75 * one, `${one} ${two}`);
});

test("a PDF carries its fonts, and is the same in every byte", async (t) => {
  const path = await picturedFile(t);
  const pdfs = [];
  for (const name of ["a.pdf", "b.pdf"]) {
    const { code, err } = await gmm(dirname(path), "plot", "map", path, "-o", name, "--width", "2");
    assert.equal(code, 0, err);
    pdfs.push(readFileSync(join(dirname(path), name)));
  }
  assert.ok(pdfs[0].equals(pdfs[1]));
  const text = pdfs[0].toString("latin1");
  assert.match(text, /^%PDF-/);
  assert.match(text, /\/FontFile2 /);
  const [, width] = /\/MediaBox \[0 0 ([\d.]+) /.exec(text) ?? [];
  assert.ok(Math.abs(Number(width) - (183 * 72) / 25.4) < 0.01, width);
});

test("a file of several sweeps is named with the sweep, and a run, which gets no other draws, is told of a grid", async (t) => {
  const tiny = { samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "2", lambda: "1" };
  const one = { ...tiny, epochs: "1,original=2,retrain_scratch=2", preset: "paired", "data-seeds": "1" };
  const path = await trainedFile(t, one, { ...one, name: "other", "data-seeds": "2:3" }, { ...one, name: "alone" });
  const plot = async (kind: string, ...words: string[]): Promise<string> =>
    (await gmm(dirname(path), "plot", kind, ...words, "-o", "figure.svg")).err;
  assert.match(
    await plot("slope", path, "--sweep", "3"),
    /: gmm-sweep resume \S+ --sweep 3 --data-seeds 1:20 adds some$/m,
  );
  assert.match(await plot("zip", path, "--sweep", "2"), /: gmm-sweep resume \S+ --sweep 2 --with-null trains it$/m);
  assert.match(await plot("map", path, "--sweep", "2"), /, which gmm-sweep status \S+ --sweep 2 shows, with --lambda /);
  const run = [...SMALL, "--trials", "2", "--epochs", "1,original=2,retrain_scratch=2,retrain_original=1"];
  assert.equal((await gmm(dirname(path), ...run, "--quiet", "--db", "run.db")).code, 0);
  const options =
    "--samples 40 --features 3 --hidden 6,4 --methods original,retrain_scratch,unlearn,retrain_original --epochs original=2,retrain_scratch=2,1,retrain_original=1 --trials 2 --engine reference";
  assert.ok(
    (await plot("slope", "run.db")).endsWith(
      `: gmm-sweep grid run.db --preset notebook --data-seeds 1:20 ${options} trains the same on several, as a sweep of its own\n`,
    ),
  );
  const recipes = options.replace("2,1,retrain", "2,1:50,retrain").replace(" --trials", " --lambda 0:10:0.5 --trials");
  assert.ok(
    (await plot("map", "run.db")).endsWith(
      `since each method has one λ and one epoch count, and on one draw the trials of each recipe are copies of one run, which say nothing of chance: gmm-sweep grid run.db --preset notebook --data-seeds 1:20 ${recipes} trains a map, as a sweep of its own\n`,
    ),
  );
  const paired = ["--preset", "paired", "--quiet", "--db", "run.db"];
  assert.equal((await gmm(dirname(path), ...run, ...paired)).code, 0);
  assert.match(
    await plot("map", "run.db", "--sweep", "2"),
    /one epoch count: gmm-sweep grid run\.db --name of-sweep-2 --data-seeds 0 --samples 40 .* trains a map, as a sweep of its own\n$/,
  );
  const ready = ["--trials", "3", "--data-seeds", "1", "--preset", "notebook", "--lambda", "0,1", "--quiet"];
  assert.equal(
    (
      await gmm(
        dirname(path),
        "grid",
        "lambda.db",
        ...SMALL.slice(2),
        ...ready,
        "--epochs",
        "1,original=2,retrain_scratch=2",
      )
    ).code,
    0,
  );
  assert.match(
    await plot("map", "lambda.db"),
    /since on one draw the trials of each recipe are copies of one run, which say nothing of chance: gmm-sweep resume lambda\.db --data-seeds 1:20 adds some\n$/,
  );
});

test("an SVG says what it shows to who cannot see it, and how large it is", async (t) => {
  const { folder, out } = await plotted(t, "slope", "-o", "slope.svg");
  const svg = readFileSync(join(folder, "slope.svg"), "utf8");
  assert.match(svg, /^<svg [^>]*width="89mm" height="[\d.]+mm" role="img" aria-labelledby="title caption">/);
  const [, caption] = /<desc id="caption">([^<]*)<\/desc>/.exec(svg) ?? [];
  assert.ok(caption !== undefined && out.includes(caption), out);
});

test("what is drawn of a store that holds control characters is XML all the same, with these written out", async (t) => {
  const sight = await firstSight(t);
  const zip = FIGURES.find(({ kind }) => kind === "zip");
  assert.ok(zip !== undefined);
  const numbers = await zip.numbers(sight);
  assert.ok(typeof numbers !== "string");
  const intervals = numbers.series["intervals"].map((row) => ({ ...row, draw: "a\u0007\u202e<b" }));
  const caption = () => "c\u0000";
  const { text } = await svgOf(
    { ...zip, caption },
    { ...numbers, series: { intervals } },
    { width: 89, theme: "light" },
  );
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  assert.ok(text.includes("a\\u0007\\u202e&lt;b") && text.includes(">c\\u0000</desc>"), text.slice(0, 2000));
});

test("--data writes every number that is drawn, with the series that it is of", async (t) => {
  const { folder } = await plotted(t, "draws", "--data", "draws.csv");
  const [header, ...lines] = readFileSync(join(folder, "draws.csv"), "utf8").trimEnd().split("\n");
  assert.match(header, /^series,(\w+,)*line,(\w+,)*difference,/);
  assert.ok(lines.some((line) => line.startsWith("draws,")) && lines.some((line) => line.startsWith("mean,")));
  assert.ok(!existsSync(join(folder, "figure.svg")));
});

test("--data - writes the numbers to standard output and nothing else there, with a picture beside them where one is named", async (t) => {
  const path = await picturedFile(t);
  const cwd = dirname(path);
  const told = await gmm(cwd, "plot", "draws", path, "--data", "numbers.csv");
  const alone = await gmm(cwd, "plot", "draws", path, "--data", "-");
  assert.deepEqual([alone.code, alone.out], [0, readFileSync(join(cwd, "numbers.csv"), "utf8")]);
  assert.equal(alone.err, told.out.replace("numbers.csv: ", ""));
  const both = await gmm(cwd, "plot", "draws", path, "--data", "-", "-o", "a.svg");
  assert.deepEqual([both.code, both.out, both.err], [0, alone.out, told.out.replace("numbers.csv", "a.svg")]);
  assert.deepEqual(readdirSync(cwd).sort(), ["a.svg", "numbers.csv", "planted.db"]);
});

test("--choose says which of several things is drawn", async (t) => {
  const path = await picturedFile(t);
  const drawn = async (...words: readonly string[]): Promise<string> => {
    const { code, err } = await gmm(dirname(path), "plot", "map", path, "-o", "map.svg", "--force", ...words);
    assert.equal(code, 0, err);
    return readFileSync(join(dirname(path), "map.svg"), "utf8");
  };
  assert.equal(await drawn(), await drawn("--choose", "measure=forget"));
  assert.match(await drawn(), />Δ to retraining \(forget probability\)</);
  assert.match(await drawn("--choose", "measure=accuracy"), />Δ to retraining \(train accuracy\)</);
});

const REFUSED: readonly (readonly [what: string, words: readonly string[], code: number, sentence: RegExp])[] = [
  ["no file", ["slope"], 2, /^gmm-sweep: --out must name the picture, .* got none: write -o figure\.svg\n$/],
  [
    "another ending",
    ["slope", "-o", "a.jpg"],
    2,
    /^gmm-sweep: --out must end in \.svg, \.png or \.pdf, .* got a\.jpg\n$/,
  ],
  ["a slip of a figure's name", ["slop", "-o", "a.svg"], 2, /got slop: did you mean slope\n$/],
  [
    "another width",
    ["slope", "-o", "a.svg", "--width", "3"],
    2,
    /^gmm-sweep: --width must be 1 or 2, columns of a paper, got 3\n$/,
  ],
  [
    "a folder that is not there",
    ["slope", "-o", "no/a.svg"],
    2,
    /--out must be a file that can be written, got no\/a\.svg/,
  ],
  [
    "a column that nothing is chosen by",
    ["map", "-o", "a.svg", "--choose", "colour=red"],
    2,
    /--choose COLUMN must be/,
  ],
  ["a value that there is not", ["map", "-o", "a.svg", "--choose", "measure=loss"], 2, /--choose measure must be/],
  ["a choice where there is none", ["slope", "-o", "a.svg", "--choose", "draw=1"], 2, /--choose must be left out/],
];

for (const [what, words, code, sentence] of REFUSED)
  test(`plot refuses ${what} in one sentence, and writes nothing`, async (t) => {
    const ended = await plotted(t, ...words);
    assert.deepEqual([ended.code, ended.out], [code, ""]);
    assert.match(ended.err, sentence);
    assert.deepEqual(readdirSync(ended.folder), ["planted.db"]);
  });

test("a figure is of one setting: of several the sentence says by what one is chosen", async (t) => {
  const path = await picturedFile(t, {}, [{ hidden: "3,3", name: "other" }]);
  const ended = await gmm(dirname(path), "plot", "slope", path, "-o", "a.svg");
  assert.equal(ended.code, 2);
  assert.match(
    ended.err,
    /must be of one setting, got 2 \(sweep 1 paired 4,3; sweep 2 paired 3,3\): choose one by --sweep/,
  );
  assert.equal((await gmm(dirname(path), "plot", "slope", path, "-o", "a.svg", "--sweep", "2")).code, 0);
});

test("what a sweep cannot show is said, with what to do, and ends with 1", async (t) => {
  const path = await picturedFile(t, { "data-seeds": "1" });
  const ended = await gmm(dirname(path), "plot", "slope", path, "-o", "a.svg");
  assert.equal(ended.code, 1);
  assert.match(ended.err, /^gmm-sweep: slope cannot be drawn of .*, since there is one draw/);
  assert.deepEqual(readdirSync(dirname(path)), ["planted.db"]);
});

test("a file that is no figure is kept, whatever --force says, and a figure is without it", async (t) => {
  const path = await picturedFile(t);
  const at = (name: string): string => join(dirname(path), name);
  writeFileSync(at("a.svg"), "a letter");
  for (const force of [[], ["--force"]]) {
    const ended = await gmm(dirname(path), "plot", "slope", path, "-o", "a.svg", ...force);
    assert.equal(ended.code, 2);
    assert.match(ended.err, /--out must be a new file or a figure as gmm-sweep draws it, got a\.svg, which is neither/);
  }
  assert.equal(readFileSync(at("a.svg"), "utf8"), "a letter");
  assert.equal((await gmm(dirname(path), "plot", "slope", path, "-o", "b.svg")).code, 0);
  assert.match((await gmm(dirname(path), "plot", "slope", path, "-o", "b.svg")).err, /add --force to overwrite it\n$/);
});

/** Preloaded: the package that draws pixels is as if it were not installed. */
const WITHOUT_PIXELS = `data:text/javascript,${encodeURIComponent(
  `import { register } from "node:module"; register("data:text/javascript," + encodeURIComponent(${JSON.stringify(
    `export function resolve(name, context, next) { if (name === "@resvg/resvg-js") throw new Error("it is not there\\nat all"); return next(name, context); }`,
  )}));`,
)}`;

test("where PNG cannot be drawn that is said before anything is computed, and SVG and PDF are drawn all the same", async (t) => {
  const path = await picturedFile(t);
  const cwd = dirname(path);
  const ended = (...words: readonly string[]): Promise<Ended> =>
    started(spawn(process.execPath, ["--import", WITHOUT_PIXELS, CLI, ...words], { cwd, stdio: "pipe" })).ended;
  const png = await ended("plot", "slope", "planted.db", "-o", "a.png");
  assert.equal(png.code, 3);
  assert.equal(
    png.err,
    "gmm-sweep: PNG needs the package @resvg/resvg-js, which does not load here (it is not there): run `npm install @resvg/resvg-js`, or write .svg or .pdf\n",
  );
  assert.deepEqual(readdirSync(cwd), ["planted.db"]);
  for (const name of ["a.svg", "a.pdf"]) assert.equal((await ended("plot", "slope", "planted.db", "-o", name)).code, 0);
  assert.match(
    (await ended("doctor")).out,
    /^missing {2}PNG +it is not there: run `npm install @resvg\/resvg-js`; figures are drawn as SVG and PDF without it$/m,
  );
});
