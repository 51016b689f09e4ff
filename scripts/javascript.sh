#!/usr/bin/env bash
# Gets what the client in examples/javascript needs: Node.js 20 or later and npm, from Debian where they are absent, and the
# packages of package-lock.json. Run again it changes nothing.
set -euo pipefail
cd "$(dirname "$0")/../examples/javascript"

say() { echo "javascript: $*"; }

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "missing, and to be installed by root on Debian: nodejs npm"
    exit 1
  fi
  say "installing nodejs npm"
  apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
  say "Node.js is $(node --version), and 20 or later is needed"
  exit 1
fi

# npm leaves a copy of the lock in what it installed.
if [ package-lock.json -ot node_modules/.package-lock.json ]; then
  say "the packages are here"
  exit
fi
say "installing the packages"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
