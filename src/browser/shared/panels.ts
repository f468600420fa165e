/** The panels of a page: each is drawn when it comes near the screen, and all of them before the page is printed. */
import type { PanelData } from "../../report/page/panels.js";
import { Panel } from "./panel.js";
import { followTheme } from "./theme.js";

const NEAR = "400px";

export type PanelsData = Readonly<Record<string, PanelData>>;

export interface LivePanels {
  /** Gives them other numbers, in place. */
  update(data: PanelsData): Promise<void>;
  /** Draws none of them any more. */
  close(): void;
}

/** Makes a panel of each place that has data, in the stead of those of `before`. */
export function startPanels(data: PanelsData, before: LivePanels | null = null): LivePanels {
  before?.close();
  const panels = new Map<string, Panel>();
  const closing = new AbortController();
  const { signal } = closing;
  const all = (of: (panel: Panel) => Promise<void>): Promise<unknown> => Promise.all([...panels.values()].map(of));
  let theme = followTheme((next) => {
    theme = next;
    void all((panel) => panel.useTheme(next));
  }, signal);
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
  const print = async (): Promise<void> => {
    await all((panel) => panel.draw());
    await all((panel) => panel.useTheme("light"));
  };
  addEventListener("resize", () => void all((panel) => panel.resize()), { signal });
  addEventListener("beforeprint", () => void print(), { signal });
  addEventListener("afterprint", () => void all((panel) => panel.useTheme(theme)), { signal });
  return {
    update: async (next) => {
      for (const [id, panel] of panels) if (next[id] !== undefined) await panel.update(next[id]);
    },
    close: () => {
      near.disconnect();
      closing.abort();
      for (const panel of panels.values()) panel.close();
    },
  };
}
