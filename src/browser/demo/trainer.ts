/** The page's end of the worker that trains. */
import type { Curve } from "../../engine/contract.js";
import type { Answer, Asked, Order, Specs } from "./messages.js";

interface Waiting {
  readonly resolve: (curves: readonly Curve[]) => void;
  readonly reject: (error: Error) => void;
}

/** Trains in a worker, so that the page goes on answering. The worker's script comes as text: a page opened from the disk may load no other file. */
export class Trainer {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(script: string, wasm: string, specs: Specs) {
    this.#worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#settle(data);
    this.#worker.onerror = ({ message }) => {
      for (const id of [...this.#waiting.keys()])
        this.#settle({ kind: "failed", id, reason: message || "the worker did not start" });
    };
    this.#post({ kind: "start", wasm, specs });
  }

  /** The curves of what is asked for, in its order. */
  curves(asked: readonly Asked[]): Promise<readonly Curve[]> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ kind: "train", id, asked });
    });
  }

  #post(order: Order): void {
    this.#worker.postMessage(order);
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === "trained") waiting?.resolve(answer.curves);
    else waiting?.reject(new Error(answer.reason));
  }
}
