/** The page of figures is true: it lists what there is, and its example prints what stands below it. UPDATE_GOLDEN=1 writes it anew. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { FIGURES } from "../src/report/figures/figures.js";
import { FIGURE_KINDS } from "../src/report/figures/kinds.js";
import { gmm } from "./command-line.js";

const PAGE = "data/docs/figures.md";
const TEXT = readFileSync(PAGE, "utf8");
const cwd = mkdtempSync(join(tmpdir(), "gmm-sweep-test-"));
after(() => rmSync(cwd, { recursive: true }));

test("the page of figures lists all that there are, in their order, with what each answers", () => {
  const listed = [...TEXT.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, kind, answers]) => [kind, answers]);
  assert.deepEqual(
    listed,
    FIGURES.map(({ kind, answers }) => [kind, answers]),
  );
  assert.deepEqual(
    FIGURES.map(({ kind }) => kind),
    FIGURE_KINDS,
  );
});

test("the example of the page prints what is shown", async () => {
  const begun = TEXT.indexOf("## An example");
  const commands = [...TEXT.slice(begun).matchAll(/^npx gmm-sweep (.*)$/gm)].map(([, words]) => words.split(" "));
  const shown = [...TEXT.slice(begun).matchAll(/```text\n([\s\S]*?)```/g)];
  assert.deepEqual([commands.length, shown.length], [3, 3]);
  const [trained, drawn, curve] = [
    await gmm(cwd, ...commands[0], "--quiet"),
    await gmm(cwd, ...commands[1]),
    await gmm(cwd, ...commands[2]),
  ];
  for (const { code, err } of [trained, drawn, curve]) assert.equal(code, 0, err);
  const printed = [drawn.out, readFileSync(join(cwd, "ten.csv"), "utf8"), curve.out];
  if (process.env["UPDATE_GOLDEN"] === "1") {
    const [head, ...rest] = TEXT.slice(begun).split(/(?<=```text\n)[\s\S]*?(?=```\n)/);
    writeFileSync(PAGE, TEXT.slice(0, begun) + head + rest.map((text, i) => printed[i] + text).join(""));
  } else
    assert.deepEqual(
      shown.map(([, text]) => text),
      printed,
    );
});
