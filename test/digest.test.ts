/** The digest of results: the same for the same results, and another for any other. */
import assert from "node:assert/strict";
import test from "node:test";
import { digestOf } from "../src/digest.js";
import type { DigestRow } from "../src/queries.js";
import { nextUp } from "./fixtures/sweeps.js";

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

test("a digest is 64 hex digits, and that of no rows is SHA-256 of nothing", () => {
  assert.match(digestOf([ROW]), /^[0-9a-f]{64}$/);
  assert.equal(digestOf([]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("the digest of one row is what the design says it is, so that others can compute it", () => {
  // SHA-256 of the line: the key as JSON, the state, and the big-endian float64 bits of the six measures. In Python:
  // sha256(json.dumps(key, separators=(",", ":")) + " done " + " ".join(struct.pack(">d", v).hex() for v in measures) + "\n")
  assert.equal(digestOf([ROW]), "3d49bb6eb35f1667be106a3776e3baacb8be5a24275d6abc4bee9f30df668525");
});

test("the order of rows does not matter", () => {
  const rows = [1, 2, 10, 11].map((trial) => ({ ...ROW, trial }));
  assert.equal(digestOf(rows), digestOf(rows.toReversed()));
});

for (const column of Object.keys(ROW) as (keyof DigestRow)[]) {
  test(`a row that differs in its ${column} alone has another digest`, () => {
    const value = ROW[column];
    const other = typeof value === "number" ? nextUp(value === 0 ? 1 : value) : "diverged";
    assert.notEqual(digestOf([{ ...ROW, [column]: other }]), digestOf([ROW]));
  });
}

test("NaN is what the store keeps of it, and each of the values that are no numbers is another", () => {
  const of = (penalty: number | null): string => digestOf([{ ...ROW, penalty }]);
  assert.equal(of(Number.NaN), of(null));
  const values = [null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, Number.MAX_VALUE];
  assert.equal(new Set(values.map(of)).size, values.length);
});

test("why a trial failed is no result: two failures of one trial have one digest, and it is not that of a success", () => {
  const failed = { ...ROW, state: "failed" };
  assert.equal(digestOf([failed]), digestOf([{ ...failed, penalty: null, train_accuracy: null }]));
  assert.notEqual(digestOf([failed]), digestOf([ROW]));
});
