/** Makes data/demo/index.html, one page that needs no other file: `npm run demo`. With --check it only says whether it is what the sources make. */
import { readFileSync, writeFileSync } from "node:fs";
import { DEFAULTS } from "../src/plan/defaults.js";
import { trainRequest } from "../src/plan/request.js";
import { onlyTrajectory } from "../src/plan/trajectories.js";
import { LIMITS } from "../src/plan/values.js";
import { FONT_FAMILY } from "../src/report/figures/theme.js";
import { hashOf } from "../src/report/page/frame.js";
import { Html, html, jsonHtml } from "../src/report/page/html.js";
import { COLOURS } from "../src/report/page/style.js";
import { lastEpoch, type TrajectorySpec } from "../src/trial.js";

const ROOT = new URL("../../", import.meta.url);
const PAGE = new URL("data/demo/index.html", ROOT);
const PRESETS = ["notebook", "paired"];
const METHODS = ["original", "retrain_scratch", "unlearn", "fine_tune"];

/** Of its own but for the colours: the page stays what it is when the style of reports changes. */
const STYLE = `${COLOURS.trim()}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 ${FONT_FAMILY}}
header,main{max-width:62rem;margin:0 auto;padding:0 1rem}
h1{font-size:1.5rem;line-height:1.3;margin:1rem 0 .5rem}
main{display:grid;gap:1rem;grid-template-columns:minmax(0,1fr);padding-bottom:2rem}
p{margin:0;max-width:46rem;text-wrap:pretty}
:focus-visible{outline:3px solid var(--role-better);outline-offset:2px}
form{display:grid;gap:.75rem}
form div{display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;align-items:end}
form label{display:grid;gap:.25rem;font-size:.95rem}
output{font-weight:600;font-variant-numeric:tabular-nums}
select,button,input{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:4px;padding:.2rem .5rem;max-width:100%}
select,button,input[type=number]{height:2.2rem}
button{cursor:pointer}
input[type=range]{width:16rem;height:2.2rem;padding:0;border:0;accent-color:var(--role-better)}
input[type=number]{width:8rem}
.soft,caption,#copied{color:var(--soft)}
.spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
#said{font-size:1.15rem;font-weight:600}
#chart{display:block;width:100%;height:24rem}
#chart text{font-size:14px;fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
#chart .rule{stroke:var(--faint)}#chart .divide{stroke:var(--soft)}
#chart .level{stroke:var(--role-retrain);stroke-dasharray:5 3}
#chart .settles{stroke:var(--soft);stroke-width:2;stroke-dasharray:2 4}
#chart .line{fill:none;stroke-width:2}
#chart .line.original{stroke:var(--role-untouched);stroke-dasharray:6 2}#chart text.original{fill:var(--role-untouched)}
#chart .line.retrain{stroke:var(--role-retrain)}#chart text.retrain{fill:var(--role-retrain)}
#chart .line.fine-tune{stroke:var(--role-method-2);stroke-dasharray:4 2 1 2}#chart text.fine-tune{fill:var(--role-method-2)}
#chart .line.unlearn{stroke:var(--role-better);stroke-width:3}#chart text.unlearn{fill:var(--role-better);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.95rem;font-variant-numeric:tabular-nums}
tbody th{white-space:nowrap}
caption{text-align:left;padding-bottom:.25rem}
th,td{padding:.3rem 1.2rem .3rem 0;text-align:left;border-bottom:1px solid var(--faint);vertical-align:bottom}
td.number,th.number{text-align:right}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em;overflow-wrap:anywhere}
.command span{white-space:nowrap}
.command{display:block;margin:.5rem 0;padding:.5rem .75rem;border:1px solid var(--faint);border-radius:4px}
@media (max-width:40rem){#chart{height:20rem}#chart text{font-size:12px}form label:has([type=range]){width:100%}input[type=range]{width:100%}th,td{padding-right:.7rem;font-size:.9rem}}
`;

function specsOf(preset: string): Record<string, TrajectorySpec> {
  return Object.fromEntries(
    METHODS.map((method) => {
      const { plan } = trainRequest({ method, preset, engine: DEFAULTS.engine, trial: "1" });
      return [method, onlyTrajectory(plan, 1)];
    }),
  );
}

/** One of the scripts that src/browser is bundled into. */
function scriptOf(name: string): string {
  return readFileSync(new URL(`dist/src/browser/${name}.js`, ROOT), "utf8");
}

function page(): string {
  const [script, worker] = [scriptOf("demo"), scriptOf("demo-worker")];
  const wasm = readFileSync(new URL("src/engine/fused/fused.wasm", ROOT)).toString("base64");
  const specs = Object.fromEntries(PRESETS.map((preset) => [preset, specsOf(preset)]));
  // The worker has the page's policy: its script is a blob of the page's, and it compiles the kernel.
  const policy = `default-src 'none'; script-src '${hashOf(script)}' 'wasm-unsafe-eval'; worker-src blob:; style-src '${hashOf(STYLE)}'; base-uri 'none'; form-action 'none'`;
  const { original, unlearn } = specs["notebook"];
  const { lambda } = unlearn.cell;
  const [trained, epochs] = [lastEpoch(original), lastEpoch(unlearn)];
  const { samples } = original.cell.draw;
  const body = html`<header><h1>Does a net that unlearned x look as if it had never seen it?</h1></header>
<main aria-busy="true">
<p>A small net learns ${samples.toLocaleString("en-US")} rows of two Gaussian classes and one more row, x. Then it unlearns x, under a penalty of weight λ. Another net is trained from the start and never fitted to x (under the preset notebook, x still stands in its penalty). Move λ and the epochs: they decide where the unlearned net ends; the retrained one stays where it is.</p>
<form aria-label="What is trained"><div><label for="lambda"><span>λ, the penalty's weight: <output for="lambda">${lambda}</output> <span class="soft">(the notebook's: ${lambda})</span></span><input id="lambda" type="range" min="0" max="10" step="0.1" value="${lambda}" list="lambdas"></label>
<label for="epochs"><span>epochs of unlearning: <output for="epochs">${epochs}</output> <span class="soft">(the notebook's: ${epochs})</span></span><input id="epochs" type="range" min="1" max="20" step="1" value="${epochs}" list="epoch-counts"></label></div>
<div><label for="trial">trial (initial weights)<input id="trial" type="number" min="1" max="${LIMITS.trials}" step="1" value="1" required></label>
<label for="data-seed">data seed (rows and x)<input id="data-seed" type="number" min="0" max="${Number.MAX_SAFE_INTEGER}" step="1" value="${DEFAULTS["data-seed"]}" required></label>
<label for="preset">preset<select id="preset"><option value="notebook">notebook: as it is coded</option><option value="paired">paired: from equal weights</option></select></label>
<button>Train and draw again</button></div>
<datalist id="lambdas"><option value="${lambda}"></option></datalist><datalist id="epoch-counts"><option value="${epochs}"></option></datalist></form>
<p id="said">Training …</p>
<p id="spoken" class="spoken" role="status"></p>
<svg id="chart" role="img" aria-label="Forget probability of x, epoch by epoch: training, then unlearning; the table has where each line ends"></svg>
<p class="soft">Forget probability: what a net gives x's own label. The dashed level is where retraining ended. The dotted one is where the penalty and the fit to x would balance if x were alone, p·ln(p/(1−p)) = 4/λ: it knows λ and nothing of retraining. The other rows pull too.</p>
<div class="scroll" tabindex="0" role="region" aria-label="The numbers"><table><caption>After the last epoch</caption><thead><tr><th scope="col">net</th><th scope="col" class="number">forget probability</th><th scope="col" class="number">minus retrained</th><th scope="col" class="number">train accuracy</th></tr></thead><tbody id="numbers"></tbody></table></div>
<p>This is one trial on one draw: other trials and draws move all four lines. <code>npx gmm-sweep grid many-draws</code> asks 200 draws.</p>
<div>Trained in this page by the kernel, the draws and the seeds of the command line; the unlearned curve is, to the bit, that of<code class="command" id="command"></code>whose last forget probability is printed as <code id="last"></code>. <button type="button" id="copy">Copy the command</button> <span id="copied" role="status"></span></div>
<noscript><p>The page trains by its script, which does not run here.</p></noscript>
</main>
<script type="application/json" id="carried">${jsonHtml({ worker, wasm, specs, trained })}</script>
<script>${new Html(script)}</script>`;
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Does a net that unlearned x look as if it had never seen it?</title><style>${new Html(STYLE)}</style></head>
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
