/** A preload for node: the time of day is off by SOAK_CLOCK_MS milliseconds. */
const offMs = Number(process.env["SOAK_CLOCK_MS"]);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [RealDate.now() + offMs] : given) as [number]));
  }
  static override now(): number {
    return RealDate.now() + offMs;
  }
} as DateConstructor;
