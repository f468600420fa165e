/** The page of queries is true: each runs, and prints on the page's own sweeps what stands below it. UPDATE_GOLDEN=1 writes it anew. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { programmed } from "./command-line.js";

const PAGE = "data/docs/queries.md";
const TEXT = readFileSync(PAGE, "utf8");
const cwd = mkdtempSync(join(tmpdir(), "gmm-sweep-test-"));
after(() => rmSync(cwd, { recursive: true }));
const DB = join(cwd, "small.db");

before(async () => {
  const commands = [...TEXT.matchAll(/^npx gmm-sweep (.*)$/gm)];
  assert.equal(commands.length, 2);
  for (const [, words] of commands) {
    const { code } = await programmed(null, ...words.replace("small.db", DB).split(" "), "--quiet");
    assert.equal(code, 0);
  }
});

const QUERIES = [...TEXT.matchAll(/^## (.*)\n(?:(?!^## )[\s\S])*?```sql\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/gm)];

test("there are queries", () => assert.ok(QUERIES.length >= 10, `${QUERIES.length} found`));

for (const [, title, sql, shown] of QUERIES) {
  test(`a query of the page prints what is shown: ${title}`, async () => {
    const { code, out, err } = await programmed(80, "query", sql, "--db", DB);
    assert.deepEqual([code, err], [0, ""]);
    if (process.env["UPDATE_GOLDEN"] === "1") {
      const page = readFileSync(PAGE, "utf8");
      const block = (result: string): string => `${sql}\`\`\`\n\n\`\`\`text\n${result}\`\`\``;
      writeFileSync(
        PAGE,
        page.replace(block(shown), () => block(out)),
      );
    } else assert.equal(shown, out);
    for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
  });
}
