/** The digest of results: the same for the same results, and another for any other. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { digestOf, sweepDigest } from "../src/store/digest.js";
import { type DigestRow, type ForgetLogitRow, KEY_COLUMNS, type RowKey } from "../src/store/sqlite/queries.js";
import { SqliteStore } from "../src/store/sqlite/store.js";
import type { TrajectorySpec } from "../src/trial.js";
import { nextUp, oneByOne, smallConfig, specsIn, sweepRecord, trained } from "./fixtures/sweeps.js";

const ROW: DigestRow = {
  ...{
    draw: "0",
    samples: 20,
    features: 2,
    forget_rows: 1,
    hidden: "4,3",
    learning_rate: 0.01,
    preset: "notebook",
    method: "unlearn",
  },
  ...{
    lambda_reg: 4.2,
    epochs: 5,
    seed: 0,
    trial: 1,
    start_trial: 3,
    start: "original@0x4",
    profile: "test/f64/r1",
    state: "done",
  },
  ...{
    train_accuracy: 0.9,
    test_accuracy: 0.8,
    forget_probability: 0.7,
    forget_logit: 0.6,
    cross_entropy: 0.5,
    penalty: 0.4,
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

test("the digest of a sweep does not depend on the order in which its rows were recorded", async (t) => {
  const config = smallConfig({ "forget-rows": "2", trials: "11" });
  const digests = new Set<string>();
  for (const inOrder of [(specs: TrajectorySpec[]) => specs, (specs: TrajectorySpec[]) => specs.toReversed()]) {
    const store = new SqliteStore(":memory:");
    t.after(() => store.close());
    const sweep = await store.openSweep(sweepRecord(config));
    await store.enroll(sweep, specsIn(config));
    for (const spec of inOrder(specsIn(config))) await store.record(sweep, [trained(spec)]);
    digests.add(await sweepDigest(store, sweep.id));
  }
  assert.equal(digests.size, 1);
});

for (const column of Object.keys(ROW) as (keyof DigestRow)[]) {
  test(`a row that differs in its ${column} alone has another digest`, async () => {
    const value = ROW[column];
    const other = typeof value === "number" ? nextUp(value === 0 ? 1 : value) : "diverged";
    assert.notEqual(await digestOf([{ ...ROW, [column]: other }], []), await digestOf([ROW], []));
  });
}

test("NaN is what the store keeps of it, and each of the values that are no numbers is another", async () => {
  const of = (penalty: number | null): Promise<string> => digestOf([{ ...ROW, penalty }], []);
  assert.equal(await of(Number.NaN), await of(null));
  const values = [null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, Number.MAX_VALUE];
  assert.equal(new Set(await Promise.all(values.map(of))).size, values.length);
});

test("why a trial failed is no result: two failures of one trial have one digest, and it is not that of a success", async () => {
  const failed = { ...ROW, state: "failed" };
  assert.equal(await digestOf([failed], []), await digestOf([{ ...failed, penalty: null, train_accuracy: null }], []));
  assert.notEqual(await digestOf([failed], []), await digestOf([ROW], []));
});

const LOGIT: ForgetLogitRow = { ...keyOf(ROW), forget_row: 1, forget_logit: 0.25 };

test("the digest of a forget set of several rows is what the design says it is, so that others can compute it", async () => {
  // After the rows' lines one for each logit: the key as JSON, the forget row's number and the big-endian float64 bits.
  const logits = [LOGIT, { ...LOGIT, forget_row: 2, forget_logit: null }];
  const key = JSON.stringify(Object.values(keyOf(ROW)));
  const measures = ["3feccccccccccccd", "3fe999999999999a", "3fe6666666666666", "3fe3333333333333", "3fe0000000000000"];
  const lines = [`${key} done ${measures.join(" ")} 3fd999999999999a`, `${key} 1 3fd0000000000000`, `${key} 2 nan`];
  const expected = createHash("sha256")
    .update(`${lines.join("\n")}\n`)
    .digest("hex");
  assert.equal(await digestOf([ROW], logits), expected);
});

for (const column of Object.keys(LOGIT) as (keyof ForgetLogitRow)[]) {
  test(`a forget row's logit that differs in its ${column} alone has another digest`, async () => {
    const value = LOGIT[column];
    const other = typeof value === "number" ? nextUp(value) : "another";
    assert.notEqual(await digestOf([ROW], [{ ...LOGIT, [column]: other }]), await digestOf([ROW], [LOGIT]));
  });
}

function keyOf(row: DigestRow): RowKey {
  return Object.fromEntries(KEY_COLUMNS.map((name) => [name, row[name]])) as unknown as RowKey;
}
