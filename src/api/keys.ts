/** What the command line calls an option is a key here. */
import { SweepError } from "../errors.js";

/** What `read` gives; where it refuses, its sentence speaks of keys. */
export function sayingKeys<Read>(read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    throw new SweepError(error.fault, error.message.replaceAll(/--([a-z][\w-]*)/g, "$1"), { cause: error });
  }
}
