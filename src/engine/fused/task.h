// What a kernel is asked, and the table of functions through which it is asked: plain data, the same for every path.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace gmm {

/** One training, as engine/contract.ts words it: the arrays are the caller's, sized as there. */
struct Task {
  int32_t n, k, features, hidden1, hidden2, tests, epochs, askedCount;
  double lambda, learningRate;
  const float *x, *testX;
  const uint8_t *y, *targets, *testY;
  const double *crossEntropyWeights, *penaltyWeights, *start;
  const int32_t *asked;
  double *penalty, *crossEntropy, *trainAccuracy, *forgetProbability, *forgetMargin;
  double *testAccuracy, *askedMargins, *parameters;
};

/** A kernel for one instruction set and precision. `workspace` is `bytes(task)` bytes, aligned to 64. */
struct Path {
  uint64_t (*bytes)(const Task &task);
  void (*begin)(const Task &task, void *workspace);
  /** Evaluates the parameters after `epoch` epochs and, unless that was the last, takes one step more. Call with 0 … task.epochs. */
  void (*epoch)(const Task &task, void *workspace, int32_t epoch);
  void (*finish)(const Task &task, void *workspace);
  /** Does a·b + c on registers alone; returns the operations done, two for each lane. */
  double (*peak)(double rounds);
  void (*exponential)(double *values, size_t count);  // for tests: in place, in this path's arithmetic
  void (*logarithm)(double *values, size_t count);
};

}  // namespace gmm
