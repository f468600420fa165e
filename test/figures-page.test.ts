/** The page of figures lists what there is. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { FIGURES } from "../src/report/figures/figures.js";
import { FIGURE_KINDS } from "../src/report/figures/kinds.js";

const PAGE = "data/docs/figures.md";
const TEXT = readFileSync(PAGE, "utf8");

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
