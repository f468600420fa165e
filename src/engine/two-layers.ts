/** The shapes of the engines that are written for two hidden layers. */
import type { Shape, Support } from "./contract.js";

/** Two hidden layers; features and widths from 1 to `mostUnits`, which may be Infinity. */
export function supportsTwoLayers({ features, widths }: Shape, mostUnits: number): Support {
  const range = mostUnits === Number.POSITIVE_INFINITY ? "1 unit or more" : `1 to ${mostUnits} units`;
  const isWithin = (units: number): boolean => Number.isInteger(units) && units >= 1 && units <= mostUnits;
  if (widths.length !== 2)
    return { supported: false, reason: `it has two hidden layers of ${range}, got ${layers(widths.length)}` };
  const wrong = widths.find((units) => !isWithin(units));
  if (wrong !== undefined)
    return { supported: false, reason: `it has two hidden layers of ${range}, got one of ${wrong}` };
  if (!isWithin(features)) return { supported: false, reason: `it has an input of ${range}, got ${features}` };
  return { supported: true };
}

/** Throws where a training asks for another shape: whoever asked should have asked `supports` first. */
export function mustHaveTwoLayers(shape: Shape, mostUnits: number): void {
  const support = supportsTwoLayers(shape, mostUnits);
  if (!support.supported) throw new RangeError(`the engine does not support this net: ${support.reason}`);
}

function layers(count: number): string {
  return count === 1 ? "1 layer" : `${count} layers`;
}
