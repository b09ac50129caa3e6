#!/bin/bash
# run.sh BUILD - the samples as a user runs them, through a Prosody. Run by
# tools/with-servers prosody -- tests/samples/run.sh BUILD
set -u -o pipefail
samples=$(cd "$1/samples" && pwd)
domain=$SOAPXMPP_TEST_PROSODY_DOMAIN
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-samples.XXXXXX")
. "$(dirname "$0")/../lib/sentences.sh"
export SOAP_XMPP_HOST=127.0.0.1 SOAP_XMPP_PORT=$SOAPXMPP_TEST_PROSODY_PORT
export SOAP_XMPP_CAFILE=$SOAPXMPP_TEST_PROSODY_CAFILE
unset service
clean_up() {
    [ -z "${service:-}" ] || kill "$service" 2>/dev/null
    rm -rf "$tmp"
}
trap clean_up EXIT

as() { # USER RESOURCE COMMAND...
    local user=$1 resource=$2 password
    shift 2
    password=$(tr ' ' '\n' <<< "$SOAPXMPP_TEST_PROSODY_USERS" | sed -n "s/^$user://p")
    ${replace:-} env SOAP_XMPP_JID="$user@$domain/$resource" SOAP_XMPP_PASSWORD="$password" timeout 60 "$@"
}
start() { # RESOURCE COMMAND...: bob's service, its output in $tmp/service
    replace=exec as bob "$@" > "$tmp/service" 2>&1 &
    service=$!
    wait_until 20 grep -q '^online' "$tmp/service"
}
stops_well() {
    kill -TERM "$service" && wait "$service"
}
says() { # EXPECTED EXIT-CODE COMMAND...
    local expected=$1 code=$2 said exit_code=0
    shift 2
    said=$("$@" 2>&1) || exit_code=$?
    echo "exit $exit_code: $said"
    [ "$exit_code" = "$code" ] && grep -F -- "$expected" <<< "$said"
}
calculate() { as alice desk "$samples/calculator-client" "$@"; }
console() { as alice watch "$samples/station-console" "xmpp:bob@$domain/station" "$@"; }

echo 'Suite: samples'
test_that "the calculator service comes online" start soap "$samples/calculator-service"
test_that "it adds" says 3 0 calculate "xmpp:bob@$domain/soap" add 1 2
test_that "it divides" says 2.5 0 calculate "xmpp:bob@$domain" div 5 2
test_that "its fault is printed" says 'division by zero' 1 calculate "xmpp:bob@$domain/soap" div 1 0
test_that "an absent service is told" says 'service-unavailable' 1 calculate "xmpp:bob@$domain/no" add 1 2
test_that "wrong arguments are answered with the usage" says 'usage:' 2 calculate add 1
test_that "--help is no error" says 'usage:' 0 calculate --help
test_that "an unknown variable is refused" says 'SOAP_XMPP_PROT' 2 env SOAP_XMPP_PROT=1 \
    "$samples/calculator-client" "xmpp:bob@$domain/soap" add 1 2
test_that "the service ends well when it is told to" stops_well

test_that "the station comes online" start station "$samples/station" "xmpp:alice@$domain/watch"
test_that "the console reads the station" says 'hPa' 0 console read
test_that "the console configures the station" says 'reports every 1 s' 0 console configure 1
test_that "the station refuses what it can't do" says 'must be 1 to 86400' 1 console configure 0
test_that "the station's reports reach the console" says 'hPa' 0 console watch 2
test_that "the station ends well when it is told to" stops_well
unset service
summarize
