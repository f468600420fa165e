/** Builds dist/ from the sources, unless it is newer than all of them: npx and npm ci both call this, the second time for nothing. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "dist", ".built");
const SOURCES = ["src", "workers", "test", "scripts", "tsconfig.json", "package.json"];

/** When the newest file below `path` changed. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function compiler() {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  } catch {
    return null;
  }
}

/** Each file right in src/browser becomes one script in dist/src/browser, with all that it imports. */
async function bundleForBrowsers() {
  const { build } = await import("esbuild-wasm");
  const folder = join(root, "src", "browser");
  execFileSync(process.execPath, [compiler(), "--project", folder], { cwd: root, stdio: "inherit" });
  await build({
    entryPoints: readdirSync(folder)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
    ...{ outdir: join(root, "dist", "src", "browser"), bundle: true, minify: true, format: "iife" },
    ...{ target: "es2022", charset: "utf8", legalComments: "inline", logLevel: "warning" },
  });
}

/** What was built of a source that is gone: the package would carry it, and its test would run. */
function dropStale() {
  for (const folder of ["src", "workers", "test", "scripts"]) {
    const built = join(root, "dist", folder);
    if (!existsSync(built) || !existsSync(join(root, folder))) continue;
    for (const name of readdirSync(built, { recursive: true }))
      if (name.endsWith(".js") && !existsSync(join(root, folder, name.replace(/js$/, "ts")))) rmSync(join(built, name));
  }
}

/** The declarations of what is imported by its users, and of what those speak of, in dist/types. */
function declareTypes() {
  const folder = join(root, "dist", "types");
  rmSync(folder, { recursive: true, force: true });
  execFileSync(process.execPath, [compiler(), "--project", join(root, "src", "api")], { cwd: root, stdio: "inherit" });
  const needed = new Set();
  const need = (path) => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const [, name] of readFileSync(path, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)\.js"/g))
      need(join(dirname(path), `${name}.d.ts`));
  };
  need(join(folder, "api", "index.d.ts"));
  for (const name of readdirSync(folder, { recursive: true }))
    if (name.endsWith(".ts") && !needed.has(join(folder, name))) rmSync(join(folder, name));
}

const changed = Math.max(
  ...SOURCES.filter((name) => existsSync(join(root, name))).map((name) => newest(join(root, name))),
);
if (!existsSync(stamp) || statSync(stamp).mtimeMs < changed) {
  const tsc = compiler();
  if (tsc === null) {
    console.error(
      "gmm-sweep: the TypeScript compiler is not installed, so dist/ is not built: run npm ci without --omit=dev",
    );
    process.exit(1);
  }
  execFileSync(process.execPath, [tsc, "--project", root], { cwd: root, stdio: "inherit" });
  await bundleForBrowsers();
  declareTypes();
  dropStale();
  chmodSync(join(root, "dist", "src", "cli.js"), 0o755);
  writeFileSync(stamp, "");
}
