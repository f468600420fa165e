// One instruction set's kernels. Compiled once per path, with GMM_PATH its name and the compiler's flags to match.
#include "kernel.h"

#define GMM_NAME2(path, precision) gmm_##path##_##precision
#define GMM_NAME(path, precision) GMM_NAME2(path, precision)

extern "C" {
extern const gmm::Path GMM_NAME(GMM_PATH, f32), GMM_NAME(GMM_PATH, f64);
const gmm::Path GMM_NAME(GMM_PATH, f32) = gmm::GMM_PATH::kPath<float>;
const gmm::Path GMM_NAME(GMM_PATH, f64) = gmm::GMM_PATH::kPath<double>;
}
