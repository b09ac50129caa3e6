#!/bin/bash
# run.sh BUILD SECONDS FUZZER... - runs each fuzzer of BUILD for so long and says in a line what it
# found. Inputs that reach new code are kept in BUILD/corpus/FUZZER for the next run; an input that
# breaks a claim, and the log of the run, in BUILD/findings.
set -u
build=$1 seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
failed=0

for fuzzer in "$@"; do
    corpus=$build/corpus/$fuzzer
    log=$build/findings/$fuzzer.log
    words=$here/$fuzzer.dict
    [ -e "$words" ] || words=$here/xml.dict
    mkdir -p "$corpus" "$build/findings"
    "$build/fuzz-$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -dict="$words" \
        -artifact_prefix="$build/findings/$fuzzer-" \
        "$corpus" "$here/corpus/$fuzzer" > "$log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    if [ $status = 0 ]; then
        printf '  %-9s %9d inputs, %5d branches, nothing found\n' "$fuzzer" "$runs" "$covered"
    else
        failed=1
        printf '  %-9s FOUND %s (see %s)\n' "$fuzzer" \
            "$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)" "$log"
        grep -aE 'not true:|^SUMMARY|^==.*ERROR' "$log" | sed 's/^/    /'
    fi
done
exit $failed
