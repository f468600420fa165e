/** The live page's server: who may ask it, what it answers, and what it leaves alone. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer as createDatabase, type Socket } from "node:net";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import Database from "better-sqlite3";
import { serveCommand } from "../src/commands/serve.js";
import { Looks, type State } from "../src/serve/looks.js";
import { Progress, type SweepLook } from "../src/serve/progress.js";
import { Queries } from "../src/serve/queries.js";
import { LiveServer } from "../src/serve/server.js";
import type { Failure } from "../src/store/contract.js";
import { CLI, folder, spoken } from "./command-line.js";
import { picturedFile } from "./fixtures/pictured.js";

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks an address as it stands: fetch would tidy it up, and keep Host and Origin to itself. */
function ask(
  address: string,
  path: string,
  { method = "GET", headers = {}, body = "" }: Asking = {},
): Promise<Answered> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces).toString(),
        }),
      );
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

interface Served {
  readonly server: LiveServer;
  /** Asks for what stands after the token. */
  readonly get: (path: string, asking?: Asking) => Promise<Answered>;
  /** The faults that its terminal would tell. */
  readonly faults: readonly unknown[];
}

async function served(t: TestContext, place?: string, queryMs = 60_000): Promise<Served> {
  const faults: unknown[] = [];
  const hear = (fault: unknown): void => void faults.push(fault);
  const server = await LiveServer.listen({ place: place ?? (await picturedFile(t)), port: 0, queryMs, hear });
  t.after(() => server.close());
  const { pathname } = new URL(server.address);
  return { server, get: (path, asking) => ask(server.address, `${pathname}${path}`, asking), faults };
}

/** Asks again until it is so; each answer is waited for, and time is not looked at. */
async function until<Found>(find: () => Promise<Found | null>): Promise<Found> {
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function whenLooked({ get }: Served): Promise<State> {
  return until(async () => {
    const state = JSON.parse((await get("state")).body) as State;
    return state.waiting === "it is being looked at" ? null : state;
  });
}

test("the page is there for who has its token, under a policy that lets nothing else in", async (t) => {
  const { get } = await served(t);
  const { status, headers, body } = await get("");
  assert.equal(status, 200);
  assert.match(body, /^<!doctype html>/);
  assert.match(String(headers["content-security-policy"]), /^default-src 'none'; script-src 'self'; /);
  for (const [name, value] of [
    ["cache-control", "no-store"],
    ["referrer-policy", "no-referrer"],
    ["x-content-type-options", "nosniff"],
  ])
    assert.equal(headers[name], value);
  assert.equal((await get("live.js")).headers["content-type"], "text/javascript; charset=utf-8");
  assert.deepEqual(Object.values(await get("", { method: "HEAD" }))[2], "");
});

test("a bug of the server's is told to who started it, and the page that nothing came", async (t) => {
  const { server, get, faults } = await served(t);
  const bug = new Error("a look without a number");
  server.looks.state = () => {
    throw bug;
  };
  const { status, body } = await get("state");
  assert.deepEqual([status, body], [500, "the server met a fault, and its terminal says which\n"]);
  assert.deepEqual(faults, [bug]);
});

test("who has no token, or another page's, is told so and gets nothing", async (t) => {
  const { server, get } = await served(t);
  for (const path of ["/", "/state", "/x/state", `${new URL(server.address).pathname.slice(0, -2)}/state`])
    assert.equal((await ask(server.address, path)).status, 403, path);
  for (const headers of [
    { host: "example.org" },
    { host: `example.org:${new URL(server.address).port}` },
    { origin: "http://example.org" },
    { origin: "null" },
  ]) {
    const { status, body } = await get("state", { headers });
    assert.equal(status, 403);
    assert.doesNotMatch(body, /sweeps/);
  }
  const own = { host: `localhost:${new URL(server.address).port}` };
  assert.equal((await get("state", { headers: { ...own, origin: `http://${own.host}` } })).status, 200);
});

test("nothing else is there: no file of the machine, no other method, no long body", async (t) => {
  const { get } = await served(t);
  for (const path of ["../../etc/passwd", "..%2f..%2fetc/passwd", "live.js/..", "rows", "constructor"])
    assert.equal((await get(path)).status, 404, path);
  for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH"])
    assert.equal((await get("state", { method })).status, 405);
  assert.equal((await get("rows", { method: "POST", body: "x".repeat(200_000) })).status, 413);
});

test("a page is sent what is new, and nothing where it has all", async (t) => {
  const served_ = await served(t);
  const state = await whenLooked(served_);
  const [sweep] = state.sweeps;
  assert.equal(sweep.rows, sweep.there);
  assert.deepEqual(await served_.get(`state?since=${state.number}`).then(({ status, body }) => [status, body]), [
    204,
    "",
  ]);
  const contents = await until(async () => {
    // Looks begin where the state is asked for.
    await served_.get("state");
    const { status, body } = await served_.get("contents");
    if (status === 204) return null;
    const found = JSON.parse(body) as { number: number; figures: number; data: Record<string, object> };
    return Object.keys(found.data).length === 0 ? null : found;
  });
  assert.ok("1-slope" in contents.data && !("1-next-hour" in contents.data));
  assert.equal((await served_.get(`contents?since=${contents.number}`)).status, 204);
  const again = JSON.parse((await served_.get(`contents?since=0&figures=${contents.figures}`)).body) as { data: null };
  assert.equal(again.data, null);
});

test("figures are made with the verdict, by one look", async (t) => {
  const all = await served(t);
  const state = await until(async () => {
    const now = JSON.parse((await all.get("state")).body) as State;
    return now.page_is_current ? now : null;
  });
  assert.equal(state.verdict_at, state.figures_at);
  assert.equal(all.server.looks.looks, 2, "one of the progress, one of the page");
});

test("a page that could not be made is made once it can be, though nothing was written since", async (t) => {
  const path = await picturedFile(t);
  const bugs: Error[] = [];
  const looks = new Looks(path, (bug) => void bugs.push(bug), new URL("./fixtures/look-thread.js", import.meta.url));
  t.after(() => looks.close());
  const failed = await until(async () => (looks.state().page_waiting === null ? null : looks.state()));
  assert.deepEqual([failed.page, failed.page_is_current, failed.page_waiting], [0, false, "the place is in use"]);
  const made = await until(async () => (looks.state().page_is_current ? looks.state() : null));
  assert.deepEqual([made.page, made.page_waiting], [1, null]);
  assert.deepEqual(
    bugs.map(({ stack }) => stack),
    ["RangeError: of a look"],
  );
});

test("twenty pages share one look", async (t) => {
  const all = await served(t);
  await Promise.all(Array.from({ length: 20 }, () => all.get("state")));
  assert.equal(all.server.looks.looks, 1);
});

test("a look takes no lock: another program writes meanwhile, and is never refused", async (t) => {
  const path = await picturedFile(t);
  const writer = new Database(path, { timeout: 0 });
  writer.exec("begin immediate");
  const state = await whenLooked(await served(t, path));
  assert.equal(state.waiting, null);
  writer.exec("commit");
  writer.close();
});

test("a place in which nothing is yet, or that is no file of ours, is told of", async (t) => {
  const none = await whenLooked(await served(t, join(folder(t), "none.db")));
  assert.match(String(none.waiting), /none\.db/);
  const other = join(folder(t), "other.db");
  writeFileSync(other, "a letter");
  assert.match(String((await whenLooked(await served(t, other))).waiting), /other\.db/);
  const empty = join(folder(t), "empty.db");
  writeFileSync(empty, "");
  assert.equal((await whenLooked(await served(t, empty))).waiting, "nothing has been written there yet");
  const damaged = await picturedFile(t);
  const bytes = readFileSync(damaged);
  writeFileSync(damaged, bytes.fill(0xff, 4096, bytes.length - 4096));
  assert.match(String((await whenLooked(await served(t, damaged))).waiting), / is damaged: restore it from a backup/);
});

interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly more: boolean;
  readonly sentence: string | null;
}

async function rowsOf({ get }: Served, sql: string): Promise<Rows> {
  return JSON.parse((await get("rows", { method: "POST", body: sql })).body) as Rows;
}

const ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

test("a query gives its first rows, and says whether there are more; the aggregates are there", async (t) => {
  const all = await served(t);
  const few = await rowsOf(
    all,
    "select method, std(forget_probability) from trial_results group by 1 order by 1 limit 2",
  );
  assert.deepEqual([few.columns.length, few.rows.length, few.more, few.sentence], [2, 2, false, null]);
  const many = await rowsOf(
    all,
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) select i from n",
  );
  assert.deepEqual([many.rows.length, many.more, many.sentence], [1000, true, null]);
  assert.deepEqual(many.rows[0], [1]);
});

test("a query that is no select is refused in query's own words, and changes nothing", async (t) => {
  const all = await served(t);
  for (const sql of ["delete from trial_rows", "selekt 1", "", "select 1; select 2"]) {
    const { rows, sentence } = await rowsOf(all, sql);
    assert.deepEqual(rows, []);
    assert.notEqual(sentence, null);
  }
  const { rows } = await rowsOf(all, "select count(*) > 0 from trial_results");
  assert.deepEqual(rows, [[1]]);
});

test("a query that would run for ever is stopped, and its process is gone", async (t) => {
  const all = await served(t, undefined, 1500);
  const { sentence } = await rowsOf(all, ENDLESS);
  assert.equal(sentence, "it took longer than 1.5 s and was stopped: narrow it, or raise --query-seconds");
  assert.equal(all.server.queries.running, 0);
});

test("a query ends with its page", async (t) => {
  const all = await served(t);
  const { pathname, port } = new URL(all.server.address);
  const asked = request({ hostname: "127.0.0.1", port, path: `${pathname}rows`, method: "POST" });
  asked.on("error", () => {});
  asked.end(ENDLESS);
  await until(async () => (all.server.queries.running === 1 ? true : null));
  asked.destroy();
  await until(async () => (all.server.queries.running === 0 ? true : null));
});

test("four queries run at once, and a fifth is told so", async (t) => {
  const all = await served(t);
  const { pathname, port } = new URL(all.server.address);
  const running = Array.from({ length: 4 }, () => {
    const asked = request({ hostname: "127.0.0.1", port, path: `${pathname}rows`, method: "POST" });
    asked.on("error", () => {});
    asked.end(ENDLESS);
    return asked;
  });
  await until(async () => (all.server.queries.running === 4 ? true : null));
  assert.match(String((await rowsOf(all, "select 1")).sentence), /^4 queries are running already/);
  for (const asked of running) asked.destroy();
});

test("a query waits for who reads it slowly, and ends all the same", async (t) => {
  const queries = new Queries(await picturedFile(t), { queryMs: 60_000, atOnce: 1 });
  const sql = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n";
  let [heard, hearing, most] = [0, 0, 0];
  const take = async (): Promise<boolean> => {
    [heard, hearing] = [heard + 1, hearing + 1];
    most = Math.max(most, hearing);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    hearing -= 1;
    return heard < 10;
  };
  assert.equal(await queries.run({ sql, format: "csv" }, take, new AbortController().signal), null);
  assert.deepEqual([heard, most, queries.running], [10, 1, 0]);
  const stop = new AbortController();
  const never = (): Promise<boolean> => {
    stop.abort();
    return new Promise(() => {});
  };
  assert.equal(await queries.run({ sql, format: "csv" }, never, stop.signal), "it was cancelled");
  assert.equal(queries.running, 0);
});

test("a file of rows that is cut off does not look whole, and nothing listens for more of it", async (t) => {
  const all = await served(t);
  const warnings: string[] = [];
  const hear = ({ message }: Error): number => warnings.push(message);
  process.on("warning", hear);
  t.after(() => process.off("warning", hear));
  // From i = 50,001 on there is no such integer: rows are on their way by then.
  const sql =
    "with recursive n(i) as (select 1 union all select i + 1 from n) select abs(-9223372036854725807 - i) from n";
  await assert.rejects(all.get(`query.csv?sql=${encodeURIComponent(sql)}`), /aborted/);
  assert.equal(all.server.queries.running, 0);
  assert.deepEqual(warnings, []);
});

test("an integer that a browser would round is sent as its digits", async (t) => {
  const { rows } = await rowsOf(await served(t), "select 9223372036854775807, -9007199254740993, 9007199254740991, 7");
  assert.deepEqual(rows, [["9223372036854775807", "-9007199254740993", 9007199254740991, 7]]);
});

/** The processes that one has begun and that run; Linux tells. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    Array.from(readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").matchAll(/\d+/g), ([child]) =>
      Number(child),
    ),
  );
}

const NO_CHILDREN = existsSync("/proc/self/task") ? false : "the processes of another one are read from Linux's /proc";

test("a query ends with its server, even where that is killed", { skip: NO_CHILDREN }, async (t) => {
  const server = spawn(process.execPath, [CLI, "serve", await picturedFile(t), "--query-seconds", "600"]);
  t.after(() => server.kill("SIGKILL"));
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const address = String(line).trim();
  const csv = `${new URL(address).pathname}query.csv?sql=`;
  // Its first rows say that the statement runs.
  const lines = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000) select i from n";
  const asked = request(
    new URL(`${csv}${encodeURIComponent(`select * from (${lines}) union all ${ENDLESS}`)}`, address),
  );
  asked.on("error", () => {});
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.on("error", () => {});
  const [query] = childrenOf(server.pid ?? 0);
  t.after(() => isRunning(query) && process.kill(query, "SIGKILL"));
  server.kill("SIGKILL");
  await until(async () => (isRunning(query) ? null : true));
});

/** Whether a process is there and not merely waiting to be counted. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("a password is in nothing that is sent, and in no list of processes", { skip: NO_CHILDREN }, async (t) => {
  const database = createDatabase();
  database.listen(0, "127.0.0.1");
  await once(database, "listening");
  t.after(() => database.close());
  const { port } = database.address() as AddressInfo;
  const all = await served(t, `postgres://reader:geh%2Feim@127.0.0.1:${port}/sweeps`);
  // A database that takes whoever comes, and says nothing: the query's process waits.
  const taken = once(database, "connection");
  const asking = all.get("rows", { method: "POST", body: "select 1" });
  const [socket] = (await taken) as [Socket];
  const [query] = childrenOf(process.pid);
  assert.match(readFileSync(`/proc/${query}/cmdline`, "utf8"), /query-child/);
  assert.doesNotMatch(readFileSync(`/proc/${query}/cmdline`, "utf8"), /geh/);
  database.on("connection", (next) => next.destroy());
  socket.destroy();
  const state = await whenLooked(all);
  assert.match(String(state.waiting), /127\.0\.0\.1/);
  const sent = [JSON.stringify(state), (await asking).body];
  for (const path of ["", "live.js", "state", "contents", "query.csv?sql=select%201"])
    sent.push((await all.get(path)).body);
  for (const body of sent) assert.doesNotMatch(body, /geh(%2F|\/)eim/);
  assert.match((await all.get("")).body, /postgres:\/\/reader@127/);
});

test("what a store holds is told with its control characters written out", () => {
  const cell = { draw: "1", preset: "paired", method: "unlearn", lambda_reg: 1, epochs: 1, trials: 1 };
  const cells = [{ ...cell, done: 0, diverged: 0, failed: 1, missing: 0 }] as unknown as SweepLook["cells"];
  const failures = [{ rows: 1, method: "unlearn", error: `\u202e\u0007${"x".repeat(400)}` }] as unknown as Failure[];
  const of = new Progress().of({ id: 1, name: "a\u2066b", cells, failures }, 0);
  assert.equal(of.name, "a\\u2066b");
  assert.equal(of.failures[0].error, `\\u202e\\u0007${"x".repeat(298)}`);
});

test("all rows of a query come as CSV, and what fails is no file", async (t) => {
  const all = await served(t);
  const { status, headers, body } = await all.get(
    `query.csv?sql=${encodeURIComponent("select 1 as one, 'a,b' as two")}`,
  );
  assert.deepEqual([status, body], [200, 'one,two\n1,"a,b"\n']);
  assert.equal(headers["content-disposition"], 'attachment; filename="query.csv"');
  assert.equal((await all.get("query.csv?sql=selekt")).status, 400);
});

test("rows that a long query shows are saved, too, and a longer one is told how long it may be", async (t) => {
  const all = await served(t);
  const sql = (bytes: number): string => `select 1 as one ${";".padStart(bytes, " ")}`;
  const [long, longer] = [sql(90_000), sql(110_000)];
  assert.deepEqual((await rowsOf(all, long)).rows, [[1]]);
  const { status, body } = await all.get(`query.csv?sql=${encodeURIComponent(long)}`);
  assert.deepEqual([status, body], [200, "one\n1\n"]);
  assert.deepEqual(
    await all.get("rows", { method: "POST", body: longer }).then((answer) => [answer.status, answer.body]),
    [413, "a query must be no longer than 100,000 bytes: gmm-sweep query takes a longer one\n"],
  );
});

test("serve prints its address, ends with 0 when it is told to, and leaves no process", async (t) => {
  const path = await picturedFile(t);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const child = spawn(process.execPath, [CLI, "serve", path], { stdio: ["ignore", "pipe", "pipe"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const address = String(line).trim();
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    assert.equal((await ask(address, new URL(address).pathname)).status, 200);
    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), [0, null]);
  }
});

test("where the thread that looks has ended, a page that has an older state is told so", async (t) => {
  const cwd = folder(t);
  const without = join(cwd, "without-threads.cjs");
  writeFileSync(without, `if (!require("node:worker_threads").isMainThread) throw new Error("there is no memory");`);
  const child = spawn(process.execPath, ["--require", without, CLI, "serve", join(cwd, "x.db")]);
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const address = String(line).trim();
  const state = await until(async () => {
    const { status, body } = await ask(address, `${new URL(address).pathname}state?since=0`);
    return status === 204 ? null : (JSON.parse(body) as State);
  });
  assert.equal(state.ended, "the server has ceased to look (there is no memory): start gmm-sweep serve again");
});

test("what serve is asked beyond its range is refused in a sentence", async (t) => {
  const said = (words: Readonly<Record<string, string>>) =>
    spoken(serveCommand, { file: join(folder(t), "x.db"), ...words });
  const message = (given: string) => `--query-seconds must be a number of seconds from 1 to 86400, got ${given}`;
  for (const given of ["0.5", "1e7", "soon"])
    await assert.rejects(said({ "query-seconds": given }), { fault: "usage", message: message(given) });
  await assert.rejects(said({ port: "65536" }), {
    message: "--port must be a whole number from 0 to 65535, got 65536",
  });
});

test("a port that is taken ends serve with a sentence and 3", async (t) => {
  const { server } = await served(t);
  const { port } = new URL(server.address);
  const child = spawn(process.execPath, [CLI, "serve", join(dirname(CLI), "x.db"), "--port", port]);
  const said: Buffer[] = [];
  child.stderr.on("data", (piece: Buffer) => said.push(piece));
  const [code] = (await once(child, "close")) as [number];
  assert.equal(code, 3);
  assert.equal(
    Buffer.concat(said).toString(),
    `gmm-sweep: --port must be one that is free, got ${port}, which another program has: name another one, or leave it out\n`,
  );
});
