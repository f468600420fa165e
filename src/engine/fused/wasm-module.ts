/** Starts the modules of WebAssembly in Node. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import type { Exports } from "./wasm.js";

/** The modules, in the folder of their source. */
const MODULES = { "wasm-relaxed": "fused-relaxed.wasm", wasm: "fused.wasm" } as const;

/** What is used here of the global that neither the language's own types nor @types/node 20 declare. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Compiles and starts a module. Throws where the runtime does not know its instructions. */
export function startModule(folder: URL, isa: keyof typeof MODULES): Exports {
  const bytes = readFileSync(new URL(MODULES[isa], folder));
  // Node 20 has relaxed SIMD behind this flag; later versions have it without, and complain of the flag.
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
}
