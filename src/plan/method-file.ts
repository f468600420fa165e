/** --method-file: a YAML file of methods of one's own, for commands that have no sweep file. */
import { recordsIn } from "./definitions.js";
import type { MethodRecord } from "./methods.js";
import { kindOf, type Node, offsetOf, openYaml, type Reading, resolved } from "./yaml.js";
import { isMap, isSeq, type YAMLMap } from "./yaml-package.js";

/** The records of the methods that the file defines; none where there is none. Throws usage with every fault. */
export function ownMethods(path: string | null): MethodRecord[] {
  if (path === null) return [];
  const reading = openYaml(path, "--method-file", "a method file");
  const records = recordsIn(reading, mappingsIn(reading, reading.document.contents), []);
  reading.refuseFaults();
  return records;
}

/** One mapping of names to definitions, or a list of such. */
function mappingsIn(reading: Reading, root: Node): YAMLMap[] {
  const items = isSeq(root) ? root.items : [root];
  if (items.length === 0) refuse(reading, root, "an empty list");
  return items.flatMap((item) => {
    const node = resolved(reading, item);
    if (isMap(node) && node.items.length > 0) return [node];
    refuse(reading, item, isMap(node) ? "an empty mapping" : root === null ? "an empty file" : kindOf(node));
    return [];
  });
}

function refuse(reading: Reading, node: Node, got: string): void {
  reading.refuse(
    offsetOf(node, 0),
    `a method file must be names with definitions such as mine: { start: original, … }, got ${got}`,
  );
}
