/** What Linux says of a process. */
import { readFileSync } from "node:fs";

/** A file of /proc, or of /sys, as text; '' where there is none or it may not be read. */
export function procText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // another system, or a process that is not ours to look at
  }
}
