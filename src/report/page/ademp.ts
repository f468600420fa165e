/** A sweep as a simulation study is reported: aims, data, estimands, methods, performance (Morris, White & Crowther 2019, doi 10.1002/sim.8086). */
import { axesOf } from "../../plan/axes.js";
import { USUAL_QUESTION } from "../../plan/question.js";
import type { Sweep } from "../../store/contract.js";
import { endpointName, marginsText } from "../verdict-words.js";
import { type Html, html } from "./html.js";

export function adempSection({ plan, question }: Sweep): Html {
  const asked = question ?? USUAL_QUESTION;
  const { draws, samples, features, forget_rows, hidden, learning_rates, methods, lambda, epochs, presets } =
    axesOf(plan);
  const settings = methods.map(
    (method) => `${method} (λ ${ends(lambda[method] ?? [0])}; epochs ${ends(epochs[method] ?? [])})`,
  );
  return html`<dl class="ademp">
<dt>Aims</dt><dd>To find which recipe, if any, makes a net that has unlearned its forget set look like one that was retrained without it, and whether doing nothing would have done as well.</dd>
<dt>Data</dt><dd>${draws.length.toLocaleString("en-US")} ${draws.length === 1 ? "draw" : "draws"} of two Gaussian classes, ${counted(samples, "row")} of ${counted(features, "feature")}, with ${counted(forget_rows, "forget row")}; ${counted([plan.trials], "trial")} of each cell, each with a seed of its own. ${plan.parts.some((part) => part.draws.kind === "imported") ? "Draws were imported." : "Draws follow from their seeds."}</dd>
<dt>Estimands</dt><dd>The mean over draws of the difference to retraining in ${endpointName("forget", asked)}, beside the same in accuracy, with margins of ${marginsText(asked)}${question === null ? "; nothing was asked beforehand" : ", asked when the sweep was opened"}.</dd>
<dt>Methods</dt><dd>${settings.join("; ")}. Nets of widths ${ends(hidden)}, learning rate ${ends(learning_rates)}, preset ${presets.join(", ")}.</dd>
<dt>Performance</dt><dd>Differences with Monte-Carlo standard errors and 90 % intervals; equivalence by two one-sided tests; choice among recipes by draws that do not judge it; trials that diverged or failed are counted, with worst-case bounds.</dd>
</dl>`;
}

/** 1 row, 5,000 rows, or each of several counts of rows. */
function counted(values: readonly (string | number)[], one: string): string {
  if (values.length > 1) return `${ends(values)} ${one}s`;
  return `${values[0].toLocaleString("en-US")} ${one}${values[0] === 1 ? "" : "s"}`;
}

const SHOWN = 6;

function ends(values: readonly (string | number)[]): string {
  if (values.length <= SHOWN) return values.join(", ");
  return `${values.slice(0, 3).join(", ")}, …, ${values.at(-1)} (${values.length} values)`;
}
