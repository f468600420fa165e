// Vectors of one instruction set: the compiler's portable vector types, with a wrapper of one line wherever the
// language has no word for an instruction (fused multiply-add, broadcast, square root).
//
// A source that includes this is compiled once per instruction set, with GMM_PATH naming the namespace, one of
// GMM_AVX512, GMM_AVX2, GMM_NEON, GMM_WASM, GMM_WASM_RELAXED or GMM_BASELINE the wrappers, and the flags to match.
// Nothing here may have external linkage: the linker would keep one copy for all paths, perhaps the AVX-512 one.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(GMM_AVX512) || defined(GMM_AVX2) || (defined(GMM_BASELINE) && defined(__SSE2__))
#include <immintrin.h>
#elif defined(GMM_NEON)
#include <arm_neon.h>
#endif

#define GMM_INLINE inline __attribute__((always_inline))
#define GMM_APART __attribute__((noinline))  // a register allocation of its own
#ifdef __clang__
#define GMM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GMM_UNROLL _Pragma("GCC unroll 64")
#endif

namespace gmm::GMM_PATH {
namespace {

#if defined(GMM_AVX512)
constexpr int kBytes = 64, kAccumulators = 24, kMaxColumns = 4;  // of 32 registers
#elif defined(GMM_AVX2)
constexpr int kBytes = 32, kAccumulators = 12, kMaxColumns = 2;  // of 16 registers
#elif defined(GMM_NEON)
constexpr int kBytes = 16, kAccumulators = 24, kMaxColumns = 4;  // of 32 registers
#else
constexpr int kBytes = 16, kAccumulators = 8, kMaxColumns = 2;  // of 16 registers, and a product needs one of its own
#endif

#if defined(GMM_AVX512) || defined(GMM_AVX2) || defined(GMM_NEON) || defined(GMM_WASM_RELAXED)
constexpr bool kFused = true;
#else
constexpr bool kFused = false;
#endif

template <class R> struct VecOf;
template <> struct VecOf<float> {
  typedef float V __attribute__((vector_size(kBytes)));
  typedef V InMemory __attribute__((may_alias));
  typedef uint32_t Bits __attribute__((vector_size(kBytes)));
  typedef uint32_t Word;
};
template <> struct VecOf<double> {
  typedef double V __attribute__((vector_size(kBytes)));
  typedef V InMemory __attribute__((may_alias));
  typedef uint64_t Bits __attribute__((vector_size(kBytes)));
  typedef uint64_t Word;
};
template <class R> using Vec = typename VecOf<R>::V;
template <class R> using Bits = typename VecOf<R>::Bits;
template <class R> using Word = typename VecOf<R>::Word;
template <class R> constexpr int kWidth = kBytes / int(sizeof(R));
typedef Vec<float> VecF;
typedef Vec<double> VecD;

template <class R> GMM_INLINE Vec<R> load(const R* p) { return *reinterpret_cast<const typename VecOf<R>::InMemory*>(p); }
template <class R> GMM_INLINE void store(R* p, Vec<R> v) { *reinterpret_cast<typename VecOf<R>::InMemory*>(p) = v; }
template <class R> GMM_INLINE Bits<R> bitsOf(Vec<R> v) { return reinterpret_cast<Bits<R>>(v); }
template <class R> GMM_INLINE Vec<R> fromBits(Bits<R> b) { return reinterpret_cast<Vec<R>>(b); }
template <class R> GMM_INLINE Bits<R> word(Word<R> w) { return Bits<R>{} + w; }

// atLeast(low, z) = low > z ? low : z, which keeps NaN; the maximum of x86 asks just that when low comes first. GCC does
// not make a maximum of the comparison by itself, and then the layers' epilogues cost twice as much.
//
// fma(a, b, c) = a·b + c: rounded once on a fused path, twice on the others, and never as the compiler pleases (-ffp-contract=off).
#if defined(GMM_AVX512)
GMM_INLINE VecF fma(VecF a, VecF b, VecF c) { return _mm512_fmadd_ps(a, b, c); }
GMM_INLINE VecD fma(VecD a, VecD b, VecD c) { return _mm512_fmadd_pd(a, b, c); }
GMM_INLINE VecF squareRoot(VecF a) { return _mm512_maskz_sqrt_ps(__mmask16(-1), a); }
GMM_INLINE VecD squareRoot(VecD a) { return _mm512_maskz_sqrt_pd(__mmask8(-1), a); }
GMM_INLINE VecF splat(float a) { return _mm512_set1_ps(a); }
GMM_INLINE VecD splat(double a) { return _mm512_set1_pd(a); }
GMM_INLINE VecF atLeast(VecF low, VecF z) { return _mm512_maskz_max_ps(__mmask16(-1), low, z); }
GMM_INLINE VecD atLeast(VecD low, VecD z) { return _mm512_maskz_max_pd(__mmask8(-1), low, z); }
#elif defined(GMM_AVX2)
GMM_INLINE VecF fma(VecF a, VecF b, VecF c) { return _mm256_fmadd_ps(a, b, c); }
GMM_INLINE VecD fma(VecD a, VecD b, VecD c) { return _mm256_fmadd_pd(a, b, c); }
GMM_INLINE VecF squareRoot(VecF a) { return _mm256_sqrt_ps(a); }
GMM_INLINE VecD squareRoot(VecD a) { return _mm256_sqrt_pd(a); }
GMM_INLINE VecF splat(float a) { return _mm256_set1_ps(a); }
GMM_INLINE VecD splat(double a) { return _mm256_set1_pd(a); }
GMM_INLINE VecF atLeast(VecF low, VecF z) { return _mm256_max_ps(low, z); }
GMM_INLINE VecD atLeast(VecD low, VecD z) { return _mm256_max_pd(low, z); }
#elif defined(GMM_NEON)
GMM_INLINE VecF fma(VecF a, VecF b, VecF c) { return vfmaq_f32(c, a, b); }
GMM_INLINE VecD fma(VecD a, VecD b, VecD c) { return vfmaq_f64(c, a, b); }
GMM_INLINE VecF squareRoot(VecF a) { return vsqrtq_f32(a); }
GMM_INLINE VecD squareRoot(VecD a) { return vsqrtq_f64(a); }
GMM_INLINE VecF splat(float a) { return vdupq_n_f32(a); }
GMM_INLINE VecD splat(double a) { return vdupq_n_f64(a); }
GMM_INLINE VecF atLeast(VecF low, VecF z) { return low > z ? low : z; }
GMM_INLINE VecD atLeast(VecD low, VecD z) { return low > z ? low : z; }
#else
#if defined(GMM_WASM_RELAXED)
GMM_INLINE VecF fma(VecF a, VecF b, VecF c) { return __builtin_wasm_relaxed_madd_f32x4(a, b, c); }
GMM_INLINE VecD fma(VecD a, VecD b, VecD c) { return __builtin_wasm_relaxed_madd_f64x2(a, b, c); }
#else
GMM_INLINE VecF fma(VecF a, VecF b, VecF c) { return a * b + c; }
GMM_INLINE VecD fma(VecD a, VecD b, VecD c) { return a * b + c; }
#endif
GMM_INLINE VecF splat(float a) { return VecF{a, a, a, a}; }
GMM_INLINE VecD splat(double a) { return VecD{a, a}; }
#if defined(__SSE2__)
GMM_INLINE VecF squareRoot(VecF a) { return _mm_sqrt_ps(a); }
GMM_INLINE VecD squareRoot(VecD a) { return _mm_sqrt_pd(a); }
GMM_INLINE VecF atLeast(VecF low, VecF z) { return _mm_max_ps(low, z); }
GMM_INLINE VecD atLeast(VecD low, VecD z) { return _mm_max_pd(low, z); }
#else
#if defined(GMM_WASM) || defined(GMM_WASM_RELAXED)
GMM_INLINE VecF atLeast(VecF low, VecF z) { return __builtin_wasm_pmax_f32x4(z, low); }
GMM_INLINE VecD atLeast(VecD low, VecD z) { return __builtin_wasm_pmax_f64x2(z, low); }
#else
GMM_INLINE VecF atLeast(VecF low, VecF z) { return low > z ? low : z; }
GMM_INLINE VecD atLeast(VecD low, VecD z) { return low > z ? low : z; }
#endif
GMM_INLINE VecF squareRoot(VecF a) { return VecF{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])}; }
GMM_INLINE VecD squareRoot(VecD a) { return VecD{__builtin_sqrt(a[0]), __builtin_sqrt(a[1])}; }
#endif
#endif

template <class V> GMM_INLINE V relu(V z) { return atLeast(V{}, z); }

// One result lane per lane number; both compilers want the numbers as constants, GCC before 12 as a vector.
template <class R, int... I> GMM_INLINE Vec<R> shuffle(Vec<R> a, Vec<R> b) {
#if defined(__clang__) || __GNUC__ >= 12
  return __builtin_shufflevector(a, b, I...);
#else
  return __builtin_shuffle(a, b, Bits<R>{I...});
#endif
}
template <int... I> struct Lanes {};
template <int N, int... I> struct LanesUpTo : LanesUpTo<N - 1, N - 1, I...> {};
template <int... I> struct LanesUpTo<0, I...> { typedef Lanes<I...> Type; };

}  // namespace
}  // namespace gmm::GMM_PATH
