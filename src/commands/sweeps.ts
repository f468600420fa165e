/** What commands ask of a place of results: which of its sweeps are meant, and what asked for one. */

import { bad } from "../errors.js";
import { anotherPlace } from "../files/places.js";
import { listed } from "../printable.js";
import type { Results, Sweep } from "../store/contract.js";
import type { AskedOtherwise } from "../sweep/asked-otherwise.js";

/** The sweep of a number, or all of the file's; `asked` is what --sweep says. */
export async function sweepsFrom(results: Results, asked: number | null, path: string): Promise<Sweep[]> {
  const sweeps = await results.sweeps();
  if (sweeps.length === 0)
    throw bad(`${path} must hold a sweep, but it has none yet: run gmm-sweep first, or ${anotherPlace(path)}`);
  if (asked === null) return sweeps;
  const found = sweeps.filter((sweep) => sweep.id === asked);
  if (found.length > 0) return found;
  throw bad(`--sweep must be a sweep of ${path}, one of ${listed(sweeps.map((sweep) => sweep.id))}, got ${asked}`);
}

/** The command that last opened or grew a sweep. */
export async function lastCommand(results: Results, sweep: Sweep): Promise<string> {
  const commands = await results.commands(sweep);
  if (commands.length === 0)
    throw bad(
      `sweep ${sweep.id} must have the commands that asked for it, but none is there: take a copy of the file from before another program changed it`,
    );
  return commands[commands.length - 1].command;
}

/** That a place that was brought in asks something else of a sweep than stands. */
export function otherwiseText(place: string, { sweep, first, second }: AskedOtherwise): string {
  return `${place} asks ${first} of sweep ${sweep.id}, which is judged by what it was asked first, ${second}`;
}
