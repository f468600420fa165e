/** What a mark says where one points at it, or so near that one means it. */
import { element } from "./element.js";

const FAR = 14; // pixels from the pointer
/** Pixels around the pointer in which a mark is sought: lines are thinner than a hand is steady. */
const REACH = [0, 1, 2, 3, 4, 5, 6];
const WAYS = 8;
let tip: HTMLElement | null = null;

/** Says what is pointed at in a picture, until the pointer leaves it. */
export function followPointer(picture: HTMLElement): void {
  for (const name of ["pointermove", "pointerdown"] as const)
    picture.addEventListener(name, (event) => showTip(event, saidNear(event)));
  picture.addEventListener("pointerleave", (event) => showTip(event, null));
}

function saidNear({ clientX, clientY }: PointerEvent): object | null {
  for (const reach of REACH)
    for (let way = 0; way < (reach === 0 ? 1 : WAYS); way++) {
      const angle = (2 * Math.PI * way) / WAYS;
      const said = saidAt(clientX + reach * Math.cos(angle), clientY + reach * Math.sin(angle));
      if (said !== null) return said;
    }
  return null;
}

/** Vega keeps with each of its elements the item that it draws. */
interface Drawn {
  readonly __data__?: { readonly tooltip?: unknown };
}

function saidAt(x: number, y: number): object | null {
  for (const there of document.elementsFromPoint(x, y)) {
    const said = (there as Element & Drawn).__data__?.tooltip;
    if (typeof said === "object" && said !== null) return said;
  }
  return null;
}

function showTip(event: PointerEvent, said: object | null): void {
  tip ??= document.body.appendChild(element("div", { class: "tip", role: "status", hidden: "" }));
  tip.hidden = said === null;
  if (said === null) return;
  const words = element("dl");
  for (const [title, text] of Object.entries(said))
    if (!NONE.has(String(text))) words.append(element("dt", {}, title), element("dd", {}, String(text)));
  tip.replaceChildren(words);
  const { width, height } = tip.getBoundingClientRect();
  const left = event.clientX + FAR + width > innerWidth ? event.clientX - FAR - width : event.clientX + FAR;
  const top = event.clientY + FAR + height > innerHeight ? event.clientY - FAR - height : event.clientY + FAR;
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${Math.max(0, top)}px`;
}

/** What a formatted number says where there is none. */
const NONE = new Set(["null", "NaN", "undefined"]);
