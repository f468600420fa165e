/** The live page in a browser: it follows a sweep to its end, answers SQL, and any number of it may be open. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { LiveServer } from "../src/serve/server.js";
import { CLI, folder } from "./command-line.js";
import { NO_CHROMIUM, startChromium } from "./fixtures/chromium.js";
import { picturedFile } from "./fixtures/pictured.js";

const ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
const PATIENCE_MS = 120_000; // of a busy machine

let browser: Promise<Browser> | null = null;
test.after(async () => (await browser)?.close());

interface Seen {
  readonly server: LiveServer;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page complained of, or asked of others than its server. */
  readonly said: readonly string[];
}

async function seen(t: TestContext, place: string, queryMs = PATIENCE_MS): Promise<Seen> {
  browser ??= startChromium();
  const said: string[] = [];
  const server = await LiveServer.listen({ place, port: 0, queryMs, hear: (fault) => said.push(String(fault)) });
  t.after(() => server.close());
  const context = await (await browser).newContext();
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(server.address)) said.push(request.url());
  });
  await page.goto(server.address);
  return { server, context, page, said };
}

/** A grid that trains in a process of its own. */
function training(t: TestContext, path: string): ChildProcess {
  const words = ["--lambda", "0:2", "--epochs", "1:3", "--data-seeds", "1:4", "--trials", "8", "--samples", "40"];
  const net = ["--features", "3", "--hidden", "6,4", "--engine", "reference", "--with-null", "--quiet"];
  const child = spawn(process.execPath, [CLI, "grid", ...words, ...net, "--db", path], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

test("a page that was opened before anything was there follows a sweep to its end", {
  skip: NO_CHROMIUM,
}, async (t) => {
  const path = join(folder(t), "night.db");
  const { page, said } = await seen(t, path);
  await page.getByText("night.db").first().waitFor();
  const [code] = (await once(training(t, path), "exit")) as [number];
  assert.equal(code, 0);
  await page.locator("#state", { hasText: "Complete." }).waitFor();
  assert.match((await page.textContent("#sweeps")) ?? "", /^Sweep 1, grid: 384 of 384 trial rows/);
  await page.locator("h2.sentence").waitFor();
  await page.locator("[data-panel='1-slope'] svg .role-mark").first().waitFor({ state: "attached" });
  assert.deepEqual(said, []);
});

test("the live page is in nobody's way", { skip: NO_CHROMIUM }, async (t) => {
  const { page } = await seen(t, await picturedFile(t));
  await page.locator("[data-panel='1-slope'] svg .role-mark").first().waitFor({ state: "attached" });
  await page.locator("#sql summary").click();
  await page.evaluate(axe.source);
  const found = await page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, impact, nodes }) =>
    impact === "minor" ? [] : nodes.map(({ html }) => id + " (" + impact + "): " + html.slice(0, 200))))`);
  assert.deepEqual(found, []);
});

test("SQL is answered in the page, as text, and cancelled by its button", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await seen(t, await picturedFile(t));
  const told = (words: string) => page.locator("#said", { hasText: words }).waitFor();
  await page.locator("#sql summary").click();
  await page.fill("#statement", "select method, count(*) as n from trial_results group by 1 order by 1");
  await page.keyboard.press("Control+Enter");
  await told("5 rows");
  assert.deepEqual(await page.locator("#rows tbody tr").first().locator("td").allTextContents(), ["fine_tune", "96"]);
  await page.fill("#statement", ENDLESS);
  await page.locator("#ask button[type=submit]").click();
  await page.locator("#cancel").click();
  await told("it was cancelled");
  await page.fill("#statement", "select '<b>x</b>' as html");
  await page.locator("#ask button[type=submit]").click();
  await told("1 row");
  assert.equal(await page.locator("#rows b").count(), 0);
  assert.deepEqual(said, []);
});

test("a query that takes too long is stopped, and the page says so", { skip: NO_CHROMIUM }, async (t) => {
  const { server, page, said } = await seen(t, await picturedFile(t), 1_500);
  await page.locator("#sql summary").click();
  await page.fill("#statement", ENDLESS);
  await page.locator("#ask button[type=submit]").click();
  await page.locator("#said", { hasText: "it took longer than 1.5 s and was stopped" }).waitFor();
  assert.equal(server.queries.running, 0);
  assert.deepEqual(said, []);
});

test("the seventh page of a browser works as the first does", { skip: NO_CHROMIUM }, async (t) => {
  const { server, context } = await seen(t, await picturedFile(t));
  const pages = await Promise.all(Array.from({ length: 6 }, () => context.newPage()));
  for (const page of pages) await page.goto(server.address);
  for (const page of pages) await page.locator("h2.sentence").waitFor();
});

test("what one has chosen and opened stays while the page goes on", { skip: NO_CHROMIUM }, async (t) => {
  const path = join(folder(t), "night.db");
  await once(training(t, path), "exit");
  const { page } = await seen(t, path);
  const panel = page.locator("[id='1-distributions']");
  await panel.scrollIntoViewIfNeeded();
  const select = panel.locator("select").first();
  const values = await select.locator("option").evaluateAll((all) => all.map((option) => option.getAttribute("value")));
  await select.selectOption(String(values[1]));
  await panel.locator("details.numbers summary").click();
  const before = (await page.textContent("[data-part='there-1'] p")) ?? "";
  const child = spawn(process.execPath, [CLI, "resume", path, "--trials", "9", "--quiet"], {
    stdio: "ignore",
    cwd: dirname(path),
  });
  t.after(() => child.kill("SIGKILL"));
  assert.deepEqual(await once(child, "exit"), [0, null]);
  await page.locator("[data-part='there-1']", { hasNotText: before }).waitFor();
  assert.equal(await select.inputValue(), values[1]);
  assert.match((await panel.locator("figcaption").textContent()) ?? "", new RegExp(` on draw ${values[1]}[,;.] `));
  assert.equal(await panel.locator("details.numbers").getAttribute("open"), "");
});
