/** Where two gradients on one row balance. */

const HALVINGS = 60; // of an interval below 1: the last are beyond a double's digits

/** The p in (½, 1) with p·ln(p/(1−p)) = `pull` > 0. */
export function balanced(pull: number): number {
  let [low, high] = [0.5, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const p = (low + high) / 2;
    if (p * Math.log(p / (1 - p)) < pull) low = p;
    else high = p;
  }
  return (low + high) / 2;
}
