/** A page of results: one file that needs no other, and lets nothing in but itself. */
import type { Finding } from "../../verdict/finding.js";
import { findingSentence, settingText, skewedText, verdictTable } from "../verdict-table.js";
import { adempSection } from "./ademp.js";
import type { PageContent, SettingContent } from "./content.js";
import { documentOf, hashOf, headerHtml, scriptOf } from "./frame.js";
import { Html, html, jsonHtml } from "./html.js";
import { panelData, panelsSection, type Stills } from "./panels.js";
import { completenessSection, provenanceSection } from "./provenance.js";
import { stillsOf } from "./stills.js";
import { STYLE } from "./style.js";
import { htmlTable } from "./table.js";

/** What a page may weigh, to be sent; bytes. */
const MOST = 3_000_000;

/** The page as a file that opens without a network. */
export async function reportPage(whole: PageContent): Promise<string> {
  const content = within(whole, MOST);
  const bare = pageOf(content, new Map());
  return pageOf(content, await stillsOf(content, MOST - Buffer.byteLength(bare)));
}

/** The same with the last panels left out, aloud, until it weighs no more than `most` bytes. */
function within(content: PageContent, most: number): PageContent {
  const settings = content.settings.map((setting) => ({ ...setting, panels: [...setting.panels] }));
  const kept = { ...content, settings };
  let over = Buffer.byteLength(pageOf(content, new Map())) - most;
  for (const setting of [...settings].reverse()) {
    const { panels } = setting;
    for (let at = panels.length - 1; at >= 0 && over > 0; at--) {
      const panel = panels[at];
      if ("reason" in panel) continue;
      const data = panelData([{ ...setting, panels: [panel] }]);
      over -= Buffer.byteLength(jsonHtml(data).text);
      panels[at] = { figure: panel.figure, reason: TOO_MUCH };
    }
  }
  return kept;
}

const TOO_MUCH = `the page would weigh more than ${MOST / 1e6} MB: --preset and the other filters of gmm-sweep report make a page of fewer settings, which has room for it`;

function pageOf(content: PageContent, stills: Stills): string {
  const script = scriptOf("report");
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(STYLE)}'`,
    "style-src-attr 'unsafe-inline'", // what Vega sets on its own elements
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const head = html`<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const body = html`${headerHtml(content.title, `gmm-sweep ${content.version}, ${content.at}`)}
<main id="main">
<noscript><p class="note">The script of this page does not run here: its figures are still pictures, as many as there is room for, and their numbers are left out.</p></noscript>
${mainHtml(content, stills)}
</main>
<script type="application/json" id="data">${jsonHtml(panelData(content.settings))}</script>
<script>${new Html(script)}</script>`;
  return documentOf(content.title, head, body);
}

/** All that a page tells; `data-part` says what a live page puts in the place of what. */
export function mainHtml({ settings, sweeps }: PageContent, stills: Stills): Html {
  const findings = settings.map(({ finding }) => finding);
  return html`
${settings.length > 1 ? contents(settings) : null}
${settings.map((setting, i) => settingHtml(setting, { findings, stills, number: i + 1 }))}
${sweeps.map(
  (
    of,
  ) => html`<section class="sweep"><h2>Sweep ${of.sweep.id}${of.sweep.plan.name === null ? "" : `, ${of.sweep.plan.name}`}: what it is</h2>
<h3>What is there</h3><div data-part="there-${of.sweep.id}">${completenessSection(of)}</div>
<h3>As a simulation study</h3>${adempSection(of.sweep)}
<h3>Where the numbers come from</h3><div data-part="from-${of.sweep.id}">${provenanceSection(of)}</div></section>`,
)}`;
}

function contents(settings: readonly SettingContent[]): Html {
  const findings = settings.map(({ finding }) => finding);
  return html`<nav aria-label="Settings" data-part="settings"><ol>${settings.map(
    ({ finding, named }, i) =>
      html`<li><a href="#setting-${i + 1}">${firstOf(findingSentence(finding, findings, named))}</a></li>`,
  )}</ol></nav>`;
}

/** What a sentence says first: the rest stands in its own section. */
function firstOf(sentence: string): string {
  const end = sentence.indexOf(";");
  return end < 0 ? sentence : `${sentence.slice(0, end)}.`;
}

interface SettingPlace {
  readonly findings: readonly Finding[];
  readonly stills: Stills;
  readonly number: number;
}

function settingHtml(setting: SettingContent, { findings, stills, number }: SettingPlace): Html {
  const { finding, named } = setting;
  const { header, rows } = verdictTable(finding);
  const where = settingText(finding, findings);
  const title = `The verdict${where === "" ? "" : ` (${where})`}: each recipe beside retraining`;
  const skewed = finding.verdict === null ? [] : skewedText(finding.verdict);
  return html`<section id="setting-${number}" class="setting">
<h2 class="sentence" data-part="sentence-${number}">${findingSentence(finding, findings, named)}</h2>
<div data-part="table-${number}">${rows.length === 0 ? null : htmlTable(title, header, rows)}
${skewed.map((line) => html`<p class="note">${line}</p>`)}</div>
${panelsSection(setting, number, stills)}</section>`;
}
