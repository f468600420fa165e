/** From a figure's numbers to what shows it: a Vega specification, an SVG, a PNG, a PDF. Its libraries are loaded with the first picture. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Spec } from "vega";
import type { TopLevelSpec } from "vega-lite";
import type { FigureNumbers } from "../../figures/numbers.js";
import { printable } from "../../printable.js";
import type { Figure } from "./figure.js";
import { choiceSignal } from "./parts.js";
import { pixelDrawer } from "./pixels.js";
import { COLUMNS, CONFIG, FONT, pixels, ROLES, THEMES, type ThemeName } from "./theme.js";

const require = createRequire(import.meta.url);

/** What a picture is drawn as. */
export interface Drawing {
  /** Of the whole picture, in millimetres. */
  readonly width: number;
  readonly theme: ThemeName;
}

/** A picture that is drawn, with its size in millimetres. */
export interface Svg {
  readonly text: string;
  readonly width: number;
  readonly height: number;
}

/** The Vega specification of a picture of this width in pixels, with its data, each set named as the series is, and its colours as signals. */
export async function vegaSpec(
  figure: Figure,
  numbers: FigureNumbers,
  { width, theme }: { readonly width: number; readonly theme: ThemeName },
): Promise<Spec> {
  const { compile } = await import("vega-lite");
  const spec = figure.spec(numbers);
  const colours = ROLES.map((name) => ({ name, value: THEMES[theme][name] }));
  const choices = Object.entries(numbers.choices ?? {}).map(([column, values]) => ({
    ...{ name: choiceSignal(column), value: values[0] },
  }));
  const whole = {
    ...spec,
    width,
    height: Math.round(width * figure.aspect),
    autosize: { type: "fit", contains: "padding" },
    padding: 2,
    params: [...colours, ...choices],
    datasets: { ...numbers.series, facts: [numbers.facts] },
    config: CONFIG,
  };
  return compile(whole as unknown as TopLevelSpec, { logger: STRICT }).spec;
}

/** What the compiler warns of is a fault of the specification. */
const STRICT = {
  level: () => STRICT,
  info: () => STRICT,
  debug: () => STRICT,
  error: refuse,
  warn: refuse,
};

function refuse(...words: readonly unknown[]): never {
  throw new Error(`a figure's specification is wrong: ${words.join(" ")}`);
}

/** How much lower for its width a picture of two columns is than one of one. */
const FLATTER = 0.65;

/** The picture of a figure, in which all text is as wide as the shipped font makes it. `title` and `caption` are for who cannot see it. */
export async function svgOf(figure: Figure, numbers: FigureNumbers, { width, theme }: Drawing): Promise<Svg> {
  const across = Math.round(pixels(width));
  // As high as its column is wide, a picture of two would fill the page.
  const aspect = figure.aspect * (width > COLUMNS[1] ? FLATTER : 1);
  const spec = await vegaSpec({ ...figure, aspect }, numbers, { width: across, theme });
  const vega = await import("vega");
  await measureByFont(vega);
  // The names of gradients would count all pictures of a process.
  (vega as unknown as { resetSVGDefIds(): void }).resetSVGDefIds();
  const view = new vega.View(vega.parse(spec), { renderer: "none", logger: vega.logger(vega.Error) });
  try {
    const drawn = await view.toSVG();
    const [, wide, high] = /viewBox="0 0 (\d+) (\d+)"/.exec(drawn) ?? refuse("its picture has no size");
    const height = (width * Number(high)) / Number(wide);
    return { text: labelled(drawn, figure, numbers, { width, height, paper: THEMES[theme].paper }), width, height };
  } finally {
    view.finalize();
  }
}

interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly paper: string;
}

/** The SVG with its size in millimetres, its paper, and words for who cannot see it. */
function labelled(drawn: string, figure: Figure, numbers: FigureNumbers, { width, height, paper }: Sheet): string {
  const [, begun, inside] = /^<svg([^>]*)>(.*)$/s.exec(drawn) ?? refuse("it makes no SVG");
  // A dash without a gap is a line: some readers refuse to draw it as a dash.
  // What a store holds may have characters that no XML has.
  const lines = printable(inside).replaceAll(/ stroke-dasharray="1, ?0"/g, "");
  const attributes = begun.replace(/ (width|height)="[^"]*"/g, "");
  const size = `width="${round(width)}mm" height="${round(height)}mm" role="img" aria-labelledby="title caption"`;
  const words = `<title id="title">${xml(figure.title)}</title><desc id="caption">${xml(figure.caption(numbers))}</desc>`;
  return `<svg${attributes} ${size}>${words}<rect width="100%" height="100%" fill="${paper}"/>${lines}\n`;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text as XML has it. */
function xml(text: string): string {
  return printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

const PNG_DPI = 600; // what journals ask of line drawings
const MM_PER_INCH = 25.4;

export async function pngOf({ text, width }: Svg): Promise<Uint8Array> {
  const { Resvg } = await pixelDrawer();
  const image = new Resvg(text, {
    font: { fontFiles: Object.values(FONT_FILES).map(fontFile), loadSystemFonts: false, defaultFontFamily: FONT },
    fitTo: { mode: "width", value: Math.round((width / MM_PER_INCH) * PNG_DPI) },
  });
  return image.render().asPng();
}

const PT_PER_MM = 72 / MM_PER_INCH;

/** One page as large as the picture; the same bytes each time. */
export async function pdfOf({ text, width, height }: Svg, title: string): Promise<Uint8Array> {
  const { default: draw } = await import("svg-to-pdfkit");
  const size: [number, number] = [width * PT_PER_MM, height * PT_PER_MM];
  const page = await paper({ size, margin: 0, info: { Title: title, CreationDate: new Date(0) } });
  const pieces: Buffer[] = [];
  page.on("data", (piece: Buffer) => pieces.push(piece));
  const done = new Promise<void>((resolve) => page.on("end", () => resolve()));
  draw(page, text, 0, 0, {
    ...{ width: size[0], height: size[1], assumePt: false },
    fontCallback: (_family, isBold, isItalic) => (isBold ? "bold" : isItalic ? "italic" : "regular"),
  });
  page.end();
  await done;
  return Buffer.concat(pieces);
}

/** The faces that figures use. */
const FONT_FILES = {
  regular: "400Regular/SourceSans3_400Regular.ttf",
  bold: "600SemiBold/SourceSans3_600SemiBold.ttf",
  italic: "400Regular_Italic/SourceSans3_400Regular_Italic.ttf",
} as const;

function fontFile(name: string): string {
  return join(dirname(require.resolve("@expo-google-fonts/source-sans-3/package.json")), name);
}

async function paper(options: PDFKit.PDFDocumentOptions): Promise<PDFKit.PDFDocument> {
  const { default: Document } = await import("pdfkit");
  const page = new Document(options);
  for (const [face, file] of Object.entries(FONT_FILES)) page.registerFont(face, fontFile(file));
  return page;
}

/** What vega's types leave out. */
interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
}

let isMeasured = false;

/** Vega guesses how wide a text is where there is no canvas; here the font that is drawn says it. */
async function measureByFont(vega: object): Promise<void> {
  if (isMeasured) return;
  isMeasured = true;
  const { textMetrics } = vega as { textMetrics: { width: (item: TextItem, text: unknown) => number } };
  const ruler = await paper({ autoFirstPage: false });
  textMetrics.width = (item, text) => {
    const isBold = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
    return ruler
      .font(isBold ? "bold" : "regular")
      .fontSize(item.fontSize ?? 11)
      .widthOfString([text].flat().join(" "));
  };
}
