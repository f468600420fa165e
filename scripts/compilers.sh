#!/usr/bin/env bash
# Shows that the addon's results are its source's and no compiler's: sweeps on every path this processor has, in both
# precisions, must give one digest whichever compiler built it. In a copy: this checkout's addon stays.
# usage: npm run compilers [-- COMPILER...], g++ and clang++ where none is named
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- g++ clang++

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r package.json src dist "$copy"
ln -s "$PWD/node_modules" "$copy/node_modules"
node_gyp=${npm_config_node_gyp:?run this as npm run compilers}
cd "$copy"

# One line for each sweep: its path, its options, and its digest or why there is none.
digests() {
  for isa in avx512 avx2 neon baseline; do
    for sweep in '--samples 1000' '--samples 138 --features 7 --hidden 37,18 --forget-rows 3'; do
      for precision in f32 f64; do
        rm -rf data
        printf '%s %s %s ' "$isa" "$precision" "$sweep"
        # shellcheck disable=SC2086 # options, not one word
        said=$(GMM_SWEEP_ISA=$isa node dist/src/cli.js run --trials 2 $sweep --precision "$precision" --json --quiet 2>&1) || true
        grep -oE '"digest":"[0-9a-f]+"|this processor does not have it' <<<"$said" || { echo "$said" >&2 && exit 1; }
      done
    done
  done
}

for compiler in "$@"; do
  CXX=$compiler node "$node_gyp" rebuild --directory src/engine/fused --jobs "$(nproc)" >log 2>&1 || { cat log && exit 1; }
  digests >"digests of $compiler"
  echo "$compiler: $("$compiler" --version | head -n 1)"
  diff "digests of $1" "digests of $compiler"
done
cat "digests of $1"
echo "$# compilers, one digest for each sweep: $*"
