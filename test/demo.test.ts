/** The demo page: it is what the sources make, and trains in a browser what the command line trains. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Curve } from "../src/engine/contract.js";
import { loadFused } from "../src/engine/fused/fused.js";
import { DEFAULTS } from "../src/plan/defaults.js";
import { trainRequest } from "../src/plan/request.js";
import { onlyTrajectory } from "../src/plan/trajectories.js";
import { retrain } from "../src/run/rebuild.js";
import { CLI } from "./command-line.js";
import { NO_CHROMIUM, startChromium } from "./fixtures/chromium.js";

const ROOT = new URL("../../", import.meta.url);
const PAGE = new URL("data/demo/index.html", ROOT);
const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 390, height: 844 };
const LEAST_LETTERS = 11; // px, that a phone's screen shows readably
const CURVES = ["forgetProbability", "forgetMargin", "trainAccuracy", "penalty", "crossEntropy"] as const;

let browser: Promise<Browser> | null = null;
test.after(async () => (await browser)?.close());

interface Opened {
  readonly page: Page;
  /** What the page complained of or asked of the world. */
  readonly said: readonly string[];
}

/** The page with what it shows at first. */
async function opened(t: TestContext, how: BrowserContextOptions = {}, address = PAGE.href): Promise<Opened> {
  browser ??= startChromium();
  const context = await (await browser).newContext({ reducedMotion: "reduce", ...how });
  t.after(() => context.close());
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("blob:")) said.push(request.url());
  });
  await page.goto(address);
  await trained(page);
  return { page, said };
}

/** Waits until what the controls ask for is shown. */
async function trained(page: Page): Promise<void> {
  await page.locator("#numbers tr").first().waitFor();
  await page.locator("main[aria-busy=false]").waitFor();
}

/** Moves a slider to `value` as a hand does, and waits for what comes of it. */
async function slide(page: Page, slider: string, value: number): Promise<void> {
  await page.locator(slider).fill(String(value));
  await trained(page);
}

interface Asked {
  readonly preset: string;
  readonly method: string;
  readonly trial: number;
  readonly lambda: number | null;
  readonly epochs: number | null;
}

const ASKED: readonly Asked[] = [
  ...[0, 0.1, 4.2, 10].flatMap((lambda) =>
    ["notebook", "paired"].map((preset) => ({ preset, method: "unlearn", trial: 1, lambda, epochs: 5 })),
  ),
  { preset: "notebook", method: "original", trial: 2, lambda: null, epochs: null },
  { preset: "paired", method: "retrain_scratch", trial: 2, lambda: null, epochs: null },
  { preset: "notebook", method: "fine_tune", trial: 2, lambda: null, epochs: 20 },
];

/** The bits of every number that the command line's wasm profile has of it. */
function bitsHere({ preset, method, trial, lambda, epochs }: Asked): string[][] {
  const given = {
    ...(lambda === null ? {} : { lambda: String(lambda) }),
    ...(epochs === null ? {} : { epochs: String(epochs) }),
  };
  const { plan } = trainRequest({ preset, method, trial: String(trial), ...given });
  return bitsOfCurve(retrain(onlyTrajectory(plan, trial), loadFused({ precision: "f32", isa: "wasm" })));
}

function bitsOfCurve(curve: Curve): string[][] {
  return CURVES.map((name) => Array.from(new BigUint64Array(new Float64Array(curve[name]).buffer), String));
}

/** The same of what a page trains. */
function bitsThere(page: Page, asked: readonly Asked[]): Promise<string[][][]> {
  const orders = asked.map((each) => ({ ...each, dataSeed: DEFAULTS["data-seed"] }));
  return page.evaluate(`curvesOf(${JSON.stringify(orders)}).then((curves) => curves.map((curve) =>
    ${JSON.stringify(CURVES)}.map((name) => Array.from(new BigUint64Array(new Float64Array(curve[name]).buffer), String))))`);
}

test("the demo page is what the sources make", () => {
  const said = execFileSync(process.execPath, [fileURLToPath(new URL("dist/scripts/demo.js", ROOT)), "--check"], {
    encoding: "utf8",
  });
  assert.equal(said, "data/demo/index.html is what the sources make\n");
});

test("a browser trains the notebook's trial with the bits of the command line", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t);
  const there = await bitsThere(page, ASKED);
  for (const [i, asked] of ASKED.entries()) assert.deepEqual(there[i], bitsHere(asked), JSON.stringify(asked));
  assert.deepEqual(said, []);
});

test("the command that the demo shows prints the number that the demo shows", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t);
  await slide(page, "#lambda", 8);
  await slide(page, "#epochs", 3);
  const command = (await page.textContent("#command")) ?? "";
  assert.equal(
    command,
    `GMM_SWEEP_ISA=wasm npx gmm-sweep train --method unlearn --lambda 8 --epochs 3 --trial 1 --data-seed ${DEFAULTS["data-seed"]} --preset notebook`,
  );
  const [, options] = command.split("npx gmm-sweep ");
  const env = { ...process.env, GMM_SWEEP_ISA: "wasm" };
  const out = execFileSync(process.execPath, [CLI, ...options.split(" ")], { env, encoding: "utf8" });
  assert.equal(out.trimEnd().split(/\s+/).at(-1), await page.textContent("#last"));
  assert.deepEqual(said, []);
});

test("the demo's command is copied, or selected where there is no clipboard", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t);
  await page.evaluate("navigator.clipboard.writeText = async (text) => { globalThis.written = text; }");
  await page.locator("#copy").click();
  await page.locator("#copied", { hasText: "Copied." }).waitFor();
  assert.equal(await page.evaluate("written"), await page.textContent("#command"));
  await page.evaluate('Object.defineProperty(navigator, "clipboard", { value: undefined })');
  await page.locator("#copy").click();
  await page.locator("#copied", { hasText: "It is selected: copy it with Ctrl-C." }).waitFor();
  assert.equal(await page.evaluate("String(getSelection())"), await page.textContent("#command"));
  assert.deepEqual(said, []);
});

test("the demo runs from a web server as it does from the disk", { skip: NO_CHROMIUM }, async (t) => {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(readFileSync(PAGE)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { page, said } = await opened(t, {}, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  assert.equal(await page.locator("#numbers tr").count(), 4);
  assert.deepEqual(said, []);
});

test("the demo trains beside its page, and shows what was asked for last", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t);
  assert.equal(page.workers().length, 1);
  const shown = await page.evaluate(`(async () => {
    const [slider, command] = [document.querySelector("#lambda"), document.querySelector("#command")];
    const shown = [];
    new MutationObserver(() => shown.push(/--lambda (\\S+)/.exec(command.textContent)[1])).observe(command, { childList: true });
    for (const lambda of ["1", "2", "3", "4"]) {
      slider.value = lambda;
      slider.dispatchEvent(new Event("input"));
    }
    while (document.querySelector("main").getAttribute("aria-busy") === "true") await new Promise(requestAnimationFrame);
    return shown;
  })()`);
  assert.deepEqual(shown, ["1", "4"]);
  // A screen reader is told at the end of a move.
  assert.notEqual(await page.textContent("#spoken"), await page.textContent("#said"));
  await page.evaluate('document.querySelector("#lambda").dispatchEvent(new Event("change"))');
  await trained(page);
  assert.equal(await page.textContent("#spoken"), await page.textContent("#said"));
  assert.deepEqual(said, []);
});

test("where the demo cannot train it says why", { skip: NO_CHROMIUM }, async (t) => {
  browser ??= startChromium();
  const page = await (await browser).newPage();
  t.after(() => page.close());
  await page.addInitScript('globalThis.Worker = function () { throw new Error("workers are switched off"); }');
  await page.goto(PAGE.href);
  assert.equal(await page.textContent("#said"), "It does not run here: workers are switched off");
});

test("a seed that is none trains nothing", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t);
  const before = await page.textContent("#command");
  await page.locator("#trial").fill("0");
  await page.locator("form button").click();
  assert.equal(await page.locator("#trial:invalid").count(), 1);
  await trained(page);
  assert.equal(await page.textContent("#command"), before);
  await page.locator("#trial").fill("2");
  await page.locator("form button").click();
  await page.locator("#command", { hasText: "--trial 2 " }).waitFor();
  assert.deepEqual(said, []);
});

test("the demo is for phones, the dark and screen readers", { skip: NO_CHROMIUM }, async (t) => {
  for (const how of [{ viewport: PHONE }, { colorScheme: "dark" as const }]) {
    const { page, said } = await opened(t, how);
    await slide(page, "#lambda", 6);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    const outside = await page.evaluate(`(() => {
      const chart = document.querySelector("#chart").getBoundingClientRect();
      return [...document.querySelectorAll("#chart text")].filter((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        const size = parseFloat(getComputedStyle(text).fontSize) * (chart.width / document.querySelector("#chart").viewBox.baseVal.width);
        return left < chart.left || right > chart.right || top < chart.top || bottom > chart.bottom || size < ${LEAST_LETTERS};
      }).map((text) => text.textContent);
    })()`);
    assert.deepEqual(outside, []);
    // What a screen reader is told is what there is to read.
    assert.equal(await page.textContent("#spoken"), await page.textContent("#said"));
    await page.evaluate(AXE);
    const faults = (await page.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id }) => id))",
    )) as string[];
    assert.deepEqual(faults, []);
    assert.deepEqual(said, []);
  }
});
