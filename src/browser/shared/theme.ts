/** Light or dark: as the reader's system says, until the button says otherwise. */
import type { ThemeName } from "../../report/figures/theme.js";

const system = matchMedia("(prefers-color-scheme: dark)");

/** Tells `use` of every change; returns what it is now. */
export function followTheme(use: (theme: ThemeName) => void): ThemeName {
  const button = document.querySelector<HTMLButtonElement>("#theme");
  let theme: ThemeName = system.matches ? "dark" : "light";
  const set = (next: ThemeName): void => {
    theme = next;
    document.documentElement.dataset["theme"] = next;
    if (button !== null) button.textContent = next === "dark" ? "Light" : "Dark";
    use(next);
  };
  system.addEventListener("change", () => set(system.matches ? "dark" : "light"));
  button?.addEventListener("click", () => set(theme === "dark" ? "light" : "dark"));
  if (button !== null) {
    button.hidden = false;
    button.textContent = theme === "dark" ? "Light" : "Dark";
  }
  return theme;
}
