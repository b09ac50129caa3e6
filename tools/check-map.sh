#!/bin/sh
# check-map.sh MAP - fails when the linker took libstrophe's own stanza parser into the program:
# lib/feed.c must have come first.
if grep -Eq 'parser_(expat|libxml2)\.o' "$1"; then
    echo "$1: libstrophe's own stanza parser was linked in; lib/feed.c must define all five" \
        "parser_ functions and stand before libstrophe.a" >&2
    exit 1
fi
