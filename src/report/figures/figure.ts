/** A figure: what the commands `plot` and `report` and the live page draw. */
import type { FigureNumbers } from "../../figures/numbers.js";
import type { Sight } from "../../verdict/sights.js";

/**
 * A picture as layers of vega-lite, but for its size, fonts and colours, which are the theme's. The compiler checks it:
 * its own types allow too little of what it takes.
 */
interface FigureSpec {
  readonly layer: readonly object[];
  readonly encoding?: object;
  readonly resolve?: object;
}

/**
 * One figure. To add one: a file in src/figures that computes its numbers, a file here with a record of this kind, and its
 * place in kinds.ts and figures.ts; `plot`, `report`, `serve`, their helps and tests take it from there.
 */
export interface Figure {
  /** As `plot` is asked for it. */
  readonly kind: string;
  readonly title: string;
  /** What question it answers, in a sentence. */
  readonly answers: string;
  /** A sentence where it cannot be shown, with the reason and the remedy. */
  readonly numbers: (sight: Sight) => Promise<FigureNumbers | string>;
  /** What there is to see, in a sentence or two with rounded numbers: the caption, and what a screen reader says. */
  readonly caption: (numbers: FigureNumbers) => string;
  /** The picture: data sets are named as the series are; marks, axes with units, and order; roles of colours, never colours. */
  readonly spec: (numbers: FigureNumbers) => FigureSpec;
  /** Whether it times how fast this machine trains, which is no time to do beside a training. */
  readonly isTimed?: boolean;
  /** Height over width of a picture as wide as the column. */
  readonly aspect: number;
}
