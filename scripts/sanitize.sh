#!/usr/bin/env bash
# Runs the fused engine's tests with its addon under the address sanitizer, on every path this processor has; then, with
# --valgrind, a part of them under valgrind, which has no AVX-512 and so runs the AVX2 path. In a copy: this checkout's addon stays.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r package.json src test dist "$copy"
rm -rf "$copy/src/engine/fused/build"
ln -s "$PWD/node_modules" "$copy/node_modules"
node_gyp=${npm_config_node_gyp:?run this as npm run sanitize}

# Compiles the addon in the copy with these flags after its own.
build() {
  CXXFLAGS="$1" LDFLAGS="$1" node "$node_gyp" rebuild --directory "$copy/src/engine/fused" --jobs "$(nproc)" >/dev/null 2>&1
}

if [ "${1:-}" = --valgrind ]; then
  build -g
  cd "$copy"
  # V8 writes code as it runs, and reads uninitialised parts of its own heap: only what the addon does wrong counts.
  valgrind --smc-check=all-non-file --error-exitcode=1 --undef-value-errors=no \
    node --jitless --no-expose-wasm --test-reporter=spec --test-name-pattern='on avx2|on baseline' dist/test/engine-fused.test.js
else
  build '-fsanitize=address -g -O1'
  cd "$copy"
  LD_PRELOAD="$(${CXX:-g++} -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 \
    node --test-reporter=spec dist/test/engine-fused.test.js
fi
