/** The cores that a container may use, by groups laid out as Linux lays them out. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { coresText } from "../src/commands/doctor.js";
import { type CgroupPlaces, cpuQuota, usableCores } from "../src/run/cores.js";
import { folder } from "./command-line.js";

/** Groups of a process that is in those of `groups`, one a line, with these files below the mounts. */
function places(t: TestContext, groups: readonly string[], files: Readonly<Record<string, string>>): CgroupPlaces {
  const root = folder(t);
  for (const [path, text] of [
    ["groups", groups.map((line) => `${line}\n`).join("")],
    ...Object.entries(files).map(([path, text]) => [join("mounts", path), `${text}\n`]),
  ]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { groups: join(root, "groups"), mounts: join(root, "mounts") };
}

const VERSION_1 = ["9:name=systemd:/", "4:memory:/docker/ab", "2:cpuacct:/docker/ab"];

const CASES: [what: string, groups: readonly string[], files: Record<string, string>, quota: number | null][] = [
  ["no groups", [], {}, null],
  ["version 2 without a limit", ["0::/"], { "cpu.max": "max 100000" }, null],
  ["version 2, where a container's own group is the root", ["0::/"], { "cpu.max": "150000 100000" }, 1.5],
  [
    "version 2, where a group above it has less",
    ["0::/pod/app"],
    { "pod/app/cpu.max": "400000 100000", "pod/cpu.max": "100000 50000", "cpu.max": "max 100000" },
    2,
  ],
  [
    "version 2, where a group above it has more",
    ["0::/pod/app"],
    { "pod/app/cpu.max": "50000 100000", "pod/cpu.max": "400000 100000" },
    0.5,
  ],
  [
    "version 2 by a path of the host that the container does not see",
    ["0::/docker/ab"],
    { "cpu.max": "300000 100000" },
    3,
  ],
  [
    "version 1",
    [...VERSION_1, "1:cpu:/docker/ab"],
    { "cpu/docker/ab/cpu.cfs_quota_us": "250000", "cpu/docker/ab/cpu.cfs_period_us": "100000" },
    2.5,
  ],
  [
    "version 1 with two controllers in one, seen as the root",
    ["3:cpu,cpuacct:/docker/ab"],
    { "cpu,cpuacct/cpu.cfs_quota_us": "50000", "cpu,cpuacct/cpu.cfs_period_us": "50000" },
    1,
  ],
  ["version 1 without a limit", ["1:cpu:/"], { "cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000" }, null],
  [
    "both versions, of which the first has the cores",
    ["1:cpu:/", "0::/"],
    { "cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000", "unified/cgroup.procs": "1" },
    2,
  ],
  ["a limit that is no number", ["0::/"], { "cpu.max": "" }, null],
  ["a limit of other cores", [...VERSION_1], { "memory/docker/ab/cpu.max": "100000 100000" }, null],
];

for (const [what, groups, files, quota] of CASES)
  test(`the quota of cores: ${what}`, (t) => {
    assert.equal(cpuQuota(places(t, groups, files)), quota);
  });

test("as many threads as cores, or as the quota gives work to; at least one", (t) => {
  const limited = (limit: string): CgroupPlaces => places(t, ["0::/"], { "cpu.max": limit });
  assert.equal(usableCores(8, limited("max 100000")), 8);
  assert.equal(usableCores(8, limited("150000 100000")), 2, "half a core is worth a thread");
  assert.equal(usableCores(8, limited("10000 100000")), 1);
  assert.equal(usableCores(2, limited("400000 100000")), 2);
});

test("doctor says what of the cores a container may use", () => {
  assert.match(coresText(null), /^\d+ \([^)]+\)$/);
  assert.match(coresText(1.5), /^\d+ \(.+\), of which this container may use 1\.5$/);
});
