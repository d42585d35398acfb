#!/usr/bin/env bash
# CPU seconds and peak memory of reading, filtering and fitting a CSV table: `bench/tables.sh PROGRAM ROWS...`.
set -euo pipefail
program=$(realpath "$1")
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
measure() {
    local what=$1
    shift
    # A fit without rows ends with 1; its reading is what is measured.
    /usr/bin/time -f "$what: %U s user, %S s system, %e s in all, %M kB at most" -o "$folder/time" "$@" >/dev/null 2>&1 || true
    grep -v '^Command' "$folder/time"
}
for rows in "$@"; do
    python3 "$here/tables.py" "$rows" "$folder/runs.csv"
    how=(--law chinchilla --objective squared-log --starts 4 --uncertainty none)
    measure "$rows rows, read and none kept" "$program" fit "$folder/runs.csv" "${how[@]}" --where 'tokens < 0'
    measure "$rows rows, read, filtered, fitted" "$program" fit "$folder/runs.csv" "${how[@]}" --where 'tokens > 1e9'
done
