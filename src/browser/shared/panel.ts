/** A panel of a page: a figure that is drawn when it comes into sight, and goes with the page's width, colours and choices. */
import { Error as ErrorsOnly, type Legend, parse, type Spec, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { choiceSignal } from "../../report/figures/parts.js";
import { THEMES, type ThemeName } from "../../report/figures/theme.js";
import { chosenKey, type PanelData } from "../../report/page/panels.js";
import { element } from "./element.js";
import { numbersTable, saveNumbers } from "./numbers.js";
import { type Row, rowsOf } from "./rows.js";
import { followPointer } from "./tip.js";

const ALL = "all";

/** Pictures are laid out for paper, whose text is small: a screen shows them so many times as large. */
const LARGER = 1.35;
const [LEAST_WIDTH, MOST_WIDTH] = [270, 420]; // pixels that they are laid out for
/** No wider: the names of a legend stand below each other, for which a picture is so much higher; pixels. */
const [NARROW, LEGEND_HEIGHT] = [300, 50];

export class Panel {
  readonly #place: HTMLElement;
  #data: PanelData;
  #view: View | null = null;
  #theme: ThemeName;
  #stratum = ALL;
  /** What is chosen of each column of which one value is drawn at a time. */
  readonly #chosen = new Map<string, string>();

  constructor(place: HTMLElement, data: PanelData, theme: ThemeName) {
    this.#place = place;
    this.#data = data;
    this.#theme = theme;
    this.#addControls();
    this.#addNumbers();
    this.#size();
    followPointer(place);
  }

  /** Draws it where it has not been. */
  async draw(): Promise<void> {
    if (this.#view !== null) return;
    // Expressions are interpreted: the page's policy allows no code but its own.
    const runtime = parse(this.#spec(), undefined, { ast: true });
    const view = new View(runtime, {
      ...{ renderer: "svg", container: this.#place, hover: true, logLevel: ErrorsOnly, expr: expressionInterpreter },
    });
    this.#view = view;
    for (const [column, value] of this.#chosen)
      if (column in this.#data.choices) view.signal(choiceSignal(column), value);
    view.tooltip(() => {}); // what is near counts, too
    this.#paint();
    this.#size();
    await view.runAsync();
    // What its words are is said by the label of its place.
    this.#place.querySelector("svg")?.setAttribute("aria-hidden", "true");
  }

  /** Gives it other numbers, in place; a picture that has got other axes, names or choices is made anew with what was chosen. */
  async update(data: PanelData): Promise<void> {
    const before = this.#data;
    this.#data = data;
    if (!isSame(strataOf(before), strataOf(data)) || !isSame(before.choices, data.choices)) this.#addControls();
    this.#say();
    if (this.#details()?.open === true) this.#showNumbers();
    if (this.#view === null) return;
    if (isSame(before.spec, data.spec)) {
      this.#fill();
      await this.#view.runAsync();
    } else {
      this.close();
      await this.draw();
    }
  }

  async useTheme(theme: ThemeName): Promise<void> {
    this.#theme = theme;
    this.#paint();
    await this.#view?.runAsync();
  }

  async resize(): Promise<void> {
    this.#size();
    await this.#view?.runAsync();
  }

  /** The specification with its data. */
  #spec(): Spec {
    const { spec } = this.#data;
    const shown = this.#shown();
    const data = (spec as Spec).data?.map((set) =>
      shown.has(set.name) ? { ...set, values: shown.get(set.name) } : set,
    );
    return { ...spec, data, legends: this.#legends() } as Spec;
  }

  /** Two names beside each other are too wide for a phone. */
  #legends(): Legend[] {
    const { legends = [] } = this.#data.spec as Spec;
    return this.#width() > NARROW
      ? legends
      : legends.map((legend) => (hasColumns(legend) ? { ...legend, columns: 1 } : legend));
  }

  close(): void {
    this.#view?.finalize();
    this.#view = null;
  }

  #fill(): void {
    for (const [name, rows] of this.#shown()) this.#view?.data(name, rows);
  }

  /** The rows that are to be drawn of each series that the picture draws. */
  #shown(): Map<string, Row[]> {
    const drawn = new Set((this.#data.spec as Spec).data?.map(({ name }) => name));
    const series = Object.entries(rowsOf(this.#data)).filter(([name]) => drawn.has(name));
    return new Map(series.map(([name, rows]) => [name, rows.filter(this.#isShown)]));
  }

  readonly #isShown = (row: Row): boolean => {
    return this.#stratum === ALL || !("stratum" in row) || row["stratum"] === this.#stratum;
  };

  #paint(): void {
    for (const [name, value] of Object.entries(THEMES[this.#theme])) this.#view?.signal(name, value);
  }

  #size(): void {
    const width = this.#width();
    const isTall = width <= NARROW && this.#hasColumns();
    const height = Math.round(width * this.#data.aspect) + (isTall ? LEGEND_HEIGHT : 0);
    // Its room is kept before it is drawn: nothing that one reads moves away.
    this.#place.style.minHeight = `${Math.floor((height * this.#place.clientWidth) / width)}px`;
    this.#view?.width(width).height(height);
  }

  #width(): number {
    return Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, this.#place.clientWidth / LARGER));
  }

  #hasColumns(): boolean {
    return (this.#data.spec as Spec).legends?.some(hasColumns) ?? false;
  }

  /** Says of what is chosen what the page says of what is drawn first. */
  #say(): void {
    const { choices, words } = this.#data;
    const chosen = Object.entries(choices).map(([column, values]) => this.#chosen.get(column) ?? values[0]);
    const { caption, shown } = words[chosenKey(chosen)];
    const few =
      this.#stratum === ALL
        ? ""
        : ` Only draws with ${this.#stratum} to forget are drawn; counts and medians are of all.`;
    const title = this.#place.closest(".panel")?.querySelector("h3")?.textContent ?? "";
    this.#place.setAttribute("aria-label", `${title}: ${caption}${few}`);
    const place = this.#place.closest("figure")?.querySelector("figcaption");
    place?.replaceChildren(caption, " ", element("span", { class: "shown" }, `${shown}${few}`));
  }

  /** A control for each column of which one value is drawn at a time, and for how much there was to forget. */
  #addControls(): void {
    const controls = this.#place.parentElement?.querySelector(".controls");
    const { choices } = this.#data;
    const made = Object.entries(choices).flatMap(([column, values]) => this.#choiceOf(column, values) ?? []);
    const strata = strataOf(this.#data);
    if (!strata.includes(this.#stratum)) this.#stratum = ALL;
    if (strata.length > 0)
      made.push(
        choice("draws", [ALL, ...strata], {
          chosen: this.#stratum,
          choose: async (value) => {
            this.#stratum = value;
            this.#say();
            this.#fill();
            await this.#view?.runAsync();
          },
          named: (value) => (value === ALL ? "all draws" : `with ${value} to forget`),
        }),
      );
    controls?.replaceChildren(...made);
  }

  /** Null where there is nothing to choose. */
  #choiceOf(column: string, values: readonly string[]): HTMLElement | null {
    if (!values.includes(this.#chosen.get(column) ?? "")) this.#chosen.delete(column);
    if (values.length < 2) return null;
    return choice(column.replaceAll("_", " "), values, {
      chosen: this.#chosen.get(column) ?? values[0],
      choose: async (value) => {
        this.#chosen.set(column, value);
        this.#say();
        this.#view?.signal(choiceSignal(column), value);
        await this.#view?.runAsync();
      },
      named: (value) => value.replaceAll("_", " "),
    });
  }

  #details(): HTMLDetailsElement | null {
    return this.#place.closest(".panel")?.querySelector<HTMLDetailsElement>("details.numbers") ?? null;
  }

  /** The numbers are written into the page when they are asked for. */
  #addNumbers(): void {
    const details = this.#details();
    details?.removeAttribute("hidden");
    details?.addEventListener("toggle", () => {
      details.querySelector("div")?.remove();
      if (details.open) this.#showNumbers();
    });
  }

  /** Puts them in the place of those that are shown; the button above them stays. */
  #showNumbers(): void {
    const details = this.#details();
    const table = numbersTable(this.#data);
    const there = details?.querySelector(":scope > div");
    if (there) {
      there.lastElementChild?.replaceWith(table);
      return;
    }
    const button = element("button", { type: "button" }, "Save as CSV");
    button.addEventListener("click", () => saveNumbers(this.#data, `${this.#place.dataset["panel"] ?? "figure"}.csv`));
    details?.append(element("div", {}, button, table));
  }
}

/** Whether it has long names beside each other; short ones stand in one line anywhere. */
function hasColumns({ columns }: Legend): boolean {
  return columns !== undefined && columns !== 1;
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The strata that one may choose; none where there are no two, or where one draw is shown, which is of one stratum. */
function strataOf(data: PanelData): string[] {
  if ("draw" in data.choices) return [];
  const all = Object.values(rowsOf(data)).flat();
  const strata = new Set(all.flatMap(({ stratum }) => (typeof stratum === "string" ? [stratum] : [])));
  return strata.size > 1 ? [...strata] : [];
}

interface Choosing {
  readonly chosen: string;
  readonly choose: (value: string) => Promise<void>;
  /** What a value is called. */
  readonly named: (value: string) => string;
}

let choices = 0;

function choice(title: string, values: readonly string[], { chosen, choose, named }: Choosing): HTMLElement {
  const id = `choice-${++choices}`;
  const select = element("select", { id });
  for (const value of values)
    select.append(element("option", { value, ...(value === chosen ? { selected: "" } : {}) }, named(value)));
  select.addEventListener("change", () => void choose((select as HTMLSelectElement).value));
  const label = element("label", { for: id }, title);
  label.append(select);
  return label;
}
