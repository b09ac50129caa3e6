#!/bin/bash
# commands.sh BUILD - the commands that README.md and docs/ give, word for word, as a user types them: the
# library is installed, the server is a Prosody of our own. pages.py says of every other command why it
# isn't run here. Run by tools/with-servers prosody,HOST=example.org,... (mk/tests.mk).
set -u -o pipefail
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-commands.XXXXXX")
. "$top/tests/lib/sentences.sh"
service=
trap 'kill $service 2>/dev/null; rm -rf "$tmp"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR PREFIX
export PKG_CONFIG_PATH=$tmp/prefix/lib/pkgconfig LD_LIBRARY_PATH=$tmp/prefix/lib
export SOAP_XMPP_HOST=127.0.0.1 SOAP_XMPP_PORT=$SOAPXMPP_TEST_PROSODY_PORT
export SOAP_XMPP_CAFILE=$SOAPXMPP_TEST_PROSODY_CAFILE
export G=/usr/share/gsoap # docs/ws.md asks for it

# A folder as after a clone, with the accounts' passwords beside, which nobody else may read: it would be told.
umask 077
mkdir "$tmp/clone" && cd "$tmp/clone" && ln -s "$top"/{wsdl,samples,docs,README.md} .
for account in $SOAPXMPP_TEST_PROSODY_USERS; do
    echo "${account#*:}" > "${account%%:*}.pw"
done
echo "${SOAPXMPP_TEST_PROSODY_COMPONENTS#*:}" > calc.secret

pages() { /usr/bin/python3 -B "$here/pages.py" "$@"; }
install_it() { make -s -C "$top" BUILD="$build" PREFIX="$tmp/prefix" install; }
demo() { # [PREFIX]: a make target that starts a server of its own
    (unset "${!SOAPXMPP_TEST_@}" "${!SOAP_XMPP_@}" && make -s -C "$top" BUILD="$build" "${1-}demo")
}
run() { # DOCUMENT BLOCK [FIRST LAST]: these commands of the block, one after the other
    pages shell "$1" "$2" | sed -n "${3:-1},${4:-\$}p" > block && cat block && bash -e block
}
start() { # DOCUMENT BLOCK: its first command, in the background
    echo "exec env $(pages shell "$1" "$2" | sed -n 1p)" > block
    cat block
    : > service.log # what the last service said doesn't count
    bash block > service.log 2>&1 &
    service=$!
    wait_until 20 serves "$service" || ! cat service.log
}
serves() { # PROCESS: says so and still runs
    grep -q '^online' service.log && kill -0 "$1"
}
start_component() { # its server's port is another one, without TLS
    : > service.log
    (
        unset SOAP_XMPP_CAFILE
        export SOAP_XMPP_PORT=$SOAPXMPP_TEST_PROSODY_COMPONENT_PORT
        echo "exec env $(pages shell "$1" "$2" | sed -n 1p)" > block
        exec bash block > service.log 2>&1
    ) &
    service=$!
    wait_until 20 serves "$service" || ! cat service.log
}
answers() { # EXPECTED DOCUMENT BLOCK: its second command; who says that it is online serves a moment later
    wait_until 20 answered "$@" || ! cat said
}
answered() {
    local expected=$1
    run "$2" "$3" 2 2 > said 2>&1 && [ "$(tail -n 1 said)" = "$expected" ]
}
stops() { kill -TERM "$service" && wait "$service"; }
links() { # NAME NUMBER: a program around README.md's block of C
    "$here/snippet.sh" "$2" > "$1.c" &&
        cc -w -o "$1" -I. "$1.c" soapC.c soapClient.c soapServer.c $(pkg-config --cflags --libs soapxmpp gsoap)
}
start_readme_service() {
    ./readme-service > service.log 2>&1 &
    service=$!
}
readme_client_answers() { ./readme-client > said 2>&1 && [ "$(cat said)" = 3 ]; }

echo 'Suite: commands'
test_that "README.md: make demo" demo
test_that "README.md: make gateway-demo" demo gateway-
test_that "the library is installed" install_it
test_that "docs/calculator.md: soapcpp2 and cc" run docs/calculator.md 1
test_that "docs/calculator.md: the service comes online" start docs/calculator.md 2
test_that "docs/calculator.md: the client is answered" answers 3 docs/calculator.md 2
test_that "the service ends well" stops
test_that "docs/component.md: the component comes online" start_component docs/component.md 1
test_that "docs/component.md: the client is answered" answers 3 docs/component.md 1
test_that "the component ends well" stops
test_that "README.md's client is a program" links readme-client 1
test_that "README.md's service is a program" links readme-service 2
test_that "README.md's service starts" start_readme_service
test_that "README.md's client is answered by it" wait_until 20 readme_client_answers
kill "$service" 2> /dev/null
test_that "docs/ws.md: relay and guard are built" run docs/ws.md 1
summarize
