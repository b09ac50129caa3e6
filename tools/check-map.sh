#!/bin/sh
# check-map.sh MAP - fails when the linker took libstrophe's own stanza parser or its own login into
# the program: lib/net/parser.c and lib/net/strophe_auth.c must have come first.
if grep -Eq 'parser_(expat|libxml2)\.o' "$1"; then
    echo "$1: libstrophe's own stanza parser was linked in; lib/net/parser.c must define all five" \
        "parser_ functions and stand before libstrophe.a" >&2
    exit 1
fi
if grep -Eq '(libstrophe_la-|libstrophe\.a\()(auth|sasl|scram|md5|sha256|sha512)\.o' "$1"; then
    echo "$1: libstrophe's own login was linked in; lib/net/strophe_auth.c must define all four" \
        "functions of auth.c that its connections refer to, and stand before libstrophe.a" >&2
    exit 1
fi
