/** New contents in the place of old ones, part by part, so that nothing blinks and what one reads or chose stays. */

/** Puts the parts that differ in place; where the page has got another shape, all of it, and returns false. */
export function put(main: HTMLElement, html: string): boolean {
  const next = new DOMParser().parseFromString(`<main>${html}</main>`, "text/html").body;
  const [before, after] = [shapeOf(main), shapeOf(next)];
  if (before !== after) {
    main.replaceChildren(...(next.firstElementChild?.childNodes ?? []));
    return false;
  }
  for (const part of next.querySelectorAll<HTMLElement>("[data-part]")) {
    const there = main.querySelector<HTMLElement>(`[data-part="${CSS.escape(part.dataset["part"] ?? "")}"]`);
    if (there !== null && there.innerHTML !== part.innerHTML) there.replaceChildren(...part.childNodes);
  }
  return true;
}

/** Which parts and panels there are, in their order. */
function shapeOf(of: HTMLElement): string {
  return [...of.querySelectorAll<HTMLElement>("[data-part],[data-panel]")]
    .map(({ dataset }) => dataset["part"] ?? dataset["panel"])
    .join(" ");
}
