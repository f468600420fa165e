/** What runs in a report: its panels, from the data that the page carries. */
import { type PanelsData, startPanels } from "./shared/panels.js";

startPanels(JSON.parse(document.querySelector("#data")?.textContent ?? "{}") as PanelsData);
