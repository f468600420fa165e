/** The box that asks the results something in SQL. */
import { escaped } from "../../printable.js";
import { element } from "./element.js";

interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly more: boolean;
  readonly sentence: string | null;
}

/** Why a statement was left where another one is asked. */
const REPLACED = "replaced";

export function startSql(): void {
  const form = document.querySelector<HTMLFormElement>("#ask");
  const statement = document.querySelector<HTMLTextAreaElement>("#statement");
  const cancel = document.querySelector<HTMLButtonElement>("#cancel");
  const run = form?.querySelector<HTMLButtonElement>("button[type=submit]");
  const csv = document.querySelector<HTMLAnchorElement>("#csv");
  if (!form || !statement || !cancel || !run || !csv) return;
  let asking: AbortController | null = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    asking?.abort(REPLACED);
    const own = new AbortController();
    asking = own;
    cancel.disabled = false;
    say("running …");
    csv.href = `query.csv?sql=${encodeURIComponent(statement.value)}`;
    void asked(statement.value, own.signal).finally(() => {
      if (asking === own) cancel.disabled = true;
    });
  });
  cancel.addEventListener("click", () => asking?.abort());
  statement.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

async function asked(sql: string, signal: AbortSignal): Promise<void> {
  const csv = document.querySelector<HTMLElement>("#csv");
  if (csv !== null) csv.hidden = true;
  try {
    const response = await fetch("rows", { method: "POST", body: sql, signal });
    if (!response.ok) return say(await response.text());
    const answer = (await response.json()) as Answer;
    if (answer.sentence !== null) say(answer.sentence);
    else if (answer.more) say(`the first ${answer.rows.length} rows; there are more`);
    else say(answer.rows.length === 1 ? "1 row" : `${answer.rows.length} rows`);
    if (csv !== null) csv.hidden = answer.sentence !== null;
    show(answer);
  } catch {
    // A statement that came after it speaks for itself.
    if (signal.reason !== REPLACED) say(signal.aborted ? "it was cancelled" : "the server does not answer");
  }
}

function say(words: string): void {
  const said = document.querySelector("#said");
  if (said !== null) said.textContent = words;
}

function show({ columns, rows }: Answer): void {
  const cells = (cell: string, values: readonly unknown[]): HTMLElement =>
    element("tr", {}, ...values.map((value) => element(cell, {}, value === null ? "–" : escaped(String(value)))));
  const table = element("table", {}, element("thead", {}, cells("th", columns)));
  table.append(element("tbody", {}, ...rows.map((row) => cells("td", row))));
  const box = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "rows" }, table);
  document.querySelector("#rows")?.replaceChildren(...(columns.length === 0 ? [] : [box]));
}
