/** Where a sweep's numbers come from, and how much of it is there. */
import { canonicalText } from "../../plan/plan.js";
import type { SweepContent } from "./content.js";
import { type Html, html } from "./html.js";
import { htmlTable } from "./table.js";

export function completenessSection({ methods, sweep }: SweepContent): Html {
  const sum = (column: "rows" | "done" | "diverged" | "failed" | "missing"): number =>
    methods.reduce((total, method) => total + method[column], 0);
  const [rows, missing, failed] = [sum("rows"), sum("missing"), sum("failed")];
  const said =
    missing + failed === 0
      ? `Each of the ${rows.toLocaleString("en-US")} trial rows is there.`
      : `${missing.toLocaleString("en-US")} of ${rows.toLocaleString("en-US")} trial rows are missing, ${failed.toLocaleString("en-US")} failed.`;
  return html`<p>${said}</p>${htmlTable(
    `Trial rows of sweep ${sweep.id}`,
    ["method", "preset", "cells", "trial rows", "done", "diverged", "failed", "missing"],
    methods.map((of) => [
      ...[of.method, of.preset, of.cells, of.rows, of.done],
      ...[of.diverged, of.failed, of.missing],
    ]),
  )}`;
}

export function provenanceSection({ sweep, commands, digest }: SweepContent): Html {
  const { plan, profile, shard } = sweep;
  const part = shard.count === 1 ? null : html`<dt>Shard</dt><dd>${shard.index + 1}/${shard.count}</dd>`;
  return html`<dl>
<dt>Sweep</dt><dd>${sweep.id}${plan.name === null ? "" : `, ${plan.name}`}</dd>${part}
<dt>Digest</dt><dd>${digest === null ? "not taken: it is being trained" : html`<code>${digest}</code>`}</dd>
<dt>Numerics profile</dt><dd><code>${profile}</code></dd>
<dt>Seed of the weights</dt><dd>${plan.seed}</dd>
</dl>
<ol class="commands">${commands.map(
    ({ command, at, version, machine }) =>
      html`<li><code>${command}</code><br><small>${at}, gmm-sweep ${version}, ${machine}</small></li>`,
  )}</ol>
<details><summary>The plan as it is stored</summary><pre>${canonicalText(plan)}</pre></details>`;
}
