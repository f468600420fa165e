/** How many threads are worth starting: the cores of the machine, or fewer where a container may not use them all. */
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { procText } from "./proc.js";

/** Where Linux says what this process may use. */
export interface CgroupPlaces {
  /** The groups of this process. */
  readonly groups: string;
  /** What is mounted where, as this process sees it. */
  readonly mounts: string;
  /** What this process is, the cores among it that it may run on. */
  readonly status: string;
}

const PLACES: CgroupPlaces = {
  groups: "/proc/self/cgroup",
  mounts: "/proc/self/mountinfo",
  status: "/proc/self/status",
};

/** The cores to use, of which a quota may leave a part of the last one. */
export function usableCores(cores = allowedCores(), places = PLACES): number {
  const quota = cpuQuota(places);
  return quota === null ? cores : Math.max(1, Math.min(cores, Math.ceil(quota)));
}

/** The cores that this process may run on, whatever its quota: newer Nodes round a quota down into their own count. */
export function allowedCores({ status }: Pick<CgroupPlaces, "status"> = PLACES): number {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(procText(status)) ?? [];
  if (list === undefined) return availableParallelism();
  return list.split(",").reduce((count, range) => {
    const [first, last = first] = range.split("-").map(Number);
    return count + last - first + 1;
  }, 0);
}

/** How many cores' worth of time this process may use, by the least of its groups and those above them; null: all. */
export function cpuQuota({ groups, mounts }: Pick<CgroupPlaces, "groups" | "mounts"> = PLACES): number | null {
  const hierarchies = mountsOf(procText(mounts));
  const quotas = procText(groups)
    .split("\n")
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (controllers === undefined || (controllers !== "" && !controllers.split(",").includes("cpu"))) return [];
      const [type, quotaOf] = controllers === "" ? ["cgroup2", quotaOfVersion2] : ["cgroup", quotaOfVersion1];
      return hierarchies
        .filter((mount) => mount.type === type && (controllers === "" || mount.options.includes("cpu")))
        .flatMap((mount) => foldersOf(path, mount).map(quotaOf));
    });
  const held = quotas.filter((quota) => quota !== null);
  return held.length === 0 ? null : Math.min(...held);
}

/** A hierarchy of groups, or the part of one below `root`, seen at a folder. */
interface Mount {
  readonly type: string;
  readonly root: string;
  readonly folder: string;
  /** Version 1's name their controllers. */
  readonly options: readonly string[];
}

/** Lines of proc(5)'s mountinfo: number, parent, device, root, folder, options, optional fields, "-", type, source, options. */
function mountsOf(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [left, right] = line.split(" - ");
    if (right === undefined) return [];
    const [[, , , root, folder], [type, , options]] = [left.split(" "), right.split(" ")];
    return [{ type, root: unescaped(root), folder: unescaped(folder), options: (options ?? "").split(",") }];
  });
}

/** Spaces and the like are written there as \040. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The folders of a group and of those above it that a mount shows, up to its own. */
function foldersOf(path: string, { root, folder }: Mount): string[] {
  const below = relative(root, path);
  // A group outside of what is mounted: a container that sees the host's path, but its own group as the root.
  if (below.startsWith("..")) return [folder];
  return upwards(join("/", below)).map((group) => join(folder, group));
}

/** A group and those above it, up to the root. */
function upwards(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...upwards(above)];
}

function quotaOfVersion2(group: string): number | null {
  const [quota, period] = procText(join(group, "cpu.max")).trim().split(" ");
  return coresOf(quota, period);
}

function quotaOfVersion1(group: string): number | null {
  return coresOf(procText(join(group, "cpu.cfs_quota_us")), procText(join(group, "cpu.cfs_period_us")));
}

/** Microseconds of each period; without a limit "max" in version 2, -1 in version 1. */
function coresOf(quota: string, period: string | undefined): number | null {
  const cores = Number(quota) / Number(period);
  return Number.isFinite(cores) && cores > 0 ? cores : null;
}
