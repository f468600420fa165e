/** `npm run skewness`: how often a verdict over few draws errs where differences are skewed, and what other ways to judge would give. */
import type { Stream } from "../src/data/streams.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { tTailQuantile } from "../src/stats/student-t.js";
import { ALPHA } from "../src/verdict/answer.js";
import { halfSkewed, jumps, type Noise, normal, skewed } from "./planted/noise.js";
import { quickStream } from "./planted/quick-stream.js";
import { WAYS, type Way } from "./planted/skewness.js";
import { BAND, type Measured, simulate } from "./simulation.js";

/** The error a side that each answer may make of one endpoint. */
const CLAIMS = { equivalent: ALPHA, different: ALPHA / 2 } as const;
const UNITS = [3, 5, 7, 10, 20, 40] as const;
const NOISES: readonly Noise[] = [normal, halfSkewed, skewed, jumps];
const POWER_Z = 0.8416; // of the t test, about .8 where nothing is skewed

process.exitCode = simulate({
  name: "skewness",
  counted: { option: "sets", of: "data sets", usual: 2000 },
  band: "exactly the stated error",
  good: "no line errs more often than its band allows, but for those that the documentation tells",
  header: ["judged by", "draws", "answer", "stated", "normal", "skewness 1", "skewness 2", "1 in 10 far", "power"],
  lines: Object.entries(CLAIMS).flatMap(([answer, alpha]) =>
    UNITS.flatMap((units) =>
      Object.entries(WAYS).map(([name, way]) => ({
        what: `${name}, ${units} draws, ${answer}`,
        measured: (sets: number) => [measure({ name, way, units, answer, alpha }, sets)],
      })),
    ),
  ),
});

interface Judging {
  readonly name: string;
  readonly way: Way;
  readonly units: number;
  readonly answer: string;
  readonly alpha: number;
}

function measure({ name, way, units, answer, alpha }: Judging, sets: number): Measured {
  const share = (noise: Noise, shift: number, random: Stream): number => {
    let times = 0;
    for (let i = 0; i < sets; i++) {
      const values = Array.from({ length: units }, () => noise(random) + shift);
      if (way(values, alpha, random)) times += 1;
    }
    return times / sets;
  };
  const errors = NOISES.map((noise, i) => share(noise, 0, quickStream("skewness", units, answer, i)));
  const shift = (tTailQuantile(alpha, units - 1) + POWER_Z) / Math.sqrt(units);
  const power = share(normal, shift, quickStream("skewness", units, answer, "power"));
  const band = binomialQuantile(BAND, sets, alpha) / sets;
  const row = [name, units, answer, alpha.toFixed(3), ...errors.map((error) => error.toFixed(3)), power.toFixed(2)];
  const ok = errors.every((error) => error <= band);
  // Where nothing is skewed none may miss.
  return { row, ok, isKnown: errors[0] <= band, told: [] };
}
