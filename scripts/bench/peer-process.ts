/** A peer: a process that trains the same in another library, checks itself, and is timed on request (see peer.py). */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { exportDraw } from "../../src/data/directory.js";
import { referenceEngine } from "../../src/engine/reference/reference.js";
import { shapeOf } from "../../src/run/trajectory.js";
import { writeWeights } from "../../src/run/weights.js";
import type { Slice } from "./sampling.js";
import { type Task, train } from "./task.js";

const CHECKED_EPOCHS = 10; // as far as float32 follows float64 closely

/** Writes what a peer needs to train the task, and the curve by which it is checked. */
export function writeTask(task: Task, folder: string): void {
  exportDraw(task.draw, folder);
  writeWeights(join(folder, "weights.npz"), shapeOf(task.spec.cell), task.start);
  const { penalty, crossEntropy } = train(referenceEngine(), task, CHECKED_EPOCHS);
  writeFileSync(join(folder, "curve.json"), JSON.stringify({ penalty: [...penalty], crossEntropy: [...crossEntropy] }));
}

export class PeerProcess {
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: string, child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>) {
    this.name = name;
    this.#child = child;
    this.#lines = lines;
  }

  /** Starts a peer and waits until it is checked and warm. Throws, with what it said last, where it is neither. */
  static async start(command: string, words: readonly string[]): Promise<PeerProcess> {
    const child = spawn(command, words);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said = `${said}${text}`));
    const failed = new Promise<never>((_, reject) => {
      child.on("error", reject);
      child.on("close", (code) =>
        reject(new Error(said.trim().split("\n").at(-1) || `it ended with exit code ${code}`)),
      );
    });
    failed.catch(() => {}); // a peer that ends after its last sample fails nobody
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next().then((line) => (line.done === true ? failed : line)), failed]);
    const { name } = JSON.parse(first.value) as { name: string };
    return new PeerProcess(name, child, lines);
  }

  /** Trains for at least `seconds`; work is epochs. */
  async train(seconds: number): Promise<Slice> {
    this.#child.stdin.write(`${seconds}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`${this.name} ended in the middle of a sample`);
    const { ms, epochs } = JSON.parse(line.value) as { ms: number; epochs: number };
    return { work: epochs, ms };
  }

  close(): void {
    this.#child.stdin.end();
  }
}
