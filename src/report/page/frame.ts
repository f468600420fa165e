/** What stands around the contents of every page, of a report as of a live one. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { PAGE } from "../../files/output.js";
import { isDatabase } from "../../files/places.js";
import { escaped } from "../../printable.js";
import { Html, html } from "./html.js";
import { STYLE } from "./style.js";

/** What a page of this place is called. */
export function titleOf(path: string): string {
  return `Unlearning beside retraining: ${isDatabase(path) ? "a database" : escaped(basename(path))}`;
}

/** The script of a page, as the build made it of the file of this name in src/browser. */
export function scriptOf(name: "report" | "live"): string {
  return readFileSync(new URL(`../../browser/${name}.js`, import.meta.url), "utf8");
}

/** A whole document with the style of all pages. */
export function documentOf(title: string, head: Html, body: Html): string {
  return `${PAGE}>\n${
    html`<head><meta charset="utf-8">${head}
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${title}</title><style>${new Html(STYLE)}</style></head>
<body><a class="skip" href="#main">Skip to the verdict</a>
${body}
</body>`.text
  }\n</html>\n`;
}

/** As a policy names what it lets in. */
export function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** The head of a page: what it is called, who `made` it and when, and the button of the theme. */
export function headerHtml(title: string, made: string): Html {
  return html`<header><p class="made">${made}</p><h1>${title}</h1>
<button type="button" id="theme" hidden>Dark</button></header>`;
}
