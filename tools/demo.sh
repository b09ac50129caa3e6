#!/bin/bash
# demo.sh BUILD - the calculator service and some calls to it, through a throw-away Prosody with Debian's
# own configuration.
set -eu
build=$1
if [ -z "${SOAPXMPP_TEST_PROSODY_PORT:-}" ]; then
    exec "$(dirname "$0")/with-servers" prosody,CONFIG=debian,HOST=example.org,USERS='calc:calcpw alice:alicepw mallory:mallorypw' \
        -- "$0" "$build"
fi

export SOAP_XMPP_HOST=127.0.0.1 SOAP_XMPP_PORT=$SOAPXMPP_TEST_PROSODY_PORT
export SOAP_XMPP_CAFILE=$SOAPXMPP_TEST_PROSODY_CAFILE
log=$SOAPXMPP_TEST_PROSODY_DIR/service.log
failed=0 caller=alice

call() { # EXPECTED ARGUMENT...: expected is a part of what the client says
    local expected=$1 said
    shift
    echo
    echo "$caller\$ calculator-client $*"
    said=$(SOAP_XMPP_JID=$caller@example.org SOAP_XMPP_PASSWORD=${caller}pw \
        timeout 20 "$build/samples/calculator-client" "$@" 2>&1) || true
    echo "$said"
    case $said in
    *"$expected"*) ;;
    *) echo "demo: expected '$expected'" >&2 && failed=1 ;;
    esac
}

echo "A Prosody of our own, configured as Debian does it, listens on 127.0.0.1:$SOAP_XMPP_PORT, with TLS and accounts calc, alice, mallory."
: > "$log"
# Without --foreground timeout passes a signal on twice, and the second may find no handler any more.
SOAP_XMPP_JID=calc@example.org/soap SOAP_XMPP_PASSWORD=calcpw SOAP_XMPP_ALLOW=alice@example.org \
    timeout --foreground 60 "$build/samples/calculator-service" > "$log" 2>&1 &
service=$!
trap 'kill "$service" 2>/dev/null || true' EXIT
end=$((SECONDS + 20))
until grep -q '^online' "$log"; do
    if [ $SECONDS -ge $end ] || ! kill -0 $service 2>/dev/null; then
        cat "$log" >&2
        echo "demo: the service didn't come online" >&2
        exit 1
    fi
    sleep 0.05
done
echo "The service is $(grep '^online' "$log"), with SOAP_XMPP_ALLOW=alice@example.org."

call 3 xmpp:calc@example.org/soap add 1 2
call 42 xmpp:calc@example.org/soap mul 6 7
echo
echo "A SOAP fault, from the service:"
call 'division by zero' xmpp:calc@example.org/soap div 1 0
echo
echo "A stanza error, from the server, for there is nobody:"
call 'service-unavailable' xmpp:calc@example.org/absent add 1 2
echo
echo "Another stanza error, from the service, for no rule of it allows the caller:"
caller=mallory
call 'forbidden' xmpp:calc@example.org/soap add 1 2

kill -TERM $service
wait $service || failed=1
trap - EXIT
echo
echo "What the service said:"
cat "$log"
grep -q 'SOAP_XMPP_ALLOW=mallory@example.org:add' "$log" || failed=1
exit $failed
