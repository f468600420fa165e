/** Who may do what in a database: the roles of the page, passwords, and TLS, against a server that asks for them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { EXIT } from "../src/commands/exit-codes.js";
import { placeNamed } from "../src/files/places.js";
import type { State } from "../src/serve/looks.js";
import { LiveServer } from "../src/serve/server.js";
import { type Ended, folder, gmm, start, withEnvironment } from "./command-line.js";
import { emptyDatabase, NO_SERVER, OWN_SERVER, run } from "./fixtures/postgres.js";

const SMALL = ["--samples", "20", "--features", "2", "--hidden", "4,3", "--workers", "1", "--quiet"];
const METHODS = ["--methods", "original,retrain_scratch,unlearn"];
const EPOCHS = ["--epochs", "original=3,retrain_scratch=3,unlearn=1:2"];
const GRID = ["grid", ...SMALL, "--lambda", "1,2", ...METHODS, ...EPOCHS, "--trials"];
const BOSS = {
  migrate: false,
  createSchema: false,
  schedule: false,
  supervise: false,
  registerInstance: false,
} as const;
const RIGHTS = "42501";

/** The SQL of the page of that language. */
function pageSql(): string {
  const page = readFileSync("data/docs/many-machines.md", "utf8");
  const [, sql] = /```sql\n([\s\S]*?)```/.exec(page) ?? [];
  return sql;
}

/** A place as another user reaches it, who names no password. */
function as(user: string, place: string): string {
  const url = new URL(place);
  [url.username, url.password] = [user, ""];
  return url.href;
}

/** The same with what is said after it. */
function saying(place: string, said: Readonly<Record<string, string>>): string {
  const url = new URL(place);
  for (const [name, value] of Object.entries(said)) url.searchParams.set(name, value);
  return url.href;
}

if (NO_SERVER !== null) test("who may do what in a database", { skip: NO_SERVER }, () => {});
else {
  testRoles();
  testAsking();
}

function testRoles(): void {
  test("the roles of the page: a worker trains and changes nothing else, a submitter asks, a reader reads", async (t) => {
    const place = await emptyDatabase();
    const cwd = folder(t);
    // The first command of the owner makes both schemas.
    await ok(gmm(cwd, ...GRID, "2", "--store", place));
    const roles = {
      gmm_sweep_worker: `w${process.pid}`,
      gmm_sweep_submitter: `s${process.pid}`,
      gmm_sweep_reader: `r${process.pid}`,
    };
    const { gmm_sweep_worker: worker, gmm_sweep_submitter: submitter, gmm_sweep_reader: reader } = roles;
    const sql = Object.entries(roles).reduce((text, [name, own]) => text.replaceAll(name, own), pageSql());
    await run(sql, place);
    for (const name of Object.values(roles)) await run(`alter role ${name} login`, place);
    t.after(async () => {
      for (const name of [submitter, worker, reader]) await run(`drop owned by ${name}; drop role ${name}`, place);
    });
    await run("create schema other; create table other.secrets (x text); create table public.theirs (x text)", place);

    const grown = [...GRID, "4"];
    await ok(gmm(cwd, ...grown, "--detach", "--store", as(submitter, place)));
    assert.match(
      (await gmm(cwd, "status", as(reader, place))).out,
      /12 trial rows are left to workers: \d+ chunks wait/,
    );
    await run(`revoke all on all tables in schema gmm_sweep_queue from ${reader}`, place);
    const { code, out, err } = await gmm(cwd, "status", as(reader, place));
    assert.deepEqual([code, err], [EXIT.check, ""], "who may not read the queue is told all else");
    assert.match(out, /12 of 24 trial rows are missing/);
    assert.doesNotMatch(out, /worker/);
    assert.equal(await lostLeasesFound(place, as(worker, place)), "retry");
    await ok(gmm(cwd, "worker", "--workers", "1", "--idle-exit", "0", "--store", as(worker, place)));
    await ok(gmm(cwd, ...grown, "--db", "alone.db"));
    await ok(gmm(cwd, "diff", "alone.db", as(reader, place)));
    assert.equal((await ok(gmm(cwd, "digest", as(reader, place)))).out, (await ok(gmm(cwd, "digest", "alone.db"))).out);
    await ok(gmm(cwd, ...GRID, "2", "--name", "pushed", "--db", "pushed.db"));
    await ok(gmm(cwd, "push", "pushed.db", "--quiet", "--store", as(submitter, place)));

    for (const [name, statements] of Object.entries({
      [worker]: [
        ...["drop table gmm_sweep.sweeps", "drop schema gmm_sweep cascade", "drop table gmm_sweep_queue.job"],
        ...["truncate gmm_sweep.epochs", "truncate gmm_sweep_queue.job", "truncate gmm_sweep.trial_rows"],
        ...["delete from gmm_sweep.trial_rows", "delete from gmm_sweep.workers"],
        ...["update gmm_sweep.sweeps set plan = ''", "update gmm_sweep.made set version = 2"],
        ...["update gmm_sweep.cell_keys set seed = 0", "insert into gmm_sweep.draws (draw) values ('x')"],
        ...["select * from other.secrets", "select * from public.theirs", "create table gmm_sweep.mine (x text)"],
        ...["create schema mine", "copy gmm_sweep.sweeps to program 'true'"],
      ],
      [submitter]: [
        ...["drop table gmm_sweep.sweeps", "truncate gmm_sweep.sweep_cells", "delete from gmm_sweep.sweeps"],
        ...["delete from gmm_sweep.trial_rows", "update gmm_sweep.made set version = 2", "select * from other.secrets"],
      ],
      [reader]: [
        ...["update gmm_sweep.trial_rows set penalty = 0", "insert into gmm_sweep.epochs values (1, 1)"],
        ...["delete from gmm_sweep.workers", "insert into gmm_sweep_queue.queue (name) values ('x')"],
        ...[
          "truncate gmm_sweep.epochs",
          "select * from other.secrets",
          "select nextval('gmm_sweep.trajectories_id_seq')",
        ],
      ],
    }))
      for (const statement of statements)
        await assert.rejects(run(statement, as(name, place)), { code: RIGHTS }, `${name}: ${statement}`);

    for (const [name, words] of [
      [reader, ["worker", "--workers", "1", "--idle-exit", "0"]],
      [reader, [...GRID, "5", "--detach"]],
      [worker, [...GRID, "5", "--detach"]],
    ] as const) {
      const { code, err } = await gmm(cwd, ...words, "--store", as(name, place));
      assert.ok(code === EXIT.usage || code === EXIT.environment, `${name}: ${code}`);
      assert.match(err, /user( has no right to)?: have the owner grant it/, `${name}: ${words[0]}`);
    }
  });
}

/** What becomes of a chunk whose worker vanished, when pg-boss looks after it as another user does. */
async function lostLeasesFound(place: string, other: string): Promise<unknown> {
  await run(
    "update gmm_sweep_queue.job set state = 'active', started_on = now() - interval '1 hour', heartbeat_on = now() - interval '1 hour' where id = (select min(cast(id as text)) from gmm_sweep_queue.job where state = 'created')::uuid",
    place,
  );
  const boss = new PgBoss({ connectionString: other, schema: "gmm_sweep_queue", ...BOSS });
  const errors: unknown[] = [];
  boss.on("error", (error) => errors.push(error));
  await boss.start();
  await boss.supervise("sweep-1");
  await boss.stop({ graceful: false });
  assert.deepEqual(errors, []);
  return (await run("select state from gmm_sweep_queue.job where started_on < now() - interval '1 minute'", place))
    .rows[0].state;
}

async function ok(ending: Promise<Ended>): Promise<Ended> {
  const ended = await ending;
  assert.equal(ended.code, EXIT.ok, ended.err);
  return ended;
}

const TLS_FAULT =
  "cannot be reached by TLS: see its sslmode and sslrootcert in the URL, and the certificate of the server\n";

function testAsking(): void {
  test("TLS is as the URL says: a certificate of that CA and that host is let in, and any other refused in a sentence", async (t) => {
    const place = await emptyDatabase();
    const cwd = folder(t);
    const asking = await serverThatAsks(t, cwd, place);
    if (asking === null) return;
    const { ca, other, localhost } = asking;
    const full = { sslmode: "verify-full", sslrootcert: ca };
    await ok(gmm(cwd, ...GRID, "2", "--store", saying(localhost, full)));
    const { out } = await ok(
      gmm(cwd, "query", "select ssl from pg_stat_ssl where pid = pg_backend_pid()", saying(localhost, full)),
    );
    assert.match(out, /\n *1 *\n/);
    for (const [from, said, code, sentence] of [
      [localhost, { sslmode: "verify-full", sslrootcert: other }, EXIT.environment, TLS_FAULT],
      [localhost, { sslmode: "verify-full" }, EXIT.environment, TLS_FAULT],
      // pg takes these for the strictest too.
      [localhost, { sslmode: "require" }, EXIT.environment, TLS_FAULT],
      [place, full, EXIT.environment, TLS_FAULT],
      [
        localhost,
        { ...full, sslrootcert: "none.pem" },
        EXIT.usage,
        "must have as sslrootcert a file that can be read, got none.pem\n",
      ],
      [
        localhost,
        { sslmode: "verify" },
        EXIT.usage,
        "must have an sslmode of disable, no-verify or verify-full, got verify\n",
      ],
    ] as const) {
      const at = saying(from, said);
      for (const words of [["status"], ["worker", "--idle-exit", "0", "--lock-wait", "0"]]) {
        const ended = await gmm(cwd, ...words, at);
        assert.deepEqual([ended.code, ended.out, ended.err], [code, "", `gmm-sweep: ${at} ${sentence}`]);
      }
    }
    await ok(gmm(cwd, "digest", saying(place, { sslmode: "no-verify" })));
    await ok(gmm(cwd, "digest", saying(localhost, { sslmode: "require", sslrootcert: ca })));
  });

  test("a password comes from PGPASSWORD, a pgpass file or the URL, and is in nothing that is said or kept", {
    timeout: 300_000, // what waits for the server, waits for longer
  }, async (t) => {
    const place = await emptyDatabase();
    const cwd = folder(t);
    const asking = await serverThatAsks(t, cwd, place);
    if (asking === null) return;
    const { user } = asking;
    const there = as(user, place);
    const isRefused = async (): Promise<void> => {
      for (const words of [["status"], ["worker", "--workers", "1"]]) {
        const { code, err } = await gmm(cwd, ...words, there);
        assert.equal(
          err,
          `gmm-sweep: ${there} must let this user in, but it refuses the user or the password: name the user in the URL, and give the password as PGPASSWORD or in ~/.pgpass\n`,
        );
        assert.equal(code, EXIT.usage);
      }
    };
    const said: string[] = [];
    const say = async (ended: Promise<Ended>, code: number): Promise<void> => {
      const { code: got, out, err } = await ended;
      assert.equal(got, code, err);
      said.push(out, err);
    };

    // Where none is known, and where it is another.
    withEnvironment(t, "PGPASSFILE", join(cwd, "none"));
    await isRefused();
    // A process of its own ends by itself, and not with the patience of the server.
    const refused = start(cwd, "worker", "--workers", "1", there);
    t.after(() => refused.child.kill("SIGKILL"));
    await say(refused.ended, EXIT.usage);
    withEnvironment(t, "PGPASSWORD", "another");
    await isRefused();
    process.env["PGPASSWORD"] = SECRET;
    await say(
      gmm(cwd, ...GRID.filter((word) => word !== "--quiet"), "2", "--log", "log.jsonl", "--store", there),
      EXIT.ok,
    );
    delete process.env["PGPASSWORD"];
    writeFileSync(join(cwd, "pgpass"), `*:*:*:${user}:${SECRET}\n`, { mode: 0o600 });
    process.env["PGPASSFILE"] = join(cwd, "pgpass");
    await say(gmm(cwd, ...GRID, "3", "--detach", "--store", there), EXIT.ok);
    process.env["PGPASSFILE"] = join(cwd, "none");
    const inUrl = there.replace("@", `:${SECRET}@`);
    await say(gmm(cwd, "status", inUrl), EXIT.check);
    await say(gmm(cwd, "status", saying(there, { password: SECRET })), EXIT.check);
    // A process of its own, that stays.
    const worker = start(cwd, "worker", "--workers", "1", inUrl);
    t.after(() => worker.child.kill("SIGKILL"));
    await worker.said("worker 2: 1 at once from");
    const names = "select application_name from pg_stat_activity where datname = current_database()";
    const activity = (await run(names, place)).rows.map(({ application_name: name }) => name as string);
    assert.ok(activity.includes("gmm-sweep"), activity.join());
    worker.child.kill("SIGTERM");
    await say(worker.ended, EXIT.interrupted);
    await say(gmm(cwd, "resume", inUrl, "--workers", "1"), EXIT.ok);
    await say(gmm(cwd, "merge", "whole.db", inUrl), EXIT.ok);
    said.push(await servedText(t, inUrl));
    await say(gmm(cwd, "query", "select nothing from sweeps", inUrl), EXIT.usage);

    const kept = readdirSync(cwd).filter((name) => name !== "pgpass");
    assert.ok(kept.includes("log.jsonl") && kept.includes("whole.db"));
    for (const name of kept) assert.ok(!readFileSync(join(cwd, name)).includes(SECRET), name);
    assert.ok(!said.join("").includes(SECRET), said.join(""));
    assert.ok(!activity.join().includes(SECRET));
    for (const { text } of (await run(EVERYTHING, place)).rows) assert.ok(!String(text).includes(SECRET), String(text));
  });
}

/** What a live page of a place says once it has been looked at, and of a query: its thread and its processes open the place themselves. */
async function servedText(t: TestContext, url: string): Promise<string> {
  const hear = (fault: unknown): never => assert.fail(String(fault));
  const server = await LiveServer.listen({ place: placeNamed("--store", url), port: 0, queryMs: 60_000, hear });
  t.after(() => server.close());
  const state = async (): Promise<string> => (await fetch(`${server.address}state`)).text();
  let text = await state();
  while ((JSON.parse(text) as State).looked_at === null) text = await state();
  assert.equal((JSON.parse(text) as State).waiting, null);
  const rows = await (await fetch(`${server.address}rows`, { method: "POST", body: "select 1 as one" })).text();
  assert.equal(rows, '{"columns":["one"],"rows":[[1]],"more":false,"sentence":null}');
  return `${text}${rows}`;
}

const SECRET = "s3cr3t-of-the-store";

/** All rows of all tables of both schemas, as text. */
const EVERYTHING = `select cast(query_to_xml(format('select * from %I.%I', schemaname, tablename), true, true, '') as text) as text
  from pg_tables where schemaname in ('gmm_sweep', 'gmm_sweep_queue')`;

interface Asking {
  /** The CA that signed the server's certificate, and one that did not. */
  readonly ca: string;
  readonly other: string;
  /** The place by the only name that the certificate has. */
  readonly localhost: string;
  /** Who has to give a password, SECRET. */
  readonly user: string;
}

/** Makes of the server of this file one with TLS that asks a user for a password; null, after skipping the test aloud, where it cannot. */
async function serverThatAsks(t: TestContext, cwd: string, place: string): Promise<Asking | null> {
  const skipped = (why: string): null => {
    t.skip(why);
    return null;
  };
  if (!OWN_SERVER) return skipped("the server is another's, whose settings are not changed here");
  const user = `u${process.pid}_${names++}`;
  let made: { ca: string; other: string; certificate: string; key: string };
  try {
    made = certificates(cwd);
  } catch (error) {
    return skipped(`openssl makes no certificates here: ${String(error)}`);
  }
  const [{ data }] = (await run("select current_setting('data_directory') as data", place)).rows;
  const { uid, gid } = statSync(data);
  for (const [from, to] of [
    [made.certificate, "server.crt"],
    [made.key, "server.key"],
  ]) {
    const file = join(data, to);
    writeFileSync(file, readFileSync(from), { mode: 0o600 });
    chmodSync(file, 0o600);
    if (process.getuid?.() === 0) chownSync(file, uid, gid);
  }
  const hba = join(data, "pg_hba.conf");
  const before = readFileSync(hba, "utf8");
  writeFileSync(hba, `host all ${user} all scram-sha-256\n${before}`);
  try {
    await run("alter system set ssl = on", place);
    await run("alter system set authentication_timeout = 600", place);
  } catch (error) {
    return skipped(`this PostgreSQL has no TLS: ${String(error)}`);
  }
  t.after(async () => {
    writeFileSync(hba, before);
    await run("alter system reset ssl", place);
    await run("alter system reset authentication_timeout", place);
    await run("select pg_reload_conf()", place);
    await run(`drop owned by ${user}; drop role ${user}`, place);
  });
  await run(
    `create role ${user} login password '${SECRET}'; grant all on database ${new URL(place).pathname.slice(1)} to ${user}`,
    place,
  );
  await run("select pg_reload_conf()", place);
  while (!(await speaksTls(place)));
  const localhost = new URL(place);
  localhost.hostname = "localhost";
  return { ...made, localhost: localhost.href, user };
}

let names = 0;

async function speaksTls(place: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: place, ssl: { rejectUnauthorized: false } });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** A CA, a certificate of localhost by it, and another CA. */
function certificates(cwd: string): { ca: string; other: string; certificate: string; key: string } {
  const openssl = (...words: string[]): void => {
    execFileSync("openssl", words, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  };
  const key = (name: string): string[] => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    name,
  ];
  for (const name of ["ca", "other"])
    openssl("req", "-x509", ...key(`${name}.key`), "-out", `${name}.pem`, "-subj", `/CN=${name}`, "-days", "2");
  openssl("req", ...key("server.key"), "-out", "server.csr", "-subj", "/CN=localhost");
  writeFileSync(join(cwd, "san"), "subjectAltName = DNS:localhost\n");
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "san"];
  openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem", "-days", "2");
  const [ca, other, certificate, serverKey] = ["ca.pem", "other.pem", "server.pem", "server.key"].map((name) =>
    join(cwd, name),
  );
  return { ca, other, certificate, key: serverKey };
}
