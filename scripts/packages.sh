#!/usr/bin/env bash
# Shows that the package works where it is installed: the tarball of npm pack in a folder of its own, away from this
# repository, on each Node that is named (versions of the packages node-linux-ARCH of the npm registry). There the addon
# must be the prebuilt one, and every Node must give one digest, which is also that of what is compiled on the spot.
# usage: npm run packages [-- VERSION...], 20 22 24 where none is named
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- 20 22 24

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm pack --silent --pack-destination "$scratch" >"$scratch/pack.log" 2>&1 || { cat "$scratch/pack.log" && exit 1; }
tarball=$(echo "$scratch"/*.tgz)
npm_cli=$(npm root --global)/npm/bin/npm-cli.js
GRID=(--lambda 0,2 --epochs "unlearn=1:3,original=4,retrain_scratch=4" --trials 4 --samples 138 --features 7 --hidden 37,18)

# Installs the tarball in a folder with a Node; better-sqlite3 is compiled with that Node's own headers where nothing is ready for it.
install() {
  local folder=$1 home=$2 && shift 2
  mkdir -p "$folder" && echo '{ "private": true }' >"$folder/package.json"
  (cd "$folder" && PATH="$home/bin:$PATH" npm_config_nodedir=$home node "$npm_cli" install --no-audit --no-fund "$@" "$tarball") \
    >"$folder/install.log" 2>&1 || { tail -n 40 "$folder/install.log" && exit 1; }
}

digest() { grep -oE '"digest":"[0-9a-f]+"' | head -n 1; }

for version in "$@"; do
  npm install --prefix "$scratch/node$version" --no-save --ignore-scripts --silent "node@npm:node-linux-$(node -p process.arch)@$version" >/dev/null
  home=$scratch/node$version/node_modules/node
  folder=$scratch/with$version
  install "$folder" "$home"
  empty=$scratch/empty$version && mkdir "$empty" && cd "$empty"
  gmm() { PATH="$home/bin:$PATH" "$folder/node_modules/.bin/gmm-sweep" "$@"; }
  gmm --version >/dev/null
  gmm doctor >doctor.txt
  grep -q 'kernel addon .*prebuilt' doctor.txt || { cat doctor.txt && exit 1; }
  gmm run --trials 2 --quiet >run.txt
  gmm grid night.db "${GRID[@]}" --with-null --data-seeds 1:3 --quiet >grid.txt
  gmm verdict night.db >verdict.txt
  gmm grid many-draws --dry-run >dry.txt
  gmm plot slope night.db -o slope.png >plot.txt
  gmm report night.db --quiet >report.txt || [ $? = 1 ]
  gmm query "select count(*) as n from trial_results" night.db --format csv >query.txt
  printf '%s' 'import { openSweep, verdict } from "gmm-sweep"; const sweep = await openSweep(process.argv[2]); console.log((await verdict(sweep)).length); await sweep.close();' >"$folder/ask.mjs"
  [ "$("$home/bin/node" "$folder/ask.mjs" "$empty/night.db")" = 1 ]
  gmm grid night.db "${GRID[@]}" --with-null --data-seeds 1:3 --json --quiet | digest >"$scratch/digest$version"
  echo "Node $("$home/bin/node" --version): installed, $(cat "$scratch/digest$version")"
  cmp "$scratch/digest$version" "$scratch/digest$1"
  cd - >/dev/null
done

# The same of what is compiled where it is installed.
home=$scratch/node$1/node_modules/node
install "$scratch/source" "$home" --build-from-source=gmm-sweep
mkdir "$scratch/here" && cd "$scratch/here"
gmm() { PATH="$home/bin:$PATH" "$scratch/source/node_modules/.bin/gmm-sweep" "$@"; }
gmm doctor | grep -q 'kernel addon .*compiled' || { gmm doctor && exit 1; }
gmm grid night.db "${GRID[@]}" --with-null --data-seeds 1:3 --json --quiet | digest | cmp - "$scratch/digest$1"
echo "compiled where it is installed: the same digest"
