#!/bin/bash
# run.sh BUILD - samples/languages as a user runs them: each client calls the calculator in C, each service is called by
# the client in C, and both meet, through each server. Run by
#     tools/with-servers prosody ejabberd -- tests/languages/run.sh BUILD
# Whoever has no Node 20 with npm, or no way to the packages of package-lock.json, goes without Node, and is told.
set -u -o pipefail
build=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
languages=$top/samples/languages
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-languages.XXXXXX")
. "$top/tests/lib/sentences.sh"
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
export SOAPXMPP_INCLUDE=$top/lib SOAPXMPP_LIBRARY=$build/libsoapxmppcore.so.0
unset service
clean_up() {
    [ -z "${service:-}" ] || kill "$service" 2> /dev/null
    rm -rf "$tmp"
}
trap clean_up EXIT

# ---- accounts ---------------------------------------------------------------------------------------

use() { # SERVER: with its address, its CA and its domain
    local label=${1^^} name
    for name in DOMAIN PORT CAFILE USERS; do
        declare -g "${name,,}=$(printenv "SOAPXMPP_TEST_${label}_$name")"
    done
    export SOAP_XMPP_HOST=127.0.0.1 SOAP_XMPP_PORT=$port SOAP_XMPP_CAFILE=$cafile NODE_EXTRA_CA_CERTS=$cafile
    export SOAP_XMPP_ALLOW=alice@$domain
    endpoint=xmpp:bob@$domain/soap
}
password_of() { tr ' ' '\n' <<< "$users" | sed -n "s/^$1://p"; } # USER
as() { # USER RESOURCE COMMAND...
    local user=$1 resource=$2
    shift 2
    ${replace:-} env SOAP_XMPP_JID="$user@$domain/$resource" SOAP_XMPP_PASSWORD="$(password_of "$user")" \
        timeout --foreground 180 "$@"
}
start() { # COMMAND...: bob's service
    replace=exec as bob soap "$@" > "$tmp/service" 2>&1 &
    service=$!
    wait_until 120 grep -q '^online as' "$tmp/service" || ! cat "$tmp/service"
}
stop() {
    kill "$service" 2> /dev/null
    wait "$service" 2> /dev/null
    unset service
}
says() { # EXPECTED EXIT-CODE COMMAND...: alice's; a service says that it is online, and serves a moment later
    local expected=$1 code=$2 said exit_code=0 end=$((SECONDS + 60))
    shift 2
    while exit_code=0; said=$(as alice desk "$@" 2>&1) || exit_code=$?; [ $SECONDS -lt $end ]; do
        case "$expected $said" in
        service-unavailable*) break ;;
        *service-unavailable*) sleep 0.1 ;;
        *) break ;;
        esac
    done
    echo "exit $exit_code: $said"
    [ "$exit_code" = "$code" ] && grep -qF -- "$expected" <<< "$said"
}
forbidden_to_bob() { # COMMAND...
    local said
    ! said=$(as bob other "$@" 2>&1) && grep -F forbidden <<< "$said"
}

binding() { # CASE: of binding.py
    ALICE=alice@$domain/desk ALICE_PASSWORD=$(password_of alice) BOB=bob@$domain/soap BOB_PASSWORD=$(password_of bob) \
        timeout --foreground 180 /usr/bin/python3 "$top/tests/languages/binding.py" "$1"
}

# ---- languages --------------------------------------------------------------------------------------

client_of() { # LANGUAGE: its command, in $client
    case $1 in
    C) client=("$build/samples/calculator-client") ;;
    Python) client=(/usr/bin/python3 "$languages/python/client.py") ;;
    zeep) client=(/usr/bin/python3 "$languages/zeep/client.py" "$top/wsdl/calculator.wsdl") ;;
    xmpp.js) client=(node "$node/client.mjs") ;;
    Tcl) client=(tclsh "$languages/tcl/client.tcl") ;;
    esac
}
service_of() { # LANGUAGE: its command, in $command
    case $1 in
    C) command=("$build/samples/calculator-service") ;;
    Python) command=(/usr/bin/python3 "$languages/python/service.py") ;;
    zeep) command=(/usr/bin/python3 "$languages/zeep/service.py") ;;
    xmpp.js) command=(node "$node/service.mjs") ;;
    Tcl) command=(tclsh "$languages/tcl/service.tcl") ;;
    esac
}
# Packages that were fetched stay in the build folder.
fetch_packages() {
    node=$build/languages/node
    mkdir -p "$node" && cp "$languages"/node/* "$node" || return 1
    [ "$node/node_modules/.package-lock.json" -nt "$languages/node/package-lock.json" ] ||
        (cd "$node" && timeout 120 npm ci --silent --no-audit --no-fund --ignore-scripts > /dev/null 2>&1 &&
            touch node_modules/.package-lock.json)
}
has_node() {
    node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2> /dev/null && command -v npm > /dev/null &&
        fetch_packages
}

others=(Python zeep Tcl)
if has_node; then others+=(xmpp.js); fi

# One server sees less of it: each call logs in anew, which takes seconds where SCRAM is written in Tcl.
meets() { [ "$server" = "${SOAPXMPP_TEST_SERVERS##* }" ]; }

calls() { # LANGUAGE: the service in C
    client_of "$1"
    test_that "$server: $1 calls C" says 3 0 "${client[@]}" "$endpoint" add 1 2
    if meets; then
        test_that "$server: $1 is told a fault by C" says 'division by zero' 1 "${client[@]}" "$endpoint" div 1 0
        test_that "$server: $1 is told that nobody is there" \
            says service-unavailable 1 "${client[@]}" "xmpp:bob@$domain/nobody" add 1 2
    fi
}
serves() { # LANGUAGE
    service_of "$1"
    test_that "$server: the calculator in $1 comes online" start "${command[@]}"
    if meets; then
        client_of "$1"
        test_that "$server: $1 calls $1" says 7 0 "${client[@]}" "$endpoint" add 3 4
        test_that "$server: $1 is told a fault by $1" says 'division by zero' 1 "${client[@]}" "$endpoint" div 1 0
    fi
    client_of C
    test_that "$server: C calls $1" says 12 0 "${client[@]}" "$endpoint" mul 3 4
    test_that "$server: C is told a fault by $1" says 'division by zero' 1 "${client[@]}" "$endpoint" div 1 0
    test_that "$server: $1 serves those alone who may call" forbidden_to_bob "${client[@]}" "$endpoint" add 1 2
    stop
}

echo 'Suite: languages'
for server in $SOAPXMPP_TEST_SERVERS; do
    use "$server"
    service_of C
    test_that "$server: the calculator in C comes online" start "${command[@]}"
    for language in "${others[@]}"; do calls "$language"; done
    stop
    for language in "${others[@]}"; do serves "$language"; done
    while read -r case; do
        test_that "$server: Python: $case" binding "$case"
    done < <(/usr/bin/python3 "$top/tests/languages/binding.py")
done
[[ " ${others[*]} " = *' xmpp.js '* ]] || echo "  xmpp.js was left out: no Node 20 with npm here, or no way to its packages"
summarize
