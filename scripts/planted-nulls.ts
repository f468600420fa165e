/** `npm run planted`: how often a verdict errs where the truth is planted, beside the error that it states. */
import { binomialQuantile } from "../src/stats/binomial.js";
import { NULLS, type PlantedNull } from "./planted/nulls.js";
import { quickStream } from "./planted/quick-stream.js";
import { ROUNDS, type RoundsPlanted, WRONG } from "./planted/rounds.js";
import { BAND, type Measured, reasonOf, simulate } from "./simulation.js";

process.exitCode = simulate({
  name: "planted",
  counted: { option: "sets", of: "data sets", usual: 1000 },
  band: "exactly the stated error",
  good: "no line errs more often than its band allows, but for those whose reason stands beneath",
  header: ["planted, and what would be wrong to say", "stated", "found", "band"],
  lines: [
    ...NULLS.map((planted) => ({ what: planted.what, measured: (sets: number) => [ofNull(planted, sets)] })),
    ...ROUNDS.map((planted) => ({ what: planted.what, measured: (sets: number) => ofRounds(planted, sets) })),
  ],
});

function ofNull({ what, stated, errs, known }: PlantedNull, sets: number): Measured {
  const random = quickStream("planted", what);
  let times = 0;
  for (let i = 0; i < sets; i++) if (errs(random)) times += 1;
  return line(what, { stated, times, sets }, known);
}

function line(
  what: string,
  { stated, times, sets }: { readonly stated: number; readonly times: number; readonly sets: number },
  known: string | null,
): Measured {
  const [share, band] = [times / sets, binomialQuantile(BAND, sets, stated) / sets];
  const row = [what, stated.toFixed(3), share.toFixed(4), `≤ ${band.toFixed(4)}`];
  const ok = share <= band;
  return { row, ok, isKnown: known !== null, told: reasonOf(what, ok, known) };
}

/** A line for each error, and what the sweeps came to beneath. */
function ofRounds({ what, stated, played, known }: RoundsPlanted, sets: number): Measured[] {
  const random = quickStream("planted", what);
  const all = Array.from({ length: sets }, () => played(random));
  const decided = all.filter(({ isDecided }) => isDecided).length / sets;
  const share = all.reduce((sum, one) => sum + one.share, 0) / sets;
  const told = `${what}: decided in ${percent(decided)}, after ${percent(share)} of the trials of the whole grid`;
  const lines = WRONG.flatMap((wrong) => {
    const times = all.filter((one) => one.wrong[wrong]).length;
    const of = stated[wrong];
    return of === undefined ? [] : [line(`${what}: ${wrong}`, { stated: of, times, sets }, known)];
  });
  return lines.map((one, i) => (i === lines.length - 1 ? { ...one, told: [...one.told, told] } : one));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
