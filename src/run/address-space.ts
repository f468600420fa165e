/** How many threads there is address space for: V8 ends the whole process where it cannot reserve that of one. */
import { procText } from "./proc.js";

/** Where Linux says what this process may reserve, and what it has. */
export interface AddressPlaces {
  readonly limits: string;
  readonly status: string;
}

const PLACES: AddressPlaces = { limits: "/proc/self/limits", status: "/proc/self/status" };

/** Bytes that a thread reserves, most of which it never uses: 618 MB by VmSize on Node 20, whatever it trains, and 619 MB on Node 24. */
const THREAD = 620e6;

/** The threads that can be started beside what this process has; Infinity where nothing holds it back, or nobody says. */
export function threadsWithRoom({ limits, status }: AddressPlaces = PLACES): number {
  const [, limit] = /^Max address space +(\d+)/m.exec(procText(limits)) ?? [];
  const [, kilobytes] = /^VmSize:\s*(\d+) kB$/m.exec(procText(status)) ?? [];
  if (limit === undefined || kilobytes === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, Math.floor((Number(limit) - 1024 * Number(kilobytes)) / THREAD));
}
