/** What a module loads, in a process of its own. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Notes each module that is imported; it runs in a thread of Node's own. */
const HOOKS = `
import { writeSync } from "node:fs";
export async function load(url, context, next) {
  writeSync(2, url + "\\n");
  return next(url, context);
}`;

const REGISTER = `
import { createRequire, register } from "node:module";
import { writeSync } from "node:fs";
register("data:text/javascript,${encodeURIComponent(HOOKS)}");
process.on("exit", () => {
  for (const path of Object.keys(createRequire(import.meta.filename ?? "/").cache)) writeSync(2, "file://" + path + "\\n");
});`;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The modules that Node loads for a program with these words, as paths from the package's folder. */
export function modulesLoaded(program: string, ...words: readonly string[]): string[] {
  const hooks = `data:text/javascript,${encodeURIComponent(REGISTER)}`;
  const { stderr } = spawnSync(process.execPath, [`--import=${hooks}`, program, ...words], { encoding: "utf8" });
  const paths = stderr.split("\n").filter((line) => line.startsWith("file://"));
  return [...new Set(paths.map((url) => fileURLToPath(url)))].map((path) => path.replace(ROOT, ""));
}

/** The packages among them. */
export function packagesLoaded(program: string, ...words: readonly string[]): string[] {
  const names = modulesLoaded(program, ...words).flatMap((path) => {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...new Set(names)].sort();
}
