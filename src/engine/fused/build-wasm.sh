#!/bin/sh
# Rebuilds fused.wasm and fused-relaxed.wasm beside this script, to the same bytes with the same compiler:
# clang and wasm-ld 19 (Debian: clang-19 lld-19; clang before 17 writes relaxed SIMD in an encoding since withdrawn).
# usage: build-wasm.sh [directory for the results]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
clang=${CLANG:-clang++-19}
build() {
  name=$1
  shift
  # -ffile-prefix-map and --strip-all: nothing of the machine gets into the bytes.
  (cd "$here" && "$clang" --target=wasm32 -std=c++17 -O3 -ffreestanding -nostdlib -fno-exceptions -fno-rtti -ffp-contract=off -fno-math-errno \
    -fvisibility=hidden -ffile-prefix-map="$here"=. -msimd128 -mbulk-memory "$@" wasm.cc -o "$out/$name" \
    -fuse-ld=lld -Wl,--no-entry -Wl,--strip-all -Wl,--max-memory=4294967296 -Wl,-z,stack-size=65536 -Wl,--stack-first)
}
build fused.wasm -DGMM_PATH=wasm -DGMM_WASM
build fused-relaxed.wasm -DGMM_PATH=wasm_relaxed -DGMM_WASM_RELAXED -mrelaxed-simd
