#!/bin/sh
# check-map.sh MAP - fails when the linker took libstrophe's own stanza parser or its SHA-1 into the
# program: lib/net/parser.c and lib/net/sha1.c must have come first.
if grep -Eq 'parser_(expat|libxml2)\.o' "$1"; then
    echo "$1: libstrophe's own stanza parser was linked in; lib/net/parser.c must define all five" \
        "parser_ functions and stand before libstrophe.a" >&2
    exit 1
fi
if grep -Eq 'libstrophe_la-sha1\.o|libstrophe\.a\(sha1\.o' "$1"; then
    echo "$1: libstrophe's own SHA-1 was linked in; lib/net/sha1.c must define all its functions and" \
        "stand before libstrophe.a" >&2
    exit 1
fi
