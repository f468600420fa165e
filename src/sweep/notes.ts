/** What a store is told of who opens or trains a sweep. */
import { cpus, hostname } from "node:os";
import { usableCores } from "../run/cores.js";
import type { CommandNote } from "../store/contract.js";
import type { WorkerNote } from "../store/queue.js";
import { VERSION } from "../version.js";

/** What a store keeps of a command that opens a sweep. */
export function noteOf(command: string): CommandNote {
  const cores = `${cpus()[0]?.model ?? "unknown processor"} × ${usableCores()}`;
  const machine = `${cores}, ${process.platform}-${process.arch}, Node ${process.versions.node}`;
  return { command, version: VERSION, machine };
}

/** What a store that hands out work knows of this process, which trains so many chunks at once. */
export function workerNote(lanes: number): WorkerNote {
  return { machine: hostname(), pid: process.pid, version: VERSION, lanes };
}
