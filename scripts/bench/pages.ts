/** Section `pages`: what twenty open live pages cost the sweep that they follow. */
import { type ChildProcess, spawn } from "node:child_process";
import { once, setMaxListeners } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Findings } from "./finding.js";
import type { BenchOptions, Section } from "./section.js";

const CLI = fileURLToPath(new URL("../../src/cli.js", import.meta.url));
const PAGES = 20;
const POLL_MS = 2_000; // as src/browser/live.ts does
/** Many draws of the notebook's size, which train for much longer than is measured. */
const GRID = ["--data-seeds", "1:200", "--lambda", "0:4", "--trials", "200", "--with-null"];
const WINDOWS = 60; // of --seconds each: a look is seldom, and the first ones count as they do to a user
const MOST = 0.02;

const TICKS = 100; // a second has, in what Linux tells programs (proc_pid_stat(5), USER_HZ)
const [USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM] = [11, 12, 13, 14]; // places after a program's name

export const pagesSection: Section = {
  name: "pages",
  describe: `the CPU of gmm-sweep serve with ${PAGES} open pages, against that of the sweep that they follow`,
  run,
};

async function run({ seconds, progress }: BenchOptions): Promise<Findings> {
  if (!existsSync("/proc/self/stat"))
    return { findings: [], notes: [], leftOut: ["what a program uses of the CPU is read from Linux's /proc"] };
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-bench-"));
  const file = join(folder, "night.db");
  const sweep = started(["grid", ...GRID, "--quiet", "--db", file]);
  const server = started(["serve", file]);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // each page hears of the end where it is
  try {
    const [line] = (await once(server.stdout ?? server, "data")) as [Buffer];
    const windowMs = 1000 * seconds * WINDOWS;
    progress(`pages: ${PAGES} of them follow a sweep for ${windowMs / 1000} s`);
    const pages = Array.from({ length: PAGES }, (_, i) => follow(String(line).trim(), i, closing.signal));
    await new Promise((resolve) => setTimeout(resolve, windowMs));
    const [cost, trained] = [cpuSeconds(server), cpuSeconds(sweep)];
    closing.abort();
    const received = await Promise.all(pages);
    return {
      findings: [
        {
          ...{ what: `serve with ${PAGES} pages`, measured: cost, unit: "s of CPU", ratio: cost / trained },
          ...{ ratioIs: "share", against: `the sweep, ${trained.toFixed(0)} s of CPU`, target: { atMost: MOST } },
        },
      ],
      notes: [
        `to three places the share is ${(100 * (cost / trained)).toFixed(3)} %`,
        `each page was sent the contents ${Math.min(...received)} times or more`,
      ],
      leftOut: [],
    };
  } finally {
    closing.abort();
    for (const child of [server, sweep]) await ended(child);
    rmSync(folder, { recursive: true });
  }
}

function started(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...words], { stdio: ["ignore", "pipe", "ignore"] });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** What it and the processes that it has waited for have used. */
function cpuSeconds({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name before it may have spaces.
  const values = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = [USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM].map((place) => Number(values[place]));
  return ticks.reduce((sum, of) => sum + of, 0) / TICKS;
}

/** Asks as an open page does, from its own moment on; resolves to how often it was sent the contents. */
async function follow(address: string, place: number, signal: AbortSignal): Promise<number> {
  const known = { state: -1, page: 0, contents: 0, figures: -1 };
  let received = 0;
  await pause((place * POLL_MS) / PAGES, signal);
  while (!signal.aborted) {
    try {
      const state = await newer<{ number: number; page: number }>(`${address}state?since=${known.state}`, signal);
      if (state !== null) [known.state, known.page] = [state.number, state.page];
      if (known.page !== known.contents) {
        const about = `since=${known.contents}&figures=${known.figures}`;
        const contents = await newer<{ number: number; figures: number }>(`${address}contents?${about}`, signal);
        if (contents !== null) [known.contents, known.figures] = [contents.number, contents.figures];
        received += contents === null ? 0 : 1;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await pause(POLL_MS, signal);
  }
  return received;
}

async function newer<Found>(address: string, signal: AbortSignal): Promise<Found | null> {
  const response = await fetch(address, { signal });
  return response.status === 204 ? null : ((await response.json()) as Found);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
