/** `npm run soak`: kills, frozen processes, full disks, clocks set back and readers, against the promise that nothing is lost, doubled or changed. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../src/errors.js";
import { alignedTable } from "../src/report/table.js";
import { gridFlags, undisturbed } from "./soak/product.js";
import {
  clockSetBack,
  concurrentReads,
  fullDisk,
  kills,
  readOnly,
  type Setting,
  secondCoordinator,
  stopAndContinue,
} from "./soak/proofs.js";

const USAGE = `usage: npm run soak -- [--kills N] [--seed N]
  --kills N  how often a run is killed by SIGKILL; threads die beside that [default: 200]
  --seed N   of the random instants [default: 0]
Kills a small grid at random instants and restarts it, and does it other harm; each time the results must be those of an
undisturbed run, to the bit. Exit code 1 where they are not.
`;

const TRIALS = 24;
const SAMPLES = 1000;
const LONGEST_MS = 2000; // that a run lives before it is killed
const STOPPED_MS = 3000;
const READERS = 4;
const READS = 10_000;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "0" },
    help: { type: "boolean", default: false },
  },
});

async function soak(killCount: number, seed: number): Promise<boolean> {
  const home = mkdtempSync(join(tmpdir(), "gmm-sweep-soak-"));
  chmodSync(home, 0o755); // one proof runs as another user
  const flags = gridFlags(TRIALS, SAMPLES);
  try {
    const digest = await undisturbed(join(home, "undisturbed.db"), flags);
    const proofs: Record<string, (setting: Setting) => Promise<string | null>> = {
      kills: (setting) => kills(setting, { count: killCount, longestMs: LONGEST_MS, seed }),
      "a second coordinator": secondCoordinator,
      "SIGSTOP, SIGCONT": (setting) => stopAndContinue(setting, STOPPED_MS),
      "a clock set back": clockSetBack,
      "a read-only file": readOnly,
      "a full disk": fullDisk,
      "concurrent reads": (setting) => concurrentReads(setting, READERS, READS),
    };
    const rows: string[][] = [];
    for (const [name, proof] of Object.entries(proofs)) {
      process.stderr.write(`soak: ${name}\n`);
      const folder = join(home, name.replaceAll(/\W+/g, "-"));
      mkdirSync(folder);
      rows.push([name, ...(await outcomeOf(proof({ folder, flags, digest })))]);
    }
    process.stdout.write(alignedTable(["what was done", "result", "in detail"], rows));
    return rows.every(([, result]) => result !== "FAULT");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function outcomeOf(proof: Promise<string | null>): Promise<[result: string, detail: string]> {
  try {
    const detail = await proof;
    return detail === null ? ["skipped", "this machine does not let it be done"] : ["equal to the bit", detail];
  } catch (error) {
    return ["FAULT", messageOf(error)];
  }
}

if (values.help) process.stdout.write(USAGE);
else process.exitCode = (await soak(Number(values.kills), Number(values.seed))) ? 0 : 1;
