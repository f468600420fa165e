/** What is done to workers, submitters, the server and the network, each in a field of its own. A scenario returns what it found, or throws with what is wrong. */
import { execFileSync } from "node:child_process";
import {
  chownSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EXIT } from "../../src/commands/exit-codes.js";
import { gridPlan } from "../../src/plan/request.js";
import { trajectoriesOf } from "../../src/plan/trajectories.js";
import { trajectoryKey } from "../../src/trial.js";
import { CLI, faultsOf, rowsIn, undisturbed } from "../soak/product.js";
import { Field, must, type Site, type Worker } from "./field.js";
import type { Host } from "./hosts.js";
import { LosingProxy } from "./proxy.js";

export interface Scenario {
  /** Null: this machine does not let it be done. */
  run(site: Site): Promise<string | null>;
  /** Whether it takes minutes, and is run where --long or --only asks for it. */
  readonly isLong?: boolean;
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  kills: { run: (site) => inField(site, "kills", workersKilled) },
  frozen: { run: (site) => inField(site, "frozen", workersFrozen) },
  submitter: { run: (site) => inField(site, "submitter", submitterKilled) },
  "server-killed": { run: (site) => inField(site, "server-killed", serverKilled) },
  "server-restarted": { run: (site) => inField(site, "server-restarted", serverRestarted) },
  supervision: { run: (site) => inField(site, "supervision", restartedDuringSupervision) },
  connections: { run: outOfConnections },
  "disk-full": { run: diskFull },
  "read-only": { run: (site) => inField(site, "read-only", readOnly) },
  "cut-30s": { run: (site) => cut(site, "cut-30s", 30) },
  "cut-5min": { run: (site) => cut(site, "cut-5min", 300), isLong: true },
  clocks: { run: (site) => inField(site, "clocks", clocksOff) },
  drains: { run: (site) => inField(site, "drains", drains) },
  "answers-lost": { run: (site) => inField(site, "answers-lost", answersLost) },
  poison: { run: (site) => inField(site, "poison", poison) },
  upgrade: { run: (site) => inField(site, "upgrade", upgrade) },
  everything: { run: everything, isLong: true },
};

/** Of a worker that has a chunk nearly all of the time, and for long. */
const SLOW = { habits: { waitMs: 300, poison: null } };

async function inField(
  site: Site,
  name: string,
  body: (field: Field) => Promise<string>,
  tablespace?: string,
): Promise<string> {
  const field = await Field.make(site, name, tablespace);
  try {
    return await body(field);
  } finally {
    await field.close();
  }
}

/** A grid of 41 λ and 50 epochs through all of it, one after the other, and then into a file. */
async function everything(site: Site): Promise<string> {
  const flags = [fileURLToPath(new URL("../../../data/lambda-epoch.yaml", import.meta.url)), "--trials", "20"];
  const file = join(site.home, "lambda-epoch.db");
  const digest = await undisturbed(file, flags, 2);
  return inField({ ...site, flags, digest, rows: await rowsIn(file) }, "everything", async (field) => {
    const { server } = field.site;
    field.everyHostWorks();
    await field.submit();
    for (let i = 0; i < 3; i++) {
      await field.while(1000, 4000);
      const victim = field.any();
      await field.kill(victim);
      await field.reruns.died();
      field.work(victim.host);
    }
    const frozen = field.any();
    await field.kill(frozen, "SIGSTOP");
    await field.while(3000, 6000);
    await field.kill(frozen, "SIGCONT");
    await server.stop("SIGINT");
    await field.while(1000, 4000);
    await server.start();
    await cutOff(field, field.any(), 30);
    const said = await field.finish();
    const pulled = join(site.home, "pulled.db");
    await field.endsWell(field.start(field.hosts[0], ["pull", pulled, "--quiet"]));
    const faults = await faultsOf(pulled, digest);
    must(faults.length === 0, `the file that was pulled: ${faults.join(", ")}`);
    return `${field.site.rows} rows through 3 kills, a freeze, a restart of the server and a cut of 30 s, pulled with the digest of a local run; ${said}`;
  });
}

async function workersKilled(field: Field): Promise<string> {
  field.everyHostWorks();
  await field.submit();
  const kills = 6;
  for (let i = 0; i < kills; i++) {
    await field.while(500, 3000);
    const victim = field.any();
    await field.kill(victim);
    await field.reruns.died();
    field.work(victim.host);
  }
  return `${kills} workers killed at random instants; ${await field.finish()}`;
}

async function workersFrozen(field: Field): Promise<string> {
  const [host, ...others] = field.hosts;
  const long = field.work(host, SLOW);
  await field.submit();
  await field.untilLeased();
  const [short] = others.map((other) => field.work(other));
  await field.until("a row", async () => (await field.rows()) > 0);
  await field.kill(short, "SIGSTOP");
  await field.kill(long, "SIGSTOP");
  await field.reruns.died();
  await wait(4000);
  await field.kill(short, "SIGCONT");
  await field.silent(long, 45); // longer than a lease holds
  await field.kill(long, "SIGCONT");
  const found = await field.finish();
  await field.mustHaveLost();
  return `one worker frozen for 4 s, one for 45 s, both went on; ${found}`;
}

async function submitterKilled(field: Field): Promise<string> {
  field.everyHostWorks();
  const [host] = field.hosts;
  const kills = 4;
  for (let i = 0; i < kills; i++) {
    const grid = field.grid(host);
    await field.while(300, 4000);
    await field.kill(grid);
    await field.reruns.died();
  }
  const frozen = field.grid(host);
  await field.while(1000, 2500);
  await field.kill(frozen, "SIGSTOP");
  await wait(3000);
  await field.kill(frozen, "SIGCONT");
  const { out } = await field.endsWell(frozen);
  must(out.includes(field.site.digest), `the grid that lived printed another digest: ${out}`);
  return `a grid that works along killed ${kills} times, frozen once, and ended well; ${await field.finish()}`;
}

async function serverKilled(field: Field): Promise<string> {
  const { server } = field.site;
  field.everyHostWorks();
  const grid = field.grid(field.hosts[0]);
  await field.untilShare(0.02);
  const kills = 3;
  for (let i = 0; i < kills; i++) {
    await field.while(200, 3000);
    await server.kill();
    await field.while(500, 4000);
    await server.start();
  }
  await field.endsWell(grid);
  return `the server killed ${kills} times at random instants; ${await field.finish()}`;
}

async function serverRestarted(field: Field): Promise<string> {
  const { server } = field.site;
  field.everyHostWorks();
  await field.submit();
  const signals = ["SIGINT", "SIGQUIT", "SIGINT", "SIGQUIT"] as const;
  for (const signal of signals) {
    await field.while(200, 3000);
    await server.stop(signal);
    await server.start();
  }
  return `the server restarted ${signals.length} times, each second time at once; ${await field.finish()}`;
}

/** The supervision of leases is caught in the middle: it waits for a lock when the server goes down. */
async function restartedDuringSupervision(field: Field): Promise<string> {
  const { server } = field.site;
  field.everyHostWorks();
  await field.submit();
  await field.untilShare(0.05);
  const restarts = 2;
  for (let i = 0; i < restarts; i++) {
    const victim = field.workers[0];
    await field.kill(victim);
    await field.reruns.died();
    const holder = await server.connect(field.database);
    await holder.query("begin; lock table gmm_sweep_queue.queue in access exclusive mode");
    // A supervision begins with a look at all queues.
    await field.until("a supervision", async () => {
      const found = await field.sql(
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'gmm-sweep' and query ilike '%retryLimit%'",
      );
      return found.length > 0;
    });
    await server.stop("SIGQUIT");
    await server.start();
    await holder.end().catch(() => {}); // the server that it was of is gone
    field.work(victim.host);
  }
  return `${restarts} workers killed and the server restarted while leases were looked through; ${await field.finish()}`;
}

async function outOfConnections(site: Site): Promise<string> {
  const { server } = site;
  await server.stop("SIGINT");
  await server.start({ max_connections: 10 });
  try {
    return await inField(site, "connections", async (field) => {
      field.everyHostWorks();
      await field.submit();
      await field.untilShare(0.05);
      const held = [];
      try {
        // Whatever a worker gives back is taken.
        for (const end = performance.now() + 12_000; performance.now() < end; await wait(20))
          held.push(
            ...(await server
              .connect()
              .then((client) => [client])
              .catch(() => [])),
          );
      } finally {
        await Promise.all(held.map((client) => client.end().catch(() => {})));
      }
      return `10 connections for all, ${held.length} of them taken by another for 12 s; ${await field.finish()}`;
    });
  } finally {
    await server.stop("SIGINT");
    await server.start();
  }
}

const FULL_MS = 12_000;

async function diskFull(site: Site): Promise<string | null> {
  const { server } = site;
  const disk = join(site.home, "disk");
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "gmm-sweep-soak", disk], { stdio: "ignore" });
  } catch {
    return null;
  }
  try {
    const folder = join(disk, "space");
    mkdirSync(folder);
    const { uid, gid } = server.user;
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    await server.sql(`create tablespace soak_disk location '${folder}'`);
    return await inField(
      site,
      "disk-full",
      async (field) => {
        field.everyHostWorks();
        await field.submit();
        await field.untilShare(0.05);
        const filling = join(disk, "filling");
        fill(filling);
        await wait(FULL_MS);
        const rows = await field.rows();
        await wait(2000);
        must((await field.rows()) - rows < 0.2 * site.rows, "the disk was not full");
        unlinkSync(filling);
        const found = await field.finish();
        return `full for ${(FULL_MS + 2000) / 1000} s with ${rows} rows; ${found}`;
      },
      "soak_disk",
    );
  } finally {
    await server.sql("drop database if exists soak_disk_full with (force)");
    await server.sql("drop tablespace if exists soak_disk");
    unmount(disk);
  }
}

/** Whatever is mounted there is there no more. */
export function unmount(folder: string): void {
  try {
    execFileSync("umount", [folder], { stdio: "ignore" });
  } catch {
    // Nothing was.
  }
}

/** Writes until there is no room. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (const block of [1 << 20, 4096]) while (written(file, block));
  } finally {
    closeSync(file);
  }
}

function written(file: number, bytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(bytes)) > 0;
  } catch {
    return false;
  }
}

async function readOnly(field: Field): Promise<string> {
  const { server } = field.site;
  field.everyHostWorks();
  await field.submit();
  await field.untilShare(0.05);
  const turned = async (to: string): Promise<void> => {
    await server.sql(`alter system set default_transaction_read_only = ${to}`);
    await server.sql("select pg_reload_conf()");
  };
  await turned("on");
  await wait(1000);
  const rows = await field.rows();
  await wait(10_000);
  must((await field.rows()) === rows, "rows landed in a server that is read-only");
  await server.sql("set default_transaction_read_only = off; select 1");
  const client = await server.connect();
  await client.query("set default_transaction_read_only = off");
  await client.query("alter system reset default_transaction_read_only");
  await client.query("select pg_reload_conf()");
  await client.end();
  return `read-only for 11 s with ${rows} rows; ${await field.finish()}`;
}

async function cut(site: Site, name: string, seconds: number): Promise<string | null> {
  if (site.network.without !== null) return null;
  return inField(site, name, async (field) => {
    const [host, ...others] = field.hosts;
    const slow = field.work(host, SLOW);
    await field.submit();
    await field.untilLeased();
    for (const other of others) field.work(other);
    await cutOff(field, slow, seconds);
    const found = await field.finish();
    await field.mustHaveLost();
    return `every packet of one host dropped for ${seconds} s; ${found}`;
  });
}

async function cutOff(field: Field, worker: Worker, seconds: number): Promise<void> {
  worker.host.cut();
  try {
    await field.reruns.died();
    await field.silent(worker, seconds);
  } finally {
    worker.host.heal();
  }
}

const HOUR_MS = 3_600_000;

async function clocksOff(field: Field): Promise<string> {
  const [ahead, behind, ...others] = field.hosts;
  const off = (ms: number) => ({ preloads: ["clock-off.js"], env: { SOAK_CLOCK_MS: `${ms}` } });
  const fast = field.work(ahead, off(HOUR_MS));
  field.work(behind, off(-HOUR_MS));
  for (const host of others) field.work(host);
  await field.submit();
  await field.untilShare(0.2);
  await field.kill(fast);
  await field.reruns.died();
  field.work(ahead, off(HOUR_MS));
  return `one clock an hour ahead, one behind, the first worker killed; ${await field.finish()}`;
}

/** The first chunk is given back again and again, and nobody is blamed. */
async function drains(field: Field): Promise<string> {
  const [host] = field.hosts;
  await field.submit();
  const count = 25;
  const firsts = new Set<number>();
  for (let i = 0; i < count; i++) {
    const worker = field.work(host, { habits: { waitMs: 60_000, poison: null }, flags: ["--grace", "0"] });
    await field.until("a lease", async () => {
      const leased = await field.sql<{ first: number }>(
        "select (data ->> 'first')::int as first from gmm_sweep_queue.job where state = 'active'",
      );
      for (const { first } of leased) firsts.add(first);
      return leased.length === 1;
    });
    await field.kill(worker, "SIGTERM");
    worker.doomed = true;
    const ended = await worker.running.ended;
    must(ended.code === EXIT.interrupted, "a worker did not drain", ended);
  }
  must(firsts.size === 1, `drains gave back ${firsts.size} chunks, not one`);
  const blamed = await field.sql(
    "select 1 from gmm_sweep_queue.job where retry_count > 0 or (data ->> 'losses')::int > 0",
  );
  must(blamed.length === 0, "a drain counted as a loss");
  field.everyHostWorks();
  return `one chunk drained ${count} times, none counted as a loss; ${await field.finish()}`;
}

async function answersLost(field: Field): Promise<string> {
  const { server, network } = field.site;
  const proxy = await LosingProxy.start(server.port, network.address, field.random, 1 / 12);
  try {
    field.everyHostWorks({ port: proxy.port });
    await field.submit();
    await field.untilDone();
    const { cuts } = proxy;
    await field.endWorkers();
    must(cuts > 0, "no answer was lost");
    return `${cuts} commits whose answer was lost; ${await field.whole()}`;
  } finally {
    proxy.close();
  }
}

/** A trajectory that kills its worker is found, named and put aside, and all else is there. */
async function poison(field: Field): Promise<string> {
  const key = poisonIn(field.site.flags);
  const habits = { waitMs: 0, poison: key };
  await field.submit();
  let [deaths, isOver] = [0, false];
  /** A worker, and after it died another one. */
  const mortal = async (host: Host): Promise<void> => {
    while (!isOver) {
      const worker = field.work(host, { habits });
      worker.doomed = true;
      const ended = await worker.running.ended;
      must(isOver || ended.signal === "SIGKILL", "a worker ended otherwise than by the trajectory", ended);
      deaths += isOver ? 0 : 1;
    }
  };
  const dying = Promise.all(field.hosts.map(mortal));
  await Promise.race([field.untilDone(), dying]);
  isOver = true;
  await field.close();
  await dying;
  const asked = field.start(field.hosts[0], ["status"]);
  asked.doomed = true;
  const status = await asked.running.ended;
  must(status.code === EXIT.check, "status did not say that something is missing", status);
  must(status.out.includes("put aside after"), `status names nothing: ${status.out}`);
  const [{ trajectory }] = await field.sql<{ trajectory: string }>("select trajectory from gmm_sweep.put_aside");
  must(trajectory === key, `${trajectory} was put aside, where ${key} kills`);
  const missing = field.site.rows - (await field.rows());
  must(missing > 0 && missing < 20, `${missing} rows are missing beside the one that kills`);
  field.everyHostWorks();
  await field.endsWell(field.start(field.hosts[0], ["resume", "--workers", "1"]));
  return `${deaths} workers died until the trajectory was named, ${missing} rows lacked, and came once nothing killed; ${await field.finish()}`;
}

/** One that starts fresh, and that nothing starts from. */
function poisonIn(words: readonly string[]): string {
  const flags = Object.fromEntries(
    words.flatMap((word, i) => (word.startsWith("--") ? [[word.slice(2), words[i + 1]]] : [])),
  );
  const specs = [...trajectoriesOf(gridPlan(flags, null))]
    .flat()
    .filter(({ cell }) => cell.method === "retrain_scratch");
  return trajectoryKey(specs[Math.floor(specs.length / 2)]);
}

/** A worker of another version is refused in a sentence, unless it is let; the others go on. */
async function upgrade(field: Field): Promise<string> {
  const root = join(dirname(CLI), "../..");
  const other = join(field.site.home, "other-version");
  mkdirSync(other);
  for (const part of ["dist/src", "dist/workers", "src/engine/fused"])
    cpSync(join(root, part), join(other, part), { recursive: true });
  const about = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  writeFileSync(join(other, "package.json"), JSON.stringify({ ...about, version: "99.0.0" }));
  symlinkSync(join(root, "node_modules"), join(other, "node_modules"));
  const cli = join(other, "dist/src/cli.js");
  const [first, second, third, fourth] = field.hosts;
  for (const host of [first, second]) field.work(host);
  await field.submit();
  await field.untilShare(0.05);
  const refused = field.work(third, { cli });
  refused.doomed = true;
  const ended = await refused.running.ended;
  must(ended.code === EXIT.environment && ended.err.includes("install that version here"), "it was let in", ended);
  field.work(fourth, { cli, flags: ["--allow-mixed"] });
  return `a worker of another version refused, one let in by --allow-mixed, two went on; ${await field.finish()}`;
}
