/** The figures that there are, in the order of the page. */
import type { Figure } from "./figure.js";
import { slope } from "./slope.js";

export const FIGURES: readonly Figure[] = [slope];
