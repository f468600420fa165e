/** Pictures for who opens a page where its script may not run: as many as it has room for. */
import { svgOf } from "../figures/render.js";
import type { PageContent } from "./content.js";
import { panelId } from "./panels.js";

const WIDTH = 110; // millimetres

/** Each panel's picture as the address of an image, by the panel's id, as long as all of them are no longer than `room`. */
export async function stillsOf({ settings }: PageContent, room: number): Promise<ReadonlyMap<string, string>> {
  const stills = new Map<string, string>();
  let left = room;
  for (const [i, { panels }] of settings.entries())
    for (const panel of panels) {
      if ("reason" in panel) continue;
      const { text } = await svgOf(panel.figure, panel.numbers, { width: WIDTH, theme: "light" });
      const address = addressOf(text);
      left -= address.length;
      if (left < 0) return stills;
      stills.set(panelId(i + 1, panel.figure), address);
    }
  return stills;
}

const SHAPES = /( (?:d|transform|x|y|x1|x2|y1|y2|width|height)=)"([^"]*)"/g;

function addressOf(svg: string): string {
  const short = svg
    // An image is read as a whole, by the words beside it.
    .replaceAll(/ (aria-[a-z]+|role|class)="[^"]*"/g, "")
    .replaceAll(SHAPES, (_all, name: string, shape: string) => `${name}"${shape.replaceAll(/-?\d+\.\d+/g, rounded)}"`);
  return `data:image/svg+xml,${short.replaceAll(/[%#\n]/g, encodeURIComponent).replaceAll('"', "'")}`;
}

function rounded(number: string): string {
  return String(Number(Number(number).toFixed(1)));
}
