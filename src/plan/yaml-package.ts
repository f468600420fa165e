/** What is used of the package yaml, which is loaded where a file is first read: it would take a tenth of the time to a run's first trial. */
import { createRequire } from "node:module";
import type { Scalar, YAMLMap, YAMLSeq } from "yaml";

export type { Document, Pair, Scalar, YAMLError, YAMLMap, YAMLSeq } from "yaml";

const require = createRequire(import.meta.url);

export function yaml(): typeof import("yaml") {
  return require("yaml");
}

export function isMap(node: unknown): node is YAMLMap {
  return yaml().isMap(node);
}

export function isSeq(node: unknown): node is YAMLSeq {
  return yaml().isSeq(node);
}

export function isScalar(node: unknown): node is Scalar {
  return yaml().isScalar(node);
}
