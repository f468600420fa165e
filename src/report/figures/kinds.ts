/** What figures are called, without what draws them: a command line is read before anything is drawn. */
export const FIGURE_KINDS: readonly string[] = [
  ...["slope", "memorisation", "map", "trade-off", "draws", "distributions", "curves"],
  ...["zip", "p-values", "next-hour"],
];
