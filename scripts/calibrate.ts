/** `npm run calibrate`: the size of each test and the coverage of each interval, over simulated null data sets. */
import { stream } from "../src/data/streams.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { TRIALS, type Trial } from "./calibrate/trials.js";
import { BAND, type Measured, reasonOf, simulate } from "./simulation.js";

process.exitCode = simulate({
  name: "calibrate",
  counted: { option: "sets", of: "data sets", usual: 10_000 },
  band: "a test of exactly its level, or an interval of exactly its confidence,",
  good: "no test exceeds its level and no interval misses its confidence beyond its band, but for those whose reason stands beneath",
  header: ["statistic", "what", "nominal", "found", "band"],
  lines: TRIALS.map((trial) => ({ what: trial.what, measured: (sets) => [measure(trial, sets)] })),
});

function measure({ what, kind, nominal, happens, known }: Trial, sets: number): Measured {
  const random = stream("calibrate", what);
  let times = 0;
  for (let i = 0; i < sets; i++) if (happens(random)) times += 1;
  const share = times / sets;
  const isSize = kind === "size";
  const band = binomialQuantile(isSize ? BAND : 1 - BAND, sets, nominal) / sets;
  const row = [what, kind, nominal.toFixed(3), share.toFixed(4), `${isSize ? "≤" : "≥"} ${band.toFixed(4)}`];
  const ok = isSize ? share <= band : share >= band;
  return { row, ok, isKnown: known !== null, told: reasonOf(what, ok, known) };
}
