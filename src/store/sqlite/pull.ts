/** Brings parts of another kind into files of their own, so that a file can take them in. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDatabase } from "../../files/places.js";
import type { Part } from "../part.js";
import { openPart } from "../parts.js";
import { CellKeys } from "./cell-keys.js";
import { guarded } from "./faults.js";
import { landStored } from "./merge.js";
import { Sweeps } from "./sweeps.js";
import { Trajectories } from "./trajectories.js";
import { openForWriting } from "./writing.js";

/** Calls `body` with a file for each part, which is there for as long as it runs: its own, or one that has what a database has. */
export async function asFiles<Result>(
  parts: readonly string[],
  body: (files: readonly string[]) => Promise<Result>,
): Promise<Result> {
  if (!parts.some(isDatabase)) return body(parts);
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-"));
  try {
    const files: string[] = [];
    for (const [i, name] of parts.entries())
      files.push(isDatabase(name) ? await pulled(name, join(folder, `${i}.db`)) : name);
    return await body(files);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pulled(name: string, file: string): Promise<string> {
  const part = await openPart(name);
  try {
    if (part === null)
      writeFileSync(file, ""); // nothing is there yet
    else {
      await part.refuseDamages();
      await pullInto(file, part);
    }
    return file;
  } finally {
    await part?.close();
  }
}

async function pullInto(file: string, part: Part): Promise<void> {
  const db = guarded(file, () => openForWriting(file, 0));
  try {
    db.pragma("synchronous = off"); // a power cut takes the folder, too
    db.exec("begin");
    const keys = new CellKeys(db);
    const sweeps = new Sweeps(db, keys);
    const trajectories = new Trajectories(db, keys);
    for (const { sweep, times, commands, decisions } of await part.sweeps()) {
      const id = sweeps.take(sweep, times);
      for (const command of commands) sweeps.addCommand(id, command);
      for (const decision of decisions) sweeps.decisions.add(id, decision);
    }
    const keyIds = new Map([...(await part.cellKeys())].map(([id, held]) => [id, keys.put(held).id]));
    for await (const { stored } of part.trajectories(() => true)) {
      const cellKey = keyIds.get(stored.cellKey) as number;
      guarded(file, () => landStored(trajectories, { ...stored, cellKey }, isNew));
    }
    guarded(file, () => db.exec("commit"));
  } finally {
    db.close();
  }
}

function isNew(): never {
  throw new Error("a part has a trajectory twice");
}
