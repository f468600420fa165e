/** The live page as it is first sent: its frame, which its script fills. */
import { shellWord, withoutPasswords } from "../errors.js";
import { documentOf, hashOf, headerHtml, titleOf } from "../report/page/frame.js";
import { html } from "../report/page/html.js";
import { STYLE } from "../report/page/style.js";
import { VERSION } from "../version.js";

interface LiveLimits {
  readonly shownRows: number;
  readonly querySeconds: number;
}

/** The page, and what it may load: its own script and what that asks of its server. */
export function livePage(
  place: string,
  { shownRows, querySeconds }: LiveLimits,
): { readonly html: string; readonly policy: string } {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src '${hashOf(STYLE)}'`,
    "style-src-attr 'unsafe-inline'", // what Vega sets on its own elements
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const body = html`${headerHtml(titleOf(place), `gmm-sweep ${VERSION}, live`)}
<aside class="live" aria-label="Progress and questions">
<section id="progress" aria-label="Progress"><p id="state" role="status">Looking …</p><div id="sweeps"></div><p id="as-of" class="note"></p></section>
<details id="sql"><summary>Ask it something (SQL)</summary>
<form id="ask"><label for="statement">A select over the results of ${shellWord(withoutPasswords(place))}</label>
<textarea id="statement" rows="3" spellcheck="false">select method, lambda_reg, epochs, avg(forget_probability) from trial_results group by 1, 2, 3</textarea>
<p class="controls"><button type="submit">Run</button> <button type="button" id="cancel" disabled>Cancel</button> <a id="csv" hidden download="query.csv">Save all rows as CSV</a> <small>the first ${shownRows.toLocaleString("en-US")} rows are shown; it is stopped after ${querySeconds} s</small></p></form>
<p id="said" role="status"></p><div id="rows"></div></details>
</aside>
<main id="main"><p id="loading" role="status">Loading …</p></main>
<script src="live.js"></script>`;
  return { html: documentOf(titleOf(place), html``, body), policy };
}
