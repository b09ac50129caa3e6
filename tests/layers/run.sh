#!/bin/bash
# run.sh - tools/check-layers finds each rule broken, once, in a small tree made for it; and lets the
# tree pass as it was. CC compiles it (cc).
set -u
cd "$(dirname "$0")/../.." || exit 2
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-layers.XXXXXX") || exit 2
trap 'rm -rf "$tmp"' EXIT
. tests/lib/sentences.sh
lib=$tmp/lib

# A tree that breaks no rule: base, wire above it, net with libstrophe, link above all, gsoap.
plant() {
    rm -rf "$lib"
    mkdir -p "$lib/base" "$lib/wire" "$lib/net" "$lib/link" "$lib/gsoap"
    header soap_xmpp '#ifndef SOAP_XMPP_NO_GSOAP' '#include "stdsoap2.h"' '#endif'
    header base/buffer 'int sx_buffer_add(void);'
    code base/buffer 'int sx_buffer_add(void) { return 1; }'
    header wire/jid 'int sx_jid_parse(void);'
    code wire/jid '#include "base/buffer.h"' 'int sx_jid_parse(void) { return sx_buffer_add(); }'
    header net/loop 'int sx_loop_post(void);'
    code net/loop '#include <strophe.h>' 'int sx_loop_post(void) { return xmpp_send(); }'
    header link/link '#define SOAP_XMPP_NO_GSOAP' '#include "soap_xmpp.h"' 'int sx_link_send(int (*heard)(void));'
    code link/link '#include "net/loop.h"' '#include "wire/jid.h"' \
        'int sx_link_send(int (*heard)(void)) { return heard() + sx_loop_post() + sx_jid_parse(); }'
    code gsoap/plugin '#include "soap_xmpp.h"' '#include "link/link.h"' 'int soap_copy(void);' \
        'static int hear(void) { return soap_copy(); }' \
        'int soap_xmpp_register(void);' 'int soap_xmpp_register(void) { return sx_link_send(hear); }'
    # What the outside gives.
    mkdir -p "$tmp/outside"
    echo 'int xmpp_send(void);' > "$tmp/outside/strophe.h"
    : > "$tmp/outside/stdsoap2.h"
    echo 'int stringprep(void);' > "$tmp/outside/stringprep.h"
}
header() { # FILE LINE...
    local path=$lib/$1.h guard=SX_${1##*/}
    shift
    { printf '#ifndef %s\n#define %s\n' "$guard" "$guard"; printf '%s\n' "$@" '#endif'; } > "$path"
}
code() { # FILE LINE...: includes its own header, if there is one
    local path=$lib/$1
    {
        [ ! -f "$path.h" ] || echo "#include \"$1.h\""
        shift
        printf '%s\n' "$@"
    } > "$path.c"
}
add() { # FILE LINE...: behind what is there
    local path=$lib/$1
    shift
    printf '%s\n' "$@" >> "$path"
}

# What it says goes to $tmp/findings; 3: the tree doesn't compile.
check() {
    local c
    rm -rf "$tmp/obj"
    for c in $(cd "$lib" && find . -name '*.c'); do
        mkdir -p "$tmp/obj/$(dirname "$c")"
        ${CC:-cc} -c -I"$lib" -I"$tmp/outside" -o "$tmp/obj/${c%.c}.o" "$lib/$c" || return 3
    done
    look
}
look() {
    tools/check-layers "$lib" "$tmp/obj" > "$tmp/findings" 2>&1
    local code=$?
    cat "$tmp/findings"
    return $code
}
fails() { # FINDING...: it says these, and nothing else
    local finding
    check
    [ $? = 1 ] || return 1
    [ "$(grep -c "^$lib" "$tmp/findings")" = $# ] || return 1
    for finding in "$@"; do
        grep -Fq "$finding" "$tmp/findings" || return 1
    done
}
misses_an_object() {
    check && rm "$tmp/obj/net/loop.o" || return 1
    look
    [ $? = 2 ] && grep -q "net/loop.o isn't there" "$tmp/findings"
}

plant
test_that 'a tree without a fault passes, a call through a pointer to a function too' check

plant
add base/buffer.c '#include "wire/jid.h"'
test_that 'a header of a folder above is found' fails \
    'lib/base/buffer.c:3: include: includes "wire/jid.h": base/ may see no other folder' \
    'circle: 2 files need each other: base/buffer wire/jid'

plant
add wire/jid.c '#include "net/loop.h"'
test_that 'a header of a folder that is not among those to be seen is found' fails \
    'lib/wire/jid.c:4: include: includes "net/loop.h": wire/ may see base'

plant
mkdir "$lib/soap"
header wire/namespaces '#define SX_NS "x"'
code soap/pack '#include "wire/namespaces.h"' '#include "wire/jid.h"'
test_that 'of a folder of which one header may be seen, another is found' fails \
    'lib/soap/pack.c:2: include: includes "wire/jid.h": soap/ may see base, xml, wire/namespaces.h'

plant
add wire/jid.c '#include "buffer.h"'
cp "$lib/base/buffer.h" "$tmp/outside"
test_that 'a header that is not written from lib/ is found' fails \
    "lib/wire/jid.c:4: include: \"buffer.h\" isn't there"

plant
add wire/jid.c 'int sx_loop_post(void);' 'int sx_jid_format(void) { return sx_loop_post(); }'
test_that 'a call without an include is found' fails \
    'lib/wire/jid.c:4: call: uses sx_loop_post of'

plant
add base/buffer.c 'int sx_jid_parse(void);' 'int sx_buffer_fill(void) { return sx_jid_parse(); }'
test_that 'a call that closes a circle is found' fails \
    'lib/base/buffer.c:3: call: uses sx_jid_parse of' \
    'circle: 2 files need each other: base/buffer wire/jid'

plant
header link/answer 'int sx_answer_send(void);'
header link/call 'int sx_call_send(void);'
code link/answer '#include "link/call.h"' 'int sx_answer_send(void) { return sx_call_send(); }'
code link/call 'int sx_query_send(void);' 'int sx_call_send(void) { return sx_query_send(); }'
code link/query 'int sx_answer_send(void);' 'int sx_query_send(void) { return sx_answer_send(); }'
test_that 'a circle of three files in one folder, by an include and calls is found' fails \
    'circle: 3 files need each other: link/answer link/call link/query'

plant
header link/answer '#include "link/call.h"'
header link/call '#include "link/answer.h"'
test_that 'a circle of headers is found' fails 'circle: 2 files need each other: link/answer link/call'

plant
mkdir "$lib/misc"
code misc/misc 'int sx_misc_do(void) { return 0; }'
test_that 'a folder that nobody has allowed anything is found' fails \
    'lib/misc/misc.c:1: folder: '

plant
code stray 'int sx_stray_do(void) { return 0; }'
test_that 'a source beside the folders is found' fails \
    'lib/stray.c:1: folder: '

plant
mkdir "$lib/net/deep"
code net/deep/deep 'int sx_deep_do(void) { return 0; }'
test_that 'a folder in a folder is found' fails \
    'lib/net/deep/deep.c:1: folder: '

plant
add link/link.c '#include <strophe.h>'
test_that 'strophe.h outside of net/ is found' fails \
    "lib/link/link.c:5: outside: includes strophe.h, which is net/'s alone"

plant
header net/tree '#include <strophe.h>'
add link/link.c '#include "net/tree.h"'
test_that 'strophe.h outside of net/, by way of a header that may be seen, is found' fails \
    "lib/link/link.c:5: outside: \"net/tree.h\" brings along strophe.h, which is net/'s alone"

plant
add wire/jid.c 'int xmpp_free(void);' 'int sx_jid_free(void) { return xmpp_free(); }'
test_that 'a function of libstrophe outside of net/ is found' fails \
    'lib/wire/jid.c:4: outside: uses xmpp_free of strophe.h'

plant
add net/loop.c '#include <stringprep.h>' 'int sx_loop_prepare(void) { return stringprep(); }'
test_that 'libidn outside of wire/ is found, by its header and by its function' fails \
    "lib/net/loop.c:4: outside: includes stringprep.h, which is wire/'s" \
    'lib/net/loop.c:4: outside: uses stringprep of stringprep.h'

plant
add wire/jid.c '#include <stdsoap2.h>'
test_that 'stdsoap2.h outside of gsoap/ is found' fails \
    "lib/wire/jid.c:4: outside: includes stdsoap2.h, which is gsoap/'s"

plant
add wire/jid.c '#include "soap_xmpp.h"'
test_that 'the public header with gSOAP outside of gsoap/ is found' fails \
    'lib/wire/jid.c:4: outside: includes soap_xmpp.h without SOAP_XMPP_NO_GSOAP defined before'

plant
header soap_xmpp '#include "stdsoap2.h"'
test_that 'the public header that has gSOAP always is found' fails \
    'lib/soap_xmpp.h:3: outside: includes stdsoap2.h'

plant
add link/link.c 'int soap_copy(void);' 'int sx_link_copy(void) { return soap_copy(); }'
test_that 'a function of gSOAP outside of gsoap/ is found' fails \
    'lib/link/link.c:5: outside: uses soap_copy of stdsoap2.h'

plant
add base/buffer.c 'int sx_bytes_add(void) { return 0; }' 'static int any_name(void) { return 0; }' \
    'int sx_buffers_count(void) { return any_name(); }' 'int soap_xmpp_anything(void) { return 0; }'
test_that 'a function with the name of another file is found' fails \
    "lib/base/buffer.c:3: name: sx_bytes_add isn't sx_buffer_..."

plant
test_that 'an object that is missing is no reason to pass' misses_an_object

# The gateway, by its own table: base, link with the public header, http with libmicrohttpd, route above them.
plant_gateway() {
    lib=$tmp/gateway
    rm -rf "$lib"
    mkdir -p "$lib/base" "$lib/link" "$lib/http" "$lib/client" "$lib/route" "$tmp/outside/contract"
    echo 'struct ct_text;' > "$tmp/outside/contract/text.h"
    echo 'int soap_xmpp_open(void);' > "$tmp/outside/soap_xmpp.h"
    echo 'int MHD_stop(void);' > "$tmp/outside/microhttpd.h"
    header base/clock 'int gw_clock_ms(void);'
    code base/clock '#include "contract/text.h"' 'int gw_clock_ms(void) { return 1; }'
    header http/request 'int gw_request_answer(void);'
    code http/request '#include <microhttpd.h>' 'int gw_request_answer(void) { return MHD_stop(); }'
    header http/server 'int gw_server_start(void);'
    header link/link 'int gw_link_open(void);'
    code link/link '#include "base/clock.h"' '#include "soap_xmpp.h"' \
        'int gw_link_open(void) { return soap_xmpp_open() + gw_clock_ms(); }'
    header client/client '#include "http/request.h"' 'int gw_client_send(void);'
    code client/authority 'int gw_authorities_add(void);' 'int gw_authorities_add(void) { return 0; }'
    code route/route '#include "link/link.h"' '#include "http/request.h"' 'int gw_route_find(void);' \
        'int gw_route_find(void) { return gw_link_open() + gw_request_answer(); }'
    code main '#include "link/link.h"' 'int main(void) { return gw_link_open(); }'
}

plant_gateway
test_that 'a tree of the gateway without a fault passes' check

plant_gateway
add link/link.c '#include "http/request.h"'
test_that 'in the gateway, a header of a folder that is not among those to be seen is found' fails \
    'gateway/link/link.c:5: include: includes "http/request.h": link/ may see base, config'

plant_gateway
mkdir -p "$tmp/outside/xml"
echo '#define SX_TAGS' > "$tmp/outside/xml/tags.h"
add link/link.c '#include "xml/tags.h"'
test_that 'in the gateway, a header of the library other than the public one is found' fails \
    "gateway/link/link.c:5: include: \"xml/tags.h\" isn't there"

plant_gateway
add client/client.h '#include "http/server.h"'
test_that 'in the gateway, of a folder of which one header may be seen, another is found' fails \
    'gateway/client/client.h:6: include: includes "http/server.h": client/ may see base, config, http/request.h'

plant_gateway
add base/clock.c '#include "soap_xmpp.h"' '#include <microhttpd.h>'
test_that 'in the gateway, headers that are for other folders alone are found' fails \
    "gateway/base/clock.c:4: outside: includes soap_xmpp.h, which is config/, link/, " \
    "gateway/base/clock.c:5: outside: includes microhttpd.h, which is http/'s alone"

plant_gateway
add route/route.c 'int MHD_resume(void);' 'int gw_route_resume(void) { return MHD_resume(); }'
test_that 'in the gateway, a function of libmicrohttpd outside of http/ is found' fails \
    'gateway/route/route.c:5: outside: uses MHD_resume of microhttpd.h'

plant_gateway
add route/route.c 'int gw_find_route(void) { return 0; }'
test_that 'in the gateway, a function with another name is found' fails \
    "gateway/route/route.c:5: name: gw_find_route isn't gw_route_..."

plant_gateway
add route/route.c 'int gw_link_open(void) { return 0; }'
mv "$lib/route/route.c" "$lib/route/link.c"
sed -i 's/gw_route_find/gw_link_find/g; s/ + gw_link_open()//; s/gw_link_open() + //' "$lib/route/link.c"
test_that 'in the gateway, two functions with one name are found' fails \
    "name: gw_link_open is $lib/link/link.c's, too"

plant_gateway
header route/visit 'struct gw_link_call {' '    int id;' '};'
header link/call 'struct gw_link_call {' '    int id;' '};'
test_that 'in the gateway, two types with one name are found' fails \
    "name: struct gw_link_call is $lib/"

plant_gateway
header link/call '#include "link/link.h"' 'int gw_call_begin(void);'
code link/call 'int gw_call_begin(void) { return 0; }'
add link/link.c '#include "link/call.h"' 'int gw_link_call(void) { return gw_call_begin(); }'
test_that 'in the gateway, the header that a folder shows to others closes no circle' check

plant_gateway
header link/call '#include "link/link.h"' 'int gw_call_begin(void);'
code link/call 'int gw_call_begin(void) { return gw_link_open(); }'
add link/link.c '#include "link/call.h"' 'int gw_link_call(void) { return gw_call_begin(); }'
test_that 'in the gateway, a call of what that header declares does' fails \
    'circle: 2 files need each other: link/call link/link'

plant_gateway
add base/clock.c 'int gw_link_open(void);' 'int gw_clock_open(void) { return gw_link_open(); }'
test_that 'in the gateway, a call upwards is found, and the circle that it closes' fails \
    'gateway/base/clock.c:4: call: uses gw_link_open of' 'circle: 2 files need each other: base/clock link/link'

summarize
