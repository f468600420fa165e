/** Accuracy against forgetting: where each recipe lies from retraining. */
import { fTailQuantile } from "../stats/f.js";
import { ascending, mean, variance } from "../stats/moments.js";
import type { Differences } from "../verdict/differences.js";
import { placesOf } from "../verdict/selection.js";
import type { Sight } from "../verdict/sights.js";
import type { Recipe } from "../verdict/table.js";
import { chosenBy, chosenOf, type Ground, groundOf, type Line, lineOf, whyNone } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { pathNames } from "./path-names.js";
import { CONFIDENCE } from "./units.js";

const MOST_PATHS = 8;
const CORNERS = 60; // of what an ellipse is drawn by

/** Mean differences over the units that judge the chosen recipe, for all marks alike; a path joins a λ of the chosen recipe's method from its fewest epochs to its most. */
export async function tradeOffNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOf(sight);
  if (typeof ground === "string") return ground;
  const { basis, lines } = ground;
  const chosen = chosenOf(ground);
  const places = chosen?.places ?? placesOf(basis.units);
  const points = lines.flatMap((line) => {
    const at = differencesOf(ground, line.recipe, places);
    return at === null ? [] : [{ line: line.name, what: line.what, ...meansOf(at), units: at.forget.length }];
  });
  if (points.length === 0)
    return whyNone(sight, "nothing but copies of one run was trained, which say nothing of chance");
  const found = pathsOf(ground, chosen);
  const { paths, shown } = found;
  const { forget, accuracy } = sight.question.margins;
  const corners = [-1, 1].map((side) => ({ forget: side * forget, accuracy: side * accuracy }));
  const names = namesOf(found, { all: [...paths, ...points, ...corners], marks: points });
  const twin = lineOf(ground, "null");
  const spread = twin === null ? null : differencesOf(ground, twin.recipe, places);
  return {
    series: { points, paths, names, chance: spread === null ? [] : ellipse(spread) },
    shown: [{ what: "λ", shown: shown.shown, of: shown.of }],
    facts: {
      estimand: sight.question.estimand,
      ...{ forget_margin: forget, accuracy_margin: accuracy },
      unit: basis.unit,
      chosen: chosen?.name ?? null,
      chosen_by: chosen === null ? "none" : chosenBy(chosen, basis.units),
      units: places.length,
    },
  };
}

/** Those of a recipe in some of the units; null where they say nothing. */
function differencesOf({ basis }: Ground, recipe: Recipe, places: readonly number[]): Differences | null {
  const found = basis.differencesOf(recipe);
  if (typeof found === "string") return null;
  const there = places.filter((place) => !Number.isNaN(found.forget[place]));
  if (there.length === 0) return null;
  return { forget: there.map((place) => found.forget[place]), accuracy: there.map((place) => found.accuracy[place]) };
}

function meansOf({ forget, accuracy }: Differences): { forget: number; accuracy: number } {
  return { forget: mean(forget), accuracy: mean(accuracy) };
}

interface Paths {
  readonly paths: { lambda: number; epochs: number; forget: number; accuracy: number }[];
  readonly shown: { readonly shown: number; readonly of: number };
}

/** Of many λ some, evenly over their order, the chosen one among them. */
function pathsOf(ground: Ground, chosen: Line | null): Paths {
  if (chosen === null) return { paths: [], shown: { shown: 0, of: 0 } };
  const { method, lambda_reg } = chosen.recipe.key;
  const own = ground.basis.recipes.filter(({ key }) => key.method === method);
  const all = ascending([...new Set(own.map(({ key }) => key.lambda_reg))]);
  const every = Math.max(1, Math.ceil((all.length - 1) / (MOST_PATHS - 1)));
  const kept = new Set(all.filter((lambda, i) => i % every === 0 || lambda === lambda_reg));
  const paths = own
    .filter(({ key }) => kept.has(key.lambda_reg))
    .flatMap((recipe) => {
      const at = differencesOf(ground, recipe, chosen.places);
      return at === null ? [] : [{ lambda: recipe.key.lambda_reg, epochs: recipe.key.epochs, ...meansOf(at) }];
    });
  return {
    paths: paths.sort((a, b) => a.lambda - b.lambda || a.epochs - b.epochs),
    shown: { shown: kept.size, of: all.length },
  };
}

/** The λ of the paths at their ends. None of a single one, which the legend names. */
function namesOf({ paths }: Paths, around: Parameters<typeof pathNames>[1]): FigureNumbers["series"][string] {
  const ends = [...new Map(paths.map((at) => [at.lambda, at])).values()];
  return ends.length < 2 ? [] : pathNames(ends, around).map((name) => ({ ...name }));
}

/**
 * The border of the 90 % confidence region of a mean in two dimensions: n·(μ−x̄)ᵀS⁻¹(μ−x̄) = 2(n−1)/(n−2)·F(.9; 2, n−2)
 * (Hotelling 1931). None of fewer than three units, or where all are equal.
 */
function ellipse({ forget, accuracy }: Differences): { corner: number; forget: number; accuracy: number }[] {
  const n = forget.length;
  const center = meansOf({ forget, accuracy });
  const [f, a] = [variance(forget), variance(accuracy)];
  const both = forget.reduce((sum, value, i) => sum + (value - center.forget) * (accuracy[i] - center.accuracy), 0);
  const covariance = both / (n - 1);
  const rest = f - (covariance * covariance) / a;
  if (n < 3 || !(a > 0) || !(rest > 0)) return [];
  const radius = Math.sqrt((2 * (n - 1) * fTailQuantile(1 - CONFIDENCE, 2, n - 2)) / ((n - 2) * n));
  // S = LLᵀ with L = [[√a, 0], [covariance/√a, √rest]].
  return Array.from({ length: CORNERS + 1 }, (_, corner) => {
    const angle = (2 * Math.PI * corner) / CORNERS;
    const [u, v] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    return {
      corner,
      accuracy: center.accuracy + Math.sqrt(a) * u,
      forget: center.forget + (covariance / Math.sqrt(a)) * u + Math.sqrt(rest) * v,
    };
  });
}
