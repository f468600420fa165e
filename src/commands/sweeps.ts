/** What commands ask of a place of results: which of its sweeps are meant, who asked for one, and the engine that trained it. */
import type { Engine } from "../engine/contract.js";
import { choiceOf, ENGINE_NAMES, type EngineChoice, loadEngine } from "../engine/engines.js";
import { bad, SweepError } from "../errors.js";
import { type Flags, text, wholeNumber } from "../plan/flags.js";
import { engineAsked } from "../plan/request.js";
import { listed } from "../printable.js";
import type { Results, Sweep } from "../store/contract.js";

/** The engine that gives the bits of what a file holds. Throws a fault of the environment, with the numerics profile's name, where there is none. */
export async function engineOf(name: string, profile: string, path: string): Promise<Engine> {
  return loadEngine(await choiceFor(name, profile, path));
}

/** The choice that gives the bits of a stored sweep. Throws as `engineOf` does. */
export async function engineStored({ plan, profile }: Sweep, path: string): Promise<EngineChoice> {
  const { name } = plan.engine;
  if (!ENGINE_NAMES.includes(name)) return choiceFor(name, profile, path);
  const asked = engineAsked(plan);
  const engine = await loadEngine(asked).catch(whatIsLacking);
  return engine?.profile === profile ? asked : choiceFor(name, profile, path);
}

/** An engine that does not load here is none; a bug is one. */
function whatIsLacking(error: unknown): null {
  if (error instanceof SweepError) return null;
  throw error;
}

async function choiceFor(name: string, profile: string, path: string): Promise<EngineChoice> {
  const choice = await choiceOf(name, profile);
  if (choice !== null) return choice;
  throw new SweepError(
    "environment",
    `${path} was trained with the numerics profile ${profile}, which no engine gives on this machine: gmm-sweep doctor lists those it has`,
  );
}

/** The sweep of --sweep, or all of the file's. */
export async function sweepsFrom(results: Results, flags: Flags, path: string): Promise<Sweep[]> {
  const id = wholeNumber(flags, "sweep", 1, Number.MAX_SAFE_INTEGER, 1);
  const sweeps = await results.sweeps();
  if (sweeps.length === 0)
    throw bad(`${path} must hold a sweep, but it has none yet: run gmm-sweep first, or name another file with --db`);
  if (text(flags, "sweep") === null) return sweeps;
  const found = sweeps.filter((sweep) => sweep.id === id);
  if (found.length > 0) return found;
  throw bad(`--sweep must be a sweep of ${path}, one of ${listed(sweeps.map((sweep) => sweep.id))}, got ${id}`);
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
