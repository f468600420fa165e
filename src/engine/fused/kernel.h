// The training loop of one small net, in any precision and on any instruction set, with the same bits for all that
// share a profile. Three rules give that: every product that is added is an explicit `fma`; a sum over inputs runs
// input after input, a sum over rows row after row within a block of kBlock rows and then block after block; and
// what must be summed across lanes goes into kLanes virtual lanes, folded in halves, however wide the registers are.
//
// Layout: activations row-major with units as lanes, so that one broadcast activation meets a vector of weights;
// widths are padded to kLanes with zero weights, whose gradients are zero, so they stay zero. A block's activations
// stay in the first-level cache from the forward pass through to the gradients.
#pragma once
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(GMM_VALGRIND)
#include <valgrind/memcheck.h>
#endif
#include "elementary.h"
#include "task.h"

namespace gmm::GMM_PATH {
namespace {

constexpr int kLanes = 16;
constexpr int kBlock = 96;  // a multiple of kLanes and of every tile's rows
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;  // Adam, Kingma & Ba 2015, algorithm 1
constexpr double kTiny = 1e-10;  // the notebook's clamp, and what it adds inside the logarithm

GMM_INLINE int padded(int n) { return (n + kLanes - 1) / kLanes * kLanes; }
GMM_INLINE int wholeBlocks(int rows) { return (rows + kBlock - 1) / kBlock * kBlock; }

template <class R> GMM_INLINE void fill(R *p, ptrdiff_t count, R value) {
  for (ptrdiff_t i = 0; i < count; i++) p[i] = value;
}

// ---- tiles: the products, in registers ------------------------------------------------------------------------

/** acc[r,c] ← init[c] + Σ_l a[r,l]·b[l,c], l ascending; then out(acc). One tile of kAccumulators vectors. */
template <int ROWS, int COLS, class R, class Out>
GMM_INLINE void productTile(const R *a, ptrdiff_t lda, int depth, const R *b, ptrdiff_t ldb, const R *init, Out out) {
  Vec<R> acc[ROWS][COLS];
  GMM_UNROLL
  for (int c = 0; c < COLS; c++) {
    const Vec<R> v = init ? load(init + c * kWidth<R>) : Vec<R>{};
    GMM_UNROLL
    for (int r = 0; r < ROWS; r++) acc[r][c] = v;
  }
  // One pointer for three rows: an address may add one or two strides by itself, and 16 registers do not hold 12 pointers.
  const R *rows[(ROWS + 2) / 3];
  for (int r = 0; r < ROWS; r += 3) rows[r / 3] = a + r * lda;
  for (int l = 0; l < depth; l++, b += ldb) {
    Vec<R> weights[COLS];
    GMM_UNROLL
    for (int c = 0; c < COLS; c++) weights[c] = load(b + c * kWidth<R>);
    GMM_UNROLL
    for (int r = 0; r < ROWS; r++) {
      const Vec<R> input = splat(rows[r / 3][r % 3 * lda]);
      if (r % 3 == 2 || r == ROWS - 1) rows[r / 3]++;
      GMM_UNROLL
      for (int c = 0; c < COLS; c++) acc[r][c] = fma(input, weights[c], acc[r][c]);
    }
  }
  out(acc);
}

/** The product of `rows` rows with columns [from, width), in tiles; out(acc, row, column) takes each. */
template <int COLS = kMaxColumns, class R, class Out>
GMM_INLINE void product(const R *a, ptrdiff_t lda, int rows, int depth, const R *b, ptrdiff_t width, const R *init, Out out, int from = 0) {
  constexpr int tileRows = kAccumulators / COLS, tileWidth = COLS * kWidth<R>;
  for (; from + tileWidth <= width; from += tileWidth) {
    for (int r = 0; r < rows; r += tileRows) {
      productTile<tileRows, COLS>(a + r * lda, lda, depth, b + from, width, init ? init + from : nullptr,
                                  [&](Vec<R>(&acc)[tileRows][COLS]) { out(acc, r, from); });
    }
  }
  if constexpr (tileWidth > kLanes) product<COLS / 2>(a, lda, rows, depth, b, width, init, out, from);
}

/** sum[i,c] += Σ_r a[r,i]·b[r,c], r ascending, for I rows and COLS vectors of the sum. */
template <int I, int COLS, class R>
GMM_INLINE void outerTile(const R *a, ptrdiff_t lda, const R *b, ptrdiff_t ldb, int rows, R *sum) {
  Vec<R> acc[I][COLS] = {};
  for (int r = 0; r < rows; r++, a += lda, b += ldb) {
    Vec<R> right[COLS];
    GMM_UNROLL
    for (int c = 0; c < COLS; c++) right[c] = load(b + c * kWidth<R>);
    GMM_UNROLL
    for (int i = 0; i < I; i++) {
      const Vec<R> left = splat(a[i]);
      GMM_UNROLL
      for (int c = 0; c < COLS; c++) acc[i][c] = fma(left, right[c], acc[i][c]);
    }
  }
  GMM_UNROLL
  for (int i = 0; i < I; i++) {
    GMM_UNROLL
    for (int c = 0; c < COLS; c++) {
      R *s = sum + i * ldb + c * kWidth<R>;
      store(s, load(s) + acc[i][c]);
    }
  }
}

template <int I, int COLS, class R>
GMM_INLINE void outerTileOf(int count, const R *a, ptrdiff_t lda, const R *b, ptrdiff_t ldb, int rows, R *sum) {
  if (count == I) outerTile<I, COLS>(a, lda, b, ldb, rows, sum);
  else if constexpr (I > 1) outerTileOf<I - 1, COLS>(count, a, lda, b, ldb, rows, sum);
}

/** sum[i,j] += Σ_r a[r,i]·b[r,j] for i < inputs and j in [from, width): the weight gradient of one block. */
template <int COLS = kMaxColumns, class R>
GMM_INLINE void outer(const R *a, ptrdiff_t lda, int inputs, const R *b, ptrdiff_t width, int rows, R *sum, int from = 0) {
  constexpr int most = kAccumulators / COLS < 16 ? kAccumulators / COLS : 16, tileWidth = COLS * kWidth<R>;
  const int tiles = (inputs + most - 1) / most;
  for (; from + tileWidth <= width; from += tileWidth) {
    for (int t = 0; t < tiles; t++) {
      // Tiles of nearly equal height: a last tile of one row would wait for its own additions.
      const int i = t * inputs / tiles, next = (t + 1) * inputs / tiles;
      outerTileOf<most, COLS>(next - i, a + i, lda, b + from, width, rows, sum + i * width + from);
    }
  }
  if constexpr (tileWidth > kLanes) outer<COLS / 2>(a, lda, inputs, b, width, rows, sum, from);
}

// ---- sums across lanes ------------------------------------------------------------------------------------------

/** One vector whose lanes added in halves are the kLanes values at p added in halves. */
template <class R> GMM_INLINE Vec<R> foldToVector(const R *p) {
  constexpr int parts = kLanes / kWidth<R>;
  Vec<R> v[parts];
  GMM_UNROLL
  for (int i = 0; i < parts; i++) v[i] = load(p + i * kWidth<R>);
  GMM_UNROLL
  for (int half = parts / 2; half >= 1; half /= 2) {
    GMM_UNROLL
    for (int i = 0; i < half; i++) v[i] += v[i + half];
  }
  return v[0];
}

/** Of two vectors, each of groups of H lanes to be summed, one vector: x's groups, then y's, folded to H/2 lanes. */
template <int H, class R, int... L> GMM_INLINE Vec<R> foldPair(Vec<R> x, Vec<R> y, Lanes<L...>) {
  return shuffle<R, (L / (H / 2) * H + L % (H / 2))...>(x, y) + shuffle<R, (L / (H / 2) * H + L % (H / 2) + H / 2)...>(x, y);
}

/** Lane r ← the sum of the kLanes values of row r, for as many rows as a vector has lanes. */
template <class R, int ROWS = kWidth<R>> GMM_INLINE Vec<R> foldRows(const R *p) {
  if constexpr (ROWS == 1) {
    return foldToVector(p);
  } else {
    const Vec<R> x = foldRows<R, ROWS / 2>(p), y = foldRows<R, ROWS / 2>(p + ROWS / 2 * kLanes);
    return foldPair<kWidth<R> * 2 / ROWS, R>(x, y, typename LanesUpTo<kWidth<R>>::Type{});
  }
}

// ---- the net and its workspace ------------------------------------------------------------------------------------

/** Rows as the kernel reads them: `stride` = features + 1, the last column 1 so that the bias has a gradient like a weight. */
template <class R> struct Inputs {
  R *x;
  R *label;  // 0 or 1
};

template <class R> struct Trainer {
  int rows, stride, width1, width2, size, headAt;
  int asked;               // how many of the asked epochs are past
  double power1, power2;  // β₁ᵗ and β₂ᵗ
  Inputs<R> train, test;
  R *target;               // the label that the cross-entropy is fitted to
  R *crossEntropyWeight, *penaltyWeight, *reportWeight;
  R *side;                 // of rows that count for the accuracy: +1 where the own label is 1, −1 where it is 0; of others 0
  // One array of `size` each: W1 by input (features × width1), b1, W2 by input (hidden1 × width2), b2, W3[1] (width2), b3[1] and padding.
  R *theta, *gradient, *moment1, *moment2;
  R *headZero;             // W3[0] and b3[0]: its gradient is the other row's, negated, so its moments are too
  R *headDifference;       // W3[1] − W3[0], b3[1] − b3[0]
  R *weights2ByUnit;       // hidden2 × width1
  R *hidden1, *hidden2;    // kBlock × width; in the backward pass the gradients take their place
  R *headParts;            // kBlock × kLanes
  R *logit, *decay, *likelier, *dLogit;
};

// Where scripts/sanitize.sh builds this, a poisoned gap follows each array: an overrun from one array into the next is seen, too.
#if defined(__SANITIZE_ADDRESS__)
constexpr uint64_t kGapBytes = 64;
GMM_INLINE void poison(char *p) { __asan_poison_memory_region(p, kGapBytes); }
GMM_INLINE void unpoison(void *p, uint64_t bytes) { __asan_unpoison_memory_region(p, bytes); }
#elif defined(GMM_VALGRIND)
constexpr uint64_t kGapBytes = 64;
GMM_INLINE void poison(char *p) { VALGRIND_MAKE_MEM_NOACCESS(p, kGapBytes); }
GMM_INLINE void unpoison(void *p, uint64_t bytes) { VALGRIND_MAKE_MEM_UNDEFINED(p, bytes); }
#else
constexpr uint64_t kGapBytes = 0;
GMM_INLINE void poison(char *) {}
GMM_INLINE void unpoison(void *, uint64_t) {}
#endif

/** Places arrays one after the other, or only counts, where there is no base. */
struct Arena {
  char *base;
  uint64_t used;
  template <class T> T *take(uint64_t count) {
    T *p = reinterpret_cast<T *>(base + used);
    used += (count * sizeof(T) + 63) / 64 * 64;
    if (base != nullptr) poison(base + used);
    used += kGapBytes;
    return p;
  }
};

template <class R> GMM_INLINE uint64_t layOut(Trainer<R> &t, const Task &task, Arena arena) {
  t.rows = task.n + task.k;
  t.stride = task.features + 1;
  t.width1 = padded(task.hidden1);
  t.width2 = padded(task.hidden2);
  t.headAt = t.stride * t.width1 + (task.hidden1 + 1) * t.width2;
  t.size = t.headAt + t.width2 + kLanes;
  const uint64_t rows = wholeBlocks(t.rows), tests = wholeBlocks(task.tests), stride = t.stride, head = t.width2 + kLanes;
  t.train = {arena.take<R>(rows * stride), arena.take<R>(rows)};
  t.test = {arena.take<R>(tests * stride), arena.take<R>(tests)};
  R **const perRow[] = {&t.target, &t.crossEntropyWeight, &t.penaltyWeight, &t.reportWeight, &t.side};
  R **const perParameter[] = {&t.theta, &t.gradient, &t.moment1, &t.moment2};
  R **const perBlockRow[] = {&t.logit, &t.decay, &t.likelier, &t.dLogit};
  for (R **p : perRow) *p = arena.take<R>(rows);
  for (R **p : perParameter) *p = arena.take<R>(t.size);
  t.headZero = arena.take<R>(head);
  t.headDifference = arena.take<R>(head);
  t.weights2ByUnit = arena.take<R>(uint64_t(task.hidden2) * t.width1);
  t.hidden1 = arena.take<R>(uint64_t(kBlock) * t.width1);
  t.hidden2 = arena.take<R>(uint64_t(kBlock) * t.width2);
  t.headParts = arena.take<R>(kBlock * kLanes);
  for (R **p : perBlockRow) *p = arena.take<R>(kBlock);
  return arena.used;
}

template <class R> uint64_t bytes(const Task &task) {
  Trainer<R> t;
  return layOut(t, task, Arena{nullptr, (sizeof(Trainer<R>) + 63) / 64 * 64});
}

template <class R> void copyRows(Inputs<R> to, const float *x, const uint8_t *y, int rows, int features) {
  for (int i = 0; i < rows; i++) {
    for (int f = 0; f < features; f++) to.x[i * ptrdiff_t(features + 1) + f] = x[i * ptrdiff_t(features) + f];
    to.x[i * ptrdiff_t(features + 1) + features] = 1;
    to.label[i] = y[i];
  }
}

/** Calls visit(array, index, i) for parameter i of the contract's layout: where the kernel keeps it. */
template <class R, class Visit> GMM_INLINE void eachParameter(const Trainer<R> &t, const Task &task, Visit visit) {
  const int d = task.features, h1 = task.hidden1, h2 = task.hidden2;
  const ptrdiff_t second = ptrdiff_t(t.stride) * t.width1;
  ptrdiff_t i = 0;
  for (int j = 0; j < h1; j++) for (int f = 0; f < d; f++) visit(t.theta, f * ptrdiff_t(t.width1) + j, i++);
  for (int j = 0; j < h1; j++) visit(t.theta, d * ptrdiff_t(t.width1) + j, i++);
  for (int j = 0; j < h2; j++) for (int l = 0; l < h1; l++) visit(t.theta, second + l * ptrdiff_t(t.width2) + j, i++);
  for (int j = 0; j < h2; j++) visit(t.theta, second + h1 * ptrdiff_t(t.width2) + j, i++);
  for (int j = 0; j < h2; j++) visit(t.headZero, j, i++);
  for (int j = 0; j < h2; j++) visit(t.theta, t.headAt + j, i++);
  visit(t.headZero, t.width2, i++);
  visit(t.theta, t.headAt + t.width2, i++);
}

/** What the passes read but Adam does not write: the head as one logit, and W2 for the backward pass. */
template <class R> GMM_INLINE void derive(const Trainer<R> &t, const Task &task) {
  for (int j = 0; j < t.width2 + kLanes; j += kWidth<R>) store(t.headDifference + j, load(t.theta + t.headAt + j) - load(t.headZero + j));
  const R *weights2 = t.theta + t.stride * t.width1;
  for (int l = 0; l < task.hidden1; l++) {
    for (int j = 0; j < task.hidden2; j++) t.weights2ByUnit[j * t.width1 + l] = weights2[l * t.width2 + j];
  }
}

template <class R> void begin(const Task &task, void *workspace) {
  Trainer<R> &t = *static_cast<Trainer<R> *>(workspace);
  const uint64_t fixed = (sizeof(Trainer<R>) + 63) / 64 * 64, total = bytes<R>(task);
  unpoison(workspace, total);
  for (uint64_t i = fixed; i < total; i += 8) *reinterpret_cast<uint64_t *>(static_cast<char *>(workspace) + i) = 0;
  layOut(t, task, Arena{static_cast<char *>(workspace), fixed});
  copyRows(t.train, task.x, task.y, t.rows, task.features);
  copyRows(t.test, task.testX, task.testY, task.tests, task.features);
  const double reported = 2.0 * task.n + task.k;
  for (int i = 0; i < t.rows; i++) {
    t.target[i] = task.targets[i];
    t.crossEntropyWeight[i] = R(task.crossEntropyWeights[i]);
    t.penaltyWeight[i] = R(task.lambda * task.penaltyWeights[i]);
    t.reportWeight[i] = R((i < task.n ? 2 : 1) / reported);
    t.side[i] = i >= task.n ? 0 : task.y[i] > 0 ? 1 : -1;
  }
  eachParameter(t, task, [&](R *array, ptrdiff_t at, ptrdiff_t i) { array[at] = R(task.start[i]); });
  t.asked = 0;
  t.power1 = t.power2 = 1;
  derive(t, task);
}

template <class R> void finish(const Task &task, void *workspace) {
  const Trainer<R> &t = *static_cast<Trainer<R> *>(workspace);
  eachParameter(t, task, [&](R *array, ptrdiff_t at, ptrdiff_t i) { task.parameters[i] = array[at]; });
}

// ---- forward --------------------------------------------------------------------------------------------------------

/** hidden1 ← relu(x·W1 + b1), hidden2 ← relu(hidden1·W2 + b2), headParts ← hidden2·(W3[1] − W3[0]), not yet summed over lanes. */
template <class R> GMM_APART void forward(const Trainer<R> &t, const Task &task, const R *x, int rows) {
  // Copies: the compiler must expect a store to the activations to change what it reads through t.
  R *const hidden1 = t.hidden1, *const hidden2 = t.hidden2, *const headParts = t.headParts;
  const R *const headDifference = t.headDifference, *const weights1 = t.theta, *const weights2 = t.theta + t.stride * t.width1;
  const ptrdiff_t width1 = t.width1, width2 = t.width2;

  product(x, t.stride, rows, task.features, weights1, width1, weights1 + task.features * width1, [=](auto &acc, int row, int column) {
    constexpr int tileRows = sizeof acc / sizeof acc[0], cols = sizeof acc[0] / sizeof acc[0][0];
    R *h = hidden1 + row * width1 + column;
    GMM_UNROLL
    for (int r = 0; r < tileRows; r++, h += width1) {
      GMM_UNROLL
      for (int c = 0; c < cols; c++) store(h + c * kWidth<R>, relu(acc[r][c]));
    }
  });
  product(hidden1, width1, rows, task.hidden1, weights2, width2, weights2 + task.hidden1 * width2, [=](auto &acc, int row, int column) {
    constexpr int tileRows = sizeof acc / sizeof acc[0], cols = sizeof acc[0] / sizeof acc[0][0], W = kWidth<R>;
    constexpr int lanes = cols * W < kLanes ? cols * W : kLanes;  // the virtual lanes this tile adds to
    R *h = hidden2 + row * width2 + column, *parts = headParts + row * kLanes + column % kLanes;
    GMM_UNROLL
    for (int r = 0; r < tileRows; r++, h += width2, parts += kLanes) {
      Vec<R> sum[lanes / W];
      GMM_UNROLL
      for (int i = 0; i < lanes / W; i++) sum[i] = column < kLanes ? Vec<R>{} : load(parts + i * W);
      GMM_UNROLL
      for (int c = 0; c < cols; c++) {
        const Vec<R> unit = relu(acc[r][c]);
        store(h + c * W, unit);
        sum[c % (lanes / W)] = fma(unit, load(headDifference + column + c * W), sum[c % (lanes / W)]);
      }
      GMM_UNROLL
      for (int i = 0; i < lanes / W; i++) store(parts + i * W, sum[i]);
    }
  });
}

/** Sums over the rows of a block, in kLanes virtual lanes; as many lines as a vector has lanes, to be folded at once. */
template <class R> struct alignas(64) BlockSums {
  static constexpr int lines = kWidth<R> < 4 ? 4 : kWidth<R>;
  R penalty[kLanes], crossEntropy[kLanes], hitsOverMisses[kLanes], dLogit[kLanes], unused[(lines - 4) * kLanes + 1];

  void fold(R (&sums)[lines]) const {
    for (int i = 0; i < lines; i += kWidth<R>) store(sums + i, foldRows<R>(penalty + i * kLanes));
  }
};

template <class R> struct Priors {
  R one, zero;  // π₁ = n/(2n+k), π₀ = 1 − π₁
};

/** logit ← u = z₁ − z₀, decay ← e^−|u|, likelier ← 1/(1 + decay): the larger of the two probabilities; the smaller is decay·likelier. */
template <class R> GMM_INLINE void headLogits(const Trainer<R> &t, int rows) {
  const Vec<R> one = splat(R(1)), bias = splat(t.headDifference[t.width2]);
  for (int r = 0; r < rows; r += kWidth<R>) {
    const Vec<R> u = foldRows<R>(t.headParts + r * kLanes) + bias;
    const Vec<R> decay = expNonPositive<R>(fromBits<R>(bitsOf<R>(u) | Word<R>(1) << (sizeof(R) * 8 - 1)));
    store(t.logit + r, u);
    store(t.decay + r, decay);
    store(t.likelier + r, one / (one + decay));
  }
}

/** The notebook's clamp to [ε, 1 − ε]; in float32 1 − ε is 1, which no p exceeds. */
template <class R> GMM_INLINE Vec<R> clamp(Vec<R> p) {
  const Vec<R> high = splat(R(1 - kTiny)), raised = atLeast(splat(R(kTiny)), p);
  if constexpr (R(1 - kTiny) == 1) return raised;
  else return raised > high ? high : raised;
}

/**
 * For one vector of rows, with P = clamp(p), m = P₁π₁ + P₀π₀, A = P₁/m + ε, B = P₀/m + ε, D = ε(P₁ − P₀)/(m·A·B):
 * φ = P₁π₁ ln A + P₀π₀ ln B;  ∂φ/∂(P₁π₁) = ln A + π₀(P₀/m)D and ∂φ/∂(P₀π₀) = ln B − π₁(P₁/m)D;
 * dφ/du = p₁p₀(π₁∂φ/∂(P₁π₁) − π₀∂φ/∂(P₀π₀)), each term only where its p was not clamped.
 */
template <class R> GMM_INLINE void headVector(const Trainer<R> &t, Priors<R> prior, ptrdiff_t first, int r, BlockSums<R> &sums) {
  typedef Vec<R> V;
  const V zero = {}, one = splat(R(1)), low = splat(R(kTiny)), pi1 = splat(prior.one), pi0 = splat(prior.zero);
  const ptrdiff_t row = first + r;
  const int lane = r % kLanes;
  const V u = load(t.logit + r), decay = load(t.decay + r), likelier = load(t.likelier + r), unlikelier = decay * likelier;
  const auto positive = u > zero;
  const V p1 = positive ? likelier : unlikelier, p0 = positive ? unlikelier : likelier;

  const auto isOne = load(t.target + row) > zero;
  const V sum = one + decay, log1p = fma(decay - (sum - one), likelier, ln<R>(sum));  // what the sum lost is given back
  const V ce = relu(isOne ? -u : u) + log1p;

  const V c1 = clamp<R>(p1), c0 = clamp<R>(p0);
  const V a = c1 * pi1, b = c0 * pi0, perM = one / (a + b), ra = c1 * perM, rb = c0 * perM;
  const V A = ra + low, B = rb + low, lnA = ln<R>(A), lnB = ln<R>(B), D = low * (ra - rb) / (A * B);
  const V phi = fma(a, lnA, b * lnB);
  const V da = pi1 * fma(pi0 * rb, D, lnA), db = pi0 * fma(-(pi1 * ra), D, lnB);
  const V dPhi = p1 * p0 * ((c1 == p1 ? da : zero) - (c0 == p0 ? db : zero));

  const V weight = load(t.crossEntropyWeight + row), report = load(t.reportWeight + row);
  const V du = fma(load(t.penaltyWeight + row), dPhi, weight * (isOne ? -p0 : p1));
  store(t.dLogit + r, du);

  const auto real = report > zero;  // rows of padding hold numbers too, and must not be added even if those are NaN
  store(sums.penalty + lane, fma(report, real ? phi : zero, load(sums.penalty + lane)));
  store(sums.crossEntropy + lane, fma(weight, real ? ce : zero, load(sums.crossEntropy + lane)));
  store(sums.dLogit + lane, load(sums.dLogit + lane) + (real ? du : zero));
  const V side = load(t.side + row);
  store(sums.hitsOverMisses + lane, load(sums.hitsOverMisses + lane) + (positive ? side : -side));
}

// ---- backward ---------------------------------------------------------------------------------------------------------

/** hidden2 ← dz2 = du·v where hidden2 > 0; dW3 += Σ du·hidden2; db2 += Σ dz2; each row after row, for columns [from, width2). */
template <int COLS = 4, class R> GMM_INLINE void headBackward(const Trainer<R> &t, int rows, R *dBias2, int from = 0) {
  constexpr int W = kWidth<R>;
  const ptrdiff_t width2 = t.width2;
  for (; from + COLS * W <= width2; from += COLS * W) {
    Vec<R> v[COLS], dHead[COLS] = {}, dBias[COLS] = {};
    R *h = t.hidden2 + from;
    const R *const dLogit = t.dLogit;
    GMM_UNROLL
    for (int c = 0; c < COLS; c++) v[c] = load(t.headDifference + from + c * W);
    for (int r = 0; r < rows; r++, h += width2) {
      const Vec<R> du = splat(dLogit[r]);
      GMM_UNROLL
      for (int c = 0; c < COLS; c++) {
        const Vec<R> unit = load(h + c * W), dz = unit <= Vec<R>{} ? Vec<R>{} : du * v[c];
        dHead[c] = fma(du, unit, dHead[c]);
        dBias[c] += dz;
        store(h + c * W, dz);
      }
    }
    GMM_UNROLL
    for (int c = 0; c < COLS; c++) {
      R *head = t.gradient + t.headAt + from + c * W, *bias = dBias2 + from + c * W;
      store(head, load(head) + dHead[c]);
      store(bias, load(bias) + dBias[c]);
    }
  }
  if constexpr (COLS > 1) headBackward<COLS / 2>(t, rows, dBias2, from);
}

/** The gradients of a block, from dLogit. */
template <class R> GMM_APART void backward(const Trainer<R> &t, const Task &task, const R *x, int rows) {
  R *const d1 = t.gradient, *const d2 = t.gradient + t.stride * t.width1, *const hidden1 = t.hidden1, *const hidden2 = t.hidden2;
  const ptrdiff_t width1 = t.width1, width2 = t.width2;
  headBackward(t, rows, d2 + task.hidden1 * width2);
  outer(hidden1, width1, task.hidden1, hidden2, width2, rows, d2);
  product(hidden2, width2, rows, task.hidden2, t.weights2ByUnit, width1, static_cast<const R *>(nullptr), [=](auto &acc, int row, int column) {
    constexpr int tileRows = sizeof acc / sizeof acc[0], cols = sizeof acc[0] / sizeof acc[0][0];
    R *h = hidden1 + row * width1 + column;
    GMM_UNROLL
    for (int r = 0; r < tileRows; r++, h += width1) {
      GMM_UNROLL
      for (int c = 0; c < cols; c++) store(h + c * kWidth<R>, load(h + c * kWidth<R>) <= Vec<R>{} ? Vec<R>{} : acc[r][c]);
    }
  });
  outer(x, t.stride, t.stride, hidden1, width1, rows, d1);
}

/** One step of Adam over all parameters, in PyTorch's order of operations. */
template <class R> GMM_INLINE void step(Trainer<R> &t, double learningRate) {
  t.power1 *= kBeta1;
  t.power2 *= kBeta2;
  const Vec<R> size = splat(R(learningRate / (1 - t.power1))), perRoot = splat(R(1 / __builtin_sqrt(1 - t.power2)));
  const Vec<R> rest1 = splat(R(1 - kBeta1)), beta2 = splat(R(kBeta2)), rest2 = splat(R(1 - kBeta2)), epsilon = splat(R(kEpsilon));
  for (int i = 0; i < t.size; i += kWidth<R>) {
    const Vec<R> g = load(t.gradient + i);
    const Vec<R> m = fma(rest1, g - load(t.moment1 + i), load(t.moment1 + i));
    const Vec<R> v = fma(rest2 * g, g, beta2 * load(t.moment2 + i));
    const Vec<R> move = m / fma(squareRoot(v), perRoot, epsilon);
    store(t.moment1 + i, m);
    store(t.moment2 + i, v);
    store(t.theta + i, fma(-size, move, load(t.theta + i)));
    if (i >= t.headAt) {
      R *mirrored = t.headZero + (i - t.headAt);
      store(mirrored, fma(size, move, load(mirrored)));
    }
  }
}

// ---- an epoch -----------------------------------------------------------------------------------------------------------

struct Totals {
  double penalty, crossEntropy, hitsOverMisses, forgetProbability, forgetMargin;
};

/** One pass over all rows; with `learn`, t.gradient ← the gradient of the objective. forgetMargins, where asked for, takes the margin of each forget row. */
template <class R> GMM_INLINE Totals pass(const Trainer<R> &t, const Task &task, bool learn, double *forgetMargins) {
  const double pi1 = task.n / (2.0 * task.n + task.k);
  const Priors<R> prior = {R(pi1), R(1 - pi1)};
  Totals totals = {};
  if (learn) fill(t.gradient, t.size, R(0));
  for (int first = 0; first < t.rows; first += kBlock) {
    const int rows = t.rows - first < kBlock ? t.rows - first : kBlock;
    const R *x = t.train.x + first * ptrdiff_t(t.stride);
    forward(t, task, x, rows);
    BlockSums<R> sums = {};
    headLogits(t, rows);
    // A loop of its own, so that more rows are under way at once in each of these two long chains.
    for (int r = 0; r < rows; r += kWidth<R>) headVector(t, prior, first, r, sums);
    alignas(64) R sum[BlockSums<R>::lines];
    sums.fold(sum);
    totals.penalty += sum[0];
    totals.crossEntropy += sum[1];
    totals.hitsOverMisses += sum[2];
    for (int r = first < task.n ? task.n - first : 0; r < rows; r++) {
      const bool isOwnOne = t.train.label[first + r] > 0;
      const R margin = isOwnOne ? t.logit[r] : -t.logit[r];
      totals.forgetProbability += (t.logit[r] > 0) == isOwnOne ? t.likelier[r] : t.decay[r] * t.likelier[r];
      totals.forgetMargin += margin;
      if (forgetMargins) forgetMargins[first + r - task.n] = margin;
    }
    if (learn) {
      t.gradient[t.headAt + t.width2] += sum[3];
      backward(t, task, x, rows);
    }
  }
  return totals;
}

template <class R> GMM_INLINE double testAccuracy(const Trainer<R> &t, const Task &task) {
  int hits = 0;
  for (int first = 0; first < task.tests; first += kBlock) {
    const int rows = task.tests - first < kBlock ? task.tests - first : kBlock;
    forward(t, task, t.test.x + first * ptrdiff_t(t.stride), rows);
    for (int r = 0; r < rows; r += kWidth<R>) store(t.logit + r, foldRows<R>(t.headParts + r * kLanes) + splat(t.headDifference[t.width2]));
    for (int r = 0; r < rows; r++) hits += (t.logit[r] > 0) == (t.test.label[first + r] > 0);
  }
  return double(hits) / task.tests;
}

template <class R> void epoch(const Task &task, void *workspace, int32_t done) {
  Trainer<R> &t = *static_cast<Trainer<R> *>(workspace);
  const bool isAsked = t.asked < task.askedCount && task.asked[t.asked] == done, learn = done < task.epochs;
  const Totals totals = pass(t, task, learn, isAsked ? task.askedMargins + t.asked * ptrdiff_t(task.k) : nullptr);
  if (done > 0) {
    task.trainAccuracy[done - 1] = (totals.hitsOverMisses + task.n) / 2 / task.n;
    task.forgetProbability[done - 1] = totals.forgetProbability / task.k;
    task.forgetMargin[done - 1] = totals.forgetMargin / task.k;
  }
  if (isAsked) task.testAccuracy[t.asked++] = task.tests > 0 ? testAccuracy(t, task) : __builtin_nan("");
  if (!learn) return;
  task.penalty[done] = totals.penalty;
  task.crossEntropy[done] = totals.crossEntropy;
  step(t, task.learningRate);
  derive(t, task);
}

// ---- what bench and tests ask ---------------------------------------------------------------------------------------------

/** As many chains as registers allow: eight of a product and a sum each would wait for their own results. */
template <class R> double peak(double rounds) {
  constexpr int chains = kAccumulators < 12 ? 12 : kAccumulators;
  Vec<R> acc[chains];
  volatile R source = R(0.5);
  const Vec<R> a = splat(R(source)), b = splat(R(source));
  for (int i = 0; i < chains; i++) acc[i] = splat(R(source + R(i)));
  for (double round = 0; round < rounds; round++) {
    for (int again = 0; again < 64; again++) {
      GMM_UNROLL
      for (int i = 0; i < chains; i++) acc[i] = fma(acc[i], a, b);
    }
  }
  for (int i = 0; i < chains; i++) source = acc[i][0];
  return rounds * 64 * chains * kWidth<R> * 2;
}

template <class R, class Function> GMM_INLINE void apply(double *values, size_t count, Function function) {
  for (size_t i = 0; i < count; i += kWidth<R>) {
    Vec<R> v = splat(R(-1));
    for (int l = 0; l < kWidth<R> && i + l < count; l++) v[l] = R(values[i + l]);
    v = function(v);
    for (int l = 0; l < kWidth<R> && i + l < count; l++) values[i + l] = v[l];
  }
}
template <class R> void exponential(double *values, size_t count) {
  apply<R>(values, count, [](Vec<R> x) { return expNonPositive<R>(x); });
}
template <class R> void logarithm(double *values, size_t count) {
  apply<R>(values, count, [](Vec<R> x) { return ln<R>(x); });
}

template <class R> constexpr Path kPath = {bytes<R>, begin<R>, epoch<R>, finish<R>, peak<R>, exponential<R>, logarithm<R>};

}  // namespace
}  // namespace gmm::GMM_PATH
