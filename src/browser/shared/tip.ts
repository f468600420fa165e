/** What a mark says where one points at it. */
import { element } from "./element.js";

const FAR = 14; // pixels from the pointer
let tip: HTMLElement | null = null;

export function showTip(event: MouseEvent, value: unknown): void {
  tip ??= document.body.appendChild(element("div", { class: "tip", role: "status", hidden: "" }));
  if (value === null || value === undefined || value === "") {
    tip.hidden = true;
    return;
  }
  const words = element("dl");
  for (const [title, text] of Object.entries(value as object))
    words.append(element("dt", {}, title), element("dd", {}, String(text)));
  tip.replaceChildren(words);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = event.clientX + FAR + width > innerWidth ? event.clientX - FAR - width : event.clientX + FAR;
  const top = event.clientY + FAR + height > innerHeight ? event.clientY - FAR - height : event.clientY + FAR;
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${Math.max(0, top)}px`;
}
