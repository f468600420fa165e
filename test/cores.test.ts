/** The cores that a container may use, by groups laid out as Linux lays them out. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os, { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { coresText } from "../src/commands/doctor.js";
import { allowedCores, type CgroupPlaces, cpuQuota, usableCores } from "../src/run/cores.js";
import { noteOf } from "../src/sweep/notes.js";
import { folder } from "./command-line.js";

/** Hierarchies, each by the folder it is mounted at below the test's own: its type, the group seen there, its controllers. */
type Mounts = Readonly<Record<string, readonly [type: "cgroup" | "cgroup2", root: string, controllers: string]>>;

interface Laid {
  /** As lines of /proc/self/cgroup. */
  readonly groups: readonly string[];
  readonly mounts: Mounts;
  /** Texts by their paths below the test's own folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly status?: string;
}

function places(t: TestContext, { groups, mounts, files, status = "" }: Laid): CgroupPlaces {
  const root = folder(t);
  // A path may hold a space, which mountinfo escapes.
  const mountinfo = Object.entries(mounts).map(
    ([path, [type, group, controllers]], i) =>
      `${i + 40} 30 0:${i + 20} ${group} ${join(root, path).replaceAll(" ", "\\040")} rw,relatime shared:9 - ${type} none rw,${controllers}`,
  );
  for (const [path, text] of Object.entries({
    groups: groups.join("\n"),
    mountinfo: ["22 1 254:0 / / rw - ext4 /dev/root rw", ...mountinfo].join("\n"),
    status,
    ...files,
  })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return { groups: join(root, "groups"), mounts: join(root, "mountinfo"), status: join(root, "status") };
}

const VERSION_1 = ["9:name=systemd:/", "4:memory:/docker/ab", "2:cpuacct:/docker/ab"];
const ONE: Mounts = { unified: ["cgroup2", "/", ""] };
const CPU: Mounts = { memory: ["cgroup", "/", "memory"], cpu: ["cgroup", "/", "cpu"] };

const CASES: [what: string, laid: Laid, quota: number | null][] = [
  ["no groups", { groups: [], mounts: {}, files: {} }, null],
  ["version 2 without a limit", { groups: ["0::/"], mounts: ONE, files: { "unified/cpu.max": "max 100000" } }, null],
  [
    "version 2, where a container's own group is the root",
    { groups: ["0::/"], mounts: ONE, files: { "unified/cpu.max": "150000 100000" } },
    1.5,
  ],
  [
    "version 2, where a group above it has less",
    {
      groups: ["0::/pod/app"],
      mounts: ONE,
      files: {
        "unified/pod/app/cpu.max": "400000 100000",
        "unified/pod/cpu.max": "100000 50000",
        "unified/cpu.max": "max 100000",
      },
    },
    2,
  ],
  [
    "version 2, where a group above it has more",
    {
      groups: ["0::/pod/app"],
      mounts: ONE,
      files: { "unified/pod/app/cpu.max": "50000 100000", "unified/pod/cpu.max": "400000 100000" },
    },
    0.5,
  ],
  [
    "version 2 by a path of the host that the container does not see",
    {
      groups: ["0::/../../docker/ab"],
      mounts: ONE,
      files: { "unified/cpu.max": "300000 100000" },
    },
    3,
  ],
  [
    "version 1",
    {
      groups: [...VERSION_1, "1:cpu:/docker/ab"],
      mounts: CPU,
      files: { "cpu/docker/ab/cpu.cfs_quota_us": "250000", "cpu/docker/ab/cpu.cfs_period_us": "100000" },
    },
    2.5,
  ],
  [
    "version 1 with two controllers in one, where a container sees its own group alone",
    {
      groups: ["3:cpu,cpuacct:/docker/ab"],
      mounts: { "cpu,cpuacct": ["cgroup", "/docker/ab", "cpu,cpuacct"] },
      files: { "cpu,cpuacct/cpu.cfs_quota_us": "50000", "cpu,cpuacct/cpu.cfs_period_us": "50000" },
    },
    1,
  ],
  [
    "version 1 in a group below the container's own",
    {
      groups: ["1:cpu:/docker/ab/job"],
      mounts: { cpu: ["cgroup", "/docker/ab", "cpu"] },
      files: { "cpu/job/cpu.cfs_quota_us": "150000", "cpu/job/cpu.cfs_period_us": "100000" },
    },
    1.5,
  ],
  [
    "version 1 mounted at another place, with a space in its name",
    {
      groups: ["1:cpu:/ab"],
      mounts: { "my groups/of cpu": ["cgroup", "/", "cpu"] },
      files: { "my groups/of cpu/ab/cpu.cfs_quota_us": "70000", "my groups/of cpu/ab/cpu.cfs_period_us": "35000" },
    },
    2,
  ],
  [
    "version 1 without a limit",
    {
      groups: ["1:cpu:/"],
      mounts: CPU,
      files: { "cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000" },
    },
    null,
  ],
  [
    "both versions, of which the first has the cores",
    {
      groups: ["1:cpu:/", "0::/"],
      mounts: { ...CPU, ...ONE },
      files: {
        "cpu/cpu.cfs_quota_us": "200000",
        "cpu/cpu.cfs_period_us": "100000",
        "unified/cgroup.procs": "1",
      },
    },
    2,
  ],
  ["a limit that is no number", { groups: ["0::/"], mounts: ONE, files: { "unified/cpu.max": "" } }, null],
  [
    "a limit of other cores",
    { groups: VERSION_1, mounts: CPU, files: { "memory/docker/ab/cpu.max": "100000 100000" } },
    null,
  ],
];

for (const [what, laid, quota] of CASES)
  test(`the quota of cores: ${what}`, (t) => {
    assert.equal(cpuQuota(places(t, laid)), quota);
  });

test("as many threads as cores, or as the quota gives work to; at least one", (t) => {
  const limited = (limit: string): CgroupPlaces =>
    places(t, { groups: ["0::/"], mounts: ONE, files: { "unified/cpu.max": limit } });
  assert.equal(usableCores(8, limited("max 100000")), 8);
  assert.equal(usableCores(8, limited("150000 100000")), 2, "half a core is worth a thread");
  assert.equal(usableCores(8, limited("10000 100000")), 1);
  assert.equal(usableCores(2, limited("400000 100000")), 2);
});

test("the cores that a process may run on are counted without its quota, which newer Nodes round down into theirs", (t) => {
  const allowed = (status: string): number => allowedCores(places(t, { groups: [], mounts: {}, files: {}, status }));
  assert.equal(allowed("Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\nMems_allowed:\t1"), 8);
  assert.equal(allowed("Cpus_allowed_list:\t3"), 1);
  assert.equal(allowed("Cpus_allowed_list:\t0-1,4,8-15"), 11);
  assert.equal(allowed("Name:\tnode"), availableParallelism(), "another system");
});

test("doctor says what of the cores a container may use", () => {
  assert.match(coresText(8, null), /^8 \([^)]+\)$/);
  assert.match(coresText(8, 1.5), /^8 \(.+\), of which this container may use 1\.5$/);
});

test("a sweep's note counts the cores that are used, by what a quota leaves of them", (t) => {
  // Of Node, which knows no quota or rounds it down.
  t.mock.method(os, "availableParallelism", () => 999);
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.ok(noteOf("gmm-sweep grid").machine.includes(` × ${usableCores()}, ${process.platform}-${process.arch}, `));
});
