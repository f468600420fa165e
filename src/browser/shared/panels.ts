/** The panels of a page: each is drawn when it comes near the screen, and all of them before the page is printed. */
import type { PanelData } from "../../report/page/panels.js";
import { Panel } from "./panel.js";
import { followTheme } from "./theme.js";

const NEAR = "400px";

export type PanelsData = Readonly<Record<string, PanelData>>;

/** Makes a panel of each place that has data; returns them by their ids. */
export function startPanels(data: PanelsData): ReadonlyMap<string, Panel> {
  const panels = new Map<string, Panel>();
  const all = (of: (panel: Panel) => Promise<void>): Promise<unknown> => Promise.all([...panels.values()].map(of));
  const theme = followTheme((next) => void all((panel) => panel.useTheme(next)));
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        void panels.get((target as HTMLElement).dataset["panel"] ?? "")?.draw();
      }
    },
    { rootMargin: NEAR },
  );
  for (const place of document.querySelectorAll<HTMLElement>("[data-panel]")) {
    const id = place.dataset["panel"] ?? "";
    if (data[id] === undefined) continue;
    panels.set(id, new Panel(place, data[id], theme));
    near.observe(place);
  }
  addEventListener("resize", () => void all((panel) => panel.resize()));
  addEventListener(
    "beforeprint",
    () => void all((panel) => panel.draw()).then(() => all((panel) => panel.useTheme("light"))),
  );
  return panels;
}
