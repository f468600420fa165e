/** Text that people read: tables, the notebook's lines, progress. */
import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { Flags } from "../src/plan/flags.js";
import { runPlan } from "../src/plan/request.js";
import { curveTable, notebookLines } from "../src/report/curve.js";
import { duration } from "../src/report/progress.js";
import { besideRun } from "../src/report/published.js";
import { summaryText } from "../src/report/summary.js";
import { alignedTable, type Cell, csvPieces, tableWithin } from "../src/report/table.js";
import type { StoredEpoch, StoredTrajectory } from "../src/store/contract.js";

/** A line of CSV without its end. */
function csvLine(cells: readonly Cell[]): string {
  return [...csvPieces(cells)].join("").slice(0, -1);
}

test("a table pads its columns, numbers to the right, and leaves no space at the end of a line", () => {
  const text = alignedTable(
    ["name", "n"],
    [
      ["a", 1],
      ["longer", 20],
      ["b", null],
    ],
  );
  assert.equal(text, "name       n\n------  ----\na          1\nlonger    20\nb       null\n");
});

test("a column with text in it stands to the left, and a table without rows is its header", () => {
  assert.equal(alignedTable(["x"], [[10], ["no"]]), "x\n--\n10\nno\n");
  assert.equal(alignedTable(["one", "two"], []), "one  two\n---  ---\n");
});

test("a table may have more rows than a call may have arguments", () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => [i]);
  const lines = alignedTable(["n"], rows).split("\n");
  assert.deepEqual([lines.length, lines[2], lines[200_001]], [200_003, "     0", "199999"]);
});

test("a blob is written in SQL's own notation", () => {
  assert.equal(alignedTable(["b"], [[new Uint8Array([1, 255])]]), "b\n-------\nx'01ff'\n");
  assert.equal(csvLine([new Uint8Array([1, 255])]), "x'01ff'");
});

test("CSV quotes what RFC 4180 says, and leaves null empty", () => {
  assert.equal(
    csvLine(["plain", 'say "hi"', "a,b", "two\nlines", null, 1.5, ""]),
    'plain,"say ""hi""","a,b","two\nlines",,1.5,',
  );
});

test("CSV keeps every digit of a number", () => {
  const values = [0.1 + 0.2, 1e-300, Number.MIN_VALUE, 123456789.12345679, Number.POSITIVE_INFINITY];
  assert.deepEqual(csvLine(values).split(",").map(Number), values);
});

const EPOCH: StoredEpoch = {
  epoch: 1,
  penalty: 0.14196,
  cross_entropy: 0.23629,
  train_accuracy: 0.93339,
  forget_probability: 0.96756,
  forget_margin: 3.4,
};

/** Of a trajectory, what the notebook's lines say. */
function trajectory(replicate_of: number | null): StoredTrajectory {
  return { lambda_reg: 4.2, replicate_of } as StoredTrajectory;
}

function curve(epochs: number, change: Partial<StoredEpoch> = {}): StoredEpoch[] {
  return Array.from({ length: epochs }, (_, e) => ({ ...EPOCH, epoch: e + 1, ...change }));
}

const LINE = "Mutual Information: 0.1420, Normal Classifier Loss: 0.2363, Lambda: 4.2000";
const AFTER = "train accuracy 0.9334, forget probability 0.9676";

test("show prints the notebook's line of each epoch, and what it measures at the end", () => {
  assert.equal(
    notebookLines(curve(3), trajectory(null)),
    `Epoch [1/3], ${LINE}\nEpoch [2/3], ${LINE}\nEpoch [3/3], ${LINE}\nafter epoch 3: ${AFTER}\n`,
  );
});

const THINNED: [epochs: number, every: number][] = [
  [41, 10],
  [100, 10],
  [400, 10],
  [401, 20],
  [1000, 50],
  [10_000, 500],
];

for (const [epochs, every] of THINNED) {
  test(`of a curve of ${epochs} epochs show prints every ${every}th, and says so`, () => {
    const lines = notebookLines(curve(epochs), trajectory(null)).split("\n");
    const shown = Array.from({ length: Math.floor(epochs / every) }, (_, i) => (i + 1) * every);
    assert.deepEqual(lines, [
      ...shown.map((epoch) => `Epoch [${epoch}/${epochs}], ${LINE}`),
      `(one line for ${every} of the ${epochs} epochs that are kept; --json prints each)`,
      `after epoch ${epochs}: ${AFTER}`,
      "",
    ]);
  });
}

test("of a curve whose epochs are kept here and there, each of up to 40 has its line", () => {
  const kept = curve(79).filter(({ epoch }) => epoch % 2 === 1);
  assert.equal(notebookLines(kept, trajectory(null)).match(/^Epoch \[\d+\/79\]/gm)?.length, 40);
});

test("show says of a copy whose run it is, and nan where a trial diverged", () => {
  assert.match(
    notebookLines(curve(5, { forget_probability: null }), trajectory(1)),
    /\nafter epoch 5: train accuracy 0\.9334, forget probability nan\n\(one run for all trials, stored with trial 1\)\n$/,
  );
});

test("a curve's table has the columns of the goldens, with nine digits", () => {
  const row = { epoch: 1, penalty: 1 / 3, cross_entropy: Number.NaN, train_accuracy: 1, forget_probability: 1e-12 / 3 };
  assert.equal(
    curveTable([row], 80),
    "epoch      penalty  cross_entropy  train_accuracy  forget_probability\n" +
      "-----  -----------  -------------  --------------  ------------------\n" +
      "    1  0.333333333            NaN               1      3.33333333e-13\n",
  );
});

const NAMES = ["method", "trials", "train_accuracy", "forget probability"];
const ROWS = [
  ["original", 3, 0.125, "0.77533 ± 0.04892"],
  ["unlearn", 3, 0.5, "0.61188 ± 0.00000"],
];

const AT_WIDTHS: [width: number, text: string][] = [
  [
    80,
    `method    trials  train_accuracy  forget probability
--------  ------  --------------  ------------------
original       3           0.125  0.77533 ± 0.04892
unlearn        3             0.5  0.61188 ± 0.00000
`,
  ],
  [
    51,
    `                                  forget
method    trials  train_accuracy  probability
--------  ------  --------------  -----------------
original       3           0.125  0.77533 ± 0.04892
unlearn        3             0.5  0.61188 ± 0.00000
`,
  ],
  [
    46,
    `                    train_  forget
method    trials  accuracy  probability
--------  ------  --------  -----------------
original       3     0.125  0.77533 ± 0.04892
unlearn        3       0.5  0.61188 ± 0.00000
`,
  ],
  [
    40,
    `in each row: trials 3

            train_  forget
method    accuracy  probability
--------  --------  -----------------
original     0.125  0.77533 ± 0.04892
unlearn        0.5  0.61188 ± 0.00000
`,
  ],
  [
    30,
    `                    train_
method    trials  accuracy
--------  ------  --------
original       3     0.125
unlearn        3       0.5

method    forget probability
--------  ------------------
original  0.77533 ± 0.04892
unlearn   0.61188 ± 0.00000
`,
  ],
  [
    25,
    `method
  original
trials              3
train_accuracy      0.125
forget probability
  0.77533 ± 0.04892

method
  unlearn
trials              3
train_accuracy      0.5
forget probability
  0.61188 ± 0.00000
`,
  ],
];

for (const [width, text] of AT_WIDTHS) {
  test(`a table in ${width} columns: each number whole, and no line longer`, () => {
    assert.equal(tableWithin(width, NAMES, ROWS), text);
    for (const line of text.split("\n")) assert.ok(line.length <= width, line);
  });
}

test("one row that is too wide becomes lines of names and values, and rows that nothing tells apart, too", () => {
  assert.equal(
    tableWithin(20, ["name", "other"], [["a long value", "another"]]),
    "name   a long value\nother  another\n",
  );
  const apartAtTheEnd = [
    ["same text", "as in the one"],
    ["same text", "as in the other"],
  ];
  assert.equal(
    tableWithin(12, ["a", "b"], apartAtTheEnd),
    "a  same text\nb\n  as in the one\n\na  same text\nb\n  as in the other\n",
  );
  const twice = [
    ["same text", "as in the other"],
    ["same text", "as in the other"],
  ];
  assert.equal(
    tableWithin(22, ["a", "b"], twice),
    "a  same text\nb  as in the other\n\na  same text\nb  as in the other\n",
  );
});

test("a table without rows or columns is one at any width", () => {
  assert.equal(tableWithin(80, ["one", "two"], []), alignedTable(["one", "two"], []));
  assert.equal(tableWithin(1, ["one"], [[1]]), "one\n  1\n");
});

const SUMMARY = {
  sweep: 1,
  method: "original",
  trials: 100,
  train_accuracy_mean: 0.9334,
  train_accuracy_std: 0.0017,
  forget_probability_mean: 0.96,
  forget_probability_std: 0.03,
  copies: false,
};

const ALONE = { published: new Map(), unlike: ["--samples", "--trials"] };

test("the summary marks copies, and says what diverged and what the best possible is where the draw knows", () => {
  const text = summaryText(
    {
      summary: [SUMMARY, { ...SUMMARY, method: "unlearn", copies: true }],
      diverged: 2,
      bayes: { accuracy: 0.93, forgetProbability: 0.5 },
      beside: besideRun(runPlan({})),
    },
    200,
  );
  const lines = text.split("\n");
  assert.match(
    lines[2],
    /^original +100 {2}0\.93340 ± 0\.00170 {2}0\.96000 ± 0\.03000 +0\.93339 ± 0\.00170 +0\.96756 ± 0\.03002$/,
  );
  assert.match(lines[3], /^unlearn \* +100 .* 0\.92440 \(one run\) +0\.78052 \(one run\)$/);
  assert.deepEqual(lines.slice(4), [
    "",
    "±: the standard deviation (std) over trials",
    "* one run, from the last original, stored for every trial: its std says nothing",
    "(one run): published of one original; from 100 originals of this draw it gives:",
    "  unlearn: forget probability 0.317 to 0.988, mean 0.725, std 0.141",
    "           train accuracy 0.698 to 0.935, mean 0.908, std 0.035",
    "  retrain_original: forget probability 0.993 to 1.000, mean 1.000, std 0.001",
    "                    train accuracy 0.941 to 0.962, mean 0.951, std 0.004",
    "2 trial rows diverged (their numbers overflowed), and are left out of the means",
    "best possible on this draw (Bayes): accuracy 0.93000, forget probability 0.50000",
    "",
  ]);
});

test("a method that the notebook does not have stands without published numbers", () => {
  const beside = besideRun(runPlan({}));
  assert.match(
    summaryText({ summary: [{ ...SUMMARY, method: "future" }], diverged: 0, bayes: null, beside }, 200),
    /^future .* - {2,}-$/m,
  );
});

test("beside a run that is not the notebook's there are no published columns, but the options that make it another", () => {
  const text = summaryText({ summary: [SUMMARY], diverged: 0, bayes: null, beside: ALONE }, 200);
  assert.equal(
    text,
    [
      "method    trials  train accuracy     forget probability",
      "--------  ------  -----------------  ------------------",
      "original     100  0.93340 ± 0.00170  0.96000 ± 0.03000",
      "",
      "±: the standard deviation (std) over trials",
      "the notebook's published numbers do not stand here: this run has another --samples, --trials",
      "",
    ].join("\n"),
  );
});

const LIKE: [flags: Flags, methods: readonly string[]][] = [
  [{}, ["original", "retrain_scratch", "unlearn", "retrain_original"]],
  [{ trials: "250", seed: "7" }, ["original", "retrain_scratch", "unlearn", "retrain_original"]],
  [{ lambda: "2" }, ["original", "retrain_scratch", "retrain_original"]],
  [{ epochs: "unlearn=6" }, ["original", "retrain_scratch", "retrain_original"]],
  // What goes on from another original is another run too.
  [{ epochs: "original=200" }, ["retrain_scratch"]],
  [{ methods: "unlearn,fine_tune" }, ["unlearn"]],
];

for (const [flags, methods] of LIKE) {
  test(`published numbers of ${methods.join(", ")} stand beside a run with ${JSON.stringify(flags)}`, () => {
    const { published, unlike } = besideRun(runPlan(flags));
    assert.deepEqual([[...published.keys()], unlike], [methods, []]);
  });
}

const UNLIKE: [flags: Flags, options: readonly string[]][] = [
  [{ preset: "paired" }, ["--preset"]],
  [{ "data-seed": "7" }, ["--data-seed"]],
  [{ samples: "4000", features: "9" }, ["--samples", "--features"]],
  [{ "forget-rows": "2" }, ["--forget-rows"]],
  [{ hidden: "64,16" }, ["--hidden"]],
  [{ "learning-rate": "0.02" }, ["--learning-rate"]],
  [{ trials: "99" }, ["--trials"]],
  [{ data: fileURLToPath(new URL("../../test/golden/small", import.meta.url)), "forget-label": "0" }, ["--data"]],
];

for (const [flags, options] of UNLIKE) {
  test(`no published number stands beside a run with another ${options.join(", ")}`, () => {
    const { published, unlike } = besideRun(runPlan(flags));
    assert.deepEqual([[...published.keys()], unlike], [[], options]);
  });
}

test("a duration is in seconds, then minutes, then hours", () => {
  assert.deepEqual([0, 59_400, 60_000, 3_599_000, 3_600_000, 90_061_000].map(duration), [
    "0 s",
    "59 s",
    "1 min 0 s",
    "59 min 59 s",
    "1 h 0 min",
    "25 h 1 min",
  ]);
});
