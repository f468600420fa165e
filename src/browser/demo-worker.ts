/** What trains for the demo's page, in a worker that the page starts. */
import { messageOf } from "../errors.js";
import type { Answer, Order } from "./demo/messages.js";
import { startEngine, Trials } from "./demo/trial.js";

/** What is used here of a worker's global, which the types of pages do not have. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<Order>) => void;
  postMessage(answer: Answer): void;
};

let trials: Promise<Trials> | null = null;

async function answerTo({ id, asked }: Order & { kind: "train" }): Promise<Answer> {
  try {
    const started = await trials;
    if (started === null) throw new Error("nothing was started");
    return { kind: "trained", id, curves: asked.map((each) => started.curve(each)) };
  } catch (error) {
    return { kind: "failed", id, reason: messageOf(error) };
  }
}

scope.onmessage = async ({ data: order }) => {
  if (order.kind === "train") scope.postMessage(await answerTo(order));
  else trials = startEngine(order.wasm).then((engine) => new Trials(engine, order.specs));
};
