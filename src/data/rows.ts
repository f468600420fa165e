/** Rows as all engines take them. */

/** Matrices of equal width below one another, rounded to float32. */
export function float32Rows(...parts: readonly Float64Array[]): Float32Array {
  const rows = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    rows.set(part, offset);
    offset += part.length;
  }
  return rows;
}
