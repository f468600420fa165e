/** `gmm-sweep doctor`: what works on this machine and what does not, with the remedy. */

import { cpus } from "node:os";
import { engineReports } from "../engine/engines.js";
import type { Flags } from "../plan/flags.js";
import { pixelsReport } from "../report/figures/pixels.js";
import { jsonOf } from "../report/json.js";
import { beside } from "../report/wrap.js";
import { allowedCores, cpuQuota } from "../run/cores.js";
import { storeReports } from "../store/open.js";
import { VERSION } from "../version.js";
import type { Command, Terminal } from "./command.js";
import { EXIT } from "./exit-codes.js";

export const doctorCommand: Command = {
  words: ["doctor"],
  describe: "say what works on this machine and what does not",
  positionals: {},
  options: { json: { type: "boolean", describe: "print one JSON array, of an object a finding, instead of text" } },
  examples: [],
  run,
};

interface Finding {
  readonly name: string;
  readonly works: boolean;
  readonly detail: string;
}

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const findings: Finding[] = [
    { name: "gmm-sweep", works: true, detail: VERSION },
    { name: "Node", works: true, detail: `${process.versions.node} on ${process.platform}-${process.arch}` },
    { name: "cores", works: true, detail: coresText(allowedCores(), cpuQuota()) },
    ...(await storeReports()),
    ...(await engineReports()),
    await pixelsReport(),
  ];
  const longest = findings.reduce((most, { name }) => Math.max(most, name.length), 0);
  if (flags["json"] === true) await terminal.out(`${jsonOf(findings)}\n`);
  else
    for (const { name, works, detail } of findings) {
      const title = `${works ? "ok     " : "missing"}  ${name.padEnd(longest)}  `;
      await terminal.out(beside(title, detail, terminal.columns));
    }
  return EXIT.ok;
}

/** The cores, and how many of them a container lets be used: that many are the default of --workers. */
export function coresText(cores: number, quota: number | null): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  if (quota === null) return `${cores} (${model})`;
  return `${cores} (${model}), of which this container may use ${Number(quota.toFixed(2))}`;
}
