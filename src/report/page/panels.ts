/** The panels of a page: a figure each, drawn by the page's script from the data beside it. */
import { type FigureNumbers, type FigureRow, shownText } from "../../figures/numbers.js";
import { printable } from "../../printable.js";
import type { Figure } from "../figures/figure.js";
import type { Panel, SettingContent } from "./content.js";
import { type Html, html } from "./html.js";

/** Pictures of panels as images, by the panels' ids. */
export type Stills = ReadonlyMap<string, Html>;

export function panelId(setting: number, { kind }: Figure): string {
  return `${setting}-${kind}`;
}

export function panelsSection({ panels }: SettingContent, setting: number, stills: Stills): Html {
  const drawn = panels.flatMap((panel) => {
    if ("reason" in panel) return [];
    const id = panelId(setting, panel.figure);
    return [panelHtml(panel, id, stills.get(id) ?? null)];
  });
  const others = panels.flatMap((panel) => ("reason" in panel ? [panel] : []));
  return html`<div class="panels">${drawn}</div>${others.length === 0 ? null : noneHtml(setting, others)}`;
}

type Drawn = Exclude<Panel, { readonly reason: string }>;

function panelHtml({ figure, numbers }: Drawn, id: string, still: Html | null): Html {
  const { caption, shown } = wordsOf(figure, numbers);
  return html`<section class="panel" id="${id}"><h3>${figure.title}</h3><p class="answers">${capital(figure.answers)}</p>
<figure><div class="controls"></div><div class="picture" data-panel="${id}" role="img" aria-label="${figure.title}: ${caption}">${still}</div>
<figcaption>${caption} <span class="shown">${shown}</span></figcaption></figure>
<details class="numbers" hidden><summary>Numbers</summary></details></section>`;
}

/** What a panel says of what is drawn. */
interface Words {
  readonly caption: string;
  readonly shown: string;
}

function wordsOf(figure: Figure, numbers: FigureNumbers): Words {
  return { caption: figure.caption(numbers), shown: `Shown: ${shownText(numbers)}.` };
}

/** The words of each choice, by `chosenKey`. */
function allWords(figure: Figure, numbers: FigureNumbers): Record<string, Words> {
  const { choices = {} } = numbers;
  const columns = Object.keys(choices);
  const all = columns.reduce<readonly string[][]>(
    (before, column) => before.flatMap((values) => choices[column].map((value) => [...values, value])),
    [[]],
  );
  return Object.fromEntries(
    all.map((values) => {
      const chosen = Object.fromEntries(columns.map((column, i) => [column, [values[i]]]));
      return [chosenKey(values.map(printable)), wordsOf(figure, { ...numbers, choices: chosen })];
    }),
  );
}

/** What is chosen of each column as one text. */
export function chosenKey(values: readonly string[]): string {
  return JSON.stringify(values);
}

function noneHtml(setting: number, panels: readonly Extract<Panel, { readonly reason: string }>[]): Html {
  return html`<section class="none" data-part="none-${setting}"><h3>Not drawn</h3><ul>${panels.map(
    ({ figure, reason }) => html`<li>${figure.title}: ${reason}.</li>`,
  )}</ul></section>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A series with each name and each text once, since rows are many. */
export interface Columns {
  readonly columns: readonly string[];
  /** Of a column of texts: those that there are, which its rows have by their places. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
  readonly rows: readonly (readonly unknown[])[];
}

/** What the page's script draws a panel from. */
export interface PanelData {
  readonly spec: object;
  readonly aspect: number;
  readonly series: Readonly<Record<string, Columns>>;
  readonly choices: Readonly<Record<string, readonly string[]>>;
  /** What is said of each choice, by `chosenKey`. */
  readonly words: Readonly<Record<string, Words>>;
}

/** The data of all panels that are drawn, by their ids. */
export function panelData(settings: readonly SettingContent[]): Record<string, PanelData> {
  const drawn = settings.flatMap(({ panels }, i) =>
    panels.flatMap((panel) => ("reason" in panel ? [] : [{ id: panelId(i + 1, panel.figure), panel }])),
  );
  return Object.fromEntries(
    drawn.map(({ id, panel: { figure, numbers, spec } }) => [
      id,
      {
        // The data are beside it, each value once.
        spec: shownIn({ ...spec, data: spec.data?.map((set) => ("values" in set ? { ...set, values: [] } : set)) }),
        aspect: figure.aspect,
        series: seriesOf(numbers),
        choices: shownIn(numbers.choices ?? {}),
        words: shownIn(allWords(figure, numbers)),
      },
    ]),
  );
}

/** The same with its texts as they are shown: nothing in them turns a line around. */
function shownIn<Value extends object>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_name, part: unknown) =>
    typeof part === "string" ? printable(part) : part,
  ) as Value;
}

function seriesOf({ series, facts }: FigureNumbers): Record<string, Columns> {
  return Object.fromEntries(Object.entries({ ...series, facts: [facts] }).map(([name, rows]) => [name, packed(rows)]));
}

function packed(rows: readonly FigureRow[]): Columns {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const places = new Map(columns.flatMap((column) => (isText(column, rows) ? [[column, placesIn(column, rows)]] : [])));
  return {
    columns,
    texts: Object.fromEntries(Array.from(places, ([column, words]) => [column, [...words.keys()].map(printable)])),
    rows: rows.map((row) =>
      columns.map((column) => places.get(column)?.get(String(row[column])) ?? short(row[column])),
    ),
  };
}

function isText(column: string, rows: readonly FigureRow[]): boolean {
  return rows.every((row) => typeof row[column] === "string");
}

/** The texts of a column, each with its place among them. */
function placesIn(column: string, rows: readonly FigureRow[]): Map<string, number> {
  const words = new Set(rows.map((row) => String(row[column])));
  return new Map(Array.from(words, (word, i) => [word, i]));
}

const DIGITS = 6; // more than any screen shows

function short(value: unknown): unknown {
  // A column that has texts and nulls is not packed.
  if (typeof value === "string") return printable(value);
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : (value ?? null);
}
