// e^x and ln x on vectors, the same bits everywhere. Coefficients: interpolation in Chebyshev nodes at 60 digits.
// Largest error over every float32, in units of the last place (npm run ulp): e^x 1.08 for −104 ≤ x ≤ 0, ln x 1.01 for
// normal x > 0.
#pragma once
#include "vec.h"

namespace gmm::GMM_PATH {
namespace {

template <class R> struct Real;
template <> struct Real<float> {
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float magic = 0x1.8p23f;           // adding it rounds to a whole number, left in the low bits
  static constexpr float ln2 = 0x1.62e4p-1f;          // 15 bits: n·ln2 is exact for every exponent n
  static constexpr float ln2Rest = 0x1.7f7d1cp-20f;
  static constexpr float perLn2 = 0x1.715476p+0f;
  static constexpr float vanishing = -104;            // e^x rounds to 0 from here down
  static constexpr uint32_t sqrtHalf = 0x3f3504f3;    // bits of √½
  // (e^r − 1 − r)/r² for |r| ≤ ½ ln 2
  static constexpr float exponential[] = {0x1p-1f, 0x1.5554dcp-3f, 0x1.55551ap-5f, 0x1.120b6ep-7f, 0x1.6d110ap-10f};
  // (ln(1+f) − f + f²/2)/f³ for √½ ≤ 1+f < √2
  static constexpr float logarithm[] = {0x1.555554p-2f,  -0x1.0000cep-2f, 0x1.999f14p-3f, -0x1.54d03ep-3f,
                                        0x1.231ce6p-3f, -0x1.0a33eap-3f, 0x1.02814ep-3f, -0x1.43b246p-4f};
};
template <> struct Real<double> {
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double magic = 0x1.8p52;
  static constexpr double ln2 = 0x1.62e42fefa3p-1;    // 41 bits
  static constexpr double ln2Rest = 0x1.3de6af278ece6p-42;
  static constexpr double perLn2 = 0x1.71547652b82fep+0;
  static constexpr double vanishing = -746;
  static constexpr uint64_t sqrtHalf = 0x3fe6a09e667f3bcd;
  static constexpr double exponential[] = {0x1.0000000000001p-1,  0x1.5555555555556p-3,  0x1.5555555553d63p-5,  0x1.11111111109b3p-7,  0x1.6c16c1788bd9p-10,
                                           0x1.a01a01a7c41d5p-13, 0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19, 0x1.289185613a3d6p-22, 0x1.af38a9b0ec855p-26};
  // (ln((1+s)/(1−s))/s − 2)/s² in powers of s², for |s| ≤ (√2−1)/(√2+1)
  static constexpr double logarithm[] = {0x1.5555555555558p-1, 0x1.99999999952e2p-2, 0x1.2492492df148dp-2, 0x1.c71c62e5800a1p-3,
                                         0x1.7462b4ab2ef6bp-3, 0x1.39fe606542ddep-3, 0x1.2b584aae78a57p-3};
};

/** Σ cᵢ xⁱ by Horner's rule. */
template <class R, int N> GMM_INLINE Vec<R> polynomial(Vec<R> x, const R (&c)[N]) {
  Vec<R> sum = splat(c[N - 1]);
  GMM_UNROLL
  for (int i = N - 2; i >= 0; i--) sum = fma(sum, x, splat(c[i]));
  return sum;
}

/** e^x for x ≤ 0 or NaN, subnormal results included. */
template <class R> GMM_INLINE Vec<R> expNonPositive(Vec<R> x) {
  typedef Real<R> K;
  x = atLeast(splat(K::vanishing), x);
  const Vec<R> shifted = fma(x, splat(K::perLn2), splat(K::magic)), n = shifted - splat(K::magic);
  const Vec<R> r = fma(n, splat(-K::ln2Rest), fma(n, splat(-K::ln2), x));
  const Vec<R> e = fma(r * r, polynomial(r, K::exponential), r) + splat(R(1));
  // 2ⁿ in two factors: n reaches below the least exponent. The even offset keeps the halved number positive.
  constexpr Word<R> offset = 4096;
  const Bits<R> m = bitsOf<R>(shifted) - bitsOf<R>(splat(K::magic)) + offset, half = m >> 1;
  const Vec<R> first = fromBits<R>((half - Word<R>(offset / 2 - K::bias)) << K::mantissa);
  const Vec<R> second = fromBits<R>((m - half - Word<R>(offset / 2 - K::bias)) << K::mantissa);
  return e * first * second;
}

GMM_INLINE VecF lnNearOne(VecF f, VecF lower) {
  const VecF square = f * f;
  return f + fma(splat(-0.5f), square, fma(square * f, polynomial(f, Real<float>::logarithm), lower));
}
GMM_INLINE VecD lnNearOne(VecD f, VecD lower) {
  const VecD s = f / (splat(2.0) + f), t = s * s;
  return f - fma(s, fma(-t, polynomial(t, Real<double>::logarithm), f), -lower);
}

/** ln x for normal x > 0; NaN stays NaN. */
template <class R> GMM_INLINE Vec<R> ln(Vec<R> x) {
  typedef Real<R> K;
  const Bits<R> biased = (bitsOf<R>(x) - K::sqrtHalf + (Word<R>(K::bias) << K::mantissa)) >> K::mantissa;
  const Vec<R> f = fromBits<R>(bitsOf<R>(x) - (biased << K::mantissa) + (Word<R>(K::bias) << K::mantissa)) - splat(R(1));
  const Vec<R> n = fromBits<R>(bitsOf<R>(splat(K::magic)) + biased - Word<R>(K::bias)) - splat(K::magic);
  const Vec<R> result = fma(n, splat(K::ln2), lnNearOne(f, n * splat(K::ln2Rest)));
  return x == x ? result : x;
}

}  // namespace
}  // namespace gmm::GMM_PATH
