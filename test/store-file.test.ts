/** A database file among others: its names, its lock, its place, its readers and its copies. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import Database from "better-sqlite3";
import { QUIETLY, type Results } from "../src/store/contract.js";
import { backUp, mergeStores, openBegun, openResults, openStore } from "../src/store/open.js";
import { guarded, guardedOpening } from "../src/store/sqlite/faults.js";
import { CLI, type Ended, folder, rows, smallDisk, started } from "./command-line.js";
import { smallPlan, specsIn, trained } from "./fixtures/sweeps.js";
import { listOf, type Opened, opened } from "./store-contract.js";

const HELD = "is being written by another gmm-sweep: wait until it ends, or name another file with --db";
const ALL = specsIn(smallPlan()).map(trained);
const ROWS = 12; // copies included
const SECOND_NAMES: readonly (readonly [what: string, make: (cwd: string) => string])[] = [
  [
    "a link",
    (cwd) => {
      symlinkSync("sweep.db", join(cwd, "link.db"));
      return join(cwd, "link.db");
    },
  ],
  [
    "a link to its folder",
    (cwd) => {
      symlinkSync(".", join(cwd, "folder"));
      return join(cwd, "folder", "sweep.db");
    },
  ],
  ["a way round", (cwd) => `${cwd}/./x/../sweep.db`],
];

/** A store in a file, with a sweep of which the first trajectories have landed. */
async function begun(path: string, landed = 1, opening = QUIETLY): Promise<Opened> {
  const found = await opened({ store: await openStore(path, opening), place: path });
  await found.store.record(found.sweep, ALL.slice(0, landed));
  return found;
}

/** A file in which all of a sweep has landed, and nobody writes. */
async function finished(path: string): Promise<void> {
  const { store } = await begun(path, ALL.length);
  await store.close();
}

async function rowsIn(path: string): Promise<number> {
  const results = await openResults(path);
  try {
    return await countOf(results);
  } finally {
    await results.close();
  }
}

async function countOf(results: Results): Promise<number> {
  return (await listOf(results.rows(null))).length;
}

/** What is in the main file alone, as who copies it without its -wal finds it. */
function rowsInMainFile(path: string): number {
  const bytes = readFileSync(path);
  bytes[18] = 1;
  bytes[19] = 1;
  const db = new Database(bytes);
  try {
    return db.prepare("select count(*) from trial_rows").pluck().get() as number;
  } finally {
    db.close();
  }
}

// Names and the lock.

for (const [what, make] of SECOND_NAMES) {
  test(`a file that is being written is refused to a second writer by ${what}, too`, async (t) => {
    const cwd = folder(t);
    mkdirSync(join(cwd, "x"));
    const { store } = await begun(join(cwd, "sweep.db"));
    t.after(() => store.close());
    const name = make(cwd);
    await assert.rejects(openStore(name), { fault: "usage", message: `${name} ${HELD}` });
  });
}

test("a link to a file that is not there yet is that file's name: what is beside it lies there", async (t) => {
  const cwd = folder(t);
  mkdirSync(join(cwd, "disk"));
  symlinkSync("disk/sweep.db", join(cwd, "link.db"));
  const { store } = await begun(join(cwd, "link.db"));
  t.after(() => store.close());
  assert.deepEqual(readdirSync(join(cwd, "disk")).sort(), [
    "sweep.db",
    "sweep.db-shm",
    "sweep.db-wal",
    "sweep.db.lock",
  ]);
  await assert.rejects(openStore(join(cwd, "disk", "sweep.db")), { message: /is being written by another/ });
});

test("a file of two names is refused for writing by either: what is written would lie beside one of them", async (t) => {
  const cwd = folder(t);
  const [first, second] = [join(cwd, "sweep.db"), join(cwd, "other.db")];
  await finished(first);
  linkSync(first, second);
  for (const name of [first, second])
    await assert.rejects(openStore(name), {
      fault: "usage",
      message: `${name} must be the only name of its file, but it is one of 2 (hard links), and SQLite keeps what is written beside one of them: copy the file and name the copy, or remove the other names`,
    });
  rmSync(second);
  await (await openStore(first)).close();
});

test("a name that ends in white space is refused, and other odd names are files of their own", async (t) => {
  const cwd = folder(t);
  for (const end of [" ", "\t", "\n", "\u00a0"]) {
    const refusal = { fault: "usage", message: /^a database file must have a name that does not end in white space, / };
    await assert.rejects(openStore(join(cwd, `a.db${end}`)), refusal);
    await assert.rejects(openResults(join(cwd, `a.db${end}`)), refusal);
    await assert.rejects(openStore(join(cwd, "new", `a.db${end}`)), refusal);
  }
  assert.deepEqual(readdirSync(cwd), []);
  const odd = ["it's.db", 'a "b".db', " a.db", "a?mode=ro.db", "file:a.db", "#%41.db", "λ.db"];
  for (const name of odd) await finished(join(cwd, name));
  assert.deepEqual(readdirSync(cwd).sort(), odd.sort());
});

const IN_LOCKS_PLACE: readonly (readonly [what: string, make: (lock: string) => void])[] = [
  ["is a folder", (lock) => mkdirSync(lock)],
  ["is a link", (lock) => symlinkSync("nowhere", lock)],
  ["holds something else", (lock) => writeFileSync(lock, "notes")],
];

for (const [what, make] of IN_LOCKS_PLACE) {
  test(`what is in the lock's place and ${what} is named, and stays`, async (t) => {
    const path = join(folder(t), "sweep.db");
    make(`${path}.lock`);
    await assert.rejects(openStore(path), {
      fault: "usage",
      message: `${path}.lock must be an empty file, since it says who writes ${path}, but it ${what}: move it away, or name another file with --db`,
    });
    assert.deepEqual(readdirSync(join(path, "..")), ["sweep.db.lock"]);
  });
}

test("the lock goes with the store that held it", async (t) => {
  const cwd = folder(t);
  const path = join(cwd, "sweep.db");
  writeFileSync(`${path}.lock`, ""); // as a killed run leaves it
  await finished(path);
  assert.deepEqual(readdirSync(cwd), ["sweep.db"]);
});

// What becomes of the file while it is written.

const AGAIN = "and run the same command again";
const LEFT: readonly (readonly [
  what: string,
  leave: (cwd: string) => void,
  sentence: (cwd: string) => string,
  kept: string,
])[] = [
  [
    "moved",
    (cwd) => renameSync(join(cwd, "in", "sweep.db"), join(cwd, "moved.db")),
    (cwd) =>
      `${cwd}/in/sweep.db was moved away or deleted during the run: what had landed is in ${cwd}/moved.db; move it back ${AGAIN}`,
    "moved.db",
  ],
  [
    "moved with its folder",
    (cwd) => renameSync(join(cwd, "in"), join(cwd, "out")),
    (cwd) =>
      `${cwd}/in/sweep.db was moved away or deleted during the run: what had landed is in ${cwd}/out/sweep.db; move it back ${AGAIN}`,
    "out/sweep.db",
  ],
  [
    "deleted",
    (cwd) => rmSync(join(cwd, "in", "sweep.db")),
    (cwd) =>
      `${cwd}/in/sweep.db was moved away or deleted during the run: what had landed is saved in ${cwd}/in/sweep.db.saved; move it to ${cwd}/in/sweep.db ${AGAIN}`,
    "in/sweep.db.saved",
  ],
  [
    "replaced",
    (cwd) => {
      writeFileSync(join(cwd, "new"), "another's");
      renameSync(join(cwd, "new"), join(cwd, "in", "sweep.db"));
    },
    (cwd) =>
      `another file was put in the place of ${cwd}/in/sweep.db during the run: what had landed is saved in ${cwd}/in/sweep.db.saved; move it to ${cwd}/in/sweep.db ${AGAIN}`,
    "in/sweep.db.saved",
  ],
];

for (const [what, leave, sentence, kept] of LEFT) {
  for (const when of ["at the next landing", "at the end"]) {
    test(`a file that was ${what} during a run is noticed ${when}, and it is said where its results are`, {
      skip: existsSync("/proc/self/fd") ? false : "this system does not say where an open file is",
    }, async (t) => {
      const cwd = folder(t);
      const { store, sweep } = await begun(join(cwd, "in", "sweep.db"));
      leave(cwd);
      const isLanding = when === "at the next landing";
      const noticed = isLanding ? store.record(sweep, ALL) : store.close();
      await assert.rejects(noticed, { name: "SweepError", fault: "environment", message: sentence(cwd) });
      await store.close();
      assert.equal(await rowsIn(join(cwd, kept)), isLanding ? ROWS : 1);
      if (what === "replaced") assert.equal(readFileSync(join(cwd, "in", "sweep.db"), "utf8"), "another's");
    });
  }
}

test("what is removed from beside a file that is written is noticed, and nothing that had landed is lost", async (t) => {
  for (const end of ["-wal", "-shm", ".lock"]) {
    const path = join(folder(t), "sweep.db");
    const { store, sweep } = await begun(path);
    rmSync(`${path}${end}`);
    await assert.rejects(store.record(sweep, ALL), {
      fault: "environment",
      message: new RegExp(`^${path}${end}.* was removed (or replaced )?during the run.*${AGAIN}$`),
    });
    await store.close();
    assert.equal(await rowsIn(path), ROWS, end);
  }
});

test("a file in another journal mode is written as any other: what SQLite then makes beside it was not replaced", async (t) => {
  const path = join(folder(t), "sweep.db");
  await finished(path);
  const db = new Database(path);
  db.pragma("journal_mode = delete");
  db.close();
  const { store, sweep } = await begun(path, 0);
  assert.deepEqual(await store.record(sweep, ALL), { trained: 0, diverged: 0, failed: 0 });
  await store.close();
  const again = await begun(path, 0);
  await again.store.record(again.sweep, ALL);
  rmSync(`${path}-wal`);
  await assert.rejects(again.store.record(again.sweep, ALL), { fault: "environment", message: /-wal.* was removed/ });
  await again.store.close();
});

test("a store that is discarded removes no file that has come into its place", async (t) => {
  const path = join(folder(t), "sweep.db");
  const store = await openStore(path);
  rmSync(path);
  writeFileSync(path, "another's");
  await store.discard();
  assert.equal(readFileSync(path, "utf8"), "another's");
});

// Another program's lock.

/** An opening that keeps what it is told, and a promise of the first sentence. */
function listening(lockWaitMs: number): { told: string[]; opening: typeof QUIETLY; first: Promise<string> } {
  const told: string[] = [];
  let hear: (sentence: string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    hear = resolve;
  });
  const tell = (sentence: string): void => {
    told.push(sentence);
    hear(sentence);
  };
  return { told, opening: { ...QUIETLY, lockWaitMs, tell }, first };
}

test("landing waits for another program that holds the file, says so once, and goes on", async (t) => {
  const path = join(folder(t), "sweep.db");
  const { told, opening } = listening(3_600_000);
  let release = (): void => {};
  let tries = 0;
  // Asked after each try that met the lock.
  const stop = {
    get aborted(): boolean {
      tries += 1;
      if (tries === 3) release();
      return false;
    },
  } as AbortSignal;
  const { store, sweep } = await begun(path, 1, { ...opening, stop });
  t.after(() => store.close());
  const other = new Database(path);
  release = () => other.close();
  other.exec("begin immediate");
  await Promise.all([store.record(sweep, ALL.slice(1, 3)), store.record(sweep, ALL.slice(3))]);
  assert.equal(tries, 3);
  assert.deepEqual(told, [`${path} is held by another program: waiting 3600 seconds at most until it ends`]);
  assert.equal(await countOf(store), ROWS);
});

test("opening waits for another program that holds the file, too", async (t) => {
  const path = join(folder(t), "sweep.db");
  await finished(path);
  const other = new Database(path);
  other.exec("pragma journal_mode = delete; begin exclusive");
  const { opening, first } = listening(3_600_000);
  const store = openStore(path, opening);
  assert.match(await first, /is held by another program: waiting 3600 seconds/);
  other.close();
  await (await store).close();
});

test("who has waited as long as he was told, or is told to stop, gives up with a sentence that names the option", async (t) => {
  const path = join(folder(t), "sweep.db");
  const { opening, first } = listening(3_600_000);
  const stop = new AbortController();
  const { store, sweep } = await begun(path, 1, { ...opening, stop: stop.signal });
  t.after(() => store.close());
  const other = new Database(path);
  t.after(() => other.close());
  other.exec("begin immediate");
  const landing = store.record(sweep, ALL);
  await first;
  stop.abort();
  await assert.rejects(landing, {
    fault: "environment",
    message: `${path} is held by another program: wait until it ends, or wait longer with --lock-wait, and run the same command again; what had finished is kept`,
  });
});

// The end of a run, and readers.

test("a file is whole when its store is closed, though a reader is open", async (t) => {
  const path = join(folder(t), "sweep.db");
  const { told, opening } = listening(0);
  const { store, sweep } = await begun(path, 1, opening);
  const reader = await openResults(path);
  await store.record(sweep, ALL);
  await store.close();
  assert.deepEqual(told, []);
  assert.equal(rowsInMainFile(path), ROWS);
  await reader.close();
});

test("where a reader that has begun to read keeps the file from being whole, that is told", async (t) => {
  const path = join(folder(t), "sweep.db");
  const { told, opening } = listening(0);
  const { store, sweep } = await begun(path, 1, opening);
  const reader = await openResults(path);
  const rows = reader.rows(null);
  await rows[Symbol.asyncIterator]().next();
  await store.record(sweep, ALL);
  await store.close();
  assert.deepEqual(told, [
    `${path} is complete, but another program reads it, so that a part is still in ${path}-wal: copy both files together, or with gmm-sweep backup`,
  ]);
  await reader.close();
  assert.equal(await rowsIn(path), ROWS);
});

test("a reader leaves nothing behind on a file that nobody writes, nor changes a byte", async (t) => {
  const cwd = folder(t);
  const path = join(cwd, "sweep.db");
  await finished(path);
  const before = readFileSync(path);
  const results = await openResults(path);
  assert.equal(await countOf(results), ROWS);
  const unread = results.rows(null)[Symbol.asyncIterator]();
  await unread.next();
  await results.close();
  assert.deepEqual(readdirSync(cwd), ["sweep.db"]);
  assert.deepEqual(readFileSync(path), before);
});

test("a writer that begins while a file is read is neither kept waiting nor seen in what is being read", async (t) => {
  const cwd = folder(t);
  const path = join(cwd, "sweep.db");
  const first = await begun(path);
  await first.store.close();
  const reader = await openResults(path);
  const reading = reader.rows(null)[Symbol.asyncIterator]();
  assert.equal((await reading.next()).done, false);
  const { store } = await begun(path, ALL.length);
  assert.equal((await reading.next()).done, true);
  assert.equal(await countOf(reader), ROWS);
  await store.close();
  await reader.close();
  assert.deepEqual(readdirSync(cwd), ["sweep.db"]);
});

// Other users.

const NOBODY = 65534;
const OF_TWO_USERS = {
  skip: process.getuid?.() === 0 ? false : "only root can start a program as another user",
};

/** Runs the command line as nobody. */
function asNobody(...args: readonly string[]): Promise<Ended> {
  const user = { uid: NOBODY, gid: NOBODY };
  return started(spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"], ...user })).ended;
}

/** A folder that every user may write, with a finished file in it. */
async function shared(t: TestContext): Promise<string> {
  const cwd = folder(t);
  chmodSync(cwd, 0o777);
  const path = join(cwd, "sweep.db");
  await finished(path);
  return path;
}

test("another user's look at a file that he may not write leaves nothing of his beside it", OF_TWO_USERS, async (t) => {
  const path = await shared(t);
  chmodSync(path, 0o644);
  const { code, out, err } = await asNobody("query", "select count(*) as n from trial_rows", "--db", path);
  assert.deepEqual([code, out, err], [0, " n\n--\n12\n", ""]);
  assert.deepEqual(readdirSync(dirname(path)), ["sweep.db"]);
});

test("what another user's program left beside a file is named where it is in the way", OF_TWO_USERS, async (t) => {
  const path = await shared(t);
  chownSync(path, NOBODY, NOBODY);
  const tails = [
    ["-shm", "", "have its owner end what reads the file, and remove it then"],
    ["-wal", "frames", "it holds results, so have its owner make it readable and writable for you"],
  ];
  for (const [end, held, remedy] of tails) {
    writeFileSync(`${path}${end}`, held);
    const { code, err } = await asNobody("resume", path);
    assert.deepEqual(
      [code, err],
      [
        2,
        `gmm-sweep: ${path} cannot be opened because ${path}${end} is in the way, which is another user's (uid 0): ${remedy}\n`,
      ],
    );
    rmSync(`${path}${end}`);
  }
});

test("another user's lock keeps a writer out as long as it is held, and no longer", OF_TWO_USERS, async (t) => {
  const path = await shared(t);
  chmodSync(path, 0o666);
  const { store } = await begun(path);
  assert.equal((await asNobody("resume", path)).err, `gmm-sweep: ${path} ${HELD}\n`);
  await store.close();
  writeFileSync(`${path}.lock`, "");
  assert.match((await asNobody("resume", path)).err, /was trained with the numerics profile test/); // it was let in
  assert.deepEqual(readdirSync(dirname(path)), ["sweep.db"]);
  writeFileSync(`${path}.lock`, "");
  chmodSync(dirname(path), 0o1777); // as /tmp: nobody removes what is another's
  assert.deepEqual(
    (await asNobody("resume", path)).err,
    `gmm-sweep: ${path}.lock says who writes ${path} and must be a file that can be written, but it is another user's (uid 0): have it removed by its owner when nobody writes ${path}, or name another file with --db\n`,
  );
});

// The system asks who started the program whether a file may be written, and SQLite finds that he who it is now may not.
test("a lock that locks nobody out is none", OF_TWO_USERS, async (t) => {
  const path = await shared(t);
  chmodSync(path, 0o666);
  writeFileSync(`${path}.lock`, "");
  process.seteuid?.(NOBODY);
  t.after(() => process.seteuid?.(0));
  await assert.rejects(openStore(path), {
    fault: "usage",
    message: `${path}.lock says who writes ${path}, but it cannot be locked: have it removed by its owner when nobody writes ${path}, or name another file with --db`,
  });
});

// What is made beside its place.

const BUILDING: readonly (readonly [what: string, make: (from: string, to: string) => Promise<unknown>])[] = [
  ["a merge", (from, to) => mergeStores(to, [from])],
  ["a backup", (from, to) => backUp(from, to, () => {})],
];

for (const [what, make] of BUILDING) {
  test(`${what} is put in its place whole, whatever a killed one left beside it`, async (t) => {
    const cwd = folder(t);
    const [from, to] = [join(cwd, "part.db"), join(cwd, "whole.db")];
    await finished(from);
    for (const left of ["", "SQLite format 3\0 and no more"]) {
      writeFileSync(`${to}.building`, left);
      writeFileSync(`${to}.building-wal`, "frames");
      await make(from, to);
      assert.deepEqual(readdirSync(cwd).sort(), ["part.db", "whole.db"]);
      assert.equal(await rowsIn(to), ROWS);
      rmSync(to);
    }
  });

  test(`${what} does not remove what is another's in the place where it would be made`, async (t) => {
    const cwd = folder(t);
    const [from, to] = [join(cwd, "part.db"), join(cwd, "whole.db")];
    await finished(from);
    writeFileSync(`${to}.building`, "notes");
    await assert.rejects(make(from, to), {
      fault: "usage",
      message: `${to}.building is where ${to} is to be made, but it holds something else: move it away, or name another OUT`,
    });
    assert.equal(readFileSync(`${to}.building`, "utf8"), "notes");
    assert.deepEqual(readdirSync(cwd).sort(), ["part.db", "whole.db.building"]);
  });
}

test("a merge on a full disk leaves nothing there, and is made when there is room", async (t) => {
  const disk = smallDisk(t, "200k");
  if (disk === null) return;
  const [from, to] = [join(folder(t), "part.db"), join(disk, "whole.db")];
  await finished(from);
  writeFileSync(join(disk, "filler"), Buffer.alloc(100_000));
  await assert.rejects(mergeStores(to, [from]), {
    fault: "environment",
    message: `${to} could not be written because the disk is full: make room and run the same command again; what had finished is kept`,
  });
  assert.deepEqual(readdirSync(disk), ["filler"]);
  execFileSync("mount", ["-o", "remount,size=16m", disk]);
  await mergeStores(to, [from]);
  assert.equal(await rowsIn(to), ROWS);
});

test("a file that was killed between its first and its last name is one file again when it is written", async (t) => {
  const cwd = folder(t);
  const path = join(cwd, "whole.db");
  await finished(path);
  linkSync(path, `${path}.building`);
  await (await openStore(path)).close();
  assert.deepEqual(readdirSync(cwd), ["whole.db"]);
});

test("what a run leaves that is killed at its birth has nothing in it yet: it is begun, merged and merged into", async (t) => {
  const cwd = folder(t);
  const [from, born] = [join(cwd, "part.db"), join(cwd, "born.db")];
  await finished(from);
  const births: readonly (() => void)[] = [
    () => writeFileSync(born, ""),
    () => {
      const db = new Database(born);
      db.pragma("journal_mode = wal");
      db.close();
    },
  ];
  for (const birth of births) {
    birth();
    assert.equal(await openBegun(born), null);
    await assert.rejects(openResults(born), {
      fault: "usage",
      message: /born\.db must hold results, but it is empty: /,
    });
    assert.deepEqual(await mergeStores(join(cwd, "all.db"), [born, from]), [
      { trialRows: 0, epochs: 0 },
      { trialRows: 12, epochs: (await mergeStores(born, [from]))[0].epochs },
    ]);
    assert.equal(await rowsIn(born), ROWS);
    for (const name of ["born.db", "all.db"]) rmSync(join(cwd, name));
  }
});

// What a disk does not offer.

for (const code of [
  "SQLITE_IOERR_LOCK",
  "SQLITE_IOERR_RDLOCK",
  "SQLITE_IOERR_SHMMAP",
  "SQLITE_IOERR_SHMLOCK",
  "ENOLCK",
]) {
  test(`${code} is a disk without locks or shared memory, and the sentence says what works`, () => {
    const fail = (): never => {
      throw Object.assign(new Error("as SQLite says it"), { code });
    };
    const told = {
      fault: "environment",
      message:
        "x.db is on a disk that offers no file locks or no shared memory, as some network disks (NFS, Lustre) do not: name a file in a local folder with --db, and where several machines train, give each a part of its own with --shard",
    };
    assert.throws(() => guarded("x.db", fail), told);
    assert.throws(() => guardedOpening("x.db", fail), told);
  });
}

const NO_LOCKS = `
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
static int refuse(int fd, int command, void* argument) {
  if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) { errno = atoi(getenv("NO_LOCKS")); return -1; }
  return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl64"))(fd, command, argument);
}
#define CALL(name) extern "C" int name(int fd, int command, ...) { \\
  va_list list; va_start(list, command); void* argument = va_arg(list, void*); va_end(list); return refuse(fd, command, argument); }
CALL(fcntl)
CALL(fcntl64)
`;

const COMPILER = "g++";

/** A library that takes the locks from every disk; null where none can be made. */
function withoutLocks(t: TestContext): string | null {
  const cwd = folder(t);
  writeFileSync(join(cwd, "no-locks.cc"), NO_LOCKS);
  const made = spawnSync(COMPILER, ["-shared", "-fPIC", "-o", "no-locks.so", "no-locks.cc", "-ldl"], { cwd });
  if (made.status === 0 && process.platform === "linux") return join(cwd, "no-locks.so");
  t.skip("no library can be put before the system's here: that takes Linux and g++");
  return null;
}

test("a disk that refuses locks is told as one, by a run and by a reader, and no file is left on it", async (t) => {
  const library = withoutLocks(t);
  if (library === null) return;
  const cwd = folder(t);
  const path = join(cwd, "sweep.db");
  await finished(path);
  const { ENOLCK, ENOSYS } = constants.errno;
  const commands = [
    ["run", "--trials", "1", "--engine", "reference", "--db", "new.db"],
    ["status", "sweep.db"],
  ];
  for (const [i, code] of [ENOLCK, ENOSYS].entries()) {
    const env: NodeJS.ProcessEnv = { ...process.env, LD_PRELOAD: library, NO_LOCKS: String(code) };
    const child: ChildProcess = spawn(process.execPath, [CLI, ...commands[i]], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended: Ended = await started(child).ended;
    assert.equal(ended.code, 3, ended.err);
    assert.match(ended.err, /^gmm-sweep: (new|sweep)\.db is on a disk that offers no file locks or no shared memory, /);
  }
  assert.deepEqual(readdirSync(cwd), ["sweep.db"]);
});

test("a backup is of one state, though the file is written meanwhile", async (t) => {
  const cwd = folder(t);
  const [path, copy] = [join(cwd, "sweep.db"), join(cwd, "copy.db")];
  const { store, sweep } = await begun(path);
  t.after(() => store.close());
  const copied: number[] = [];
  const landing: Promise<unknown>[] = [];
  await backUp(path, copy, (part) => {
    if (copied.length === 0) landing.push(store.record(sweep, ALL));
    copied.push(part);
  });
  await Promise.all(landing);
  assert.ok(landing.length === 1 && copied.at(-1) === 1);
  assert.equal(await rowsIn(copy), 1);
  assert.equal(await countOf(store), ROWS);
  assert.equal(existsSync(`${copy}-wal`), false);
  assert.ok(statSync(copy).size > 0);
});

test("what comes into a place while something is made for it stays, and what was made goes", async (t) => {
  const cwd = folder(t);
  const [path, copy] = [join(cwd, "sweep.db"), join(cwd, "copy.db")];
  await finished(path);
  await assert.rejects(
    backUp(path, copy, () => writeFileSync(copy, "another's")),
    { fault: "usage", message: /copy\.db must not be there yet, but it is: nothing was written to it; / },
  );
  assert.equal(readFileSync(copy, "utf8"), "another's");
  assert.deepEqual(readdirSync(cwd).sort(), ["copy.db", "sweep.db"]);
});

test("a backup is refused where something is, and of what is not ours or damaged, and writes nothing then", async (t) => {
  const cwd = folder(t);
  const [path, copy] = [join(cwd, "sweep.db"), join(cwd, "copy.db")];
  await finished(path);
  writeFileSync(copy, "mine");
  await assert.rejects(
    backUp(path, copy, () => {}),
    {
      fault: "usage",
      message: `${copy} must not be there yet, but it is: nothing was written to it; name another OUT, or move it away first`,
    },
  );
  assert.equal(readFileSync(copy, "utf8"), "mine");
  await assert.rejects(
    backUp(copy, join(cwd, "other.db"), () => {}),
    { fault: "usage", message: /is not a SQLite file/ },
  );
  const [[page]] = await rows(path, "select max(pageno) from dbstat where name = 'epochs' and pagetype = 'leaf'");
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096 * (Number(page) - 1), 4096 * Number(page));
  writeFileSync(path, bytes);
  await assert.rejects(
    backUp(path, join(cwd, "other.db"), () => {}),
    {
      fault: "check",
      message: /^\S+sweep\.db is damaged, as its copy shows \(.*\): nothing was kept of it$/s,
    },
  );
  assert.deepEqual(readdirSync(cwd).sort(), ["copy.db", "sweep.db"]);
});
