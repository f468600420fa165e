/** What estimates and their intervals are. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** An estimate with its standard error and the degrees of freedom of that. */
export interface Estimate {
  readonly estimate: number;
  readonly error: number;
  readonly df: number;
}
