/** The tfjs engine on each backend: the shared contract, no leaks, equal bits in threads, and what it says where TensorFlow is missing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { Piscina } from "piscina";
import type { Curve, Training } from "../src/engine/contract.js";
import { adamStep } from "../src/engine/reference/kernels.js";
import { referenceEngine } from "../src/engine/reference/reference.js";
import { CorrectedAdam } from "../src/engine/tfjs/adam.js";
import type { Backend } from "../src/engine/tfjs/backends.js";
import { type BackendState, loadTfjs, tfjsBackends } from "../src/engine/tfjs/tfjs.js";
import { assertWithin, finished, notTwoLayers, smallTraining, testEngineContract } from "./engine-contract.js";
import { type GoldenRun, goldenRuns } from "./goldens.js";

const listenersBefore = errorListeners();
const states = await tfjsBackends();
const listenersAfter = errorListeners();

// An epoch at n = 5000 takes TensorFlow 15 ms, WASM 80 ms, plain JavaScript 600 ms.
const GOLDEN_EPOCHS: Record<Backend, (run: GoldenRun) => number> = {
  tensorflow: () => 10,
  wasm: ({ name, training }) => (training.rows.n <= 200 || name === "seed0 trial 1 retrain_scratch" ? 10 : 2),
  cpu: ({ training }) => (training.rows.n <= 200 ? 3 : 0),
};

for (const state of states) {
  const { backend } = state;
  if (state.works) testBackend(backend, state.version);
  else test(`tfjs on ${backend}: contract, leaks, threads`, { skip: state.reason }, () => {});
}

test("WASM and plain JavaScript work on every machine", () => {
  const working = states.filter((state) => state.works).map(({ backend }) => backend);
  assert.deepEqual(working.slice(-2), ["wasm", "cpu"]);
});

test("the best backend is the first that works", async () => {
  const best = states.find((state): state is Extract<BackendState, { works: true }> => state.works);
  assert.ok(best !== undefined);
  assert.equal((await loadTfjs("best")).profile, `tfjs/${best.backend}-${best.version}/f32/r1`);
});

test("loading the backends leaves no listener for uncaught errors behind", () => {
  assert.deepEqual(listenersAfter, listenersBefore);
});

test("engines on two backends take turns without changing each other's bits", async () => {
  const [wasm, cpu] = [await loadTfjs("wasm"), await loadTfjs("cpu")];
  const training = smallTraining("turns", { n: 33, k: 1, features: 6, widths: [13, 5] }, 6);
  const [first, other] = [finished(wasm, training), finished(cpu, training)];
  assert.deepEqual([finished(wasm, training), finished(cpu, training)], [first, other]);
  assert.notDeepEqual(first.parameters, other.parameters, "two backends that agree to the bit are one");
});

test("Adam's first 20 steps are the reference's to float32's rounding", async () => {
  await loadTfjs("wasm");
  const start = Float64Array.of(0, 0, 0);
  const [expected, first, second] = [start.slice(), start.slice(), start.slice()];
  const parameters = tf.variable(tf.zeros([3]), true, "parameters");
  const optimizer = new CorrectedAdam(0.01);
  for (let t = 1; t <= 20; t++) {
    const gradient = Float64Array.of(0.3, 1e-8 * t, -(2 ** -t));
    optimizer.step({ parameters: tf.tensor1d(Float32Array.from(gradient)) });
    adamStep(expected, first, second, gradient, 0.01, 0.9 ** t, 0.999 ** t);
    for (const [i, value] of parameters.dataSync().entries()) {
      assertWithin(value, expected[i], 2e-6 * Math.abs(expected[i]), `parameter ${i} after step ${t}`);
    }
  }
  optimizer.dispose();
  tf.disposeVariables();
});

function testBackend(backend: Backend, version: string): void {
  const name = `tfjs on ${backend} ${version}`;
  const load = () => loadTfjs(backend);

  testEngineContract(name, load, {
    precision: "float32",
    goldenEpochs: GOLDEN_EPOCHS[backend],
    unsupported: notTwoLayers("1 unit or more"),
  });

  test(`${name}: measures of one step of each method from a trained net are the reference's`, async () => {
    const engine = await load();
    for (const { name: run, training } of goldenRuns("small").filter((candidate) =>
      /unlearn|retrain_original/.test(candidate.name),
    )) {
      const step = {
        ...training,
        start: training.start.map(Math.fround),
        test: { rows: 100, x: training.rows.x.slice(0, 1000), y: training.rows.y.slice(0, 100) },
        epochs: 1,
        asked: [1],
      };
      const [ours, expected] = [finished(engine, step), finished(referenceEngine(), step)];
      for (const measure of ["penalty", "crossEntropy", "forgetProbability"] as const)
        assertWithin(ours[measure][0], expected[measure][0], 1e-4, `${measure} of ${run}`);
      assertWithin(
        ours.askedMargins[0],
        expected.askedMargins[0],
        1e-4 * Math.abs(expected.askedMargins[0]),
        `forget margin of ${run}`,
      );
      assertWithin(ours.trainAccuracy[0], expected.trainAccuracy[0], 2 / training.rows.n, `train accuracy of ${run}`);
      assertWithin(ours.testAccuracy[0], expected.testAccuracy[0], 2 / 100, `test accuracy of ${run}`);
    }
  });

  test(`${name}: 50 trainings leave no tensor behind, cancelled ones neither`, async () => {
    const engine = await load();
    const training = { ...smallTraining("leaks", { n: 20, k: 2, features: 4, widths: [8, 6] }, 2), asked: [1, 2] };
    engine.train(training); // the optimizer's first use may register what stays
    const before = tf.memory();
    for (let trial = 1; trial <= 50; trial++) {
      Atomics.store(training.cancel, 0, trial % 10 === 0 ? 1 : 0);
      assert.equal(engine.train(training) === null, trial % 10 === 0);
    }
    const after = tf.memory();
    assert.deepEqual([after.numTensors, after.numBytes], [before.numTensors, before.numBytes]);
  });

  test(`${name}: a training that throws leaves no tensor behind`, async () => {
    const engine = await load();
    const training = smallTraining("throws", { n: 20, k: 2, features: 4, widths: [8, 6] }, 2);
    const before = tf.memory().numTensors;
    assert.throws(() => engine.train({ ...training, start: new Float64Array(3) }), {
      message: "108 parameters expected, got 3",
    });
    assert.throws(() => engine.train({ ...training, cancel: new Int32Array(new SharedArrayBuffer(0)) }), RangeError);
    assert.equal(tf.memory().numTensors, before);
  });

  if (backend === "cpu") return; // its threads would take 15 s and show nothing that WASM's do not
  test(`${name}: one and two Piscina threads give the bits of the main thread`, async () => {
    const engine = await load();
    const runs = goldenRuns(backend === "tensorflow" ? "seed0" : "small").slice(0, 4); // TensorFlow divides only large sums between its own threads
    const trainings = runs.map(({ training }) => ({ ...training, epochs: 5 }));
    const alone = trainings.map((training) => finished(engine, training));
    for (const workers of [1, 2])
      assert.deepEqual(await trainInThreads(backend, workers, trainings), alone, `${workers} threads`);
  });
}

async function trainInThreads(backend: Backend, workers: number, trainings: readonly Training[]): Promise<Curve[]> {
  const filename = new URL("./fixtures/tfjs-thread.js", import.meta.url).href;
  const threads = new Piscina<Training, Curve>({
    filename,
    minThreads: workers,
    maxThreads: workers,
    workerData: backend,
  });
  const curves = await Promise.all(trainings.map((training) => threads.run(training)));
  await threads.destroy();
  return curves;
}

const REMEDY = "run `node scripts/install-tensorflow.mjs`, or take --engine tfjs, which runs on WASM without it";

test("where @tensorflow/tfjs-node is not installed, its engine says what to do", (t) => {
  assert.equal(
    errorOfInstallation(t, null),
    `environment: TensorFlow is not available, because @tensorflow/tfjs-node is not installed: ${REMEDY}`,
  );
});

test("where @tensorflow/tfjs-node lacks its addon, its engine says what to do", (t) => {
  const thrown =
    "throw new Error('The Node.js native addon module (tfjs_binding.node) can not be found at path: /x. \\nPlease run')";
  assert.equal(
    errorOfInstallation(t, thrown),
    `environment: TensorFlow is not available, because @tensorflow/tfjs-node is installed without its native addon: ${REMEDY}`,
  );
});

test("where @tensorflow/tfjs-node fails otherwise, its engine says how and what to do", (t) => {
  const thrown = "throw new Error('libtensorflow.so.2: cannot open shared object file\\nmore')";
  const reason = "does not load (libtensorflow.so.2: cannot open shared object file)";
  assert.equal(
    errorOfInstallation(t, thrown),
    `environment: TensorFlow is not available, because @tensorflow/tfjs-node ${reason}: ${REMEDY}`,
  );
});

test("a thread whose main thread has not pinned TensorFlow's threads does not load it", (t) => {
  const said =
    "undefined: TF_NUM_INTRAOP_THREADS=1 was not set when this thread started: load the engine in the main thread first";
  assert.equal(
    errorOfInstallation(t, "", "new (require('node:worker_threads').Worker)(code, { eval: true, env: {} })"),
    said,
  );
});

test("TensorFlow is told to be quiet before it is loaded, in threads too, and nothing warns of its age", (t) => {
  const noisy = `
    process.emitWarning("punycode is old", "DeprecationWarning", "DEP0040");
    const tf = require("@tensorflow/tfjs-core");
    tf.backend_util.warn("Hi, looks like you are running TensorFlow.js in Node.js");
    throw new Error("it heard " + process.env.TF_CPP_MIN_LOG_LEVEL);`;
  const { stdout, stderr } = installation(
    t,
    noisy,
    "eval(code).then(() => new (require('node:worker_threads').Worker)(code, { eval: true }))",
  );
  assert.deepEqual([stdout.match(/it heard 3/g)?.length, stderr], [2, ""]);
});

/** What loading TensorFlow says in a copy of this program whose tfjs-node is the given source (null: none). */
function errorOfInstallation(t: TestContext, tfjsNode: string | null, start = "eval(code)"): string {
  return installation(t, tfjsNode, start).stdout;
}

function installation(t: TestContext, tfjsNode: string | null, start: string): { stdout: string; stderr: string } {
  const root = mkdtempSync(join(tmpdir(), "gmm-sweep-tfjs-"));
  t.after(() => rmSync(root, { recursive: true }));
  cpSync(fileURLToPath(new URL("../src", import.meta.url)), join(root, "src"), { recursive: true });
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
  const packages = join(root, "node_modules", "@tensorflow");
  mkdirSync(packages, { recursive: true });
  symlinkSync(
    dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core/package.json")),
    join(packages, "tfjs-core"),
  );
  if (tfjsNode !== null) {
    mkdirSync(join(packages, "tfjs-node"));
    writeFileSync(join(packages, "tfjs-node", "package.json"), '{"name":"@tensorflow/tfjs-node","main":"index.js"}');
    writeFileSync(join(packages, "tfjs-node", "index.js"), tfjsNode);
  }
  const module = pathToFileURL(join(root, "src", "engine", "tfjs", "tfjs.js")).href;
  const code = `import(${JSON.stringify(module)}).then(({ loadTfjs }) => loadTfjs("tensorflow")).catch((error) => process.stdout.write(error.fault + ": " + error.message))`;
  return spawnSync(process.execPath, ["-e", `const code = ${JSON.stringify(code)}; ${start}`], {
    cwd: root,
    encoding: "utf8",
  });
}

function errorListeners(): number[] {
  return ["uncaughtException", "unhandledRejection"].map((event) => process.listenerCount(event));
}
