/** What is measured of a net: one record a measure. Tables, views, digests, checks and comparisons have the columns that stand here. */

/** The measures of every epoch; index e is epoch e+1. The two losses are those before that epoch's step, as the notebook logs them. */
export interface EpochCurve {
  readonly penalty: Float64Array;
  readonly crossEntropy: Float64Array;
  readonly trainAccuracy: Float64Array;
  readonly forgetProbability: Float64Array;
  readonly forgetMargin: Float64Array;
}

/** What a training leaves beside its curve, a value for each asked epoch; NaN where there is no test sample. */
interface AskedMeasures {
  readonly testAccuracy: Float64Array;
}

interface MeasureRecord {
  /** Its column. */
  readonly name: string;
  /** Its value of a trajectory at epoch `at`+1, the `place`-th of the asked ones; null where there is none. */
  readonly of: (curve: EpochCurve & AskedMeasures, at: number, place: number) => number | null;
}

/**
 * The measures of a trial row, in the order of the digest. To add one, add a record at the end, and a migration that
 * adds its column to files that are there.
 */
export const MEASURES = [
  { name: "train_accuracy", of: ({ trainAccuracy }, at) => trainAccuracy[at] },
  {
    name: "test_accuracy",
    of: ({ testAccuracy }, _at, place) => (Number.isNaN(testAccuracy[place]) ? null : testAccuracy[place]),
  },
  { name: "forget_probability", of: ({ forgetProbability }, at) => forgetProbability[at] },
  { name: "forget_margin", of: ({ forgetMargin }, at) => forgetMargin[at] },
  { name: "cross_entropy", of: ({ crossEntropy }, at) => crossEntropy[at] },
  { name: "penalty", of: ({ penalty }, at) => penalty[at] },
] as const satisfies readonly MeasureRecord[];

export type MeasureName = (typeof MEASURES)[number]["name"];

/** A value of each measure; null where there is none. */
export type Measures = Readonly<Record<MeasureName, number | null>>;

/** The columns of a curve as stores have them, in their order, each with the values it holds. */
export const CURVE = [
  { name: "penalty", of: ({ penalty }: EpochCurve) => penalty },
  { name: "cross_entropy", of: ({ crossEntropy }: EpochCurve) => crossEntropy },
  { name: "train_accuracy", of: ({ trainAccuracy }: EpochCurve) => trainAccuracy },
  { name: "forget_probability", of: ({ forgetProbability }: EpochCurve) => forgetProbability },
  { name: "forget_margin", of: ({ forgetMargin }: EpochCurve) => forgetMargin },
] as const satisfies readonly { name: MeasureName; of: (curve: EpochCurve) => Float64Array }[];

export type CurveName = (typeof CURVE)[number]["name"];
