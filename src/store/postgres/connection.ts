/** Connections to a database: a few that are shared, and one for each state that is being read. */
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import type pg from "pg";
import { urlOf } from "../../files/places.js";
import { badPlace, withCode } from "../faults.js";
import { isAnswer } from "./faults.js";

const CONNECT_MS = 10_000;
const STATEMENT_MS = 600_000; // of the server; a status of millions of rows takes seconds
export const NO_ANSWER_MS = STATEMENT_MS + 30_000; // where the network is cut and says nothing
/** The same of what is asked by a worker: it is over in milliseconds, and nothing is trained meanwhile. */
export const QUICK_MS = 30_000;
/** The same of thousands of rows that land, or are looked for. */
export const LANDING_MS = 120_000;
/** A writer that stands still in the middle holds up others, who are to have its chunk within a minute. */
const IDLE_IN_TRANSACTION_MS = 40_000;
const KEEP_ALIVE_MS = 10_000;
// How the server finds out that a client is gone whose network says nothing: it must not hold rows for long.
const SERVER_SIDE = {
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
  tcp_user_timeout: "30000",
};
const SHARED = 4;

/** The schema that has all of a store, and is all that a name without one means. */
export const SCHEMA_NAME = "gmm_sweep";

export type Row = Readonly<Record<string, unknown>>;
export type Parameters = Readonly<Record<string, unknown>>;

/** What pg gives of the numbers of SQL: counts and ids are far below 2^53. */
const NUMBERS: pg.CustomTypesConfig = typesBy((type) => (type === INT8 || type === NUMERIC ? Number : null));

export const [BOOL, BYTEA, INT8, INT2, INT4, FLOAT4, FLOAT8, NUMERIC] = [16, 17, 20, 21, 23, 700, 701, 1700];

/** What reads the text of a value of each type; null: as pg does. */
export function typesBy(parserOf: (type: number) => ((text: string) => unknown) | null): pg.CustomTypesConfig {
  return {
    getTypeParser: ((type: number, format?: "text" | "binary") =>
      parserOf(type) ?? driver().types.getTypeParser(type, format ?? "text")) as pg.CustomTypesConfig["getTypeParser"],
  };
}

let loaded: typeof pg | null = null;

function driver(): typeof pg {
  if (loaded === null) throw new Error("pg is not loaded yet");
  return loaded;
}

/** Loads pg, which is not installed everywhere. */
export async function loadDriver(): Promise<typeof pg> {
  if (loaded !== null) return loaded;
  try {
    loaded = (await import("pg")).default;
    return loaded;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw withCode("NO_PG", error.message);
  }
}

/** One that speaks to the server, in the words of this store. */
export class Session {
  readonly #client: pg.ClientBase;
  readonly #answerMs: number;

  /** `answerMs` is how long a statement's answer may take before the connection counts as lost. */
  constructor(client: pg.ClientBase, answerMs: number) {
    this.#client = client;
    this.#answerMs = answerMs;
  }

  /** The rows of a statement whose parameters are written @name. */
  async rows<Result = Row>(sql: string, parameters: Parameters = {}): Promise<Result[]> {
    const { text, values } = bound(sql, parameters);
    return (await this.#ask({ text, values, types: NUMBERS })).rows as Result[];
  }

  /** The same, each row as a list. */
  async lists(sql: string, parameters: Parameters = {}): Promise<unknown[][]> {
    const { text, values } = bound(sql, parameters);
    return (await this.#ask({ text, values, types: NUMBERS, rowMode: "array" })).rows as unknown[][];
  }

  /** How many rows a statement changed. */
  async run(sql: string, parameters: Parameters = {}): Promise<number> {
    const { text, values } = bound(sql, parameters);
    return (await this.#ask({ text, values })).rowCount ?? 0;
  }

  /** A statement of a user's, which must be one, and its rows by `types`. */
  async exactly(text: string, types: pg.CustomTypesConfig): Promise<pg.QueryArrayResult> {
    // pg sends what has no values as text that may be several statements.
    const query = { text, values: [], queryMode: "extended", types, rowMode: "array" } as pg.QueryArrayConfig;
    return (await this.#ask(query)) as unknown as pg.QueryArrayResult;
  }

  /** Statements of ours that take no parameters. */
  async script(sql: string): Promise<void> {
    await this.#ask({ text: sql });
  }

  /** A statement of another's, with its parameters numbered, or several without; rows are as pg gives them. */
  async foreign(text: string, values: readonly unknown[] | undefined): Promise<pg.QueryResult> {
    return this.#ask(values === undefined ? { text } : { text, values: [...values] });
  }

  #ask(query: pg.QueryConfig & { readonly rowMode?: "array" }): Promise<pg.QueryResult> {
    return this.#client.query({ ...query, query_timeout: this.#answerMs } as pg.QueryConfig);
  }

  /** All of it or nothing. */
  async transaction<Result>(how: string, body: () => Promise<Result>): Promise<Result> {
    await this.script(`begin ${how}`);
    try {
      const result = await body();
      await this.script("commit");
      return result;
    } catch (error) {
      // Whoever is not there hears no rollback, and forgets it without.
      if (isAnswer(error) || !isOfConnection(error)) await this.script("rollback").catch(() => {});
      throw error;
    }
  }
}

/** A statement with its parameters as PostgreSQL numbers them. */
function bound(sql: string, parameters: Parameters): { text: string; values: unknown[] } {
  const names: string[] = [];
  const text = sql.replace(/@(\w+)/g, (_, name: string) => {
    if (!(name in parameters)) throw new Error(`@${name} of a statement has no value`);
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text, values: names.map((name) => parameters[name]) };
}

/** Whether a connection cannot be used after this was thrown. */
function isOfConnection(error: unknown): boolean {
  return error instanceof Error && ("syscall" in error || /timeout|terminated|connection|closed/i.test(error.message));
}

export class Connections {
  readonly #pg: typeof pg;
  readonly #config: pg.ClientConfig;
  readonly #shared: pg.Pool;
  readonly #own = new Set<pg.Client>();

  private constructor(driver: typeof pg, config: pg.ClientConfig) {
    this.#pg = driver;
    this.#config = config;
    this.#shared = new driver.Pool({ ...config, max: SHARED, Client: hangingUp(driver) });
    // What breaks while nobody uses it is made anew for who does.
    this.#shared.on("error", () => {});
    this.#shared.on("connect", (client) => client.on("error", () => {}));
  }

  /** Of the database of that name; nothing is asked of it yet. */
  static async to(place: string): Promise<Connections> {
    const driver = await loadDriver();
    return new Connections(driver, configOf(urlOf(place)));
  }

  async with<Result>(body: (session: Session) => Promise<Result>, answerMs = NO_ANSWER_MS): Promise<Result> {
    const client = await this.#shared.connect();
    let isSound = false;
    try {
      const result = await body(new Session(client, answerMs));
      isSound = true;
      return result;
    } catch (error) {
      isSound = !isOfConnection(error);
      throw error;
    } finally {
      // One that timed out may still wait for its answer.
      client.release(!isSound);
    }
  }

  /** One state of the database, on a connection of its own, until it is released. */
  async snapshot(): Promise<Snapshot> {
    const client = new this.#pg.Client(this.#config);
    client.on("error", () => {});
    this.#own.add(client);
    const release = async (): Promise<void> => {
      if (!this.#own.delete(client)) return;
      await client.end().catch(() => {});
    };
    try {
      await client.connect();
      const session = new Session(client, NO_ANSWER_MS);
      // Whoever reads may take their time.
      await session.script("set idle_in_transaction_session_timeout = 0");
      await session.script("begin isolation level repeatable read read only");
      return { session, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  async close(): Promise<void> {
    const own = [...this.#own];
    this.#own.clear();
    await Promise.all(own.map((client) => client.end().catch(() => {})));
    if (!this.#shared.ended) await this.#shared.end();
  }
}

/** One that hangs up where it could not come in: pg leaves that to the server, which takes a minute, and the process lives as long. */
function hangingUp({ Client }: typeof pg): new (config?: pg.ClientConfig) => pg.Client {
  return class extends Client {
    override connect(): Promise<pg.Client>;
    override connect(then: (error: Error) => void): void;
    override connect(then?: (error: Error) => void): Promise<pg.Client> | undefined {
      if (then === undefined) return super.connect();
      super.connect((error: Error | null) => {
        if (error !== null && error !== undefined) this.end().catch(() => {}); // what there is to say is said of the error
        then(error as Error);
      });
      return undefined;
    }
  };
}

export interface Snapshot {
  readonly session: Session;
  release(): Promise<void>;
}

/** What pg knows of TLS; all but the first two look at the certificate and at the name of the server. */
const SSL_MODES = ["disable", "no-verify", "verify-full", "prefer", "require", "verify-ca"];

/** A URL whose TLS can be used. Throws usage where it cannot. */
function withUsableTls(url: string): string {
  const { searchParams: said } = new URL(url);
  const mode = said.get("sslmode");
  if (mode !== null && !SSL_MODES.includes(mode))
    throw badPlace((place) => `${place} must have an sslmode of disable, no-verify or verify-full, got ${mode}`);
  for (const name of ["sslrootcert", "sslcert", "sslkey"]) {
    const file = said.get(name);
    if (file === null) continue;
    try {
      accessSync(file, constants.R_OK);
    } catch (error) {
      throw badPlace((place) => `${place} must have as ${name} a file that can be read, got ${file}`, { cause: error });
    }
  }
  // pg reads these as the strictest, and prints a page about it.
  return said.get("uselibpqcompat") === "true"
    ? url
    : url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, "$1verify-full");
}

/** What every connection is made with; TLS is as the URL says it. */
function configOf(url: string): pg.ClientConfig {
  const require = createRequire(createRequire(import.meta.url).resolve("pg"));
  const { parse } = require("pg-connection-string") as { parse(url: string): pg.ClientConfig };
  const { password, options, ...said } = parse(withUsableTls(url));
  const ours = {
    search_path: `${SCHEMA_NAME},pg_catalog`,
    extra_float_digits: "1",
    timezone: "UTC",
    client_min_messages: "warning",
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_MS),
    ...SERVER_SIDE,
  };
  const settings = Object.entries(ours).map(([name, value]) => `-c ${name}=${value}`);
  const given = typeof password === "string" && password !== "" ? password : process.env["PGPASSWORD"];
  return {
    ...said,
    application_name: "gmm-sweep",
    // pg reads ~/.pgpass by itself, and warns of it.
    password: given ?? ((asked: unknown) => passwordFile(require, asked)),
    options: [options, ...settings].filter((part) => part !== undefined).join(" "),
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  } as pg.ClientConfig;
}

/** The password that ~/.pgpass has for this connection; '' where it has none. */
function passwordFile(require: NodeJS.Require, asked: unknown): Promise<string> {
  const read = require("pgpass") as (asked: unknown, then: (password: string | undefined) => void) => void;
  return new Promise((resolve) => read(asked, (password) => resolve(password ?? "")));
}
