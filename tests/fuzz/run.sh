#!/bin/bash
# run.sh BUILD SECONDS FUZZER... - runs each fuzzer of BUILD for so long, as many at a time as there
# are processors (two at most), and says in a line what it found. Inputs that reach new code are kept
# in BUILD/corpus/FUZZER for the next run; an input that breaks a claim, and the log of the run, in
# BUILD/findings.
set -u
build=$1 seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
at_once=$(($(nproc) > 1 ? 2 : 1))

fuzz() { # FUZZER
    local corpus=$build/corpus/$1 log=$build/findings/$1.log words=$here/$1.dict status runs covered
    [ -e "$words" ] || words=$here/xml.dict
    mkdir -p "$corpus" "$build/findings"
    "$build/fuzz-$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -dict="$words" \
        -artifact_prefix="$build/findings/$1-" \
        "$corpus" "$here/corpus/$1" > "$log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    if [ $status = 0 ]; then
        printf '  %-11s %9d inputs, %5d branches, nothing found\n' "$1" "$runs" "$covered"
    else
        printf '  %-11s FOUND %s (see %s)\n' "$1" \
            "$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)" "$log"
        grep -aE 'not true:|^SUMMARY|^==.*ERROR' "$log" | sed 's/^/    /'
    fi
    return $status
}

failed=0
while [ $# -gt 0 ]; do
    jobs=()
    while [ $# -gt 0 ] && [ ${#jobs[@]} -lt $at_once ]; do
        fuzz "$1" &
        jobs+=($!)
        shift
    done
    for job in "${jobs[@]}"; do
        wait "$job" || failed=1
    done
done
exit $failed
