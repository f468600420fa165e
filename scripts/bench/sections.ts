/** The sections of the bench, in the order in which they run. To add one, add a file with its record, and name it here. */
import { enginesSection } from "./engines.js";
import { kernelsSection } from "./kernels.js";
import { pagesSection } from "./pages.js";
import { peersSection } from "./peers.js";
import { queriesSection } from "./queries.js";
import { scaleSection } from "./scale.js";
import type { Section } from "./section.js";
import { threadsSection } from "./threads.js";

export const SECTIONS: readonly Section[] = [
  kernelsSection,
  enginesSection,
  peersSection,
  threadsSection,
  scaleSection,
  queriesSection,
  pagesSection,
];
