/** Gathers what a page tells of a place of results. */
import type { Results, Sweep } from "../../store/contract.js";
import { type Sight, sweepNamed } from "../../verdict/sights.js";
import { VERSION } from "../../version.js";
import type { Figure } from "../figures/figure.js";
import { FIGURES } from "../figures/figures.js";
import { vegaSpec } from "../figures/render.js";
import type { PageContent, Panel, SettingContent, SweepContent } from "./content.js";

const WIDTH = 480; // pixels that a picture is laid out for, until a page gives it its own

export interface Gathering {
  readonly title: string;
  /** Hears what is being made. */
  readonly tell: (line: string) => void;
  /** The panels of the setting at a place. */
  readonly panels: (sight: Sight, place: number) => Promise<readonly Panel[]>;
  /** Whether each sweep's digest is taken: of one that is being trained it says little. */
  readonly digests: boolean;
}

/** A figure with its numbers and its picture, or why it has none. */
export async function panelOf(figure: Figure, sight: Sight): Promise<Panel> {
  const numbers = await figure.numbers(sight);
  if (typeof numbers === "string") return { figure, reason: numbers };
  return { figure, numbers, spec: await vegaSpec(figure, numbers, { width: WIDTH, theme: "light" }) };
}

/** Every figure that there is. */
export async function allPanels(sight: Sight, tell: (kind: string) => void): Promise<Panel[]> {
  const panels: Panel[] = [];
  for (const figure of FIGURES) {
    tell(figure.kind);
    panels.push(await panelOf(figure, sight));
  }
  return panels;
}

export async function gathered(
  sights: readonly Sight[],
  results: Results,
  { title, tell, panels, digests }: Gathering,
): Promise<PageContent> {
  const settings: SettingContent[] = [];
  for (const [i, sight] of sights.entries())
    settings.push({ finding: sight.finding, named: sweepNamed(sight), panels: await panels(sight, i) });
  const sweeps: SweepContent[] = [];
  for (const sweep of new Set(sights.map((sight) => sight.sweep))) {
    if (digests) tell(`sweep ${sweep.id}: digest`);
    sweeps.push(await sweepContent(sweep, results, digests));
  }
  return { title, at: new Date().toISOString(), version: VERSION, settings, sweeps };
}

async function sweepContent(sweep: Sweep, results: Results, hasDigest: boolean): Promise<SweepContent> {
  return {
    sweep,
    commands: await results.commands(sweep),
    methods: await results.methodStatus(sweep),
    digest: hasDigest ? await results.digest(sweep) : null,
  };
}
