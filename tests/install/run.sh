#!/bin/bash
# run.sh BUILD - the libraries as a user meets them: installed, found by pkg-config, linked with each
# of gSOAP's runtimes, in C and C++, and removed again. Also: which names they show, which they need.
set -u -o pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-install.XXXXXX")
. "$top/tests/lib/sentences.sh"
trap 'rm -rf "$tmp"' EXIT
prefix=$tmp/prefix
core=$prefix/lib/libsoapxmppcore.so.0
plugin=$prefix/lib/libsoapxmpp.so.0
libraries=("$core" "$plugin")
version=$(sed -n 's/.*define SOAP_XMPP_VERSION *"\(.*\)"/\1/p' "$top/lib/soap_xmpp.h")
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX

run_make() { make -s -C "$top" BUILD="$build" "$@"; }

# ---- names -----------------------------------------------------------------------------------------

declared() { # what soap_xmpp.h declares, as the compiler sees it
    echo '#include "soap_xmpp.h"' |
        gcc -I"$top/lib" -fsyntax-only -aux-info "$tmp/declared" -x c - &&
        grep 'lib/soap_xmpp\.h' "$tmp/declared" | grep -v ' static ' |
        sed -n 's/^[^(]*\b\(soap_xmpp_[a-z_]*\) (.*/\1/p' | sort -u
}
# What the plugin calls in the core has the version in its name, in the archives and in the libraries.
private=soapxmpp_$(echo "$version" | tr .- __)_sx_
shown_by_archive() {
    nm -g --defined-only "$prefix/lib/libsoapxmpp.a" | awk 'NF == 3 { print $3 }' | grep -v "^$private" | sort
}
shown_by_shared() {
    nm -D --defined-only "${libraries[@]}" | awk '$3 ~ /@@SOAPXMPP_0$/ { sub("@.*", "", $3); print $3 }' | sort
}
same_names() { diff "$top/lib/exports.txt" <("$1"); }
shows_nothing_else() {
    nm -D --defined-only "${libraries[@]}" | awk '$2 != "A" && NF == 3 { print $3 }' | sort > "$tmp/shown"
    nm -g --defined-only "$prefix"/lib/*.a | awk 'NF == 3 { print $3 }' | sort >> "$tmp/shown"
    [ -s "$tmp/shown" ] && ! grep -v -e '^soap_xmpp_[a-z_]*$' -e '^soap_xmpp_[a-z_]*@@SOAPXMPP_0$' \
        -e "^$private[a-z0-9_]*$" -e "^$private[a-z0-9_]*@@SOAPXMPP_PRIVATE_$version$" "$tmp/shown"
}

# The undefined names of a shared library that are in no library that it names.
leave_open() { # LIBRARY
    local needed
    needed=$(ldd "$1" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ "^/") print $i }') &&
        nm -D --undefined-only "$1" | awk '$1 == "U" { sub("@.*", "", $2); print $2 }' | sort > "$tmp/needed" &&
        nm -D --defined-only $needed | awk 'NF == 3 { sub("@.*", "", $3); print $3 }' | sort -u > "$tmp/had" &&
        comm -23 "$tmp/needed" "$tmp/had" > "$tmp/open" && [ -s "$tmp/needed" ]
}
core_needs_nothing() { leave_open "$core" && ! grep . "$tmp/open"; }
plugin_needs_gsoap_only() {
    leave_open "$plugin" && grep -q '^soap_' "$tmp/open" && ! grep -v '^soap_[a-z]' "$tmp/open"
}
# gSOAP's names have to be in any stdsoap2.h with the same struct soap: the program's own, built with these macros.
needs_no_more_than() { # MACRO...
    local macro
    for macro in "$@"; do
        echo '#include <stdsoap2.h>' | gcc -D"$macro" -fsyntax-only -aux-info "$tmp/gsoap" -x c - || return 1
        sed -n 's/^.*stdsoap2\.h.*\b\(soap_[a-z0-9_]*\) (.*/\1/p' "$tmp/gsoap" | sort -u > "$tmp/there"
        echo "with $macro there is no:"
        comm -23 "$tmp/open" "$tmp/there" | tee "$tmp/missing"
        [ -s "$tmp/there" ] && [ ! -s "$tmp/missing" ] || return 1
    done
}
each_library() { # COMMAND [ARGUMENT...]: with each
    local library
    for library in "${libraries[@]}"; do
        echo "$library:" && "$@" "$library" || return 1
    done
}
needs_no_gsoap() { ! ldd "$1" | grep gsoap; }
is_position_independent() { ! readelf -d "$1" | grep TEXTREL; }
has_soname() { readelf -d "$1" | grep "SONAME.*\[$(basename "$1")\]"; }

# ---- hardening ------------------------------------------------------------------------------------

stack_is_data() { # a segment without E, and present: without it the kernel takes the stack for code
    readelf -lW "$1" | grep GNU_STACK | grep 'RW ' && echo "no E"
}
relocations_are_sealed() {
    readelf -lW "$1" | grep GNU_RELRO && readelf -d "$1" | grep BIND_NOW
}
# The library alone wouldn't do: libstrophe, inside of it, brings these names, too.
ours_call() { # NAME...: some object of lib/ does
    local name
    for name in "$@"; do
        nm -A --undefined-only "$build"/obj/lib/*/*.o | grep " U $name\$" || return 1
    done
}
# What each of our files was compiled with, as the debug information tells; libstrophe's has none
compiled_with() { # OPTION...
    local option
    readelf --debug-dump=info "${libraries[@]}" 2> /dev/null |
        grep 'DW_AT_producer.*GNU C' > "$tmp/producers"
    for option in "$@"; do
        echo "without $option:"
        [ -s "$tmp/producers" ] && ! grep -v -e "$option" "$tmp/producers" || return 1
    done
}

# ---- the header ------------------------------------------------------------------------------------

header_is() { # COMPILER ARGUMENT...
    printf '#include "soap_xmpp.h"\nint x;\n' > "$tmp/header.c"
    "$@" -Wall -Wextra -pedantic -Werror -fsyntax-only -I"$prefix/include" "$tmp/header.c"
}

leaner_is_told() {
    ! header_is gcc -std=gnu11 -DWITH_LEANER 2> "$tmp/leaner" && cat "$tmp/leaner" &&
        [ "$(grep -c 'error:' "$tmp/leaner")" = 1 ] && grep 'error.*WITH_LEAN will do' "$tmp/leaner"
}

# ---- programs --------------------------------------------------------------------------------------

# What the archives need of the system
system_libraries() { pkg-config --static --libs-only-l soapxmpp | sed 's/-lsoapxmpp[a-z]*//g'; }

# program NAME COMPILER RUNTIME ARGUMENT...: user.c with stubs, by what pkg-config says
program() {
    local name=$1 compiler=$2 runtime=$3 stubs="$tmp/c/soapC.c $tmp/c/soapClient.c" dir=c
    shift 3
    if [ "$compiler" = g++ ]; then
        stubs="$tmp/c++/soapC.cpp $tmp/c++/soapClient.cpp" dir=c++
    fi
    "$compiler" -w "$@" -I"$tmp/$dir" -o "$tmp/$name" "$here/user.c" $stubs $(pkg-config --cflags --libs \
        soapxmpp $runtime)
}
program_runs() { program "$@" && timeout 20 "$tmp/$1" accepted && ldd "$tmp/$1" | grep libsoapxmpp.so.0; }
# compile_user NAME ARGUMENT...: user.c in C, linked with what the arguments say
compile_user() {
    local name=$1
    shift
    gcc -w -I"$prefix/include" -I"$tmp/c" $(pkg-config --cflags gsoap) -o "$tmp/$name" "$here/user.c" \
        "$tmp/c/soapC.c" "$tmp/c/soapClient.c" -L"$prefix/lib" "$@" -lgsoap
}
runs_both_ways() { runs_by_name -lsoapxmpp -lsoapxmppcore && runs_by_name -lsoapxmppcore -lsoapxmpp; }
runs_by_name() { # ARGUMENT...: of the linker
    compile_user named "$@" && timeout 20 "$tmp/named" accepted
}
# What a program was linked with before there was a core: one library that has all names.
old_program_runs() {
    mkdir -p "$tmp/old" && sed 's/.*/void &(void) {}/' "$top/lib/exports.txt" > "$tmp/old.c" &&
        echo 'SOAPXMPP_0 { global: soap_xmpp_*; local: *; };' > "$tmp/old.versions" &&
        gcc -shared -fPIC -w -Wl,-soname,libsoapxmpp.so.0 -Wl,--version-script="$tmp/old.versions" \
            -o "$tmp/old/libsoapxmpp.so.0" "$tmp/old.c" && compile_user old-user "$tmp/old/libsoapxmpp.so.0" &&
        ! readelf -d "$tmp/old-user" | grep soapxmppcore && timeout 20 "$tmp/old-user" accepted
}

# ---- without gSOAP ----------------------------------------------------------------------------------

knows_no_gsoap() { # PROGRAM: nor do the libraries that it is linked with
    local files
    files=$(ldd "$1" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ "soapxmpp" && $i ~ "^/") print $i }') &&
        ! ldd "$1" | grep -E 'gsoap|libsoapxmpp\.so' &&
        ! nm -D $files "$1" | grep -E ' soap_([a-wyz]|x[a-ln-z])' 
}
core_runs() { # NAME ARGUMENT...: of the linker
    local name=$1
    shift
    gcc -Wall -Werror -std=c99 -Wl,--no-undefined $(pkg-config --cflags soapxmppcore) -o "$tmp/$name" \
        "$here/bytes.c" "$@" && knows_no_gsoap "$tmp/$name" && timeout 20 "$tmp/$name"
}
core_runs_static() {
    core_runs bytes-static -Wl,-Bstatic -L"$prefix/lib" -lsoapxmppcore -Wl,-Bdynamic \
        $(system_libraries) &&
        ! ldd "$tmp/bytes-static" | grep -E 'soapxmpp|strophe'
}

# ---- two versions -----------------------------------------------------------------------------------

# The core as another version has it, by our own rules.
make_other_core() {
    mkdir -p "$tmp/other" && ln -s "$build/obj" "$tmp/other/obj" &&
        run_make BUILD="$tmp/other" VERSION=0.0.9 "$tmp/other/libsoapxmppcore.so.0" "$tmp/other/libsoapxmppcore.a"
}
other_core_is_refused() {
    ! LD_LIBRARY_PATH=$tmp/other:$prefix/lib timeout 20 "$tmp/gsoap" accepted 2> "$tmp/refusal" &&
        cat "$tmp/refusal" && grep "SOAPXMPP_PRIVATE_$version' not found (required by .*libsoapxmpp.so.0)" "$tmp/refusal"
}
other_core_alone_runs() { LD_LIBRARY_PATH=$tmp/other timeout 20 "$tmp/bytes"; }
other_archive_is_refused() {
    ! compile_user mixed -Wl,-Bstatic "$tmp/other/libsoapxmppcore.a" -lsoapxmpp -Wl,-Bdynamic \
        $(system_libraries) 2> "$tmp/refusal" &&
        grep 'multiple definition of .soap_xmpp_open' "$tmp/refusal"
}

# ---- archives, and libstrophe ------------------------------------------------------------------------

is_refused() { # MACRO...: a program with it
    local macro
    for macro in "$@"; do
        program refused gcc gsoap -D"$macro" && timeout 20 "$tmp/refused" refused || return 1
    done
}
layout() { # MACRO: of struct soap
    printf '#include <stdsoap2.h>\n#include <stddef.h>\n#include <stdio.h>\n#define P(m) printf("%%zu ", offsetof(struct soap, m));
        int main(void) { P(fsend) P(fprepareinitrecv) P(buf) P(path) P(error) P(namespaces) P(mime)
        return printf("%%zu\\n", sizeof(struct soap)) < 0; }' | gcc -w "-D$1" -o "$tmp/layout" -x c - && "$tmp/layout"
}
keep_layout() { # MACRO...
    local macro
    for macro in "$@"; do
        echo "$macro:" && [ "$(layout "$macro" | tee /dev/stderr)" = "$(layout NOTHING)" ] || return 1
    done
}
plugin_compiles() { # MACRO
    local file
    for file in "$top"/lib/gsoap/*.c; do
        gcc -std=c11 -D_GNU_SOURCE -D"$1" -I"$top" -I"$top/lib" -fsyntax-only -Wall -Wextra -Werror "$file" || return 1
    done
}
static_runs() { # -lLIBRARY...: in this order
    compile_user static -Wl,-Bstatic "$@" -Wl,-Bdynamic $(system_libraries) &&
        timeout 20 "$tmp/static" accepted && ! ldd "$tmp/static" | grep -E 'soapxmpp|strophe'
}
beside_runs() { # LIBRARY...: gSOAP's runtime wants the stubs' serializers, whatever the program wants
    gcc -w -I"$prefix/include" $(pkg-config --cflags libstrophe gsoap) -I"$tmp/c" -o "$tmp/beside" \
        "$here/beside.c" "$tmp/c/soapC.c" "$tmp/nsmap.c" "$@" -lstrophe \
        $(system_libraries) -lgsoap &&
        ldd "$tmp/beside" | grep libstrophe.so && timeout 20 "$tmp/beside"
}

# ---- installing ------------------------------------------------------------------------------------

staged_install() {
    run_make install DESTDIR="$tmp/stage" PREFIX=/opt/s && (cd "$tmp/stage/opt/s" &&
        ls -d include/soap_xmpp.h lib/libsoapxmpp{,core}.a lib/libsoapxmpp{,core}.so.0 lib/pkgconfig/soapxmpp{,core}.pc) &&
        grep '^prefix=/opt/s$' "$tmp/stage/opt/s/lib/pkgconfig/soapxmpp.pc"
}
# Where libsoapxmpp.so was a symbolic link, to the one library that there was.
upgrading_install() {
    mkdir -p "$tmp/up/lib" && ln -s libsoapxmpp.so.0 "$tmp/up/lib/libsoapxmpp.so" &&
        run_make install PREFIX="$tmp/up" && cmp "$tmp/up/lib/libsoapxmpp.so.0" "$plugin"
}
# USDT, if the header was there when it was compiled: a note for each probe, at least one, and no other.
has_probes() {
    readelf -n "$build"/obj/lib/*/*.o | grep 'Provider: soapxmpp$' > /dev/null || return 0
    readelf -n "$core" | sed -n '/Provider: soapxmpp$/{n;s/ *Name: //p}' | sort -u | tee /dev/stderr |
        diff - <(sed -n 's/^| `\([a-z_]*\)` | .* | .*/\1/p' "$top/docs/metrics.md" | grep -v '^soapxmpp_' | sort)
}
staged_uninstall() {
    run_make uninstall DESTDIR="$tmp/stage" PREFIX=/opt/s &&
        [ -z "$(find "$tmp/stage" ! -type d | tee /dev/stderr)" ]
}
wsdl_is_current() {
    diff "$top/wsdl/calculator.wsdl" "$build/gen/calculator/calculator.wsdl" &&
        diff "$top/wsdl/station.wsdl" "$build/gen/station/station.wsdl"
}

make_stubs() {
    mkdir "$tmp/c" "$tmp/c++" && soapcpp2 -c -CL -x -w -d "$tmp/c" "$here/contract.h" &&
        soapcpp2 -CL -x -w -d "$tmp/c++" "$here/contract.h" &&
        printf '#include <stdsoap2.h>\nstruct Namespace namespaces[] = {{NULL, NULL, NULL, NULL}};\n' \
            > "$tmp/nsmap.c"
}

echo "Suite: install"
test_that "make install installs below PREFIX" run_make install PREFIX="$prefix"
test_that "soapcpp2 makes stubs in C and C++" make_stubs
test_that "exports.txt names what the header declares" same_names declared
test_that "the archive shows the names of exports.txt" same_names shown_by_archive
test_that "the shared libraries show the names of exports.txt" same_names shown_by_shared
test_that "and what they show beside has the version in its name" shows_nothing_else
test_that "the core lacks no names" core_needs_nothing
test_that "the plugin lacks no names but gSOAP's" plugin_needs_gsoap_only
test_that "nor names that gSOAP leaves out of small builds" needs_no_more_than WITH_LEAN WITH_NOIDREF \
    WITH_NO_C_LOCALE WITH_FAST
test_that "the shared libraries bring no second gSOAP runtime in" each_library needs_no_gsoap
test_that "the shared libraries are position independent" each_library is_position_independent
test_that "their sonames are libsoapxmppcore.so.0 and libsoapxmpp.so.0" each_library has_soname
test_that "their stacks are not for code" each_library stack_is_data
test_that "their relocations can't be changed once they are loaded" each_library relocations_are_sealed
test_that "their buffers are guarded" ours_call __stack_chk_fail __snprintf_chk __memcpy_chk
test_that "each of their files is compiled with guards" compiled_with -fPIC \
    -fstack-protector-strong -fstack-clash-protection
test_that "it has the probes of docs/metrics.md" has_probes
test_that "the header is C89" header_is gcc -std=gnu89
test_that "the header is C89 without gSOAP" header_is gcc -std=c89 -DSOAP_XMPP_NO_GSOAP
test_that "the header is C11" header_is gcc -std=c11 -D_GNU_SOURCE
test_that "the header is C++" header_is g++ -x c++
test_that "a program with WITH_LEANER isn't compiled, and one sentence says why" leaner_is_told
for runtime in gsoap gsoapck gsoapssl; do
    test_that "a C program runs with lib$runtime" program_runs "$runtime" gcc "$runtime"
done
for runtime in gsoap++ gsoapssl++; do
    test_that "a C++ program runs with lib$runtime" program_runs "$runtime" g++ "$runtime"
done
test_that "a program that says -lsoapxmpp alone runs" runs_by_name -lsoapxmpp
test_that "a program that names both libraries runs, in either order" runs_both_ways
test_that "a program that was linked before there was a core runs" old_program_runs
test_that "a program without gSOAP links and calls" core_runs bytes $(pkg-config --libs soapxmppcore)
test_that "a program without gSOAP runs with libsoapxmppcore.a" core_runs_static
test_that "a program runs with libsoapxmpp.a alone" static_runs -lsoapxmpp
test_that "a program runs with both archives" static_runs -lsoapxmpp -lsoapxmppcore
test_that "a program runs with both archives, the core's first" static_runs -lsoapxmppcore -lsoapxmpp
test_that "the core of another version can be made" make_other_core
test_that "the plugin doesn't load with the core of another version" other_core_is_refused
test_that "a program without gSOAP does" other_core_alone_runs
test_that "the plugin doesn't link with the core of another version" other_archive_is_refused
test_that "a program with another struct soap is refused" is_refused WITH_LEAN SOAP_TAGLEN=512
test_that "what else a program may be compiled with leaves struct soap as it is" keep_layout WITH_NOIDREF \
    WITH_NO_C_LOCALE WITH_FAST WITH_OPENSSL WITH_ZLIB WITH_GZIP WITH_COOKIES WITH_IPV6 WITH_DOM SOAP_DEBUG
test_that "the library compiles for programs with WITH_LEAN" plugin_compiles WITH_LEAN
test_that "the shared library lives beside a stock libstrophe" beside_runs "$prefix/lib/libsoapxmpp.so"
test_that "the archive lives beside a stock libstrophe" beside_runs "$prefix/lib/libsoapxmpp.a"
test_that "the checked-in WSDL is what soapcpp2 makes" wsdl_is_current
test_that "make install over an older one leaves no library damaged" upgrading_install
test_that "make install keeps to DESTDIR" staged_install
tool_is_there() {
    local file
    for file in man/man1/soap-xmpp.1 bash-completion/completions/soap-xmpp zsh/site-functions/_soap-xmpp; do
        [ -s "$prefix/share/$file" ] || return
    done
    [ "$("$prefix/bin/soap-xmpp" --version)" = "soap-xmpp $version" ] && ! ldd "$prefix/bin/soap-xmpp" | grep gsoap
}
test_that "the tool is there with its page and completions, and needs no gSOAP" tool_is_there
gateway_is_there() {
    local program=$prefix/sbin/soap-xmpp-gateway page
    for page in man8/soap-xmpp-gateway.8 man5/gateway.conf.5; do
        [ -s "$prefix/share/man/$page" ] || return
    done
    [ "$("$program" --version)" = "soap-xmpp-gateway $version" ] && ! ldd "$program" | grep gsoap
}
test_that "the gateway is there with its pages, and needs no gSOAP" gateway_is_there
test_that "make uninstall leaves nothing" staged_uninstall
summarize
