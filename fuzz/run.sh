#!/usr/bin/env bash
# Feeds random inputs to every target: `fuzz/run.sh SECONDS [TARGET]...`. A failure leaves its input under
# fuzz/found/TARGET. The flags are those of cargo-fuzz without a sanitizer, which a stable toolchain takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds=${1:-20}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(formula law csv jsonl expr)
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=4"
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --quiet --release --locked --target "$host"
failed=0
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target" "found/$target"
    "target/$host/release/$target" "corpus/$target" "seeds/$target" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -max_len=4096 -artifact_prefix="found/$target/" -verbosity=0 -print_final_stats=1 ||
        { echo "fuzz: $target failed, its input is under fuzz/found/$target" >&2; failed=1; }
done
exit $failed
