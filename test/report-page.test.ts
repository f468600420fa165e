/** `gmm-sweep report`: what stands in the page, and that nothing in a place of results can become more than text of it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import type { FigureNumbers } from "../src/figures/numbers.js";
import { FIGURES } from "../src/report/figures/figures.js";
import type { PageContent } from "../src/report/page/content.js";
import { allPanels, gathered } from "../src/report/page/gather.js";
import { Html, html, jsonHtml } from "../src/report/page/html.js";
import { reportPage } from "../src/report/page/page.js";
import { type Columns, panelData } from "../src/report/page/panels.js";
import type { Sight } from "../src/verdict/sights.js";
import { folder, gmm } from "./command-line.js";
import { NO_CHROMIUM, startChromium } from "./fixtures/chromium.js";
import { picturedFile } from "./fixtures/pictured.js";
import { plantedFile } from "./fixtures/planted.js";
import { seenIn } from "./fixtures/sights.js";

test("a value in a template is text, whatever is in it", () => {
  const value = `<b a="x" c='y'>&amp;\u202e\u0007\u2028`;
  assert.equal(
    html`<p title="${value}">${value}</p>`.text,
    `<p title="&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;\\u202e\\u0007\\u2028">&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;\\u202e\\u0007\\u2028</p>`,
  );
  assert.equal(html`${null}${[1, ["<", new Html("<br>")]]}`.text, "1&lt;<br>");
});

test("JSON in a page ends no script, begins no comment, and is read as it was", () => {
  const value = { "</script>": ["<!--<script>", "\u2028\u2029", `"'&\\`, null, 0.1] };
  const { text } = jsonHtml(value);
  assert.doesNotMatch(text, /[<\u2028\u2029]/);
  assert.deepEqual(JSON.parse(text), value);
});

/** The page of a file, its text and what the command printed. */
async function paged(path: string, ...words: readonly string[]): Promise<{ page: string; out: string; code: number }> {
  const folder = dirname(path);
  const { code, out, err } = await gmm(folder, "report", path, "-o", "page.html", "--force", "--quiet", ...words);
  assert.equal(err, "");
  return { page: readFileSync(join(folder, "page.html"), "utf8"), out, code: code ?? -1 };
}

function hashes(page: string, element: "script" | "style"): string[] {
  const found = page.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gs"));
  return Array.from(found, ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
}

/** The page without its script, its style and its data: what is HTML in it. */
function marked(page: string): string {
  return page
    .replaceAll(/<(script|style)\b[^>]*>.*?<\/\1>/gs, "")
    .replaceAll(/(src="data:image\/svg\+xml,)[^"]*/g, "$1");
}

test("the page lets in its own script and style and nothing else", async (t) => {
  const { page } = await paged(await picturedFile(t));
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1].replaceAll("&#39;", "'");
  const rules = new Map(policy?.split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1)]));
  assert.deepEqual(rules.get("default-src"), ["'none'"]);
  assert.deepEqual(rules.get("script-src"), hashes(page, "script"));
  assert.deepEqual(rules.get("style-src"), hashes(page, "style"));
  assert.deepEqual(rules.get("img-src"), ["data:"]);
  // The policy stands before all that it is for.
  assert.ok(page.indexOf("Content-Security-Policy") < page.search(/<(style|script|title|img)/));
  assert.doesNotMatch(marked(page), /\s(on[a-z]+|style)=/);
  for (const [, address] of marked(page).matchAll(/\s(?:src|href)="([^"]*)"/g))
    assert.match(address, /^(data:image\/svg\+xml,|#)/);
});

test("the page begins with the sentence and the table of the verdict, word for word", async (t) => {
  const { page, out, code } = await paged(await picturedFile(t));
  const [, sentence] = /<h2 class="sentence"[^>]*>(.*?)<\/h2>/s.exec(page) ?? [];
  assert.equal(out.split("\n\n")[1].replaceAll("\n", " ").trim(), sentence);
  assert.match(out, /^page\.html: \d\.\d MB, 1 setting\n\n/);
  assert.equal(code, 0);
  const parts = [
    sentence,
    "<table>",
    "Distance to retraining",
    "What is there",
    "As a simulation study",
    "Where the numbers",
  ];
  const places = parts.map((part) => page.indexOf(part));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(places[0] > 0);
});

/** Nothing to hold against chance, and one recipe. */
const PLAIN = {
  ...{ methods: "original,retrain_scratch,unlearn", lambda: "1" },
  epochs: "unlearn=2,original=4,retrain_scratch=4",
};

test("every figure is there, with how much of what there is it shows, or is named with its reason", async (t) => {
  for (const flags of [{}, { "data-seeds": "1" }, PLAIN]) {
    const { page } = await paged(await picturedFile(t, flags));
    const none = /<section class="none".*?<\/section>/s.exec(page)?.[0] ?? "";
    for (const { title } of FIGURES) {
      const drawn = new RegExp(`<h3>${title}</h3>.*?Shown: \\d+ of \\d+ [a-zλ]`, "s").exec(page);
      assert.ok((drawn !== null) !== new RegExp(`<li>${title}: .{20,}\\.</li>`).test(none), title);
    }
  }
});

test("the page says where its numbers come from, and how the study was made", async (t) => {
  const path = await picturedFile(t);
  const { page } = await paged(path);
  const digest = (await gmm(dirname(path), "digest", path)).out.trim();
  const text = marked(page);
  assert.ok(text.includes(`<code>${digest.split(/\s+/)[0]}</code>`), digest);
  assert.match(
    text,
    /8 draws of two Gaussian classes, 20 rows of 2 features, with 1 forget row; 12 trials of each cell/,
  );
  assert.match(text, /unlearn \(λ 0, 1, 2; epochs 1, 2, 3\)/);
  assert.match(text, /margins of ±0\.05 in forget probability and ±0\.01 in accuracy/);
  assert.match(text, /<summary>The plan as it is stored<\/summary><pre>\{/);
  assert.match(text, /Each of the 1,248 trial rows is there\./);
});

test("what failed, diverged and is missing is counted", async (t) => {
  const path = await plantedFile(
    t,
    ({ method, trial }) => {
      if (method === "fine_tune" && trial === 3) return null;
      const state = method !== "fine_tune" ? "done" : trial === 1 ? "failed" : trial === 2 ? "diverged" : "done";
      return { forget: 0, accuracy: 0, ...(state === "done" ? {} : { state }) };
    },
    [{ methods: "original,retrain_scratch,unlearn,fine_tune", "data-seeds": "1:4", trials: "4", epochs: "2" }],
  );
  const { page } = await paged(path);
  assert.match(page, /4 of 64 trial rows are missing, 4 failed\./);
  const cells = (...values: readonly (string | number)[]) => values.map((value) => `<td class="number">${value}</td>`);
  const row = ['<th scope="row">fine_tune</th>', "<td>paired</td>", ...cells(4, 16, 4, 4, 4, 4)].join("");
  assert.ok(page.includes(row), row);
});

test("several settings are listed by what each says first, each with a section of its own", async (t) => {
  const { page } = await paged(await picturedFile(t, { preset: "paired,notebook" }));
  const listed = [...(/<nav.*?<\/nav>/s.exec(page)?.[0] ?? "").matchAll(/<a href="#(setting-\d)">([^<]*)<\/a>/g)];
  assert.deepEqual(
    listed.map(([, id]) => id),
    ["setting-1", "setting-2"],
  );
  for (const [, id, text] of listed) {
    const section = new RegExp(`<section id="${id}".*?</h2>`, "s").exec(page)?.[0] ?? "";
    assert.ok(section.includes(`>${text.slice(0, -1)};`), text);
  }
  const { page: one } = await paged(await picturedFile(t, { preset: "paired,notebook" }), "--preset", "paired");
  assert.doesNotMatch(one, /<nav/);
});

test("of a place of several sweeps the page and its sentences name the one that a command is to go on with", async (t) => {
  const grid = { methods: "original,retrain_scratch,unlearn", trials: "2", epochs: "2" };
  const path = await plantedFile(
    t,
    ({ method }) => (method === "retrain_scratch" ? null : { forget: 0, accuracy: 0 }),
    ["a", "b"].map((name) => ({ ...grid, name, "data-seeds": "1:2" })),
  );
  const { page, out } = await paged(path);
  for (const sweep of [1, 2]) {
    const command = `gmm-sweep resume ${path} --sweep ${sweep} trains it`;
    assert.ok(page.includes(command), command);
    assert.ok(out.replaceAll(/\s+/g, " ").includes(command), out);
  }
});

const SMALL_NET = ["--samples", "20", "--features", "2", "--hidden", "4,3", "--engine", "reference", "--quiet"];

test("the page of a shard says that it is one, and blames no method for what other shards train", async (t) => {
  const path = join(folder(t), "part.db");
  const grid = ["--lambda", "0,1", "--epochs", "1", "--data-seeds", "1:3", "--trials", "4", "--shard", "1/2"];
  assert.equal((await gmm(dirname(path), "grid", ...grid, ...SMALL_NET, "--db", path)).code, 0);
  const { page, code } = await paged(path);
  assert.equal(code, 1);
  assert.match(page, /<h2 class="sentence"[^>]*>[^<]*this is a shard: gmm-sweep merge unites it with the others/);
  assert.match(page, /<dt>Shard<\/dt><dd>1\/2<\/dd>/);
  const none = /<section class="none".*?<\/section>/s.exec(page)?.[0] ?? "";
  const why = "what was trained cannot be held against retraining on every draw: the verdict says what to do";
  assert.equal(none.split(why).length - 1, 4);
  assert.doesNotMatch(none, /has been trained|was trained, which/);
});

test("the page of a sweep in rounds has the verdict of its looks, and all figures of what they kept", async (t) => {
  const path = join(folder(t), "rounds.db");
  const grid = ["--lambda", "0,1", "--epochs", "1:2", "--data-seeds", "1:8", "--trials", "8", "--preset", "paired"];
  assert.equal((await gmm(dirname(path), "grid", ...grid, "--until", "decided", ...SMALL_NET, "--db", path)).code, 0);
  const { page } = await paged(path);
  assert.match(
    page,
    /<h2 class="sentence"[^>]*>Of 4 recipes [^<]*by intervals that hold for all of them and all looks/,
  );
  for (const kind of ["slope", "memorisation", "map", "trade-off", "draws", "distributions", "curves"])
    assert.match(page, new RegExp(`data-panel="1-${kind}"`));
  assert.match(page, /<li>What more training buys: a sweep that is trained in rounds says by itself/);
});

test("a count of one is said as one", async (t) => {
  const { page } = await paged(await picturedFile(t, { "data-seeds": "1", trials: "1" }));
  assert.match(page, /1 draw of two Gaussian classes, 20 rows of 2 features, with 1 forget row; 1 trial of each cell/);
});

test("a place in which nothing is yet makes no page", async (t) => {
  const path = await plantedFile(t, () => null, [{ methods: "original,unlearn", "data-seeds": "1", trials: "1" }]);
  const { code, out, err } = await gmm(dirname(path), "report", path);
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /must have trials of what is asked about, but there are none/);
  assert.throws(() => readFileSync(join(dirname(path), "report.html")));
});

test("only a page of ours is overwritten, and only with --force", async (t) => {
  const path = await picturedFile(t);
  const folder = dirname(path);
  const page = join(folder, "report.html");
  writeFileSync(page, "<!doctype html><title>mine</title>");
  const refused = await gmm(folder, "report", path, "--force");
  assert.equal(refused.code, 2);
  assert.match(
    refused.err,
    /--out must be a new file or a page as gmm-sweep writes it, got report\.html, which is neither/,
  );
  assert.equal(readFileSync(page, "utf8"), "<!doctype html><title>mine</title>");
  assert.equal((await gmm(folder, "report", path, "-o", "own.html", "--quiet")).code, 0);
  assert.equal((await gmm(folder, "report", path, "-o", "own.html", "--quiet")).code, 2);
  assert.equal((await gmm(folder, "report", path, "-o", "own.html", "--quiet", "--force")).code, 0);
  assert.equal((await gmm(folder, "report", path, "-o", path, "--force")).code, 2);
});

async function contentOf(t: TestContext, change: (sight: Sight) => Sight = (sight) => sight): Promise<PageContent> {
  const { results, sights } = await seenIn(t, await picturedFile(t));
  return gathered(sights.map(change), results, {
    ...{ title: "a page", tell: () => {}, digests: true },
    panels: (sight) => allPanels(sight, () => {}),
  });
}

test("a page that would weigh more than 3 MB leaves its last figures out and says so", async (t) => {
  const content = await contentOf(t);
  const [setting] = content.settings;
  const many = { ...content, settings: Array.from({ length: 60 }, () => setting) };
  const page = await reportPage(many);
  assert.ok(Buffer.byteLength(page) <= 3_000_000, String(Buffer.byteLength(page)));
  assert.ok(Buffer.byteLength(page) > 2_500_000);
  assert.match(page, /<li>[^<]*: the page would weigh more than 3 MB: --preset/);
  const data = Object.keys(JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? "") as object);
  const places = Array.from(page.matchAll(/data-panel="([^"]*)"/g), ([, id]) => id);
  assert.deepEqual(data, places);
  assert.ok(places.includes("1-next-hour"));
});

test("texts are packed once each, and numbers to more digits than are shown", async (t) => {
  const { settings } = await contentOf(t);
  const data = panelData(settings);
  for (const panel of settings[0].panels) {
    if ("reason" in panel) continue;
    for (const [name, rows] of Object.entries(panel.numbers.series)) {
      const { columns, texts, rows: packed }: Columns = data[`1-${panel.figure.kind}`].series[name];
      assert.equal(packed.length, rows.length);
      for (const [i, row] of rows.entries())
        for (const [j, column] of columns.entries()) {
          const was: unknown = row[column] ?? null;
          const is = packed[i][j];
          if (column in texts) assert.equal(texts[column][Number(is)], was);
          else if (typeof was === "number") assert.ok(Math.abs(Number(is) - was) <= 1e-5 * Math.abs(was));
          else assert.equal(is, was);
        }
    }
  }
});

test("a text is shown with its control characters written out where others of its column are null, too", async (t) => {
  const { settings } = await contentOf(t);
  const [slope] = settings[0].panels;
  assert.ok("numbers" in slope);
  const rows = [{ stratum: null }, { stratum: "a\u202eb" }];
  const numbers = { ...slope.numbers, series: { draws: rows } };
  const { series } = panelData([
    { ...settings[0], panels: [{ ...slope, figure: { ...slope.figure, caption: () => "" }, numbers }] },
  ])["1-slope"];
  assert.deepEqual(series["draws"].rows, [[null], ["a\\u202eb"]]);
});

const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&\u202e\u0000\u2028{{x}}\${x}`;

/** Texts of figures as they would be if a store could hold them. */
function poisoned(numbers: FigureNumbers): FigureNumbers {
  const bad = <Value>(value: Value): Value | string => (typeof value === "string" ? `${value}${HOSTILE}` : value);
  const rows = (of: FigureNumbers["series"][string]) =>
    of.map((row) => ({ ...row, ...("draw" in row ? { draw: bad(String(row["draw"])) } : {}) }));
  return {
    ...numbers,
    facts: { ...numbers.facts, chosen: bad(numbers.facts["chosen"] ?? null) },
    series: Object.fromEntries(Object.entries(numbers.series).map(([name, of]) => [name, rows(of)])),
  };
}

test("whatever a store holds is text in the page, in its tips and in its tables", { skip: NO_CHROMIUM }, async (t) => {
  const content = await contentOf(t);
  const [setting] = content.settings;
  const [of] = content.sweeps;
  const command = { ...of.commands[0], command: HOSTILE, machine: HOSTILE, version: HOSTILE };
  const page = await reportPage({
    ...content,
    title: HOSTILE,
    sweeps: [{ ...of, sweep: { ...of.sweep, plan: { ...of.sweep.plan, name: HOSTILE } }, commands: [command] }],
    settings: [
      {
        ...setting,
        finding: { ...setting.finding, name: HOSTILE },
        named: HOSTILE,
        panels: setting.panels.map((panel) =>
          "reason" in panel
            ? { ...panel, reason: HOSTILE }
            : { ...panel, numbers: poisoned(panel.numbers), spec: { ...panel.spec, description: HOSTILE } },
        ),
      },
    ],
  });
  assert.doesNotMatch(page.slice(0, page.lastIndexOf("<script>")), /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028]/u);
  const browser = await startChromium();
  t.after(() => browser.close());
  const tab = await browser.newPage();
  const said: string[] = [];
  tab.on("console", (message) => said.push(message.text()));
  tab.on("pageerror", (error) => said.push(String(error)));
  tab.on("dialog", (dialog) => {
    said.push(dialog.message());
    void dialog.dismiss();
  });
  const path = join(dirname(await picturedFile(t)), "hostile.html");
  writeFileSync(path, page);
  await tab.goto(`file://${path}`);
  await tab.locator('[data-panel="1-memorisation"] svg .role-mark').first().waitFor({ state: "attached" });
  await tab.locator("#\\31 -memorisation summary").click();
  await tab.locator("#\\31 -memorisation table").first().waitFor();
  assert.equal(await tab.locator("img").count(), 0);
  assert.equal(await tab.locator("script").count(), 2);
  assert.ok((await tab.locator("#\\31 -memorisation td").allInnerTexts()).some((text) => text.includes("<img src=x")));
  assert.deepEqual(said, []);
});
