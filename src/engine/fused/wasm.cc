// The kernels as a WebAssembly module without a libc: one training at a time, its arrays laid out after the module's
// own data, and an export for each step, so that JavaScript can look at `cancel` between epochs.
#include "kernel.h"

extern "C" char __heap_base;

namespace {

using gmm::Path;
using gmm::Task;

Task task;
const Path *path;
void *workspace;
constexpr int kArrays = 17;
const void *addresses[kArrays];

const Path *pathOf(int32_t precision) { return precision == 32 ? &gmm::GMM_PATH::kPath<float> : &gmm::GMM_PATH::kPath<double>; }

template <class T> T *take(uint64_t &end, int index, uint64_t count) {
  T *p = reinterpret_cast<T *>(uintptr_t(end));
  addresses[index] = p;
  end += (count * sizeof(T) + 63) / 64 * 64;
  return p;
}

}  // namespace

#define GMM_EXPORT(name) extern "C" __attribute__((export_name(#name), used))

/** Lays out a training of these sizes; returns the bytes of memory it needs, to be grown before anything is written. */
GMM_EXPORT(layOut)
double layOut(int32_t precision, int32_t n, int32_t k, int32_t features, int32_t hidden1, int32_t hidden2, int32_t tests, int32_t epochs,
              int32_t asked, double lambda, double learningRate) {
  const uint64_t rows = uint64_t(n) + k, h1 = hidden1, h2 = hidden2, parameters = h1 * features + h1 + h2 * h1 + h2 + 2 * h2 + 2;
  uint64_t end = (reinterpret_cast<uintptr_t>(&__heap_base) + 63) / 64 * 64;
  path = pathOf(precision);
  task.n = n, task.k = k, task.features = features, task.hidden1 = hidden1, task.hidden2 = hidden2;
  task.tests = tests, task.epochs = epochs, task.askedCount = asked;
  task.lambda = lambda, task.learningRate = learningRate;
  task.x = take<float>(end, 0, rows * features);
  task.y = take<uint8_t>(end, 1, rows);
  task.targets = take<uint8_t>(end, 2, rows);
  task.testX = take<float>(end, 3, uint64_t(tests) * features);
  task.testY = take<uint8_t>(end, 4, tests);
  task.crossEntropyWeights = take<double>(end, 5, rows);
  task.penaltyWeights = take<double>(end, 6, rows);
  task.start = take<double>(end, 7, parameters);
  task.asked = take<int32_t>(end, 8, asked);
  task.penalty = take<double>(end, 9, epochs);
  task.crossEntropy = take<double>(end, 10, epochs);
  task.trainAccuracy = take<double>(end, 11, epochs);
  task.forgetProbability = take<double>(end, 12, epochs);
  task.forgetMargin = take<double>(end, 13, epochs);
  task.testAccuracy = take<double>(end, 14, asked);
  task.askedMargins = take<double>(end, 15, uint64_t(asked) * k);
  task.parameters = take<double>(end, 16, parameters);
  workspace = reinterpret_cast<void *>(uintptr_t(end));
  return double(end + path->bytes(task));
}

/** Where array i of layOut's list begins; JavaScript reads it as signed. */
GMM_EXPORT(address) uint32_t address(int32_t i) { return uint32_t(reinterpret_cast<uintptr_t>(addresses[uint32_t(i) % kArrays])); }

GMM_EXPORT(begin) void begin() { path->begin(task, workspace); }
GMM_EXPORT(epoch) void epoch(int32_t done) { path->epoch(task, workspace, done); }
GMM_EXPORT(finish) void finish() { path->finish(task, workspace); }
GMM_EXPORT(peak) double peak(int32_t precision, double rounds) { return pathOf(precision)->peak(rounds); }

/** Whether a·b + c is rounded once here: relaxed SIMD leaves that to the machine. */
GMM_EXPORT(fused) int32_t fused() {
  using namespace gmm::GMM_PATH;
  volatile float a = 1 + 0x1p-12f, c = -(1 + 0x1p-11f);
  volatile double b = 1 + 0x1p-28, d = -(1 + 0x1p-27);
  return fma(splat(float(a)), splat(float(a)), splat(float(c)))[0] != 0 && fma(splat(double(b)), splat(double(b)), splat(double(d)))[0] != 0;
}

/** For tests: e^x or ln x of `count` float64 values, in place, at the address returned by scratch(count), whose end is the memory needed. */
GMM_EXPORT(scratch) uint32_t scratch() { return uint32_t((reinterpret_cast<uintptr_t>(&__heap_base) + 63) / 64 * 64); }
GMM_EXPORT(exponential) void exponential(int32_t precision, int32_t count) { pathOf(precision)->exponential(reinterpret_cast<double *>(uintptr_t(scratch())), size_t(count)); }
GMM_EXPORT(logarithm) void logarithm(int32_t precision, int32_t count) { pathOf(precision)->logarithm(reinterpret_cast<double *>(uintptr_t(scratch())), size_t(count)); }
