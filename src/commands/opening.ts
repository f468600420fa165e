/** What `run` and `grid` do with what they are asked for: a sweep of a store that is made or grown, and then trained. */
import { canonicalText } from "../plan/plan.js";
import { type Question, questionText, USUAL_QUESTION } from "../plan/question.js";
import { choiceAsked, type GridRequest, type Request } from "../plan/request.js";
import type { Sweep } from "../store/contract.js";
import { openStore } from "../store/open.js";
import { openAsked } from "../sweep/asking.js";
import { engineFor } from "../sweep/engines.js";
import { noteOf } from "../sweep/notes.js";
import { openingFrom, type Terminal } from "./command.js";
import { trainAndPrint } from "./training.js";

/** What is asked for, of a grid perhaps only until something is known. */
type Asked = Request & Partial<Pick<GridRequest, "until">>;

/** Opens what a request asks for, trains what is missing of it and prints what there is; returns the exit code. */
export async function openAndTrain(request: Asked, terminal: Terminal): Promise<number> {
  const { plan, question, place, running, command, until = null } = request;
  const { path, shard, grow } = place;
  const note = noteOf(command);
  const { profile } = await engineFor(plan);
  const opening = openingFrom(running.lockWaitMs, terminal);
  const store = await openStore(path, opening);
  const asked = { plan, profile, shard, grow, question: question ?? USUAL_QUESTION, command: note };
  const sweep = await openAsked(store, asked, until);
  try {
    if (question !== null && canonicalText(question) !== canonicalText(sweep.question))
      terminal.err(`${notAsked(sweep, question)}\n`);
    const engine = choiceAsked(plan);
    return await trainAndPrint(
      { store, path, sweep, engine, running, command, opening, trials: plan.trials },
      terminal,
    );
  } finally {
    await store.close();
  }
}

/** That a question came after the first, which stands. */
function notAsked({ id, question }: Sweep, asked: Question): string {
  if (question === null)
    return `sweep ${id} was opened before sweeps were asked anything, and is not asked ${questionText(asked)} now: what is asked afterwards was not asked beforehand`;
  return `sweep ${id} is asked ${questionText(question)} since it was opened, and is not asked ${questionText(asked)} now: a grid of another --name may be`;
}
