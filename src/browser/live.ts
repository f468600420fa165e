/** What runs in the live page: it asks its server what is new, and puts that in place. */
import type { State } from "../serve/looks.js";
import type { PageLook } from "../serve/messages.js";
import { type LivePanels, startPanels } from "./shared/panels.js";
import { put } from "./shared/parts.js";
import { showProgress } from "./shared/progress.js";
import { startSql } from "./shared/sql.js";

const POLL_MS = 2_000;
const FIRST_MS = 400; // until there is something to see
const HIDDEN_MS = 15_000; // while nobody looks at it

/** The page, without what its figures are drawn from where that is what one has. */
type Contents = Omit<PageLook, "data"> & { readonly number: number; readonly data: PageLook["data"] | null };

let panels: LivePanels | null = null;
const known = { state: null as State | null, contents: 0, figures: -1, data: {} as PageLook["data"] };

/** What is newer than `since` at an address of the server; null: nothing is. */
async function newer<Found>(
  address: string,
  since: number,
  told: (loaded: number, of: number) => void,
): Promise<Found | null> {
  const response = await fetch(`${address}?since=${since}&figures=${known.figures}`);
  if (response.status === 204) return null;
  if (!response.ok || response.body === null) throw new Error(await response.text());
  const of = Number(response.headers.get("Content-Length"));
  const [pieces, reader] = [[] as Uint8Array<ArrayBuffer>[], response.body.getReader()];
  let loaded = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    pieces.push(read.value);
    loaded += read.value.length;
    told(loaded, of);
  }
  return JSON.parse(await new Blob(pieces).text()) as Found;
}

async function poll(): Promise<void> {
  const loading = document.querySelector("#loading");
  known.state = (await newer<State>("state", known.state?.number ?? -1, () => {})) ?? known.state;
  const { state } = known;
  if (state === null) return;
  showProgress(state);
  if (loading !== null && state.page_waiting !== null) loading.textContent = `${state.page_waiting} …`;
  if (state.page === known.contents) return;
  const contents = await newer<Contents>("contents", known.contents, (loaded, of) => {
    if (loading !== null) loading.textContent = `${kilobytes(loaded)} of ${kilobytes(of)} kB loaded`;
  });
  if (contents === null) return;
  known.contents = contents.number;
  known.figures = contents.figures;
  known.data = contents.data ?? known.data;
  const main = document.querySelector<HTMLElement>("#main");
  if (main === null) return;
  if (!put(main, contents.html) || panels === null) panels = startPanels(known.data, panels);
  else if (contents.data !== null) await panels.update(known.data);
}

function kilobytes(bytes: number): string {
  return Math.round(bytes / 1000).toLocaleString("en-US");
}

function waitMs(): number {
  if (known.contents === 0) return FIRST_MS;
  return document.hidden ? HIDDEN_MS : POLL_MS;
}

async function live(): Promise<void> {
  for (;;) {
    try {
      await poll();
    } catch {
      const state = document.querySelector("#state");
      if (state !== null)
        state.textContent = "The server does not answer: gmm-sweep serve has ended, or its address is another one.";
      known.state = null;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs()));
  }
}

startSql();
void live();
