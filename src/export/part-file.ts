/** A file of an export while it is written, in a folder of parts; what the disk says against it is told in a sentence. */
import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { unwritable } from "../files/paths.js";

/** A run of bytes of a file. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

export class PartFile {
  readonly #directory: string;
  readonly #path: string;
  readonly #descriptor: number;
  #length = 0;
  #isOpen = true;
  #beside: PartFile | null = null;

  /** `directory` is the folder of the export, which errors name. */
  constructor(directory: string, path: string) {
    this.#directory = directory;
    this.#path = path;
    this.#descriptor = told(directory, () => openSync(path, "wx+"));
  }

  get length(): number {
    return this.#length;
  }

  /** Writes at the end; returns where. */
  write(data: string | Uint8Array): Piece {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    const piece = { offset: this.#length, length: bytes.length };
    told(this.#directory, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    });
    this.#length += bytes.length;
    return piece;
  }

  read({ offset, length }: Piece): Uint8Array {
    const bytes = new Uint8Array(length);
    told(this.#directory, () => {
      for (let at = 0; at < length; ) at += readSync(this.#descriptor, bytes, at, length - at, offset + at);
    });
    return bytes;
  }

  /** A file for what is needed until this one is whole. */
  beside(): PartFile {
    this.#beside ??= new PartFile(this.#directory, `${this.#path}.rows`);
    return this.#beside;
  }

  /** Has all of it on the disk, and closes it. */
  finish(): void {
    told(this.#directory, () => fsyncSync(this.#descriptor));
    this.close();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
    this.#beside?.close();
    if (this.#beside !== null) rmSync(this.#beside.#path, { force: true });
  }
}

/** Runs `body`, which reads or writes the folder of an export. */
export function told<Result>(directory: string, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    throw unwritable(`DIR must be a folder that can be written, got ${directory}`, error);
  }
}
