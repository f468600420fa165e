/** Pictures for who opens a page where its script may not run: as many as it has room for. */
import { svgOf } from "../figures/render.js";
import type { PageContent } from "./content.js";
import { Html, html } from "./html.js";
import { panelId, type Stills } from "./panels.js";

const WIDTH = 110; // millimetres

/** Each panel's picture as an image, by the panel's id, as long as all of them take no more than `room` bytes. */
export async function stillsOf({ settings }: PageContent, room: number): Promise<Stills> {
  const stills = new Map<string, Html>();
  let left = room;
  for (const [i, { panels }] of settings.entries())
    for (const panel of panels) {
      if ("reason" in panel) continue;
      const { text } = await svgOf(panel.figure, panel.numbers, { width: WIDTH, theme: "light" });
      const still = html`<noscript><img src="${addressOf(text)}" alt=""></noscript>`;
      left -= Buffer.byteLength(still.text);
      if (left < 0) return stills;
      stills.set(panelId(i + 1, panel.figure), still);
    }
  return stills;
}

const SHAPES = /( (?:d|transform|x|y|x1|x2|y1|y2|width|height)=)"([^"]*)"/g;

/** As it stands in an attribute: what is markup in it is left as it is, since only a quote or an ampersand means anything there. */
function addressOf(svg: string): Html {
  const short = svg
    // An image is read as a whole, by the words beside it.
    .replaceAll(/ (aria-[a-z]+|role|class)="[^"]*"/g, "")
    .replaceAll(SHAPES, (_all, name: string, shape: string) => `${name}"${shape.replaceAll(/-?\d+\.\d+/g, rounded)}"`);
  const address = `data:image/svg+xml,${short.replaceAll(/[%#\n]/g, encodeURIComponent).replaceAll('"', "'")}`;
  return new Html(address.replaceAll("&", "&amp;"));
}

function rounded(number: string): string {
  return String(Number(Number(number).toFixed(1)));
}
