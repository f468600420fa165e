/** The report in a browser: it opens without a network, draws all of its figures, says what is pointed at, and is for everybody. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { FIGURES } from "../src/report/figures/figures.js";
import { THEMES } from "../src/report/figures/theme.js";
import { gmm } from "./command-line.js";
import { NO_CHROMIUM, startChromium } from "./fixtures/chromium.js";
import { OWN_METHODS } from "./fixtures/grids.js";
import { picturedFile } from "./fixtures/pictured.js";

const [DESKTOP, PHONE] = [
  { width: 1440, height: 1000 },
  { width: 390, height: 844 },
];

let browser: Promise<Browser> | null = null;
test.after(async () => (await browser)?.close());

const reports = new Map<string, Promise<string>>();

/** A report, written once for all tests that open it. */
function reported(t: TestContext, ...presets: readonly string[]): Promise<string> {
  const key = presets.join(",");
  const known = reports.get(key) ?? written(t, key);
  reports.set(key, known);
  return known;
}

async function written(t: TestContext, preset: string): Promise<string> {
  const folder = dirname(await picturedFile(t, { preset }));
  const { code, err } = await gmm(folder, "report", "planted.db", "--quiet");
  assert.deepEqual([code, err], [0, ""]);
  return join(folder, "report.html");
}

interface Opened {
  readonly page: Page;
  /** What the page complained of or asked of the world. */
  readonly said: readonly string[];
}

async function opened(t: TestContext, path: string, how: BrowserContextOptions = {}): Promise<Opened> {
  browser ??= startChromium();
  const context = await (await browser).newContext({ viewport: DESKTOP, ...how });
  t.after(() => context.close());
  const page = await context.newPage();
  const address = pathToFileURL(path).href;
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => {
    said.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== address && !/^(data|blob):/.test(request.url())) said.push(request.url());
  });
  await page.goto(address);
  return { page, said };
}

/** Goes through the page as a reader does, until each panel is drawn; gives their ids. */
async function drawAll(page: Page): Promise<string[]> {
  const ids = await page.locator(".panel").evaluateAll((panels) => panels.map(({ id }) => id));
  for (const id of ids) {
    await picture(page, id).scrollIntoViewIfNeeded();
    await picture(page, id).locator("svg .role-mark").first().waitFor({ state: "attached" });
  }
  return ids;
}

function picture(page: Page, id: string) {
  return page.locator(`[data-panel="${id}"]`);
}

/** What axe finds to be in somebody's way. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, impact, nodes }) =>
    impact === "minor" ? [] : nodes.map(({ html }) => id + " (" + impact + "): " + html.slice(0, 200))))`);
}

const LOOKS: readonly [name: string, how: BrowserContextOptions][] = [
  ["on a desktop", {}],
  ["on a phone", { viewport: PHONE, hasTouch: true, isMobile: true }],
  ["in the dark", { colorScheme: "dark" }],
  ["where nothing should move and colours are forced", { reducedMotion: "reduce", forcedColors: "active" }],
];

for (const [name, how] of LOOKS)
  test(`the report is there for everybody ${name}`, { skip: NO_CHROMIUM }, async (t) => {
    const { page, said } = await opened(t, await reported(t, "paired", "notebook"), how);
    const ids = await drawAll(page);
    assert.equal(ids.length + (await page.locator(".none li").count()), 2 * FIGURES.length);
    assert.ok(ids.length >= 2 * FIGURES.length - 2);
    await page.locator("details").evaluateAll((all) => {
      for (const details of all.slice(0, 2)) details.setAttribute("open", "");
    });
    assert.deepEqual(await barriers(page), []);
    const [wide, screen] = await page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    assert.equal(wide, screen);
    assert.deepEqual(said, []);
  });

/** A verdict with names as long as they come. */
async function longNames(t: TestContext): Promise<string> {
  const methods = "original,retrain_scratch,retrain_twin,unlearn,retrain_original,gradient_ascent,neg_grad_plus";
  const epochs = "unlearn=50,original=100,retrain_scratch=100,retrain_original=100";
  const path = await picturedFile(t, { methods, epochs, lambda: "0.25,0.75", "method-file": OWN_METHODS });
  const { code, err } = await gmm(dirname(path), "report", "planted.db", "--quiet");
  assert.deepEqual([code, err], [0, ""]);
  return join(dirname(path), "report.html");
}

for (const width of [1280, DESKTOP.width])
  for (const colorScheme of ["light", "dark"] as const)
    test(`the table of the verdict is whole where a screen is ${width} pixels wide and ${colorScheme}`, {
      skip: NO_CHROMIUM,
    }, async (t) => {
      const { page } = await opened(t, await longNames(t), { viewport: { ...DESKTOP, width }, colorScheme });
      const tables = await page
        .locator("main .scroll")
        .evaluateAll((all) => all.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
      assert.ok(tables.length > 1);
      assert.deepEqual(
        tables.filter((beyond) => beyond > 0),
        [],
      );
      const recipe = page.locator("main th[scope=row]", { hasText: "retrain_original" }).first();
      assert.equal(await recipe.innerText(), "retrain_original λ\u00a00\u00a0×\u00a0100");
    });

test("on a phone the table of the verdict scrolls by itself, and nothing else of the page is too wide", {
  skip: NO_CHROMIUM,
}, async (t) => {
  // What is not drawn says what to do in words that no space parts.
  const path = await picturedFile(t, { "data-seeds": "1", preset: "notebook" });
  assert.equal((await gmm(dirname(path), "report", "planted.db", "--quiet")).code, 0);
  for (const report of [join(dirname(path), "report.html"), await longNames(t)]) {
    const { page } = await opened(t, report, { viewport: PHONE, hasTouch: true, isMobile: true });
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    const scrolls = await page
      .locator("main .scroll")
      .first()
      .evaluate((of) => of.scrollWidth > of.clientWidth);
    assert.equal(scrolls, true);
  }
});

const MARKS = "svg .role-mark path, svg .role-mark line, svg .role-mark text";

/** What the page says where the pointer comes upon the first mark that says anything. */
async function hovered(page: Page, id: string): Promise<string | null> {
  await picture(page, id).evaluate((place) => place.scrollIntoView({ block: "center" }));
  for (const mark of await picture(page, id).locator(MARKS).all()) {
    const box = await mark.boundingBox();
    if (box === null) continue;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const tip = page.locator(".tip:not([hidden])");
    if ((await tip.count()) > 0) return tip.innerText();
  }
  return null;
}

test("each figure says its values where one points at a mark, with how many they are of", {
  skip: NO_CHROMIUM,
}, async (t) => {
  const { page, said } = await opened(t, await reported(t, "paired"));
  for (const id of await drawAll(page)) {
    const tip = await hovered(page, id);
    assert.match(tip ?? "", /\d/, id);
    assert.doesNotMatch(tip ?? "", /null|undefined|NaN|\[object/, id);
  }
  await page.mouse.move(0, 0);
  assert.equal(await page.locator(".tip:not([hidden])").count(), 0);
  assert.deepEqual(said, []);
});

test("a line is pointed at by who is a few pixels beside it", { skip: NO_CHROMIUM }, async (t) => {
  const { page } = await opened(t, await reported(t, "paired"));
  await drawAll(page);
  const place = picture(page, "1-zip");
  await place.evaluate((of) => of.scrollIntoView({ block: "center" }));
  const box = await place.locator("svg .role-mark.mark-rule line[aria-label*=draw]").first().boundingBox();
  assert.ok(box !== null);
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(at.x, at.y + 4);
  assert.equal(await page.locator(".tip:not([hidden])").count(), 1);
});

test("every choice is labelled, goes by the keyboard and draws something else", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t, await reported(t, "paired"));
  await drawAll(page);
  const selects = await page.locator("select").all();
  assert.ok(selects.length >= 6);
  for (const select of selects) {
    const id = await select.evaluate((of) => of.closest(".panel")?.id ?? "");
    const label = await select.evaluate((of) =>
      "labels" in of ? String((of.labels as { textContent: string }[])[0]?.textContent) : "",
    );
    assert.match(label, /^[a-z]/, id);
    const before = await picture(page, id).innerHTML();
    await select.focus();
    await page.keyboard.press("ArrowDown");
    await page.waitForFunction(
      `document.querySelector('[data-panel="${id}"]').innerHTML !== ${JSON.stringify(before)}`,
    );
    assert.ok((await picture(page, id).locator(MARKS).count()) > 0, `${id}, ${label}`);
  }
  assert.deepEqual(said, []);
});

test("what is said of a picture, to a screen reader too, is of what is chosen", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t, await reported(t, "paired"));
  const panel = page.locator("#\\31 -draws");
  const words = async (): Promise<[caption: string, label: string]> => [
    (await panel.locator("figcaption").textContent()) ?? "",
    (await panel.locator("[data-panel]").getAttribute("aria-label")) ?? "",
  ];
  const [first] = await words();
  await panel.getByLabel(/^line/).selectOption("original λ 0 × 4");
  const [other, label] = await words();
  assert.match(first, /^\d of 4 draws .* for unlearn λ .* Shown: 4 of 8 draws\.$/);
  assert.match(other, /^\d of 8 draws .* for original λ 0 × 4; .* Shown: 8 of 8 draws\.$/);
  assert.match(label, /^Difference to retraining, draw by draw: \d of 8 draws .* for original λ 0 × 4; /);
  const menu = panel.getByLabel(/^draws/);
  assert.deepEqual((await menu.locator("option").allTextContents()).slice(0, 1), ["all draws"]);
  await menu.selectOption({ label: "with much to forget" });
  const few = "Only draws with much to forget are drawn; counts and medians are of all.";
  for (const text of await words()) assert.ok(text.endsWith(few), text);
  await menu.selectOption({ label: "all draws" });
  assert.deepEqual(await words(), [other, label]);
  assert.deepEqual(said, []);
});

test("light and dark follow the system until the button says otherwise, and figures go along", {
  skip: NO_CHROMIUM,
}, async (t) => {
  const { page } = await opened(t, await reported(t, "paired"), { colorScheme: "dark" });
  await drawAll(page);
  const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const ink = (theme: keyof typeof THEMES) =>
    picture(page, "1-slope").locator(`text[fill="${THEMES[theme].ink}"]`).first().waitFor({ state: "attached" });
  await ink("dark");
  assert.equal(await paper(), "rgb(13, 17, 23)");
  await page.emulateMedia({ colorScheme: "light" });
  await ink("light");
  await page.getByRole("button", { name: "Dark" }).click();
  await ink("dark");
  assert.equal(await paper(), "rgb(13, 17, 23)");
  assert.equal(await page.getByRole("button", { name: "Light" }).count(), 1);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.emulateMedia({ colorScheme: "light" });
  assert.equal(await page.getByRole("button", { name: "Light" }).count(), 1);
  await page.getByRole("button", { name: "Light" }).click();
  await ink("light");
});

test("on paper the page is light, has every figure, none of them cut, and is dark again afterwards", {
  skip: NO_CHROMIUM,
}, async (t) => {
  const { page, said } = await opened(t, await reported(t, "paired"), { colorScheme: "dark" });
  // As far as nobody has scrolled, most are not drawn yet.
  assert.ok((await page.locator(".picture svg").count()) < 10);
  const pdf = await page.pdf({ format: "A4" });
  assert.match(pdf.toString("latin1", 0, 8), /^%PDF-/);
  assert.equal(await page.locator(".picture svg").count(), 10);
  await picture(page, "1-slope").locator(`text[fill="${THEMES.dark.ink}"]`).first().waitFor({ state: "attached" });
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.evaluate("getComputedStyle(document.body).color"), "rgb(27, 31, 36)");
  assert.equal(await page.evaluate('getComputedStyle(document.querySelector(".panel")).breakInside'), "avoid");
  const gaps = await page.evaluate<number[]>(
    "Array.from(document.querySelectorAll('.picture'), (of) => of.clientHeight - of.querySelector('svg').clientHeight)",
  );
  assert.ok(
    gaps.every((gap) => gap <= 1),
    String(gaps),
  );
  assert.equal(await page.locator("select:visible, button:visible, summary:visible").count(), 1); // the stored plan's
  assert.deepEqual(said, []);
});

test("a panel's numbers are a table, and the file that plot --data writes", { skip: NO_CHROMIUM }, async (t) => {
  const { page, said } = await opened(t, await reported(t, "paired"));
  const panel = page.locator("#\\31 -slope");
  await panel.locator("summary").click();
  const rows = panel.locator("table", { hasText: "draws" }).first().locator("tr");
  await rows.nth(4).waitFor(); // they are written when the panel is open
  assert.equal(await rows.count(), 1 + 4);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    panel.getByRole("button", { name: "Save as CSV" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "1-slope.csv");
  const folder = dirname(await picturedFile(t));
  const { code, err } = await gmm(folder, "plot", "slope", "planted.db", "--data", "slope.csv");
  assert.equal(code, 0, err);
  const cells = (path: string): string[][] =>
    readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(",").map(shortened));
  assert.deepEqual(cells(await download.path()), cells(join(folder, "slope.csv")));
  assert.deepEqual(said, []);
});

/** A number with the digits that a page has of it; another text as it is. */
function shortened(cell: string): string {
  return /^-?\d+\.\d+$/.test(cell) ? String(Number(Number(cell).toPrecision(5))) : cell;
}

test("the first key leads to the way around the head, and what has the focus is seen", {
  skip: NO_CHROMIUM,
}, async (t) => {
  const { page } = await opened(t, await reported(t, "paired"));
  await page.keyboard.press("Tab");
  const link = page.locator(":focus");
  assert.equal(await link.innerText(), "Skip to the verdict");
  const box = await link.boundingBox();
  assert.ok(box !== null && box.x >= 0 && box.y >= 0);
  assert.equal(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");
});

test("where no script runs there are the verdict, its table and a still picture of each figure", {
  skip: NO_CHROMIUM,
}, async (t) => {
  const { page, said } = await opened(t, await reported(t, "paired"), { javaScriptEnabled: false });
  assert.match(await page.locator("h2.sentence").innerText(), /^Of 10 recipes unlearn at /);
  assert.equal(await page.locator("table").first().locator("tbody tr").count(), 4);
  const widths = await page
    .locator(".picture img")
    .evaluateAll((all) => all.map((image) => ("naturalWidth" in image ? Number(image.naturalWidth) : 0)));
  assert.equal(widths.length, 10);
  assert.ok(
    widths.every((width) => width > 300),
    String(widths),
  );
  assert.equal(await page.locator("summary:visible, button:visible").count(), 1); // the stored plan's
  assert.deepEqual(said, []);
});
