/** Rows as all engines take them. */

/** The data of one draw: n rows of D, then k rows of the forget set F; every value is float32-exact. */
export interface Rows {
  readonly n: number;
  readonly k: number;
  readonly features: number;
  /** (n+k) × features, row-major. */
  readonly x: Float32Array;
  /** The n+k rows' own labels, each 0 or 1: accuracy, forget probability and margin are measured by them, whatever a training fits. */
  readonly y: Uint8Array;
}

/** A fresh sample of the same mixture, never trained on: rows × features and their labels. */
export interface TestRows {
  readonly rows: number;
  readonly x: Float32Array;
  readonly y: Uint8Array;
}

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
