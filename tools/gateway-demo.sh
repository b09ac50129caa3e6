#!/bin/bash
# gateway-demo.sh BUILD - a service and a client that know HTTP alone, and two gateways with XMPP between them; then one
# gateway is killed. Leaves nothing.
set -eu
build=$1
if [ -z "${SOAPXMPP_TEST_PROSODY_PORT:-}" ]; then
    exec "$(dirname "$0")/with-servers" prosody,CONFIG=debian,HOST=example.org,USERS='calc:calcpw office:officepw' -- "$0" "$build"
fi

dir=$SOAPXMPP_TEST_PROSODY_DIR/gateways client=$(dirname "$0")/../samples/gateway/client.py
failed=0
mkdir -m 700 "$dir"
pids=()
trap 'kill -CONT "${pids[@]}" 2>/dev/null || true; kill "${pids[@]}" 2>/dev/null || true' EXIT

fail() {
    echo "gateway-demo: $*" >&2
    tail -n 20 "$dir"/*.log >&2
    exit 1
}

# Waits until a line of a log has this.
await() { # LOG TEXT
    local end=$((SECONDS + 60))
    until grep -q -- "$2" "$dir/$1.log" 2>/dev/null; do
        [ $SECONDS -lt $end ] || fail "'$2' doesn't come in $1.log"
        sleep 0.05
    done
}

# A process in the background, whose lines go into a log.
run() { # LOG COMMAND...
    local log=$1
    shift
    "$@" > "$dir/$log.log" 2>&1 &
    pids+=($!)
}

# Whether a gateway has a call under way.
has_call() { # URL
    python3 - "$1" << 'END'
import json, sys, urllib.request
report = json.load(urllib.request.urlopen(sys.argv[1], timeout=20))
sys.exit(not any(row["under_way"] for row in report["routes"]))
END
}

port_of() { sed -n "s/.*$2.*127\.0\.0\.1:\([0-9]*\).*/\1/p" "$dir/$1.log" | head -n 1; }

# What a gateway's owner writes. Where the server is, DNS would tell.
gateway() { # NAME ACCOUNT LINES
    (umask 077 && echo "$2pw" > "$dir/$2.password")
    {
        echo "link \"main\" { jid = \"$2@example.org\" password_file = \"$2.password\""
        echo "    host = 127.0.0.1 port = $SOAPXMPP_TEST_PROSODY_PORT ca_file = \"$SOAPXMPP_TEST_PROSODY_CAFILE\" }"
        echo "$3"
        echo 'admin "127.0.0.1:0" { }'
    } > "$dir/$1.conf"
    start "$1"
    printf '\n%s.conf:\n  link "main" { jid = "%s@example.org" password_file = "%s.password" }\n' "$1" "$2" "$2"
    printf '%s\n' "$3" | sed 's/^/  /'
}
start() {
    run "$1" "$build/soap-xmpp-gateway" -f "$dir/$1.conf"
    await "$1" 'is online'
}

call() { # EXPECTED URL OPERATION A B
    local expected=$1 said
    shift
    printf '\n$ client.py %s\n' "$*"
    said=$(timeout 60 "$client" "$@" 2>&1) || true
    echo "$said"
    case $said in
    *"$expected"*) ;;
    *) echo "gateway-demo: expected '$expected'" >&2 && failed=1 ;;
    esac
}

run service "$build/gateway/calculator-http" "$dir/calculator.wsdl"
service=$!
await service 'listening on'
service_url=http://127.0.0.1:$(sed -n 's/listening on //p' "$dir/service.log")/
sed "s|LOCATION|$service_url|" "$(dirname "$0")/../tests/gateway/backends/calculator.wsdl" > "$dir/calculator.wsdl"
echo "A service that knows HTTP alone, at $service_url, and its client:"
call 3 "$service_url" add 1 2

gateway site calc "serve \"calc@example.org\" {
    url = \"$service_url\"
    allow = { \"office@example.org\" }
}"
site=$!
gateway office office 'listen "127.0.0.1:0" { }
route "/calc" { to = "xmpp:calc@example.org" timeout = 5 }'
url=http://127.0.0.1:$(port_of office 'listening on')/calc
status=http://127.0.0.1:$(port_of office 'status on')
printf '\nThe same client, with another URL; the status page is %s/\n' "$status"
call 3 "$url" add 1 2
call 'division by zero' "$url" div 1 0

printf '\nThe service stands still; while a call waits for it, its gateway is killed:\n'
kill -STOP "$service"
timeout 60 "$client" "$url" mul 6 7 > "$dir/mul.log" 2>&1 &
caller=$!
end=$((SECONDS + 60))
until has_call "http://127.0.0.1:$(port_of site 'status on')/status.json"; do
    [ $SECONDS -lt $end ] || fail "the call doesn't begin"
    sleep 0.1
done
disown "$site" # nothing is said of its end
kill -KILL "$site"
wait "$caller" || true
printf '$ kill -9 %s\n$ client.py %s mul 6 7\n' "$site" "$url"
cat "$dir/mul.log"
grep -q 'outcome: unknown' "$dir/mul.log" || failed=1

printf '\nWhile there is no gateway, nothing runs, and the client is told so; once it is back, calls run:\n'
call 'outcome: not-executed' "$url" add 5 4
kill -CONT "$service"
start site
call 42 "$url" mul 6 7
printf '\nWhat the service has run; the first mul is the one of unknown outcome:\n'
grep ^ran "$dir/service.log"
! grep -q 'ran add 5 4' "$dir/service.log" || failed=1
exit $failed
