/** How many threads are worth starting: the cores of the machine, or fewer where a container may not use them all. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

/** Where Linux says what this process may use. */
export interface CgroupPlaces {
  /** The groups of this process. */
  readonly groups: string;
  /** The folder that all hierarchies are mounted in. */
  readonly mounts: string;
}

const PLACES: CgroupPlaces = { groups: "/proc/self/cgroup", mounts: "/sys/fs/cgroup" };

/** The cores to use, of which a quota may leave a part of the last one. */
export function usableCores(cores = availableParallelism(), places = PLACES): number {
  const quota = cpuQuota(places);
  return quota === null ? cores : Math.max(1, Math.min(cores, Math.ceil(quota)));
}

/** How many cores' worth of time this process may use, by the least of its groups and those above them; null: all. */
export function cpuQuota({ groups, mounts }: CgroupPlaces = PLACES): number | null {
  const quotas = hierarchies(textOf(groups)).flatMap(({ folders, path, quotaOf }) =>
    // A group's folder is not there where a container sees its own group as the root.
    folders.flatMap((folder) => upwards(path).map((group) => quotaOf(join(mounts, folder, group)))),
  );
  const held = quotas.filter((quota) => quota !== null);
  return held.length === 0 ? null : Math.min(...held);
}

interface Hierarchy {
  /** Where it may be mounted. */
  readonly folders: readonly string[];
  readonly path: string;
  readonly quotaOf: (group: string) => number | null;
}

/** Those of /proc/self/cgroup that share out cores: version 2's only one, and version 1's of the controller cpu. */
function hierarchies(groups: string): Hierarchy[] {
  return groups.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined) return [];
    if (controllers === "") return [{ folders: ["", "unified"], path, quotaOf: quotaOfVersion2 }];
    if (!controllers.split(",").includes("cpu")) return [];
    return [{ folders: [controllers, "cpu"], path, quotaOf: quotaOfVersion1 }];
  });
}

/** A group and those above it, up to the root. */
function upwards(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...upwards(above)];
}

function quotaOfVersion2(group: string): number | null {
  const [quota, period] = textOf(join(group, "cpu.max")).trim().split(" ");
  return coresOf(quota, period);
}

function quotaOfVersion1(group: string): number | null {
  return coresOf(textOf(join(group, "cpu.cfs_quota_us")), textOf(join(group, "cpu.cfs_period_us")));
}

/** Microseconds of each period; without a limit "max" in version 2, -1 in version 1. */
function coresOf(quota: string, period: string | undefined): number | null {
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : null;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // another system, or a group without that controller
  }
}
