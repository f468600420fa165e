/** The demo page: it is what the sources make, and trains in a browser what the command line trains. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { loadFused } from "../src/engine/fused/fused.js";
import { trainRequest } from "../src/plan/request.js";
import { onlyTrajectory } from "../src/plan/trajectories.js";
import { retrain } from "../src/run/rebuild.js";
import { NO_CHROMIUM, startChromium } from "./fixtures/chromium.js";

const ROOT = new URL("../../", import.meta.url);
const PAGE = new URL("data/demo/index.html", ROOT).href;
const CURVES = ["forgetProbability", "forgetMargin", "trainAccuracy", "penalty", "crossEntropy"] as const;

test("the demo page is what the sources make", () => {
  const said = execFileSync(process.execPath, [fileURLToPath(new URL("dist/scripts/demo.js", ROOT)), "--check"], {
    encoding: "utf8",
  });
  assert.equal(said, "data/demo/index.html is what the sources make\n");
});

interface Asked {
  readonly preset: string;
  readonly method: string;
  readonly trial: number;
  readonly lambda: number | null;
  readonly epochs: number | null;
}

const ASKED: readonly Asked[] = [
  { preset: "notebook", method: "unlearn", trial: 1, lambda: 4.2, epochs: 5 },
  { preset: "paired", method: "unlearn", trial: 2, lambda: 0.1, epochs: 3 },
  { preset: "notebook", method: "retrain_scratch", trial: 1, lambda: null, epochs: null },
  { preset: "paired", method: "fine_tune", trial: 2, lambda: null, epochs: 4 },
];

/** The bits of every number that the command line's wasm profile has of it. */
function bitsHere({ preset, method, trial, lambda, epochs }: Asked): string[][] {
  const given = {
    ...(lambda === null ? {} : { lambda: String(lambda) }),
    ...(epochs === null ? {} : { epochs: String(epochs) }),
  };
  const { plan } = trainRequest({ preset, method, trial: String(trial), ...given });
  const curve = retrain(onlyTrajectory(plan, trial), loadFused({ precision: "f32", isa: "wasm" }));
  return CURVES.map((name) => bitsOf(curve[name]));
}

function bitsOf(values: Float64Array): string[] {
  return Array.from(new BigUint64Array(new Float64Array(values).buffer), String);
}

test("a browser trains the notebook's trial with the bits of the command line", { skip: NO_CHROMIUM }, async () => {
  const browser = await startChromium();
  try {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (request) => {
      if (request.url() !== PAGE) said.push(request.url());
    });
    await page.goto(PAGE);
    await page.waitForFunction("typeof curveOf === 'function'");
    for (const asked of ASKED) {
      const there = await page.evaluate(
        `(() => {
          const curve = curveOf({ ...${JSON.stringify(asked)}, dataSeed: Number(document.querySelector("#data-seed").value) });
          return ${JSON.stringify(CURVES)}.map((name) => Array.from(new BigUint64Array(new Float64Array(curve[name]).buffer), String));
        })()`,
      );
      assert.deepEqual(there, bitsHere(asked), JSON.stringify(asked));
    }
    await page.fill("#lambda", "8");
    assert.match((await page.textContent("#command")) ?? "", / --lambda 8 --epochs 5 --trial 1 /);
    assert.equal(await page.locator("#numbers tr").count(), 4);
    assert.deepEqual(said, []);
  } finally {
    await browser.close();
  }
});
