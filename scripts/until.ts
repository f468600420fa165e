/** One grid trained at once and in rounds: whether both come to the same verdict, and how much less the rounds train. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { USUAL_QUESTION } from "../src/plan/question.js";
import { epochsToTrain, trajectoriesOf } from "../src/plan/trajectories.js";
import { findingSentence } from "../src/report/verdict-table.js";
import { openResults } from "../src/store/open.js";
import { roundsFrom } from "../src/verdict/decisions.js";
import { type Finding, findingOf } from "../src/verdict/finding.js";
import { isSameRecipe, settingsIn } from "../src/verdict/scores.js";

const CLI = fileURLToPath(new URL("../src/cli.js", import.meta.url));
const GRID = ["data/lambda-epoch.yaml", "--data-seeds", "1:20"];
const MOST = 1 / 5;
const HELP = `npm run until -- FOLDER [-- OPTIONS OF grid]

Trains a grid into FOLDER/whole.db, and again with --until decided into FOLDER/rounds.db; what is there already is not
trained again. Prints both verdicts and the epochs of each. Without options the grid is ${GRID.join(" ")}.
The exit code is 0 where both give the nearest recipe the same answer, neither beats the other in the whole grid, and
the rounds take at most ${MOST} of the epochs; else 1.
`;

interface Told {
  readonly finding: Finding;
  readonly epochs: number;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: "boolean", short: "h" } },
});
const [folder, ...grid] = positionals;
if (values.help === true || folder === undefined) {
  process.stdout.write(HELP);
  process.exitCode = values.help === true ? 0 : 2;
} else process.exitCode = await compare(folder, grid.length === 0 ? GRID : grid);

async function compare(into: string, options: readonly string[]): Promise<number> {
  mkdirSync(into, { recursive: true });
  const [whole, rounds] = [
    await trained(join(into, "whole.db"), options),
    await trained(join(into, "rounds.db"), [...options, "--until", "decided"]),
  ];
  for (const [name, { finding, epochs }] of [
    ["at once", whole],
    ["in rounds", rounds],
  ] as const)
    process.stdout.write(
      `${name}, ${epochs.toLocaleString("en-US")} epochs: ${findingSentence(finding, [finding], "FILE")}\n`,
    );
  const [share, isSame] = [rounds.epochs / whole.epochs, isSameVerdict(whole.finding, rounds.finding)];
  process.stdout.write(
    `${isSame ? "the same verdict" : "another verdict"} with ${(100 * share).toFixed(1)} % of the epochs\n`,
  );
  return isSame && share <= MOST ? 0 : 1;
}

/** The same answer, on a recipe that no other beats in the whole grid. */
function isSameVerdict({ verdict: whole }: Finding, { verdict: rounds }: Finding): boolean {
  const [mine, theirs] = [rounds?.rows[0], whole?.rows[0]];
  if (mine === undefined || theirs === undefined) return false;
  const isUnbeaten = whole?.notBeaten?.recipes.some((recipe) => isSameRecipe(recipe, mine.recipe));
  return isUnbeaten === true && mine.judgement?.answer === theirs.judgement?.answer;
}

async function trained(db: string, options: readonly string[]): Promise<Told> {
  const { status } = spawnSync(process.execPath, [CLI, "grid", ...options, "--db", db], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`grid ended with ${status}`);
  const results = await openResults(db);
  const [sweep] = await results.sweeps();
  const question = sweep.question ?? USUAL_QUESTION;
  const rounds = roundsFrom(await results.decisions(sweep), question.estimand);
  const [setting] = await settingsIn(results.cellSamples(sweep));
  await results.close();
  const finding = findingOf(sweep, setting, { question, all: false, rounds });
  const epochs = [...trajectoriesOf(sweep.plan)].reduce((sum, group) => sum + epochsToTrain(group), 0);
  return { finding, epochs };
}
