// The Node-API addon: chooses among the compiled paths, checks every array's type and length before a kernel sees
// it, and owns one workspace per environment (a worker thread has its own).
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include "task.h"

#define GMM_DECLARE(path) extern const gmm::Path gmm_##path##_f32, gmm_##path##_f64;
extern "C" {
#if defined(__x86_64__)
GMM_DECLARE(avx512)
GMM_DECLARE(avx2)
#elif defined(__aarch64__)
GMM_DECLARE(neon)
#endif
GMM_DECLARE(baseline)
}

namespace {

using gmm::Path;
using gmm::Task;

constexpr int kMostUnits = 256;
constexpr int kMostRows = 1 << 26;

struct Isa {
  const char *name;
  const Path *f32, *f64;
  bool (*usable)();
};

bool always() { return true; }
#if defined(__x86_64__)
bool hasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
}
bool hasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

// Fastest first.
const Isa kIsas[] = {
#if defined(__x86_64__)
    {"avx512", &gmm_avx512_f32, &gmm_avx512_f64, hasAvx512},
    {"avx2", &gmm_avx2_f32, &gmm_avx2_f64, hasAvx2},
#elif defined(__aarch64__)
    {"neon", &gmm_neon_f32, &gmm_neon_f64, always},
#endif
    {"baseline", &gmm_baseline_f32, &gmm_baseline_f64, always},
};

struct Workspace {
  void *memory = nullptr;
  size_t bytes = 0;
};

void freeWorkspace(napi_env, void *data, void *) {
  Workspace *workspace = static_cast<Workspace *>(data);
  free(workspace->memory);
  delete workspace;
}

void *workspaceOf(napi_env env, uint64_t bytes) {
  Workspace *workspace = nullptr;
  if (napi_get_instance_data(env, reinterpret_cast<void **>(&workspace)) != napi_ok || !workspace) return nullptr;
  if (workspace->bytes < bytes) {
    free(workspace->memory);
    workspace->bytes = (bytes + 63) / 64 * 64;
    workspace->memory = aligned_alloc(64, workspace->bytes);
    if (!workspace->memory) workspace->bytes = 0;
  }
  return workspace->memory;
}

napi_value fail(napi_env env, const char *message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, nullptr, message);
  return nullptr;
}

/** The data of a typed array of exactly this type and length; false otherwise. */
bool arrayOf(napi_env env, napi_value value, napi_typedarray_type type, size_t length, void **data) {
  bool isTypedArray = false;
  if (napi_is_typedarray(env, value, &isTypedArray) != napi_ok || !isTypedArray) return false;
  napi_typedarray_type actualType;
  size_t actualLength = 0;
  if (napi_get_typedarray_info(env, value, &actualType, &actualLength, data, nullptr, nullptr) != napi_ok) return false;
  return actualType == type && actualLength == length;
}

/** The path that two strings name, an instruction set usable here and a precision; nullptr where there is none. */
const Path *pathOf(napi_env env, napi_value isaValue, napi_value precisionValue) {
  char isa[16] = "", precision[8] = "";
  if (napi_get_value_string_utf8(env, isaValue, isa, sizeof isa, nullptr) != napi_ok) return nullptr;
  if (napi_get_value_string_utf8(env, precisionValue, precision, sizeof precision, nullptr) != napi_ok) return nullptr;
  for (const Isa &candidate : kIsas) {
    if (strcmp(candidate.name, isa) != 0 || !candidate.usable()) continue;
    if (strcmp(precision, "f32") == 0) return candidate.f32;
    if (strcmp(precision, "f64") == 0) return candidate.f64;
  }
  return nullptr;
}

/** isas(): the names of the instruction sets usable here, fastest first. */
napi_value isas(napi_env env, napi_callback_info) {
  napi_value list, name;
  uint32_t count = 0;
  napi_create_array(env, &list);
  for (const Isa &isa : kIsas) {
    if (!isa.usable()) continue;
    napi_create_string_utf8(env, isa.name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, list, count++, name);
  }
  return list;
}

bool inRange(const Task &task) {
  const auto within = [](int value, int low, int high) { return value >= low && value <= high; };
  return within(task.n, 1, kMostRows) && within(task.k, 1, kMostRows) && within(task.features, 1, kMostUnits) &&
         within(task.hidden1, 1, kMostUnits) && within(task.hidden2, 1, kMostUnits) && within(task.tests, 0, kMostRows) &&
         task.epochs >= 0 && task.askedCount >= 0;
}

/**
 * train(isa, precision, sizes, numbers, arrays) → false where cancelled.
 * sizes: Int32Array [n, k, features, hidden1, hidden2, tests, epochs, asked]; numbers: Float64Array [λ, learning rate];
 * arrays: as listed below, the last eight written.
 */
napi_value train(napi_env env, napi_callback_info info) {
  size_t argc = 5;
  napi_value argv[5];
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  const Path *path = argc == 5 ? pathOf(env, argv[0], argv[1]) : nullptr;
  if (!path) return fail(env, "train: no such instruction set and precision here");
  void *sizesData = nullptr, *numbersData = nullptr;
  if (!arrayOf(env, argv[2], napi_int32_array, 8, &sizesData)) return fail(env, "train: sizes must be an Int32Array of 8");
  if (!arrayOf(env, argv[3], napi_float64_array, 2, &numbersData)) return fail(env, "train: numbers must be a Float64Array of 2");
  const int32_t *sizes = static_cast<const int32_t *>(sizesData);
  const double *numbers = static_cast<const double *>(numbersData);

  Task task = {};
  task.n = sizes[0], task.k = sizes[1], task.features = sizes[2], task.hidden1 = sizes[3], task.hidden2 = sizes[4];
  task.tests = sizes[5], task.epochs = sizes[6], task.askedCount = sizes[7];
  task.lambda = numbers[0], task.learningRate = numbers[1];
  if (!inRange(task)) return fail(env, "train: a size is out of range");

  const size_t rows = size_t(task.n) + task.k, d = task.features, h1 = task.hidden1, h2 = task.hidden2, epochs = task.epochs;
  const size_t tests = task.tests, asked = task.askedCount, parameters = h1 * d + h1 + h2 * h1 + h2 + 2 * h2 + 2;
  const struct {
    napi_typedarray_type type;
    size_t length;
    const char *complaint;
  } expected[] = {
      {napi_float32_array, rows * d, "train: x must be a Float32Array of (n+k) × features"},
      {napi_uint8_array, rows, "train: y must be a Uint8Array of n+k"},
      {napi_uint8_array, rows, "train: targets must be a Uint8Array of n+k"},
      {napi_float32_array, tests * d, "train: test.x must be a Float32Array of rows × features"},
      {napi_uint8_array, tests, "train: test.y must be a Uint8Array of its rows"},
      {napi_float64_array, rows, "train: crossEntropyWeights must be a Float64Array of n+k"},
      {napi_float64_array, rows, "train: penaltyWeights must be a Float64Array of n+k"},
      {napi_float64_array, parameters, "train: start must be a Float64Array of parameterCount(shape)"},
      {napi_int32_array, asked, "train: asked must be an Int32Array"},
      {napi_int32_array, 1, "train: cancel must be an Int32Array of 1"},
      {napi_float64_array, epochs, "train: penalty must be a Float64Array of epochs"},
      {napi_float64_array, epochs, "train: crossEntropy must be a Float64Array of epochs"},
      {napi_float64_array, epochs, "train: trainAccuracy must be a Float64Array of epochs"},
      {napi_float64_array, epochs, "train: forgetProbability must be a Float64Array of epochs"},
      {napi_float64_array, epochs, "train: forgetMargin must be a Float64Array of epochs"},
      {napi_float64_array, asked, "train: testAccuracy must be a Float64Array of asked"},
      {napi_float64_array, asked * task.k, "train: askedMargins must be a Float64Array of asked × k"},
      {napi_float64_array, parameters, "train: parameters must be a Float64Array of parameterCount(shape)"},
  };
  constexpr size_t arrays = sizeof expected / sizeof expected[0];
  void *data[arrays] = {};
  for (size_t i = 0; i < arrays; i++) {
    napi_value element;
    if (napi_get_element(env, argv[4], uint32_t(i), &element) != napi_ok) return fail(env, "train: arrays must be an array");
    if (!arrayOf(env, element, expected[i].type, expected[i].length, &data[i])) return fail(env, expected[i].complaint);
  }
  task.x = static_cast<const float *>(data[0]);
  task.y = static_cast<const uint8_t *>(data[1]), task.targets = static_cast<const uint8_t *>(data[2]);
  task.testX = static_cast<const float *>(data[3]), task.testY = static_cast<const uint8_t *>(data[4]);
  task.crossEntropyWeights = static_cast<const double *>(data[5]), task.penaltyWeights = static_cast<const double *>(data[6]);
  task.start = static_cast<const double *>(data[7]), task.asked = static_cast<const int32_t *>(data[8]);
  const int32_t *cancel = static_cast<const int32_t *>(data[9]);
  double **const results[] = {&task.penalty, &task.crossEntropy, &task.trainAccuracy, &task.forgetProbability, &task.forgetMargin,
                              &task.testAccuracy, &task.askedMargins, &task.parameters};
  for (size_t i = 0; i < 8; i++) *results[i] = static_cast<double *>(data[10 + i]);

  void *workspace = workspaceOf(env, path->bytes(task));
  if (!workspace) return fail(env, "train: not enough memory for the workspace");
  path->begin(task, workspace);
  bool cancelled = false;
  for (int32_t epoch = 0; epoch <= task.epochs; epoch++) {
    cancelled = __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;  // another thread writes it
    if (cancelled) break;
    path->epoch(task, workspace, epoch);
  }
  if (!cancelled) path->finish(task, workspace);
  napi_value finished;
  napi_get_boolean(env, !cancelled, &finished);
  return finished;
}

/** peak(isa, precision, rounds): multiplies and adds in registers alone; returns the operations done, for the caller to time. */
napi_value peak(napi_env env, napi_callback_info info) {
  size_t argc = 3;
  napi_value argv[3], operations;
  double rounds = 0;
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  const Path *path = argc == 3 ? pathOf(env, argv[0], argv[1]) : nullptr;
  if (!path || napi_get_value_double(env, argv[2], &rounds) != napi_ok) return fail(env, "peak: wants an instruction set, a precision and a number");
  napi_create_double(env, path->peak(rounds), &operations);
  return operations;
}

/** exponential(isa, precision, values) and logarithm(…): the kernel's own functions, in place, for tests. */
napi_value elementary(napi_env env, napi_callback_info info, void (*Path::*function)(double *, size_t)) {
  size_t argc = 3, length = 0;
  napi_value argv[3];
  bool isTypedArray = false;
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  const Path *path = argc == 3 ? pathOf(env, argv[0], argv[1]) : nullptr;
  if (!path || napi_is_typedarray(env, argv[2], &isTypedArray) != napi_ok || !isTypedArray) return fail(env, "wants an instruction set, a precision and a Float64Array");
  napi_typedarray_type type;
  void *data = nullptr;
  napi_get_typedarray_info(env, argv[2], &type, &length, &data, nullptr, nullptr);
  if (type != napi_float64_array) return fail(env, "values must be a Float64Array");
  (path->*function)(static_cast<double *>(data), length);
  return argv[2];
}
napi_value exponential(napi_env env, napi_callback_info info) { return elementary(env, info, &Path::exponential); }
napi_value logarithm(napi_env env, napi_callback_info info) { return elementary(env, info, &Path::logarithm); }

}  // namespace

NAPI_MODULE_INIT() {
  Workspace *workspace = new Workspace;
  if (napi_set_instance_data(env, workspace, freeWorkspace, nullptr) != napi_ok) {
    delete workspace;
    return fail(env, "the addon could not attach its workspace");
  }
  const struct {
    const char *name;
    napi_callback function;
  } functions[] = {{"isas", isas}, {"train", train}, {"peak", peak}, {"exponential", exponential}, {"logarithm", logarithm}};
  for (const auto &[name, function] : functions) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}
