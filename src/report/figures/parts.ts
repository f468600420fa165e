/** Parts that figures share: axes, filters, hovers, and which line looks how. */
import type { FigureNumbers } from "../../figures/numbers.js";
import { type Role, role } from "./theme.js";

/** The signal that says which value of a column is drawn. */
export function choiceSignal(column: string): string {
  return `choose_${column}`;
}

/** Only the rows of what is chosen of these columns. */
export function only(...columns: readonly string[]): { readonly transform: readonly object[] } {
  return { transform: columns.map((column) => ({ filter: `datum.${column} === ${choiceSignal(column)}` })) };
}

/** A position that is measured. */
export function along(field: string, title: string, more: object = {}): object {
  return { field, type: "quantitative", title, ...more };
}

/** What a mark says where one points at it; numbers with four decimals, counts as they are. */
export function hovers(
  ...fields: readonly (readonly [field: string, title: string, kind?: "count" | "text"])[]
): object {
  return {
    tooltip: fields.map(([field, title, kind]) => ({
      ...{ field, title },
      ...(kind === undefined ? { type: "quantitative", format: ".4f" } : { type: "nominal" }),
    })),
  };
}

interface Look {
  readonly colour: Role;
  readonly dash: readonly number[];
}

/** Of the lines of the verdict that are there once. */
const LOOKS: Readonly<Record<string, Look>> = {
  retraining: { colour: "role_retrain", dash: [1, 0] },
  chosen: { colour: "role_method_1", dash: [1, 0] },
  "do nothing": { colour: "role_untouched", dash: [6, 2] },
  null: { colour: "role_null", dash: [2, 2] },
};

/** Of the other methods. Colours and dashes are not of one number, so that no two of fifteen look alike. */
const METHOD_COLOURS = ["role_method_2", "role_method_3", "role_method_4"] as const;
const METHOD_DASHES: readonly (readonly number[])[] = [
  [4, 2, 1, 2],
  [1, 1.5],
  [8, 2, 2, 2],
  [3, 3],
  [10, 2, 1, 2, 1, 2],
];

function methodLook(place: number): Look {
  return {
    colour: METHOD_COLOURS[place % METHOD_COLOURS.length],
    dash: METHOD_DASHES[place % METHOD_DASHES.length],
  };
}

interface Looks {
  readonly names: readonly string[];
  readonly colour: object;
  readonly dash: object;
  /** Retraining and the chosen recipe are both solid: in grey their width tells them apart. */
  readonly width: object;
}

/** How the lines of a series look, which its rows name in `line` and `what`. */
export function looksOf(series: FigureNumbers["series"][string]): Looks {
  const lines = [...new Map(series.map(({ line, what }) => [String(line), String(what)]))];
  let methods = 0;
  const looks = lines.map(([, what]) => LOOKS[what] ?? methodLook(methods++));
  const names = lines.map(([name]) => name);
  return {
    names,
    colour: { domain: names, range: looks.map(({ colour }) => role(colour)) },
    dash: { domain: names, range: looks.map(({ dash }) => dash) },
    width: { type: "ordinal", domain: names, range: lines.map(([, what]) => (what === "retraining" ? 2.6 : 1.2)) },
  };
}

/** A legend that names its lines above the picture, in two columns. */
export const LEGEND = {
  title: null,
  orient: "top",
  columns: 2,
  symbolType: "stroke",
  symbolSize: 200,
  symbolOpacity: 1,
  labelLimit: 220,
};
