/** What the addon is made of, and where one lies that came with the package: what builds it and what ships it ask here. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the sources. */
export const FOLDER = fileURLToPath(new URL("../src/engine/fused/", import.meta.url));

/** The addon of this platform that comes with the package, with what it was made of beside it. */
export const PREBUILT = join(FOLDER, "prebuilt", `${process.platform}-${process.arch}`);

export function sources(folder = FOLDER) {
  return readdirSync(folder)
    .filter((name) => /\.(cc|h|gyp)$/.test(name))
    .sort();
}

/** A digest of the sources: an addon made of others may give other bits. */
export function sourcesDigest(folder = FOLDER) {
  const hash = createHash("sha256");
  for (const name of sources(folder))
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(folder, name)))
      .update("\0");
  return hash.digest("hex");
}

/** Whether a prebuilt addon is there that was made of these sources. */
export function isPrebuilt() {
  const note = join(PREBUILT, "sources.txt");
  return (
    existsSync(join(PREBUILT, "fused.node")) &&
    existsSync(note) &&
    readFileSync(note, "utf8").trim() === sourcesDigest()
  );
}
