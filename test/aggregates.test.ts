/** What `gmm-sweep query` lets SQL call, against what numpy and scipy print. */
import assert from "node:assert/strict";
import test from "node:test";
import { queryCommand } from "../src/commands/query.js";
import { AGGREGATES } from "../src/stats/aggregates.js";
import type { Results } from "../src/store/contract.js";
import { openStore } from "../src/store/open.js";
import { spoken } from "./command-line.js";
import { trainedFile } from "./fixtures/grids.js";
import { listOf } from "./store-contract.js";

const SQL = `select std(x), sd(x), stddev_samp(x), mcse(x), quantile(x, 0.1), quantile(x, 0.5), quantile(x, 0.9), ci_low(x, 0.9), ci_high(x, 0.9)`;

/** The one row of a select; `values` are the table x. */
async function row(sql: string, values: readonly (number | null)[]): Promise<unknown[]> {
  const store: Results = await openStore(":memory:");
  try {
    const text = JSON.stringify(values);
    const { rows } = await store.query(`${sql} from (select value as x from json_each('${text}'))`, AGGREGATES);
    const [only] = await listOf(rows);
    return only;
  } finally {
    await store.close();
  }
}

// numpy 2.4.6 and scipy 1.17.1: np.std(x), np.std(x, ddof=1) twice, stats.sem(x), np.quantile(x, [.1, .5, .9]),
// stats.t.interval(.9, n - 1, np.mean(x), stats.sem(x)).
const PRINTED: readonly (readonly [what: string, values: readonly number[], printed: readonly number[]])[] = [
  [
    "values with a tie",
    [0.1, 0.25, 0.25, 0.9, 0.97, -3, 7],
    [
      ...[2.775035943874587, 2.9973813968354506, 2.9973813968354506, 1.1329036800625725],
      ...[-1.1399999999999997, 0.25, 3.3820000000000023, -1.277150376535097, 3.1257218051065245],
    ],
  ],
  ["equal values", [2, 2, 2, 2], [0, 0, 0, 0, 2, 2, 2, 2, 2]],
  [
    "forty values",
    Array.from({ length: 40 }, (_, i) => ((i * i) % 17) / 7),
    [
      ...[0.8079641838899665, 0.8182571362189959, 0.8182571362189959, 0.12937781310693425],
      ...[0.14285714285714285, 1.1428571428571428, 2.2857142857142856, 0.8891573985375791, 1.325128315748135],
    ],
  ],
];
for (const [what, values, printed] of PRINTED) {
  test(`aggregates of ${what} are what numpy and scipy print, and nulls change nothing`, async () => {
    for (const given of [values, [null, ...values, null]]) {
      const found = await row(SQL, given);
      assert.equal(found.length, printed.length);
      for (const [i, value] of found.entries())
        assert.ok(
          Math.abs(Number(value) - printed[i]) <= 1e-12 * Math.abs(printed[i]),
          `${i}: ${value}, printed ${printed[i]}`,
        );
    }
  });
}

test("aggregates of one value have no sample deviation and no interval, and of none nothing", async () => {
  assert.deepEqual(await row(SQL, [0.25]), [0, null, null, null, 0.25, 0.25, 0.25, null, null]);
  assert.deepEqual(
    await row(SQL, [null]),
    Array.from({ length: 9 }, () => null),
  );
  assert.deepEqual(
    await row(SQL, []),
    Array.from({ length: 9 }, () => null),
  );
});

test("aggregates count a value once under distinct, and those that a filter takes", async () => {
  assert.deepEqual(await row("select sd(distinct x), std(x) filter (where x > 1)", [1, 1, 3, 5]), [2, 1]);
});

for (const [call, why] of [
  ["quantile(x, 1.5)", "q must be from 0 to 1, got 1.5"],
  ["quantile(x, -0.1)", "q must be from 0 to 1, got -0.1"],
  ["ci_low(x, 0)", "level must be between 0 and 1, got 0"],
  ["ci_high(x, 1)", "level must be between 0 and 1, got 1"],
  ["ci_low(x)", "wrong number of arguments to function ci_low()"],
  ["std(x || 'a')", "std takes numbers, got 1a"],
]) {
  test(`${call} is refused in a sentence`, async () => {
    await assert.rejects(row(`select ${call}`, [1, 2]), {
      fault: "usage",
      message: `SQL must be one select that SQLite understands, got an error: ${why}; data/docs/columns.md lists the views and their columns`,
    });
  });
}

test("gmm-sweep query knows them, also over a view", async (t) => {
  const db = await trainedFile(t, {
    ...{ "data-seeds": "1", samples: "40", features: "3", hidden: "6,4", engine: "reference" },
    ...{ methods: "original", epochs: "original=3", trials: "4" },
  });
  const sql = `select abs(sd(r.forget_probability) - max(v.forget_probability_sd)) < 1e-12 as same, count(*) as n
    from trial_results r join verdict_inputs v on v.method = r.method`;
  assert.equal((await spoken(queryCommand, { sql, format: "csv", db })).out, "same,n\n1,4\n");
});
