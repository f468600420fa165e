/** A lock that many hold together, or one alone. */
export class SharedLock {
  #holders = 0;
  /** Those who want it alone, one after the other; who comes later waits behind them. */
  #last: Promise<unknown> = Promise.resolve();
  #release: () => void = () => {};
  #free: Promise<void> = Promise.resolve();

  async shared<Result>(body: () => Promise<Result>): Promise<Result> {
    await this.#last;
    if (this.#holders === 0) this.#free = new Promise((resolve) => (this.#release = resolve));
    this.#holders += 1;
    try {
      return await body();
    } finally {
      this.#holders -= 1;
      if (this.#holders === 0) this.#release();
    }
  }

  exclusive<Result>(body: () => Promise<Result>): Promise<Result> {
    const run = this.#last.then(() => this.#free).then(body);
    this.#last = run.catch(() => {}); // whoever awaits it is told
    return run;
  }
}
