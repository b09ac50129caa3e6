#!/bin/bash
# run.sh BUILD COUNT [ALONE] - COUNT random envelopes through the oracle, half of them with skeletons that choose
# an operation by its action, too; and ALONE (a tenth as many) with each of the two layers alone, likewise. A few
# with neither: these have to fail, or nobody looks.
set -u
build=$1 count=$2 alone=${3:-$(($2 / 10))}
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
sees() { # PROGRAM
    if "$build/$1" 1 5000 both > /dev/null; then
        failed=$((failed + 1))
        echo "FAILED oracle: $build/$1 1 5000 both: nothing ran that must not"
    else
        passed=$((passed + 1))
    fi
}

for program in oracle oracle-action; do
    sees $program
    ask $program $((count / 2))
    for layer in scan gate; do
        ask $program $((alone / 2)) $layer
    done
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
