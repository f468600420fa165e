/** Which engine trains what a plan asks for on this machine, and which gives the bits of what is stored. */
import type { Engine, Shape } from "../engine/contract.js";
import { choiceOf, ENGINE_NAMES, type EngineChoice, loadEngine, unavailable } from "../engine/engines.js";
import { bad, SweepError } from "../errors.js";
import type { PlanPart, SweepPlan } from "../plan/plan.js";
import { choiceAsked } from "../plan/request.js";
import type { Sweep } from "../store/contract.js";

/** The engine that a plan asks for. Throws usage where the plan has a net that it does not train. */
export async function engineFor(plan: SweepPlan): Promise<Engine> {
  const engine = await loadEngine(choiceAsked(plan));
  for (const { features, widths } of plan.parts.flatMap(shapesOf)) {
    const support = engine.supports({ features, widths });
    if (!support.supported)
      throw bad(
        `--hidden must be widths of a net that the engine ${engine.name} trains, got ${widths.join(",")} on ${features} features, which it does not because ${support.reason}: choose others, or another --engine`,
      );
  }
  return engine;
}

/** The shapes of a part's nets: few, where its settings may be many. */
function shapesOf({ draws, widths }: PlanPart): Shape[] {
  const features = draws.kind === "seeded" ? draws.features : draws.draws.map((draw) => draw.features);
  return features.flatMap((of) => widths.map((each) => ({ features: of, widths: each })));
}

/** The engine that gives the bits of what a file holds. Throws a fault of the environment, with the numerics profile's name, where there is none. */
export async function engineOf(name: string, profile: string, path: string): Promise<Engine> {
  return loadEngine(await choiceFor(name, profile, path));
}

/** The choice that gives the bits of a stored sweep. Throws as `engineOf` does. */
export async function choiceStored({ plan, profile }: Sweep, path: string): Promise<EngineChoice> {
  const { name } = plan.engine;
  if (!ENGINE_NAMES.includes(name)) return choiceFor(name, profile, path);
  const asked = choiceAsked(plan);
  const engine = await loadEngine(asked).catch(unavailable);
  return engine?.profile === profile ? asked : choiceFor(name, profile, path);
}

async function choiceFor(name: string, profile: string, path: string): Promise<EngineChoice> {
  const choice = await choiceOf(name, profile);
  if (choice !== null) return choice;
  throw new SweepError(
    "environment",
    `${path} was trained with the numerics profile ${profile}, which no engine gives on this machine: gmm-sweep doctor lists those it has`,
  );
}
