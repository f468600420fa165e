/** Those who listen to a run: each hears every event in order, and is waited for. */
import type { Observer, SweepEvent } from "./events.js";

/** What trains, as far as it can be told to end. */
interface Trainer {
  readonly draining: boolean;
  drain(): void;
  cancel(): void;
}

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

  /** Tells what nobody waits for; `giveUp` hears of an observer that throws. */
  note(event: SweepEvent, giveUp: (error: unknown) => void): void {
    this.tell(event).catch(giveUp);
  }

  /** What a signal does: the first drains, the next cancels. */
  stop(trainer: Trainer, signal: string, giveUp: (error: unknown) => void): void {
    const now = trainer.draining;
    if (now) trainer.cancel();
    else trainer.drain();
    this.note({ kind: "stopping", signal, now }, giveUp);
  }

  /** Resolves once all that was told has been heard. */
  get quiet(): Promise<unknown> {
    return this.#turn;
  }
}
