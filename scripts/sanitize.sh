#!/usr/bin/env bash
# Shows that no kernel reads or writes past an end: the fused engine's tests with its addon under the address sanitizer,
# on every path this processor has; with --valgrind (half an hour on two cores) the contract suite and the random shapes
# under valgrind, which knows no AVX-512 and so runs the AVX2 path and the baseline. The arrays of the kernel's workspace
# lie apart then (kGapBytes of kernel.h). Before that, a kernel whose Adam step goes one vector too far must be found out.
# All of it in a copy: this checkout's addon stays.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r package.json src test dist "$copy"
rm -rf "$copy/src/engine/fused/build"
ln -s "$PWD/node_modules" "$copy/node_modules"
node_gyp=${npm_config_node_gyp:?run this as npm run sanitize}
tests=dist/test/engine-fused.test.js

if [ "${1:-}" = --valgrind ]; then
  flags='-g -DGMM_VALGRIND'
  report='Invalid read'
  # V8 writes code as it runs, and reads uninitialised parts of its own heap: only what the addon does wrong counts.
  # Without fair scheduling the thread that cancels a training waits for its turn until the training is over.
  watch=(valgrind --quiet --error-exitcode=1 --undef-value-errors=no --partial-loads-ok=no --smc-check=all-non-file
    --fair-sched=try node --no-expose-wasm --test-reporter=spec)
  # Parts of much the same length, a process for each; valgrind runs one thread at a time.
  parts=('f64 on avx2: .* trial 1' 'f64 on avx2: (?!.* trial 1)' 'f32 on avx2' ' baseline|of avx2|every bit over')
else
  flags='-g -O1 -fsanitize=address'
  report='use-after-poison'
  watch=(env LD_PRELOAD="$(${CXX:-g++} -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 node --test-reporter=spec)
  parts=(.)
fi

# Compiles the addon in the copy, with these flags after its own.
build() {
  CXXFLAGS=$flags LDFLAGS=$flags node "$node_gyp" rebuild --directory "$copy/src/engine/fused" --jobs "$(nproc)" >"$copy/log" 2>&1 ||
    { cat "$copy/log" && exit 1; }
}

sed -i.whole 's/i < t\.size; i += kWidth/i <= t.size; i += kWidth/' "$copy/src/engine/fused/kernel.h"
build
if (cd "$copy" && "${watch[@]}" --test-name-pattern=': a tie' "$tests") >"$copy/log" 2>&1 || ! grep --quiet "$report" "$copy/log"; then
  cat "$copy/log"
  echo "sanitize.sh: a kernel that reads past an end was not found out" >&2
  exit 1
fi
grep --max-count=1 "$report" "$copy/log"
echo "a kernel that reads past an end was found out; now the kernel as it is"
mv "$copy/src/engine/fused/kernel.h.whole" "$copy/src/engine/fused/kernel.h"
build
cd "$copy"
printf '%s\n' "${parts[@]}" |
  xargs -d '\n' -P "$(nproc)" -I{} "${watch[@]}" --test-name-pattern={} "$tests" | grep --line-buffered -v 'does not match pattern'
