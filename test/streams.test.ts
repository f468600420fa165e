/** What is printed where nobody reads it, or where it cannot be written. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { Terminal } from "../src/commands/command.js";
import { queryCommand } from "../src/commands/query.js";
import { fileSink, type Kind, kindOf, type Sink, terminalOn } from "../src/commands/streams.js";
import { SweepError } from "../src/errors.js";
import { openStore } from "../src/store/open.js";
import { folder } from "./command-line.js";

/** A stream that takes no more than `most` writes, and then fails as those of a process do: who writes is told, and whoever listens. */
function failing(code: string, most = 0): { stream: Sink & Terminal["stderr"]; written: () => number } {
  const events = new EventEmitter();
  let written = 0;
  const write = (_text: string, done?: (error: Error | null) => void): boolean => {
    written += 1;
    const error = written > most ? Object.assign(new Error(`write ${code}`), { code }) : null;
    done?.(error);
    if (error !== null) events.emit("error", error);
    return true;
  };
  return {
    stream: { isTTY: false, columns: 0, write, on: (event, listener) => events.on(event, listener) },
    written: () => written,
  };
}

function terminalTo(stdout: Sink, kind: Kind, exit: (code: number) => void = () => assert.fail("it ended")) {
  return terminalOn({ stdout, stdoutKind: kind, stderr: failing("EIO").stream, columns: null, exit });
}

test("what would move a terminal's cursor is written out, and what others read goes out as it is", async () => {
  const texts = { out: "", err: "" };
  const sink = (name: "out" | "err"): Sink & Terminal["stderr"] => ({
    ...{ isTTY: false, columns: 0, on: () => {} },
    write: (text: string, done?: (error: Error | null) => void) => {
      texts[name] += text;
      done?.(null);
      return true;
    },
  });
  const exit = (): void => assert.fail("it ended");
  const terminal = terminalOn({ stdout: sink("out"), stdoutKind: "pipe", stderr: sink("err"), columns: null, exit });
  const hostile = "a\u001b[2J\u007f\u009b\u202e\r\n";
  const seen = "a\\u001b[2J\\u007f\\u009b\\u202e\\r\n";
  await terminal.out(hostile);
  await terminal.exact(hostile);
  terminal.err(hostile);
  assert.deepEqual(texts, { out: seen + hostile, err: seen });
});

test("what is printed beside results and cannot be written is lost, and ends nothing", () => {
  const { stream, written } = failing("EIO");
  const terminal = terminalOn({
    ...{ stdout: failing("EPIPE").stream, stdoutKind: "pipe" as const },
    ...{ stderr: stream, columns: null, exit: () => assert.fail("it ended") },
  });
  terminal.err("once\n");
  terminal.err("twice\n");
  terminal.stderr.write("three times");
  assert.equal(written(), 3);
});

for (const [code, kind] of [
  ["EPIPE", "pipe"],
  ["ECONNRESET", "pipe"],
  ["EIO", "device"],
] as const)
  test(`a reader that left (${code} of a ${kind}) is no error: what follows is dropped`, async () => {
    const { stream, written } = failing(code, 1);
    const terminal = terminalTo(stream, kind);
    await terminal.out("a");
    assert.equal(terminal.isRead, true);
    await terminal.out("b");
    assert.equal(terminal.isRead, false);
    await terminal.out("c");
    assert.equal(written(), 2);
  });

for (const [code, kind] of [
  ["ENOSPC", "pipe"],
  ["ENOSPC", "device"],
  ["EIO", "file"],
] as const)
  test(`what cannot be written (${code} of a ${kind}) is the machine's fault`, async () => {
    await assert.rejects(
      terminalTo(failing(code).stream, kind).out("a"),
      new SweepError("environment", `what is to be printed cannot be written (write ${code}): make room`),
    );
  });

test("a file gets all that is printed, and says at once that its disk is full", {
  skip: !existsSync("/dev/full"),
}, async (t) => {
  const path = join(folder(t), "out.txt");
  const file = openSync(path, "w");
  assert.equal(kindOf(file), "file");
  const terminal = terminalTo(fileSink(file), "file");
  await terminal.out("é");
  await terminal.out("β\n");
  closeSync(file);
  assert.equal(readFileSync(path, "utf8"), "éβ\n");
  const full = openSync("/dev/full", "w");
  t.after(() => closeSync(full));
  assert.equal(kindOf(full), "device");
  await assert.rejects(terminalTo(fileSink(full), "file").out("a"), /^SweepError: what is to be printed .*\(ENOSPC: /);
});

test("who wants to say something at the end is heard once, unless he took it back", () => {
  const ends: number[] = [];
  const said: unknown[] = [];
  const terminal = terminalTo(failing("EPIPE").stream, "pipe", (code) => void ends.push(code));
  const takeBack = terminal.atEnd(() => assert.fail("it was taken back"));
  terminal.atEnd((...words) => void said.push(words));
  takeBack();
  terminal.end(130, "stopped by SIGINT");
  terminal.end(70, "and again");
  assert.deepEqual([said, ends], [[[130, "stopped by SIGINT"]], [130, 70]]);
});

for (const format of ["csv", "json"])
  test(`a query as ${format} ends with exit code 0 once its reader has left, however much is still to be printed`, async (t) => {
    const db = join(folder(t), "sweep.db");
    await (await openStore(db)).close();
    const sql = "with recursive c(x) as (select 1 union all select x + 1 from c limit 100000) select x from c";
    let printed = 0;
    const terminal = terminalTo(failing("EPIPE", 3).stream, "pipe");
    const counting = {
      ...terminal,
      get isRead() {
        return terminal.isRead;
      },
      exact: (text: string) => {
        printed += 1;
        return terminal.exact(text);
      },
    };
    assert.equal(await queryCommand.run({ sql, format, db }, counting), 0);
    assert.equal(printed, 4);
  });
