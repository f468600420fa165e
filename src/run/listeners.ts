/** Those who listen to a run: each hears every event in order, and is waited for. */
import type { Observer, SweepEvent } from "./events.js";

export class Listeners {
  readonly #observers: readonly Observer[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(observers: readonly Observer[]) {
    this.#observers = observers;
  }

  /** Every observer hears an event before any hears the next one. */
  tell(event: SweepEvent): Promise<void> {
    const told = this.#turn.then(async () => {
      for (const observer of this.#observers) await observer(event);
    });
    this.#turn = told.catch(() => {}); // whoever awaits it is told
    return told;
  }

  /** Resolves once all that was told has been heard. */
  get quiet(): Promise<unknown> {
    return this.#turn;
  }
}
