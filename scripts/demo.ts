/** Makes data/demo/index.html, one page that needs no other file: `npm run demo`. With --check it only says whether it is what the sources make. */
import { readFileSync, writeFileSync } from "node:fs";
import { DEFAULTS } from "../src/plan/defaults.js";
import { trainRequest } from "../src/plan/request.js";
import { onlyTrajectory } from "../src/plan/trajectories.js";
import { Html, html, jsonHtml } from "../src/report/page/html.js";
import { hashOf } from "../src/report/page/page.js";
import { STYLE } from "../src/report/page/style.js";
import { lastEpoch, type TrajectorySpec } from "../src/trial.js";

const ROOT = new URL("../../", import.meta.url);
const PAGE = new URL("data/demo/index.html", ROOT);
const PRESETS = ["notebook", "paired"];
const METHODS = ["original", "retrain_scratch", "unlearn", "fine_tune"];

const OWN_STYLE = `
.demo{display:grid;gap:1.5rem;grid-template-columns:minmax(0,1fr)}
.demo form{display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;align-items:end}
.demo form label{display:grid;gap:.2rem;font-size:.95rem}
.demo input[type=range]{width:14rem;accent-color:var(--role-better)}
.demo input[type=number]{width:8rem}
.demo p{margin:0}
#chart{width:100%;height:auto;max-width:60rem}
#chart text{font-size:12px;fill:var(--soft)}
#chart .rule{stroke:var(--faint)}#chart .divide{stroke:var(--soft)}
#chart .level{stroke:var(--role-retrain);stroke-dasharray:5 3}
#chart .settles{stroke:var(--soft);stroke-dasharray:1 3}
#chart .line{fill:none;stroke-width:2}
#chart .line.original{stroke:var(--role-untouched);stroke-dasharray:6 2}#chart text.original{fill:var(--role-untouched)}
#chart .line.retrain{stroke:var(--role-retrain)}#chart text.retrain{fill:var(--role-retrain)}
#chart .line.fine-tune{stroke:var(--role-method-2);stroke-dasharray:4 2 1 2}#chart text.fine-tune{fill:var(--role-method-2)}
#chart .line.unlearn{stroke:var(--role-better);stroke-width:3}#chart text.unlearn{fill:var(--role-better);font-weight:600}
`;

function specsOf(preset: string): Record<string, TrajectorySpec> {
  return Object.fromEntries(
    METHODS.map((method) => {
      const { plan } = trainRequest({ method, preset, engine: DEFAULTS.engine, trial: "1" });
      return [method, onlyTrajectory(plan, 1)];
    }),
  );
}

function page(): string {
  const script = readFileSync(new URL("dist/src/browser/demo.js", ROOT), "utf8");
  const wasm = readFileSync(new URL("src/engine/fused/fused.wasm", ROOT)).toString("base64");
  const specs = Object.fromEntries(PRESETS.map((preset) => [preset, specsOf(preset)]));
  const style = STYLE + OWN_STYLE;
  const policy = `default-src 'none'; script-src '${hashOf(script)}' 'wasm-unsafe-eval'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
  const { lambda } = specs["paired"]["unlearn"].cell;
  const trained = lastEpoch(specs["paired"]["original"]);
  const { draw } = specs["paired"]["original"].cell;
  const body = html`<header><h1>Does a net that has unlearned look like one that never saw?</h1></header>
<main id="main" class="demo">
<p>A small net is trained on ${draw.samples.toLocaleString("en-US")} rows of two Gaussian classes and one more row x. Then it unlearns x, with a penalty of weight λ. Beside it is a net that was retrained without x. Move λ, and see whose choice it is where the forget probability ends.</p>
<form aria-label="What is trained"><label for="lambda">λ, the penalty's weight: <output for="lambda">${lambda}</output><input id="lambda" type="range" min="0" max="10" step="0.1" value="${lambda}"></label>
<label for="epochs">epochs of unlearning: <output for="epochs">5</output><input id="epochs" type="range" min="1" max="20" step="1" value="5"></label>
<label for="trial">trial (seed)<input id="trial" type="number" min="1" max="1000000" step="1" value="1" required></label>
<label for="data-seed">data seed (draw)<input id="data-seed" type="number" min="0" max="9007199254740991" step="1" value="${draw.kind === "seeded" ? draw.dataSeed : 0}" required></label>
<label for="preset">preset<select id="preset"><option value="notebook">notebook, as coded</option><option value="paired">paired</option></select></label>
<button type="button" id="train">Train again</button></form>
<svg id="chart" role="img" aria-label="Forget probability of x, epoch by epoch: training, then unlearning; the numbers stand below"></svg>
<p id="said" role="status">Training …</p>
<div class="scroll" tabindex="0" role="region" aria-label="The numbers"><table><caption>After the last epoch</caption><thead><tr><th scope="col">net</th><th scope="col">forget probability</th><th scope="col">train accuracy</th></tr></thead><tbody id="numbers"></tbody></table></div>
<p>The dotted line is where the penalty alone leads a row that is fitted: p·ln(p/(1−p)) = 4/λ. The dashed line is what retraining came to in this trial.</p>
<p>Trained in this page by the same kernel as on the command line, and equal to it in every bit: <code id="command"></code> <button type="button" id="copy">Copy</button></p>
<noscript><p>The page trains by its script, which does not run here.</p></noscript>
</main>
<script type="application/json" id="carried">${jsonHtml({ wasm, specs, trained })}</script>
<script>${new Html(script)}</script>`;
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Unlearning, in a browser</title><style>${new Html(style)}</style></head>
<body>${body}</body></html>`.text
  }\n`;
}

const made = page();
if (process.argv.includes("--check")) {
  if (readFileSync(PAGE, "utf8") === made) console.log("data/demo/index.html is what the sources make");
  else {
    console.error("data/demo/index.html is not what the sources make: npm run demo makes it anew");
    process.exitCode = 1;
  }
} else {
  writeFileSync(PAGE, made);
  console.log(`data/demo/index.html: ${(made.length / 1000).toFixed(0)} kB`);
}
