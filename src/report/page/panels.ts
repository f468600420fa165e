/** The panels of a page: a figure each, drawn by the page's script from the data beside it. */
import { type FigureNumbers, type FigureRow, shownText } from "../../figures/numbers.js";
import type { Panel, SettingContent } from "./content.js";
import { type Html, html } from "./html.js";

export function panelsSection({ panels }: SettingContent, setting: number): Html {
  const drawn = panels.flatMap((panel) =>
    "reason" in panel ? [] : [panelHtml(panel, `${setting}-${panel.figure.kind}`)],
  );
  const others = panels.flatMap((panel) => ("reason" in panel ? [panel] : []));
  return html`<div class="panels">${drawn}</div>${others.length === 0 ? null : noneHtml(setting, others)}`;
}

type Drawn = Exclude<Panel, { readonly reason: string }>;

function panelHtml({ figure, numbers }: Drawn, id: string): Html {
  const caption = figure.caption(numbers);
  return html`<section class="panel" id="${id}"><h3>${figure.title}</h3><p class="answers">${capital(figure.answers)}</p>
<figure><div class="controls"></div><div class="picture" data-panel="${id}" role="img" aria-label="${figure.title}: ${caption}"></div>
<figcaption data-part="caption-${id}">${caption} <span class="shown">Shown: ${shownText(numbers.shown)}.</span></figcaption></figure>
<details class="numbers"><summary>Numbers</summary></details></section>`;
}

function noneHtml(setting: number, panels: readonly Extract<Panel, { readonly reason: string }>[]): Html {
  return html`<section class="none" data-part="none-${setting}"><h3>Not drawn</h3><ul>${panels.map(
    ({ figure, reason }) => html`<li>${figure.title}: ${reason}.</li>`,
  )}</ul></section>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A series with each name once, since rows are many. */
interface Columns {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** What the page's script draws a panel from. */
export interface PanelData {
  readonly spec: object;
  readonly aspect: number;
  readonly series: Readonly<Record<string, Columns>>;
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

/** The data of all panels that are drawn, by their ids. */
export function panelData(settings: readonly SettingContent[]): Record<string, PanelData> {
  const drawn = settings.flatMap(({ panels }, i) =>
    panels.flatMap((panel) => ("reason" in panel ? [] : [{ id: `${i + 1}-${panel.figure.kind}`, panel }])),
  );
  return Object.fromEntries(
    drawn.map(({ id, panel: { figure, numbers, spec } }) => [
      id,
      {
        // The data are beside it, each value once.
        spec: { ...spec, data: spec.data?.map((set) => ("values" in set ? { ...set, values: [] } : set)) },
        aspect: figure.aspect,
        series: seriesOf(numbers),
        choices: numbers.choices ?? {},
      },
    ]),
  );
}

function seriesOf({ series, facts }: FigureNumbers): Record<string, Columns> {
  return Object.fromEntries(
    Object.entries({ ...series, facts: [facts] }).map(([name, rows]) => {
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      return [name, { columns, rows: rows.map((row: FigureRow) => columns.map((column) => short(row[column]))) }];
    }),
  );
}

const DIGITS = 6; // more than any screen shows

function short(value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : (value ?? null);
}
