/** What a figure shows: its numbers, and how much of what there is they are. */

export type FigureValue = number | string | boolean | null;

/** One mark of a figure; its names are the columns of the file that `plot --data` writes. */
export type FigureRow = Readonly<Record<string, FigureValue>>;

/**
 * The numbers of a figure, computed from findings and from nothing drawn. Everything that is drawn stands here: a
 * picture adds no number. A figure that cannot be shown is a sentence instead, which says why and what to do.
 */
export interface FigureNumbers<Row extends FigureRow = FigureRow> {
  /** The marks of each layer, by its name. */
  readonly series: Readonly<Record<string, readonly Row[]>>;
  /** At least one: nothing is left out silently. */
  readonly shown: readonly Shown[];
  /** Columns of which one value is drawn at a time, with their values; the first is drawn where nothing is chosen. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** Single numbers and words that its lines, its axes and its caption need, such as a margin or the chosen recipe. */
  readonly facts: Readonly<Record<string, FigureValue>>;
}

/** So many are drawn of so many that there are. */
interface Shown {
  /** In the plural: draws, cells, trials. */
  readonly what: string;
  readonly shown: number;
  readonly of: number;
  /** The choice of which it is so; of every one where it is not there. */
  readonly when?: { readonly column: string; readonly value: string };
}

/** How much is shown of what is drawn: where one value of a column is, of that. */
export function shownText({ shown, choices = {} }: Pick<FigureNumbers, "shown" | "choices">): string {
  return shown
    .filter(({ when }) => when === undefined || choices[when.column]?.[0] === when.value)
    .map(({ what, shown: count, of }) => `${count} of ${of} ${what}`)
    .join(", ");
}
