/** What a sweep is asked, before anything of it is trained: what a verdict compares, and how large a difference does not matter. */

/** What a verdict holds against retraining: how likely the forget set is, and the accuracy beside it. */
export const ENDPOINTS = ["forget", "accuracy"] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** How large a difference does not matter, for each endpoint; > 0. */
export type Margins = Readonly<Record<Endpoint, number>>;

/** The measures that `forget` may be: a probability, or its log-odds, which tell apart what is nearly 1. */
export const ESTIMANDS = ["forget_probability", "forget_margin"] as const;
export type Estimand = (typeof ESTIMANDS)[number];

export interface Question {
  readonly estimand: Estimand;
  readonly margins: Margins;
}

/** What is asked where nothing is said. */
export const USUAL_QUESTION: Question = {
  estimand: "forget_probability",
  margins: { forget: 0.05, accuracy: 0.01 },
};
