/** The standard streams of the process as a command's terminal: nothing that is printed ends a run, and a reader that left changes no exit code. */
import { closeSync, fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { messageOf, SweepError } from "../errors.js";
import { printable } from "../printable.js";
import type { LastWords, Terminal } from "./command.js";

/** A stream that is written to, such as process.stdout. */
export interface Sink {
  write(text: string, done: (error?: Error | null) => void): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** What stands behind a file descriptor. */
export type Kind = "file" | "device" | "pipe";

export interface Streams {
  readonly stdout: Sink;
  readonly stdoutKind: Kind;
  readonly stderr: Sink & Terminal["stderr"];
  /** How wide the reader's terminal is; null where nobody says so. */
  readonly columns: number | null;
  readonly exit: (exitCode: number) => void;
}

export function terminalOn({ stdout, stdoutKind, stderr, columns, exit }: Streams): Terminal & Ending {
  const lastWords = new Set<LastWords>();
  let isRead = true;
  // Whoever writes is told of what goes wrong; without a listener Node would end the process.
  stdout.on("error", () => {});
  stderr.on("error", () => {});
  const exact = async (text: string): Promise<void> => {
    if (!isRead) return;
    const error = await new Promise<Error | null>((resolve) => {
      stdout.write(text, (error) => resolve(error ?? null));
    });
    if (error === null) return;
    if (!readerLeft(error, stdoutKind)) throw unprintable(error);
    isRead = false;
  };
  return {
    out: (text) => exact(printable(text)),
    exact,
    get isRead() {
      return isRead;
    },
    err: (text) => void stderr.write(printable(text), () => {}),
    stderr,
    columns,
    atEnd: (say) => {
      lastWords.add(say);
      return () => void lastWords.delete(say);
    },
    end: (exitCode, reason) => {
      const saying = [...lastWords];
      lastWords.clear();
      for (const say of saying) say(exitCode, reason);
      exit(exitCode);
    },
  };
}

/** What the edge does with a terminal besides what commands do. */
export interface Ending {
  end(exitCode: number, reason: string): void;
}

/** `gmm-sweep query … | head` closes the pipe early, and a terminal may be closed: that is the reader's right, and no error. */
function readerLeft(error: Error, kind: Kind): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPIPE" || code === "ECONNRESET" || (code === "EIO" && kind === "device");
}

function unprintable(error: Error): SweepError {
  return new SweepError("environment", `what is to be printed cannot be written (${messageOf(error)}): make room`, {
    cause: error,
  });
}

/** process.stdout of a file loses, where the disk gets full, the end of what fits in part, and says nothing. */
export function fileSink(descriptor: number): Sink {
  return {
    write: (text, done) => {
      try {
        writeAll(descriptor, Buffer.from(text));
        done();
      } catch (error) {
        done(error as Error);
      }
      return true;
    },
    on: () => {},
  };
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

export function kindOf(descriptor: number): Kind {
  try {
    // As bigint: after an fstat of a pipe as doubles, Node 20 takes a package that is a link, as pnpm makes them all, for
    // one that is none, and does not find what it needs.
    const stats = fstatSync(descriptor, { bigint: true });
    if (stats.isFile()) return "file";
    return stats.isCharacterDevice() ? "device" : "pipe";
  } catch {
    return "pipe"; // one that is closed: writing says so
  }
}

const STANDARD = [0, 1, 2];

/**
 * Has the process end as it would if none of its terminals had been closed meanwhile: Node gives each one back the modes
 * it had at the start, and aborts where it cannot.
 */
export function outliveTerminals(): void {
  const terminals = STANDARD.filter((descriptor) => isatty(descriptor));
  process.on("exit", () => {
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  });
}
