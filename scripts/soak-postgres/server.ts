/** A PostgreSQL of the soak's own, fsync on, that can be killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { freePort, type How, makeCluster, programsOf } from "../../test/fixtures/postgres-programs.js";

export type Settings = Readonly<Record<string, string | number>>;

const STARTS = 40; // while the memory of a server that was killed is still in use
const START_AGAIN_MS = 250;

export class Server {
  readonly folder: string;
  readonly port: number;
  readonly #bin: string;
  readonly #data: string;
  readonly #how: How;
  readonly #addresses: readonly string[];
  #process: ChildProcess | null = null;
  #said = "";

  private constructor(folder: string, port: number, bin: string, addresses: readonly string[]) {
    mkdirSync(folder);
    const { data, how } = makeCluster(bin, folder, []);
    this.folder = folder;
    this.port = port;
    this.#bin = bin;
    [this.#data, this.#how, this.#addresses] = [data, how, addresses];
    for (const address of addresses) appendFileSync(join(data, "pg_hba.conf"), `host all all ${address}/24 trust\n`);
  }

  /** Null: this machine has no PostgreSQL. */
  static async make(folder: string, address: string): Promise<Server | null> {
    const bin = programsOf();
    if (bin === null) return null;
    const server = new Server(folder, await freePort(), bin, [...new Set(["127.0.0.1", address])]);
    await server.start();
    return server;
  }

  get user(): { readonly uid?: number; readonly gid?: number } {
    return this.#how;
  }

  async start(settings: Settings = {}): Promise<void> {
    for (let tries = 1; !(await this.#startOnce(settings)); tries++) {
      if (tries === STARTS) throw new Error(`PostgreSQL does not start: ${this.#said}`);
      await wait(START_AGAIN_MS);
    }
  }

  #startOnce(settings: Settings): Promise<boolean> {
    const all: Settings = {
      ...{ port: this.port, listen_addresses: this.#addresses.join(","), unix_socket_directories: this.folder },
      ...{ fsync: "on", max_connections: 100, ...settings },
    };
    const given = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    this.#said = "";
    const child = spawn(join(this.#bin, "postgres"), ["-D", this.#data, ...given], {
      ...this.#how,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    return new Promise((resolve, reject) => {
      child.stderr.on("data", (text: Buffer) => {
        this.#said = `${this.#said}${text}`.slice(-4000);
        if (this.#said.includes("ready to accept connections")) resolve(true);
      });
      child.once("exit", () => resolve(false)).once("error", reject);
    });
  }

  /** Ends it and all of its processes in the middle of what they do. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = endOf(child);
    this.killNow();
    await ended;
  }

  /** The same, with nothing waited for. */
  killNow(): void {
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(/\s+/);
    for (const pid of [child.pid, ...children.map(Number).filter((pid) => pid > 0)]) killed(pid);
  }

  /** SIGINT ends its connections and then itself, SIGQUIT waits for nothing. */
  async stop(signal: "SIGINT" | "SIGQUIT"): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = endOf(child);
    child.kill(signal);
    await ended;
  }

  async sql<Row extends Record<string, unknown>>(text: string, database = "postgres"): Promise<Row[]> {
    const client = await this.connect(database);
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end().catch(() => {}); // it may have been killed meanwhile
    }
  }

  /** A connection that is the caller's to end. */
  async connect(database = "postgres"): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url("127.0.0.1", database),
      connectionTimeoutMillis: 10_000,
    });
    client.on("error", () => {}); // whoever asks it next is told
    await client.connect();
    return client;
  }

  url(address: string, database: string, port = this.port): string {
    return `postgres://postgres@${address}:${port}/${database}`;
  }
}

function endOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once("exit", resolve));
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
