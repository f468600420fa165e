/** `npm run planted`: how often a verdict errs where the truth is planted, beside the error that it states. */
import { parseArgs } from "node:util";
import { alignedTable } from "../src/report/table.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { NULLS, type PlantedNull } from "./planted/nulls.js";
import { quickStream } from "./planted/quick-stream.js";

const SETS = 1000;
const BAND = 0.999; // of the numbers that exactly the stated error would give
const HELP = `usage: npm run planted -- [--sets N] [--only TEXT]
  --sets N     data sets for each line [default: ${SETS}]
  --only TEXT  only the lines that contain TEXT
A line's band holds ${BAND * 100} % of what exactly the stated error would give.
Exit codes: 0 no line errs more often than its band allows, but for those whose reason stands beneath; 1 one does; 2 the command line is not as it must be.
`;

process.exitCode = main();

function main(): number {
  const options = read();
  if (typeof options === "string") {
    process.stderr.write(`planted: ${options}: npm run planted -- --help lists the options\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const found = NULLS.filter(({ what }) => what.includes(options.only)).map((one) => measured(one, options.sets));
  const rows = found.map(({ planted, share, band, ok }) => [
    ...[planted.what, planted.stated.toFixed(3), share.toFixed(4), `≤ ${band.toFixed(4)}`],
    ok ? "ok" : planted.known === null ? "MISSES" : "known",
  ]);
  process.stdout.write(alignedTable(["planted, and what would be wrong to say", "stated", "found", "band", ""], rows));
  for (const { planted, ok } of found)
    if (!ok && planted.known !== null) process.stdout.write(`${planted.what}: ${planted.known}\n`);
  return found.some(({ planted, ok }) => !ok && planted.known === null) ? 1 : 0;
}

interface Options {
  readonly sets: number;
  readonly only: string;
  readonly help: boolean;
}

function read(): Options | string {
  try {
    const { values } = parseArgs({
      options: { sets: { type: "string" }, only: { type: "string" }, help: { type: "boolean" } },
    });
    const sets = Number(values.sets ?? SETS);
    if (!Number.isInteger(sets) || sets < 1) return `--sets must be a whole number from 1 up, got ${values.sets}`;
    return { sets, only: values.only ?? "", help: values.help ?? false };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Measured {
  readonly planted: PlantedNull;
  readonly share: number;
  readonly band: number;
  readonly ok: boolean;
}

function measured(planted: PlantedNull, sets: number): Measured {
  process.stderr.write(`${planted.what}\n`);
  const random = quickStream("planted", planted.what);
  let times = 0;
  for (let i = 0; i < sets; i++) if (planted.errs(random)) times += 1;
  const share = times / sets;
  const band = binomialQuantile(BAND, sets, planted.stated) / sets;
  return { planted, share, band, ok: share <= band };
}
