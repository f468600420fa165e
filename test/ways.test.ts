/** The files that start gmm-sweep on many machines: what they run is what there is, and what a cluster reads of them is sound. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import { askedBy } from "../src/commands/arguments.js";
import { allCommands } from "../src/commands/program.js";
import { runCommand } from "../src/commands/run.js";
import { gridRequest, type WorkerRequest, workerRequest } from "../src/plan/request.js";
import { type Ended, folder, started } from "./command-line.js";

const COMMANDS = await allCommands();

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SWEEP_FILE = `${ROOT}data/lambda-epoch.yaml`;
const CORES = 4;

function text(name: string): string {
  return readFileSync(`${ROOT}${name}`, "utf8");
}

const manifest = JSON.parse(text("package.json")) as {
  readonly files: readonly string[];
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly version: string;
};

/** What a command line of these files asks for; of a sweep file that it names, one of ours. Throws where there is no such command, option or value. */
function read(words: readonly string[]): { readonly command: string; readonly worker: WorkerRequest | null } {
  const own = words.map((word) => (/(^|\/)sweep\.yaml$/.test(word) ? SWEEP_FILE : word));
  const { command, flags, wants } = askedBy(own, COMMANDS, runCommand);
  const [name] = command.words[0].split(" ");
  if (wants === "run" && name === "grid") gridRequest(flags, CORES, own);
  return { command: name, worker: wants === "run" && name === "worker" ? workerRequest(flags, CORES) : null };
}

/** The program's words in the comments at a file's beginning, a line each. */
function told(name: string): string[][] {
  return text(name)
    .split("\n")
    .filter((line) => /^# {3}/.test(line))
    .flatMap((line) => wordsIn(line.slice(1).trim()));
}

/** The words that gmm-sweep is given by a line, itself or in a container; none where it is not run. */
function wordsIn(line: string): string[][] {
  const plain = line.replace(/ {3,}[(#].*$/, "").replaceAll("part*.db", "part1.db part2.db");
  const [, words] =
    /^(?:npx )?gmm-sweep (.*)$/.exec(plain) ??
    /^docker (?:run .*? gmm-sweep|compose .* run --rm submitter) (.*)$/.exec(plain) ??
    [];
  return words === undefined ? [] : [words.split(" ")];
}

const FILES = ["Containerfile", "compose.yaml", "kubernetes.yaml", "slurm-workers.sbatch", "slurm.sbatch"].map(
  (name) => `scripts/${name}`,
);

for (const [name, commands] of [
  ["scripts/Containerfile", ["doctor", "grid"]],
  ["scripts/compose.yaml", ["status"]],
  ["scripts/kubernetes.yaml", ["merge", "grid"]],
  ["scripts/slurm-workers.sbatch", ["grid", "status"]],
  ["scripts/slurm.sbatch", ["merge"]],
] as const) {
  test(`${name} is in the package, and the commands that it tells are such`, () => {
    assert.ok(manifest.files.includes(name));
    assert.deepEqual(
      told(name).map((words) => read(words).command),
      commands,
    );
  });
}

test("the page of many machines tells commands that there are", () => {
  const blocks = [...text("data/docs/many-machines.md").matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) => block);
  const commands = blocks.flatMap((block) => block.split("\n").flatMap(wordsIn)).map((words) => read(words).command);
  assert.deepEqual([...new Set(commands)], ["merge", "grid", "worker", "status", "pull", "push"]);
});

test("no file that starts gmm-sweep has a password", () => {
  for (const name of FILES) {
    assert.doesNotMatch(text(name), /postgres(ql)?:\/\/[^\s/@]*:[^\s/@]*@/, name);
    for (const [, value] of text(name).matchAll(/PASSWORD: *(.*)$/gm)) assert.match(value, /^\$\{PGPASSWORD:\?.*\}$/);
  }
});

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: unknown;
  readonly stop_grace_period?: string;
  readonly volumes?: readonly string[];
}

test("compose.yaml: a database that is waited for, a submitter that ends, and workers with the time that they are given", () => {
  const { services, volumes } = parse(text("scripts/compose.yaml")) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: object;
  };
  assert.deepEqual(Object.keys(services), ["database", "submitter", "worker"]);
  const { database, submitter, worker } = services;
  assert.ok(database.healthcheck !== undefined);
  assert.deepEqual(submitter.depends_on, { database: { condition: "service_healthy" } });
  assert.deepEqual(worker.depends_on, { submitter: { condition: "service_completed_successfully" } });
  assert.deepEqual(
    database.volumes?.map((volume) => volume.split(":")[0]),
    Object.keys(volumes),
  );
  assert.equal(read(submitter.command ?? []).command, "grid");
  const asked = read(worker.command ?? []).worker;
  assert.equal(asked?.idleExitMs, null, "one that ends is started again");
  assert.equal(worker.stop_grace_period, "1m");
  assert.ok(asked.graceMs < 60_000);
  assert.match(asked.place, /@database\/sweeps$/);
});

interface Job {
  readonly metadata: { readonly name: string; readonly labels: { readonly way: string } };
  readonly spec: {
    readonly completionMode?: string;
    readonly completions?: number;
    readonly backoffLimitPerIndex?: number;
    readonly template: {
      readonly spec: {
        readonly restartPolicy: string;
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: { readonly runAsNonRoot: boolean };
        readonly containers: readonly [
          { readonly image: string; readonly command?: readonly string[]; readonly args: readonly string[] },
        ];
      };
    };
  };
}

test("kubernetes.yaml: a job of shards that are tried again one by one, and a job of workers", async (t) => {
  const [shards, workers, ...more] = parseAllDocuments(text("scripts/kubernetes.yaml")).map(
    (document) => document.toJSON() as Job,
  );
  assert.deepEqual(more, []);
  for (const { metadata, spec } of [shards, workers]) {
    assert.ok(text("scripts/kubernetes.yaml").includes(`-l way=${metadata.labels.way}\n`));
    const { restartPolicy, securityContext, containers } = spec.template.spec;
    assert.deepEqual([restartPolicy, securityContext.runAsNonRoot], ["Never", true]);
    assert.ok(containers[0].image.endsWith(`/gmm-sweep:${manifest.version}`));
  }
  const { completionMode, completions, backoffLimitPerIndex } = shards.spec;
  assert.equal(completionMode, "Indexed");
  assert.ok((backoffLimitPerIndex ?? 0) > 0);
  const [{ command, args }] = shards.spec.template.spec.containers;
  assert.deepEqual(command, ["sh", "-c"]);
  // As each pod's shell has it, with a gmm-sweep that says what it was given.
  const bin = folder(t);
  writeFileSync(join(bin, "gmm-sweep"), `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
  for (const index of [0, Number(completions) - 1]) {
    const env = { PATH: `${bin}:${process.env["PATH"]}`, JOB_COMPLETION_INDEX: `${index}` };
    const { stdout } = spawnSync("sh", ["-c", ...args], { env, encoding: "utf8" });
    const words = stdout.trim().split("\n");
    assert.equal(read(words).command, "grid");
    assert.deepEqual(
      [words[words.indexOf("--shard") + 1], words[words.indexOf("--db") + 1]],
      [`${index + 1}/${completions}`, `/data/part${index + 1}.db`],
    );
  }
  const [{ args: working }] = workers.spec.template.spec.containers;
  const asked = read(working).worker;
  assert.ok(asked !== null && asked.graceMs < 1000 * workers.spec.template.spec.terminationGracePeriodSeconds);
  assert.ok((asked.idleExitMs ?? 0) >= 60_000, "longer than a chunk waits whose worker vanished");
});

test("the Containerfile installs the tarball with the two packages for PostgreSQL, and runs as no root", () => {
  const lines = text("scripts/Containerfile").replaceAll("\\\n", "").split("\n");
  const steps = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const install = steps.find((line) => line.includes("npm install")) ?? "";
  for (const name of ["pg", "pg-boss"])
    assert.ok(install.includes(` ${name}@${manifest.optionalDependencies[name]} `), name);
  const last = steps.slice(steps.findLastIndex((line) => line.startsWith("FROM ")));
  assert.deepEqual(
    last.filter((line) => /^(USER|ENTRYPOINT|CMD)/.test(line)),
    ["USER node", 'ENTRYPOINT ["gmm-sweep"]', 'CMD ["--help"]'],
  );
  assert.ok(last.findIndex((line) => line.startsWith("RUN")) < last.indexOf("USER node"));
});

const WORKERS = `${ROOT}scripts/slurm-workers.sbatch`;

/** A task of Slurm's as bash runs it, with a gmm-sweep that prints the words that it is given. */
function task(t: TestContext, job: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
  const cwd = folder(t);
  writeFileSync(join(cwd, "say.mjs"), "console.log(JSON.stringify(process.argv.slice(2)));");
  const env = { PATH: process.env["PATH"], GMM_SWEEP: `${process.execPath} ${join(cwd, "say.mjs")}`, ...job };
  return started(spawn("bash", [WORKERS, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] })).ended;
}

test("a task of slurm-workers.sbatch is a worker that ends when nothing is left, within the time that Slurm leaves", async (t) => {
  const job = { SLURM_JOB_ID: "7", SLURM_CPUS_PER_TASK: "3" };
  const { code, out } = await task(t, job, "postgres://me@there/sweeps", "--sweep", "2");
  assert.equal(code, 0);
  const { worker } = read(JSON.parse(out) as string[]);
  assert.deepEqual(worker && [worker.place, worker.workers, worker.sweep], ["postgres://me@there/sweeps", 3, 2]);
  assert.ok((worker?.idleExitMs ?? 0) >= 60_000, "longer than a chunk waits whose worker vanished");
  assert.ok((worker?.graceMs ?? 0) < 30_000, "KillWait");
});

test("outside of Slurm, and without a database, slurm-workers.sbatch says how it is run", async (t) => {
  for (const [job, args] of [
    [{}, ["postgres://me@there/sweeps"]],
    [{ SLURM_JOB_ID: "7" }, []],
  ] as const) {
    const { code, out, err } = await task(t, job, ...args);
    assert.deepEqual(
      [code, out, err],
      [
        2,
        "",
        "slurm-workers.sbatch must be run as: sbatch --array=1-N slurm-workers.sbatch postgres://user@host/database\n",
      ],
    );
  }
});

test("what sbatch reads of slurm-workers.sbatch stands before its first command", () => {
  const lines = readFileSync(WORKERS, "utf8").split("\n");
  const firstCommand = lines.findIndex((line) => line !== "" && !line.startsWith("#"));
  const options = lines.flatMap((line, i) => (line.startsWith("#SBATCH ") ? [i] : []));
  assert.ok(options.length > 0 && options.every((i) => i < firstCommand));
  for (const option of ["--requeue", "--signal=B:TERM@60"]) assert.ok(lines.includes(`#SBATCH ${option}`), option);
});
