/** What figures are called and what they answer, without what draws them: a command line is read before anything is drawn. */

/** What question each figure answers, in the order of the page. */
export const FIGURE_ANSWERS = {
  slope: "does unlearning bring a draw nearer to retraining than doing nothing?",
  memorisation: "does unlearning take away what was memorised, or bring every row to one value?",
  map: "where, if anywhere, among λ and epochs do unlearned nets look retrained?",
  "trade-off": "what does a recipe pay in accuracy for what it forgets?",
  draws: "on which draws does a recipe differ from retraining, and by how much?",
  distributions: "do unlearned nets spread as retrained ones do?",
  curves: "when does a method do what it does, and what does it do to the rest meanwhile?",
  zip: "do the intervals hold what they state where nothing differs?",
  "p-values": "do tests err as often as they state where nothing differs?",
  "next-hour": "how narrow would the interval become, and what would that cost here?",
} as const;

export const FIGURE_KINDS: readonly string[] = Object.keys(FIGURE_ANSWERS);
