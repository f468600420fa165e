/** Signals as a training hears them, by a clock that stands still, and how a process finds out that it is to ignore SIGHUP. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { hangupIgnored, Signals } from "../src/commands/signals.js";
import type { Runner } from "../src/run/runner.js";
import { folder } from "./command-line.js";

/** Signals with a clock that is set; what they did stands in `did`. */
class Hearing {
  readonly source = new EventEmitter();
  readonly did: string[] = [];
  readonly signals: Signals;
  now = 0;

  constructor(hangupIgnored = false) {
    this.signals = new Signals({
      source: this.source,
      clock: () => this.now,
      hangupIgnored,
      giveUp: (signal) => void this.did.push(`gave up at ${signal}`),
    });
  }

  at(ms: number, signal: string): void {
    this.now = ms;
    this.source.emit(signal, signal);
  }

  start(): void {
    const stop = (signal: string): void => void this.did.push(`stopped by ${signal}`);
    void this.signals.observe({ kind: "started", runner: null as unknown as Runner, stop });
  }

  end(): void {
    const tally = { trained: 0, failed: 0, diverged: 0, stopped: true };
    void this.signals.observe({ kind: "ended", tally, skipped: 0, fault: null });
  }
}

test("a signal that comes within half a second of another is the same one, whichever it is", () => {
  const it = new Hearing();
  it.start();
  it.at(1000, "SIGINT");
  it.at(1010, "SIGINT");
  it.at(1499, "SIGHUP");
  assert.deepEqual(it.did, ["stopped by SIGINT"]);
  it.at(1500, "SIGINT");
  assert.deepEqual(it.did, ["stopped by SIGINT", "stopped by SIGINT"]);
});

test("SIGINT, SIGTERM and SIGHUP stop a training, and a third one waits for nothing", () => {
  const it = new Hearing();
  it.start();
  it.at(0, "SIGHUP");
  it.at(1000, "SIGTERM");
  it.at(2000, "SIGINT");
  assert.deepEqual(it.did, ["stopped by SIGHUP", "stopped by SIGTERM", "gave up at SIGINT"]);
});

test("a signal that comes before anything is trained stops it as it begins, a second one then waits for nothing", () => {
  const it = new Hearing();
  it.at(0, "SIGINT");
  it.at(10, "SIGINT");
  assert.deepEqual(it.did, []);
  it.start();
  assert.deepEqual(it.did, ["stopped by SIGINT"]);
  const impatient = new Hearing();
  impatient.at(0, "SIGINT");
  impatient.at(1000, "SIGTERM");
  assert.deepEqual(impatient.did, ["gave up at SIGTERM"]);
});

test("a signal that comes between two rounds stops the next as it begins, and the process where none comes", () => {
  const it = new Hearing();
  it.start();
  it.end();
  it.at(0, "SIGINT");
  assert.deepEqual(it.did, []);
  it.start();
  assert.deepEqual(it.did, ["stopped by SIGINT"]);
  it.end();
  it.signals.over();
  assert.deepEqual(it.did, ["stopped by SIGINT"]);
  const last = new Hearing();
  last.start();
  last.end();
  last.at(0, "SIGINT");
  last.signals.over();
  assert.deepEqual(last.did, ["gave up at SIGINT"]);
});

test("a signal that comes while results are printed ends the process, and none is heard once they are", () => {
  const it = new Hearing();
  it.start();
  it.end();
  it.signals.over();
  it.at(0, "SIGINT");
  assert.deepEqual(it.did, ["gave up at SIGINT"]);
  it.signals.close();
  assert.deepEqual(it.source.eventNames(), []);
});

test("SIGHUP that is to be ignored is not listened to", () => {
  const it = new Hearing(true);
  assert.deepEqual(it.source.eventNames().sort(), ["SIGINT", "SIGTERM"]);
});

/** A /proc of a process with such an stdin, whose parent 7 ignores these signals. */
function proc(t: TestContext, flags: string, ignored: string): string {
  const root = folder(t);
  for (const [path, text] of [
    ["self/fdinfo/0", `pos:\t0\nflags:\t${flags}\nmnt_id:\t24\n`],
    ["7/status", `Name:\tsh\nSigBlk:\t0000000000000000\nSigIgn:\t${ignored}\nSigCgt:\t0000000000000001\n`],
  ]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const READABLE = "02100000";
const NOTHING_IGNORED = "0000000000001000";

test("a process is to ignore SIGHUP where nohup started it, or its shell ignores it", (t) => {
  const ordinary = proc(t, READABLE, NOTHING_IGNORED);
  const born = (command: string | undefined, proc: string, parent = 7): boolean =>
    hangupIgnored({ command, proc, parent });
  assert.equal(born("/usr/bin/npx", ordinary), false);
  assert.equal(born(undefined, ordinary), false);
  assert.equal(born("/usr/bin/nohup", ordinary), true, "the shell's last command");
  assert.equal(
    born(undefined, proc(t, "02100001", NOTHING_IGNORED)),
    true,
    "stdin that cannot be read, as nohup makes it",
  );
  assert.equal(born(undefined, proc(t, "0100002", NOTHING_IGNORED)), false, "a terminal");
  assert.equal(born(undefined, proc(t, READABLE, "0000000000001001")), true, "the parent");
  assert.equal(born(undefined, ordinary, 8), false, "a parent that is gone");
  assert.equal(born(undefined, join(ordinary, "none")), false, "a system without /proc");
});
