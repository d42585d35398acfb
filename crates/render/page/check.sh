#!/usr/bin/env bash
# The page in a real browser, and the bundle of its charting library against its sources.
#
#   check.sh ISOFLOP        the built program
#
# Needs Chromium, the Python package playwright and, for the bundle, Node.js with npm. With CI=true what is missing is
# installed (Debian's packages, PyPI, npm; no browser is downloaded) and a part that cannot be had is a failure. Elsewhere a
# missing part is named and the check is skipped.
set -euo pipefail

isoflop=$(realpath "$1")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
root=$(realpath "$here/../../..")
kept=${CARGO_TARGET_DIR:-$root/target}/page
mkdir -p "$kept"
PLAYWRIGHT=1.65.2

skip() {
  if [ "${CI:-}" = true ]; then
    echo "page: $1" >&2
    exit 1
  fi
  echo "page: skipped: $1" >&2
  exit 0
}

install_debian() {
  [ "${CI:-}" = true ] || return 1
  command -v apt-get >/dev/null || return 1
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  "${sudo[@]}" apt-get update -qq >"$kept/apt.log" 2>&1 &&
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >>"$kept/apt.log" 2>&1 ||
    { tail -n 5 "$kept/apt.log" >&2; return 1; }
}

browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
if [ -z "$browser" ]; then
  install_debian chromium fonts-dejavu-core || skip "there is no chromium"
  browser=$(command -v chromium)
fi

python=python3
command -v python3 >/dev/null || skip "there is no python3"
export PYTHONPATH="$kept/python${PYTHONPATH:+:$PYTHONPATH}"
if ! python3 -c 'import playwright' 2>/dev/null; then
  [ "${CI:-}" = true ] || skip "there is no Python package playwright (pip install playwright)"
  python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target "$kept/python" \
    "playwright==$PLAYWRIGHT" >"$kept/pip.log" 2>&1 || { tail -n 5 "$kept/pip.log" >&2; skip "playwright cannot be installed"; }
fi

failed=0
if ! command -v npm >/dev/null && ! install_debian nodejs npm; then
  [ "${CI:-}" = true ] && skip "there is no npm"
  echo "page: the bundle is not compared: there is no npm" >&2
else
  # A copy, so that the checkout stays as it is.
  rm -rf "$kept/bundle"
  mkdir "$kept/bundle"
  cp -r "$here/package.json" "$here/package-lock.json" "$here/vendor" "$kept/bundle/"
  (cd "$kept/bundle" && npm ci --ignore-scripts --no-audit --no-fund --silent >"$kept/npm.log" 2>&1) ||
    { tail -n 5 "$kept/npm.log" >&2; skip "the charting library cannot be installed"; }
  (cd "$kept/bundle" && node vendor/build.mjs --check) || failed=1
fi

more=()
for table in "$root/testdata/simulated/sweep.csv"; do
  [ -f "$table" ] && more+=(--table "$table")
done
"$python" "$here/tests/page_cases.py" --isoflop "$isoflop" --browser "$browser" "${more[@]}" || failed=1
if [ -f "$here/tests/planner_cases.py" ]; then
  "$python" "$here/tests/planner_cases.py" --quick --isoflop "$isoflop" --browser "$browser" || failed=1
fi
exit $failed
