/** The digest of results: the same for the same results, and another for any other. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { MEASURES, type MeasureName } from "../src/measures.js";
import { ROW_KEY_NAMES, type RowKey } from "../src/plan/cell.js";
import type { StoredMargin } from "../src/store/contract.js";
import { type DigestRow, digestOf } from "../src/store/digest.js";
import { nextUp, oneByOne } from "./fixtures/sweeps.js";

const KEY: RowKey = {
  ...{ draw: "0", samples: 20, features: 2, forget_rows: 1, hidden: "4,3", learning_rate: 0.01 },
  ...{ preset: "notebook", method: "unlearn", lambda_reg: 4.2, epochs: 5, seed: 0, trial: 1, start_trial: 3 },
  ...{ start: "original@0x4", profile: "test/f64/r1" },
};
const ROW: DigestRow = {
  ...KEY,
  state: "done",
  measures: {
    ...{ train_accuracy: 0.9, test_accuracy: 0.8, forget_probability: 0.7 },
    ...{ forget_margin: 0.6, cross_entropy: 0.5, penalty: 0.4 },
  },
};

test("a digest is 64 hex digits, and that of no rows is SHA-256 of nothing", async () => {
  assert.match(await digestOf([ROW], []), /^[0-9a-f]{64}$/);
  assert.equal(await digestOf([], []), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("the digest of one row is what the design says it is, so that others can compute it", async () => {
  // SHA-256 of the line: the key as JSON, the state, and the big-endian float64 bits of the six measures. In Python:
  // sha256(json.dumps(key, separators=(",", ":")) + " done " + " ".join(struct.pack(">d", v).hex() for v in measures) + "\n")
  assert.equal(await digestOf([ROW], []), "3d49bb6eb35f1667be106a3776e3baacb8be5a24275d6abc4bee9f30df668525");
});

test("rows are taken one by one in the order in which they come", async () => {
  const rows = [1, 2, 10, 11].map((trial) => ({ ...ROW, trial }));
  assert.equal(await digestOf(oneByOne(rows), oneByOne([])), await digestOf(rows, []));
  assert.notEqual(await digestOf(rows.toReversed(), []), await digestOf(rows, []));
});

for (const column of ROW_KEY_NAMES) {
  test(`a row that differs in its ${column} alone has another digest`, async () => {
    assert.notEqual(await digestOf([{ ...ROW, [column]: otherThan(ROW[column]) }], []), await digestOf([ROW], []));
  });
}

for (const { name } of MEASURES) {
  test(`a row that differs in its ${name} alone has another digest`, async () => {
    assert.notEqual(
      await digestOf([withMeasure(name, nextUp(ROW.measures[name] as number))], []),
      await digestOf([ROW], []),
    );
  });
}

test("a row that diverged has another digest than one that is done", async () => {
  assert.notEqual(await digestOf([{ ...ROW, state: "diverged" }], []), await digestOf([ROW], []));
});

test("NaN is what the store keeps of it, and each of the values that are no numbers is another", async () => {
  const of = (penalty: number | null): Promise<string> => digestOf([withMeasure("penalty", penalty)], []);
  assert.equal(await of(Number.NaN), await of(null));
  const values = [null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, Number.MAX_VALUE];
  assert.equal(new Set(await Promise.all(values.map(of))).size, values.length);
});

test("why a trial failed is no result: two failures of one trial have one digest, and it is not that of a success", async () => {
  const failed: DigestRow = { ...ROW, state: "failed" };
  assert.equal(
    await digestOf([failed], []),
    await digestOf([{ ...failed, measures: withMeasure("penalty", null).measures }], []),
  );
  assert.notEqual(await digestOf([failed], []), await digestOf([ROW], []));
});

const MARGIN: StoredMargin = { ...KEY, forget_row: 1, forget_margin: 0.25 };

test("the digest of a forget set of several rows is what the design says it is, so that others can compute it", async () => {
  // After the rows' lines one for each margin: the key as JSON, the forget row's number and the big-endian float64 bits.
  const margins = [MARGIN, { ...MARGIN, forget_row: 2, forget_margin: null }];
  const key = JSON.stringify(Object.values(KEY));
  const measures = ["3feccccccccccccd", "3fe999999999999a", "3fe6666666666666", "3fe3333333333333", "3fe0000000000000"];
  const lines = [`${key} done ${measures.join(" ")} 3fd999999999999a`, `${key} 1 3fd0000000000000`, `${key} 2 nan`];
  const expected = createHash("sha256")
    .update(`${lines.join("\n")}\n`)
    .digest("hex");
  assert.equal(await digestOf([ROW], margins), expected);
});

for (const column of [...ROW_KEY_NAMES, "forget_row", "forget_margin"] as const) {
  test(`a forget row's margin that differs in its ${column} alone has another digest`, async () => {
    const other = { ...MARGIN, [column]: otherThan(MARGIN[column]) };
    assert.notEqual(await digestOf([ROW], [other]), await digestOf([ROW], [MARGIN]));
  });
}

function otherThan(value: string | number | null): string | number {
  return typeof value === "number" ? nextUp(value === 0 ? 1 : value) : "another";
}

function withMeasure(name: MeasureName, value: number | null): DigestRow {
  return { ...ROW, measures: { ...ROW.measures, [name]: value } };
}
