#!/bin/bash
# run.sh BUILD [short|long] - every model keeps the promise (promise.pml) in all that can happen within its
# bounds; the short form also makes each mistake of its table, which must break the promise.
# run.sh BUILD words NAME MISTAKE - in words, the steps by which that mistake of the model's table breaks it.
#
# spin writes a verifier in C; what it says stays in BUILD/model. A search that reaches MEM_MB or LIMIT_S ends, and
# counts as failed, because it has proved nothing.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1 form=${2:-short}
MEM_MB=${MEM_MB:-1900} LIMIT_S=${LIMIT_S:-900}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-model.XXXXXX") || exit 2
trap 'rm -rf "$tmp"' EXIT
. tests/lib/sentences.sh

names='iq roaming big fallback shared message liveness'

# NAME-FORM: its file, and its bounds.
bounds() {
    case $1 in
    iq-short) echo iq -DCOPIES=4 -DIDS=3 -DPROCESSES=2 -DEPOCHS=2 ;;
    iq-long) echo iq -DCOPIES=5 -DIDS=3 -DPROCESSES=3 -DEPOCHS=3 ;;
    roaming-short) echo iq -DRESOURCES=2 -DCOPIES=3 -DIDS=3 -DPROCESSES=3 -DEPOCHS=2 ;;
    roaming-long) echo iq -DRESOURCES=2 -DCOPIES=5 -DIDS=3 -DPROCESSES=4 -DEPOCHS=2 ;;
    big-short) echo iq -DBIG=1 -DCOPIES=4 -DIDS=3 -DPROCESSES=2 -DEPOCHS=2 ;;
    big-long) echo iq -DBIG=1 -DCOPIES=4 -DIDS=3 -DPROCESSES=3 -DEPOCHS=3 ;;
    fallback-short) echo iq -DFALLS_BACK=1 -DCOPIES=3 -DIDS=3 -DPROCESSES=2 -DEPOCHS=2 ;;
    fallback-long) echo iq -DFALLS_BACK=1 -DCOPIES=4 -DIDS=3 -DPROCESSES=3 -DEPOCHS=3 ;;
    shared-short) echo shared -DCOPIES=4 -DIDS=4 ;;
    shared-long) echo shared -DCOPIES=5 -DIDS=4 ;;
    message-*) echo message ;;
    liveness-short) echo liveness -DCUTS=2 -DPEER_CUTS=1 ;;
    liveness-long) echo liveness -DCUTS=4 -DPEER_CUTS=3 ;;
    esac
}

# How a verifier is compiled, and how it searches. A call that is never answered is a cycle, which takes
# another search than a broken assertion does.
# Where little is searched, it is the compiler that takes the time.
compile_flags() { # NAME FORM
    [ "$1" = liveness ] && echo -O1 -DNFAIR=4 || echo -DSAFETY -DNOCLAIM
    [ "$2" = short ] || echo -O2 -DCOLLAPSE
}
search_flags() {
    [ "$2" = short ] && echo -m200000 -w18 || echo -m5000000 -w24 # the depth, and how much it counts with
    [ "$1" = liveness ] && echo -a -f
}

# compile NAME FORM FLAG...
compile() {
    local folder=$build/model/$1-$2 file defines flags
    read -r file defines <<< "$(bounds "$1-$2")"
    flags="$(compile_flags "$1" "$2") ${*:3}"
    rm -rf "$folder"
    mkdir -p "$folder" && cp tests/model/*.pml "$folder" && cd "$folder" &&
        spin -a $defines "$file.pml" > spin.log 2>&1 && ${CC:-cc} -w $flags -DMEMLIM="$MEM_MB" -o pan pan.c
}

# look NAME FORM MISTAKE: searches until it finds an error or has seen all, into pan.log
look() {
    cd "$build/model/$1-$2" || return
    rm -f ./*.trail
    MISTAKE=$3 timeout "$LIMIT_S" ./pan -n $(search_flags "$1" "$2") > pan.log 2>&1
}

# Whether the promise holds: all was seen, and nothing broke it.
holds() {
    look "$1" "$2" 0
    if ! grep -q 'errors: 0$' pan.log || grep -Eq 'not completed|too small|out of memory' pan.log; then
        grep -E 'pan:|errors:|not completed' pan.log
        ls ./*.trail > /dev/null 2>&1 && tell
        return 1
    fi
}
breaks() { # NAME MISTAKE
    look "$1" short "$2"
    grep -Eq 'pan:.*(assertion violated|acceptance cycle)' pan.log || { cat pan.log && return 1; }
}

# The steps of the trail that is there, in words.
tell() { ./pan -r 2>&1 | grep -Ev '^ *[0-9]+:|^spin:|^\s*printf|MSC:' | sed '/^#processes/,$d; /^global vars/,$d'; }

# The shortest trail that there is, but for liveness.
words() { # NAME MISTAKE
    compile "$1" short -DREACH || { cat spin.log && return 1; }
    [ "$1" = liveness ] || search_flags() { echo -m300 -i; }
    look "$1" short "$2"
    MISTAKE=$2 tell
}

# What the search took.
measure() { # NAME FORM
    awk '/states, stored/ { states = $1 } /elapsed time/ { seconds = $4 } /total actual/ { mb = $1 }
         END { printf "    %d states, %d s, %d MB\n", states, seconds + 0.5, mb }' "$build/model/$1-$2/pan.log"
}

# NAME: lines of its file's table, NUMBER SENTENCE
mistakes() {
    local file
    read -r file _ <<< "$(bounds "$1-short")"
    sed -nE "s:^#define [A-Z_]+ +([0-9]+) +/\* $1\: (.*) \*/$:\1 \2:p" "tests/model/$file.pml"
}

# What check-models says of the models in $tmp.
finds() { ! tools/check-models lib "$tmp/models" > "$tmp/findings" && grep -q "$1" "$tmp/findings"; }

check_short() {
    local name number sentence
    test_that 'the models name what there is' tools/check-models lib tests/model
    mkdir "$tmp/models"
    sed 's/sx_retry_keep/sx_retry_gone/' tests/model/iq.pml > "$tmp/models/iq.pml"
    test_that 'a function that a model names and that is gone is found' finds 'has no sx_retry_gone'
    mv "$tmp/models/iq.pml" "$tmp/models/other.pml"
    test_that 'a file that a model names and that does not name the model is found' \
        finds "head doesn't name tests/model/other.pml"
    for name in $names; do
        if ! (compile "$name" short) > "$tmp/compiled" 2>&1; then
            test_that "$name: it compiles" eval "cat $tmp/compiled $build/model/$name-short/spin.log; false"
            continue
        fi
        test_that "$name: the promise is kept" eval "(holds $name short)"
        measure "$name" short
        while read -r number sentence; do
            test_that "$name: it is seen when $sentence" eval "(breaks $name $number)"
        done < <(mistakes "$name")
    done
}

check_long() {
    local name
    for name in $names; do
        (compile "$name" long)
        test_that "$name: the promise is kept, in more of the world" eval "(holds $name long)"
        measure "$name" long
    done
}

case $form in
short | long) "check_$form" && summarize ;;
words) (words "$3" "${4:-0}") ;;
esac
