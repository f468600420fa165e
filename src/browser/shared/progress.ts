/** How far each sweep is: lines that stay where they are while their words change. */
import type { State } from "../../serve/looks.js";
import type { SweepProgress } from "../../serve/progress.js";
import { element } from "./element.js";

export function showProgress({ sweeps, waiting, ended }: State): void {
  const [state, list] = [document.querySelector("#state"), document.querySelector("#sweeps")];
  if (state === null || list === null) return;
  const left = sweeps.reduce((sum, { rows, there, failed }) => sum + rows - there - failed, 0);
  const found = waiting === null ? (left === 0 ? "Complete." : "") : `${waiting}. This page goes on looking.`;
  const said = ended === null ? found : `${ended}.`;
  if (state.textContent !== said)
    state.textContent = said === "" ? "" : `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
  for (const sweep of sweeps) {
    const id = `going-${sweep.id}`;
    const there = document.getElementById(id) ?? list.appendChild(going(id));
    fill(there, sweep);
  }
}

function going(id: string): HTMLElement {
  return element(
    "div",
    { id, class: "going" },
    element("p", { class: "said" }),
    element("progress", { max: "1", value: "0", "aria-label": "trial rows that are there" }),
    element("p", { class: "newest note" }),
    element("p", { class: "failures note" }),
  );
}

function fill(place: HTMLElement, { id, name, rows, there, failed, diverged, ...of }: SweepProgress): void {
  const set = (part: string, words: string): void => {
    const node = place.querySelector(part);
    if (node !== null && node.textContent !== words) node.textContent = words;
  };
  const bar = place.querySelector("progress");
  if (bar !== null) bar.value = rows === 0 ? 0 : there / rows;
  const left = rows - there - failed;
  const time =
    left === 0 ? "" : of.seconds_left === null ? "" : `, about ${duration(of.seconds_left)} left at this pace`;
  const lost = [
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(diverged > 0 ? [`${count(diverged)} diverged`] : []),
  ];
  set(
    ".said",
    `Sweep ${id}, ${name}: ${count(there)} of ${count(rows)} trial rows${time}${lost.length === 0 ? "" : `; ${lost.join(", ")}`}`,
  );
  set(".newest", of.newest.length === 0 ? "" : `Complete last: ${of.newest.join("; ")}`);
  set(
    ".failures",
    of.failures.map(({ trials, method, error }) => `${trials} of ${method} failed: ${error}`).join("; "),
  );
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
