/** How far each sweep is: lines that stay where they are while their words change. */
import type { State } from "../../serve/looks.js";
import type { SweepProgress } from "../../serve/progress.js";
import { element } from "./element.js";

/** Also of a state that was shown before: the time that is left becomes less. */
export function showProgress(state: State): void {
  const { sweeps, waiting, looked_at, ended } = state;
  const [place, list] = [document.querySelector("#state"), document.querySelector("#sweeps")];
  if (place === null || list === null) return;
  const left = sweeps.reduce((sum, { rows, there, failed }) => sum + rows - there - failed, 0);
  const found = waiting === null ? (left === 0 ? "Complete." : "") : `${waiting}. This page waits for it.`;
  const said = ended === null ? found : `${ended}.`;
  put(place, said === "" ? "" : `${said.charAt(0).toUpperCase()}${said.slice(1)}`);
  const asOf = document.querySelector("#as-of");
  if (asOf !== null) put(asOf, waiting === null ? asOfText(state, left === 0) : "");
  const seconds = looked_at === null ? 0 : (Date.now() - looked_at) / 1000;
  for (const sweep of sweeps) {
    const id = `going-${sweep.id}`;
    const there = document.getElementById(id) ?? list.appendChild(going(id));
    fill(there, sweep, seconds);
  }
}

function put(place: Element, words: string): void {
  if (place.textContent !== words) place.textContent = words;
}

/** Of when is what one sees: the parts are looked at one after the other, each as seldom as it takes long. */
function asOfText({ looked_at, verdict_at, figures_at, page_is_current }: State, isOver: boolean): string {
  const timed = ([what, at]: [string, number | null]): string[] => (at === null ? [] : [`${what} as of ${clock(at)}`]);
  const made = [
    ["the verdict", verdict_at] as [string, number | null],
    ["the figures", figures_at] as [string, number | null],
  ].flatMap(timed);
  if (isOver) return page_is_current ? "" : ["The verdict and the figures are made anew", ...made].join("; ");
  return [...timed(["Counts", looked_at]), ...made].join("; ");
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
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

/** `seconds` is how long ago it was looked. */
function fill(place: HTMLElement, sweep: SweepProgress, seconds: number): void {
  const { id, name, rows, there, failed, diverged, ...of } = sweep;
  const set = (part: string, words: string): void => {
    const node = place.querySelector(part);
    if (node !== null) put(node, words);
  };
  const bar = place.querySelector("progress");
  if (bar !== null) bar.value = rows === 0 ? 0 : there / rows;
  const left = rows - there - failed;
  const time = left === 0 || of.seconds_left === null ? "" : `, ${leftText(of.seconds_left - seconds)} at this pace`;
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

function leftText(seconds: number): string {
  return seconds < 1 ? "done about now" : `about ${duration(seconds)} left`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
