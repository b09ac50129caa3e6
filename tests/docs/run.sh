#!/bin/bash
# run.sh BUILD - whether the documents say what is there. Needs no server; the stubs of the calculator
# are in BUILD. pages.py does the looking, commands.sh runs the commands.
set -u -o pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-docs.XXXXXX")
. "$top/tests/lib/sentences.sh"
trap 'rm -rf "$tmp"' EXIT
cd "$top" || exit

pages() { /usr/bin/python3 -B "$here/pages.py" "$@"; }
compiles() { # NUMBER: of README.md's blocks of C
    "$here/snippet.sh" "$1" > "$tmp/snippet.c" &&
        ${CC:-cc} -std=gnu11 -Wall -Werror -fsyntax-only -Ilib -I"$build/gen/calculator" $(pkg-config --cflags gsoap) \
            "$tmp/snippet.c"
}
lists_tests() { # only if it was built: make check builds it
    [ ! -x "$build/unit" ] || "$build/unit" -l | grep '^access: '
}

echo 'Suite: docs'
test_that "no link is dead" pages links
test_that "files that are named exist" pages paths
test_that "functions, types and variables that are named exist" pages names
test_that "README.md and the pages are short enough to be read" pages lengths
test_that "each page stands in its folder's index" pages index
test_that "the pages of samples hold their files word for word" pages samples
test_that "each member and each variable stands in docs/configuration.md once" pages members
test_that "each message of docs/errors.md is one of the library's" pages errors
test_that "each code of docs/errors.md is seen by a test, and none is missing" pages codes
test_that "each sentence of a failed login stands in docs/errors.md" pages sentences
test_that "the table of layers is the one that is checked" pages layers
test_that "the packages that are listed are those that are installed" pages packages
test_that "each target, variable and suite of a make command exists" pages targets
test_that "of each command it is said who runs it" pages commands
test_that "README.md's client compiles" compiles 1
test_that "README.md's service compiles" compiles 2
test_that "the unit tests list their names" lists_tests
summarize
