/** From the name of a draw to its rows. */
import type { DrawSource } from "../trial.js";
import { reloadDraw } from "./directory.js";
import { type Draw, seededDraw } from "./draw.js";

export function loadDraw(source: DrawSource): Draw {
  return source.kind === "seeded" ? seededDraw(source) : reloadDraw(source);
}
