/** Random numbers for simulations of hundreds of millions of them, where those of the named streams would take an hour. */
import { normalsFrom, type Stream, stream } from "../../src/data/streams.js";

const TWO_32 = 2 ** 32;
const WARM_UP = 20; // numbers until the seeds are mixed

/** As `stream`, by sfc32 (Doty-Humphrey 2010, PractRand), which is seeded from the stream of that name; good to 32 bits. */
export function quickStream(...parts: readonly (string | number)[]): Stream {
  const seed = stream(...parts);
  const part = (): number => Math.floor(seed.uniform() * TWO_32) | 0;
  let [a, b, c, counter] = [part(), part(), part(), 1];

  function uniform(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / TWO_32;
  }

  for (let i = 0; i < WARM_UP; i++) uniform();
  return { uniform, normal: normalsFrom(uniform, Math.log) };
}
