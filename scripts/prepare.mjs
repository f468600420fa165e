/** Builds dist/ from the sources, unless it is newer than all of them: npx and npm ci both call this, the second time for nothing. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
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
  chmodSync(join(root, "dist", "src", "cli.js"), 0o755);
  writeFileSync(stamp, "");
}
