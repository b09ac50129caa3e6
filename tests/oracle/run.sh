#!/bin/bash
# run.sh BUILD COUNT - COUNT random envelopes through the oracle, half of them with skeletons that choose
# an operation by its action, too; and a tenth as many each with one of the two layers alone.
set -u
build=$1 count=$2
passed=0 failed=0

ask() { # PROGRAM COUNT [LAYER that is switched off]
    local seed=${ORACLE_SEED:-$count}
    if "$build/$1" "$seed" "$2" "${@:3}"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED oracle: $build/$1 $seed $2 ${*:3}"
    fi
}

for program in oracle oracle-action; do
    ask $program $((count / 2))
    for layer in scan gate; do
        ask $program $((count / 10)) $layer
    done
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
