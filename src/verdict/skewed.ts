/** Where the differences that an answer comes from are plainly skewed, how often it may be wrong. */
import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import { skewnessError } from "../stats/skewness.js";

export interface Skewed {
  /** Whose values are the more skewed. */
  readonly endpoint: Endpoint;
  readonly skewness: number;
  /** How often an answer is wrong that states 5 %, of differences of skewness 1 to 2. */
  readonly errors: { readonly from: number; readonly to: number };
}

/** In standard errors of normal values: 2 % of normal samples are more skewed, of 8 values or more; 1 % of six; none of five or fewer can be. */
const PLAINLY = 2.44;

/** How often answers over so many values err (`npm run skewness`), from skewness 1 to one value in ten far off. */
const ERRORS = [
  { below: 20, from: 0.08, to: 0.21 },
  { below: 40, from: 0.06, to: 0.11 },
];

/** Null where nothing is claimed, where values are so many that the error is kept, and where they are not plainly skewed. */
export function skewedOf(
  of: Readonly<Record<Endpoint, { readonly skewness: number | null }>>,
  isDecided: boolean,
  units: number,
): Skewed | null {
  const errors = ERRORS.find(({ below }) => units < below);
  if (!isDecided || errors === undefined) return null;
  const [most] = ENDPOINTS.flatMap((endpoint) => {
    const { skewness } = of[endpoint];
    return skewness !== null && isPlain(skewness, units) ? [{ endpoint, skewness }] : [];
  }).sort((a, b) => Math.abs(b.skewness) - Math.abs(a.skewness));
  return most === undefined ? null : { ...most, errors: { from: errors.from, to: errors.to } };
}

function isPlain(skewness: number, units: number): boolean {
  return Math.abs(skewness) > PLAINLY * skewnessError(units);
}
