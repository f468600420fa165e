/** The package that draws pixels, an optional one: whether it is there, and what to do where it is not. */
import { createRequire } from "node:module";
import { messageOf, SweepError } from "../../errors.js";

const require = createRequire(import.meta.url);

const PIXELS = "@resvg/resvg-js";

/** Throws a fault of the environment where it does not load. */
export async function pixelDrawer(): Promise<typeof import("@resvg/resvg-js")> {
  return import("@resvg/resvg-js").catch((error: unknown) => {
    throw new SweepError(
      "environment",
      `PNG needs the package ${PIXELS}, which does not load here (${firstLine(error)}): run \`npm install ${PIXELS}\`, or write .svg or .pdf`,
      { cause: error },
    );
  });
}

/** Whether PNG can be drawn on this machine, with the remedy. */
export async function pixelsReport(): Promise<{ name: string; works: boolean; detail: string }> {
  try {
    await import("@resvg/resvg-js");
    const { version } = require(`${PIXELS}/package.json`) as { version: string };
    return { name: "PNG", works: true, detail: `${PIXELS} ${version}` };
  } catch (error) {
    const detail = `${firstLine(error)}: run \`npm install ${PIXELS}\`; figures are drawn as SVG and PDF without it`;
    return { name: "PNG", works: false, detail };
  }
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n")[0];
}
