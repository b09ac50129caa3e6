# sentences.sh - tests in the shell, sourced: each is a sentence and a command that is to succeed.
# Wants $tmp, a folder of the test's own.
passed=0 failed=0

# test_that SENTENCE COMMAND...: what the command says is shown if it fails
test_that() {
    local sentence=$1
    shift
    if "$@" > "$tmp/log" 2>&1; then
        passed=$((passed + 1))
        echo "  $sentence ... passed"
    else
        failed=$((failed + 1))
        echo "  $sentence ... FAILED"
        sed 's/^/    /' "$tmp/log"
    fi
}

# wait_until SECONDS COMMAND...: false when the time is over
wait_until() {
    local end=$((SECONDS + $1 + 1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

# The last line, and the exit code.
summarize() {
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
}
