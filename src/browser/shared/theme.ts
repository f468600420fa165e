/** Light or dark: as the reader's system says, until the button says otherwise. */
import type { ThemeName } from "../../report/figures/theme.js";

const system = matchMedia("(prefers-color-scheme: dark)");

/** Tells `use` of every change until `signal` says otherwise; returns what it is now. */
export function followTheme(use: (theme: ThemeName) => void, signal: AbortSignal): ThemeName {
  const button = document.querySelector<HTMLButtonElement>("#theme");
  const said = document.documentElement.dataset["theme"];
  let theme: ThemeName = said === "dark" || said === "light" ? said : system.matches ? "dark" : "light";
  const set = (next: ThemeName): void => {
    theme = next;
    if (button !== null) button.textContent = next === "dark" ? "Light" : "Dark";
    use(next);
  };
  const isChosen = (): boolean => document.documentElement.dataset["theme"] !== undefined;
  system.addEventListener("change", () => isChosen() || set(system.matches ? "dark" : "light"), { signal });
  const turn = (): void => {
    const next = theme === "dark" ? "light" : "dark";
    document.documentElement.dataset["theme"] = next;
    set(next);
  };
  button?.addEventListener("click", turn, { signal });
  if (button !== null) {
    button.hidden = false;
    button.textContent = theme === "dark" ? "Light" : "Dark";
  }
  return theme;
}
