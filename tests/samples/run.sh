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
unset service desk
clean_up() {
    [ -z "${service:-}" ] || kill "$service" 2>/dev/null
    [ -z "${desk:-}" ] || kill "$desk" 2>/dev/null
    rm -rf "$tmp"
}
trap clean_up EXIT

# Without --foreground timeout passes a signal on twice, and the second may find no handler any more.
as() { # USER RESOURCE COMMAND...
    local user=$1 resource=$2 password
    shift 2
    password=$(tr ' ' '\n' <<< "$SOAPXMPP_TEST_PROSODY_USERS" | sed -n "s/^$user://p")
    ${replace:-} env SOAP_XMPP_JID="$user@$domain/$resource" SOAP_XMPP_PASSWORD="$password" \
        timeout --foreground 60 "$@"
}
as_component() { # COMMAND...: under the component's domain, which has another port and no TLS
    local component=$SOAPXMPP_TEST_PROSODY_COMPONENTS
    ${replace:-} env -u SOAP_XMPP_CAFILE SOAP_XMPP_JID="${component%%:*}.$domain" \
        SOAP_XMPP_PASSWORD="${component#*:}" SOAP_XMPP_PORT="$SOAPXMPP_TEST_PROSODY_COMPONENT_PORT" \
        timeout --foreground 60 "$@"
}
start() { # RESOURCE COMMAND...: bob's service, its output in $tmp/service
    start_as "as bob" "$@"
}
start_as() { # "WHO" COMMAND...
    local who=$1
    shift
    replace=exec $who "$@" > "$tmp/service" 2>&1 &
    service=$!
    wait_until 20 grep -q '^online' "$tmp/service"
}
heard() { # TEXT: from the service
    wait_until 20 grep -qF -- "$1" "$tmp/service" || ! cat "$tmp/service"
}
starts_as_advised() { # what the service said about the last caller that it refused
    local advice
    advice=$(sed -n 's/.*may not call .*SOAP_XMPP_ALLOW=\([^ ]*\).*/\1/p' "$tmp/service" | tail -n 1)
    echo "advice: $advice"
    [ -n "$advice" ] && SOAP_XMPP_ALLOW=$advice start soap "$samples/calculator-service"
}
refused() { # COMMAND...: bob's, with the password in $tmp/password, which is wrong
    echo wrong > "$tmp/password"
    chmod 600 "$tmp/password"
    ${replace:-} env SOAP_XMPP_JID="bob@$domain/soap" SOAP_XMPP_PASSWORD_FILE="$tmp/password" \
        timeout --foreground 60 "$@"
}
ends_refused() {
    SOAP_XMPP_GIVE_UP=after_refusal says 'the link has given up' 77 refused "$samples/calculator-service"
}
starts_refused() {
    replace=exec refused "$samples/calculator-service" > "$tmp/service" 2>&1 &
    service=$!
    heard 'connecting -> failed' && heard 'tries again in'
}
comes_back() {
    tr ' ' '\n' <<< "$SOAPXMPP_TEST_PROSODY_USERS" | sed -n 's/^bob://p' > "$tmp/password"
    heard 'connecting -> online'
}
stops_well() {
    { kill -TERM "$service" && wait "$service"; } || ! cat "$tmp/service"
}
says() { # EXPECTED EXIT-CODE COMMAND...
    local expected=$1 code=$2 said exit_code=0
    shift 2
    local end=$((SECONDS + 20))
    # A service says that it is online, and serves a moment later.
    while exit_code=0; said=$("$@" 2>&1) || exit_code=$?; [ $SECONDS -lt $end ]; do
        case "$expected $said" in
        service-unavailable*) break ;;
        *service-unavailable*) sleep 0.1 ;;
        *) break ;;
        esac
    done
    echo "exit $exit_code: $said"
    [ "$exit_code" = "$code" ] && grep -F -- "$expected" <<< "$said"
}
soon() { # COMMAND...: a service that has come online may not serve yet
    wait_until 20 "$@"
}
calculate() { as alice desk "$samples/calculator-client" "$@"; }
console() { as alice watch "$samples/station-console" "xmpp:bob@$domain/station" "$@"; }

echo 'Suite: samples'
test_that "the calculator service comes online" start soap "$samples/calculator-service"
test_that "without a rule it says that nobody may call" heard 'nobody may call'
test_that "without a rule a caller is told" soon says 'forbidden' 1 calculate "xmpp:bob@$domain/soap" mul 2 3
test_that "the service says which rule would allow it" heard "SOAP_XMPP_ALLOW=alice@$domain:mul "
test_that "the service that allows nobody ends well" stops_well
test_that "the service starts with the rule that was advised" starts_as_advised
test_that "it multiplies" soon says 6 0 calculate "xmpp:bob@$domain/soap" mul 2 3
test_that "it does no more than that" says 'forbidden' 1 calculate "xmpp:bob@$domain/soap" add 1 2
test_that "the service with one rule ends well" stops_well
export SOAP_XMPP_ALLOW="alice@$domain, *@example.org:add"
test_that "the calculator service comes online with two rules" start soap "$samples/calculator-service"
test_that "it adds" soon says 3 0 calculate "xmpp:bob@$domain/soap" add 1 2
test_that "it divides" says 2.5 0 calculate "xmpp:bob@$domain" div 5 2
test_that "its fault is printed" says 'division by zero' 1 calculate "xmpp:bob@$domain/soap" div 1 0
test_that "an absent service is told" says 'service-unavailable' 1 calculate "xmpp:bob@$domain/no" add 1 2
test_that "wrong arguments are answered with the usage" says 'usage:' 2 calculate add 1
test_that "--help is no error" says 'usage:' 0 calculate --help
test_that "the service's --help names SOAP_XMPP_ALLOW" says SOAP_XMPP_ALLOW 0 \
    "$samples/calculator-service" --help
test_that "a rule that can't be one is refused by name" \
    says 'allow (SOAP_XMPP_ALLOW) fails at "alice@:add": the domain is empty' 2 \
    env SOAP_XMPP_ALLOW=alice@:add SOAP_XMPP_JID=a@b SOAP_XMPP_PASSWORD=c "$samples/calculator-service"
test_that "a service that is to give up ends with 77 when it is refused" ends_refused
test_that "an unknown variable is refused" says 'SOAP_XMPP_PROT' 2 env SOAP_XMPP_PROT=1 \
    "$samples/calculator-client" "xmpp:bob@$domain/soap" add 1 2
test_that "the service ends well when it is told to" stops_well
test_that "a service that is refused stays" starts_refused
test_that "a mended password file brings it back" comes_back
test_that "it adds again" soon says 3 0 calculate "xmpp:bob@$domain/soap" add 1 2
test_that "it ends well, as the others" stops_well

echo "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><addResponse \
xmlns='urn:soapxmpp:calculator'><result>42</result></addResponse></e:Body></e:Envelope>" > "$tmp/sum.xml"
test_that "a service without stubs comes online" start soap "$samples/bytes-service" add "$tmp/sum.xml"
test_that "it answers with its file" soon says 42 0 calculate "xmpp:bob@$domain/soap" add 1 2
test_that "it has seen who called" heard "alice@$domain/desk sent "
test_that "it declines what it doesn't know" says 'there is no such operation here' 1 \
    calculate "xmpp:bob@$domain/soap" mul 1 2
test_that "it ends well when it is told to, as those with stubs" stops_well
echo "<no envelope>" > "$tmp/sum.xml"
test_that "it comes online with a file that is no envelope" start soap "$samples/bytes-service" add "$tmp/sum.xml"
test_that "then its caller is told" soon says "can't be carried" 1 calculate "xmpp:bob@$domain/soap" add 1 2
test_that "and it goes on" says "can't be carried" 1 calculate "xmpp:bob@$domain/soap" add 1 2
test_that "it ends well then, too" stops_well
test_that "it wants a file" says "can't be read" 2 "$samples/bytes-service" add "$tmp/none.xml"
test_that "the bytes-service's --help is no error" says 'usage:' 0 "$samples/bytes-service" --help

component=${SOAPXMPP_TEST_PROSODY_COMPONENTS%%:*}.$domain
test_that "the calculator service comes online as a component" \
    start_as as_component "$samples/calculator-service"
test_that "it is online as its domain" heard "online as $component"
test_that "its domain adds" soon says 3 0 calculate "xmpp:$component" add 1 2
test_that "any name below it adds" says 3 0 calculate "xmpp:desk-7@$component/x" add 1 2
test_that "a rule holds there, too" says 'forbidden' 1 \
    as bob desk "$samples/calculator-client" "xmpp:$component" add 1 2
test_that "the component ends well when it is told to" stops_well
test_that "an account's service comes online" start soap "$samples/calculator-service"
test_that "it refuses a component that no rule allows" soon says 'forbidden' 1 \
    as_component "$samples/calculator-client" "xmpp:bob@$domain/soap" add 1 2
test_that "it says which rule would allow the component" heard "SOAP_XMPP_ALLOW=$component:add "
test_that "that service ends well" stops_well
test_that "it starts with a rule for the component" starts_as_advised
test_that "it adds for the component" soon says 3 0 \
    as_component "$samples/calculator-client" "xmpp:bob@$domain/soap" add 1 2
test_that "it ends well, too" stops_well
test_that "a component on another machine is refused" says 'has no TLS (XEP-0114)' 2 \
    env SOAP_XMPP_HOST=192.0.2.1 SOAP_XMPP_JID=calc.example.org SOAP_XMPP_PASSWORD=c \
    "$samples/calculator-service"

test_that "the station comes online" start station "$samples/station" "xmpp:alice@$domain/watch"
test_that "the console reads the station" soon says 'hPa' 0 console read
test_that "the console configures the station" says 'reports every 1 s' 0 console configure 1
test_that "the station refuses what it can't do" says 'must be 1 to 86400' 1 console configure 0
test_that "the station's reports reach the console" says 'hPa' 0 console watch 2
test_that "the station ends well when it is told to" stops_well
# The night: the console is off, the station reports to its account, and then goes, too.
sent_reports() { # NUMBER: by message, and its server has said that it has them
    [ "$(grep -c 'received <iq .*~received' "$tmp/service")" -ge "$1" ]
}
reports_twice() {
    soon console configure 1 && wait_until 20 sent_reports 2
}
export SOAP_XMPP_TRACE=stanza
test_that "a station starts while the console is off" start station "$samples/station" \
    "xmpp:alice@$domain?message"
unset SOAP_XMPP_TRACE
test_that "it reports all the same" reports_twice
test_that "that station ends well" stops_well
test_that "in the morning the console gets the reports of the night" says 'hPa' 0 console watch 2

relay() { as alice desk "$samples/relay-client" "xmpp:bob@$domain/soap" "$@"; }
start_desk() { # alice's, its output in $tmp/desk
    SOAP_XMPP_ALLOW="bob@$domain:convertResponse+Fault" replace=exec as alice archive \
        "$samples/relay-service" > "$tmp/desk" 2>&1 &
    desk=$!
    wait_until 20 grep -q '^online' "$tmp/desk"
}
desk_heard() { wait_until 20 grep -q -- "$1" "$tmp/desk" || ! cat "$tmp/desk"; }
there="xmpp:alice@$domain/archive"
export RELAY_TO="xmpp:x@y/z $there"
test_that "the relay service comes online" start soap "$samples/relay-service"
test_that "the desk comes online" start_desk
test_that "an answer comes back" soon says 212 0 relay convert 100
test_that "an answer goes to the desk" says accepted 0 relay convert 40 "$there"
test_that "the desk has it" desk_heard "104 degrees Fahrenheit from bob@$domain/soap, to urn:uuid:"
test_that "a fault comes back" says 'colder than it gets' 1 relay convert -300
test_that "a fault goes to the desk" says accepted 0 relay convert -300 "$there"
test_that "the desk has the fault" desk_heard "fault from bob@.*: that is colder than it gets"
test_that "no answer goes where none may go" says "doesn't list that endpoint" 1 relay convert 1 \
    "xmpp:alice@$domain/other"
test_that "no listed endpoints make a third" says "doesn't list that endpoint" 1 relay convert 1 "$RELAY_TO"
test_that "no listed endpoint goes with a blank" says "doesn't list that endpoint" 1 relay convert 1 " $there"
test_that "a sequence is recorded" says '3 readings recorded' 0 relay record 1.5 -2 3
test_that "the relay service has its last reading" heard 'reading 3: 3'
test_that "the relay's --help is no error" says 'REPLY-TO' 0 "$samples/relay-client" --help
test_that "the relay wants numbers" says 'usage:' 2 relay record 1 two
test_that "the relay service's --help names RELAY_TO" says RELAY_TO 0 "$samples/relay-service" --help
test_that "the relay service ends well when it is told to" stops_well
service=$desk
test_that "the desk ends well when it is told to" stops_well

# Where no endpoint is listed; what gSOAP's wsa plugin can't connect to it would leak. Its random numbers are made of
# memory that was never written, too.
valgrind=(valgrind -q --error-exitcode=99 --undef-value-errors=no --leak-check=full --errors-for-leak-kinds=definite)
anonymous=http://www.w3.org/2005/08/addressing/anonymous
refuses() { # ADDRESS: for an answer, and for a fault
    says "doesn't list that endpoint" 1 relay convert 1 "$1" &&
        says "doesn't list that endpoint" 1 relay convert -300 "$anonymous" "$1"
}
unset RELAY_TO
test_that "a relay service that lists no endpoint comes online" start soap "${valgrind[@]}" "$samples/relay-service"
test_that "an answer comes back from it" soon says 212 0 relay convert 100 "$anonymous" "$anonymous"
test_that "nothing goes to an empty address" refuses ''
test_that "nothing goes to a blank" refuses ' '
test_that "nothing goes to a line's end" refuses $'\n'
test_that "nothing goes to an address without a scheme" refuses "alice@$domain/archive"
test_that "nothing goes to a scheme without an address" refuses xmpp:
test_that "nothing goes by another scheme" refuses http://127.0.0.1:1/
test_that "it has lost no memory, and ends well" stops_well

guard() { # SECRET
    GUARD_USER=ann GUARD_SECRET=$1 as alice desk "$samples/guard-client" "xmpp:bob@$domain/soap" door
}
test_that "the guard comes online" start soap env GUARD_USER=ann GUARD_SECRET=sesame \
    "$samples/guard-service"
test_that "the guard opens for who knows the secret" soon says 'ann, the door is open' 0 guard sesame
test_that "and for nobody else" says 'could not be authenticated' 1 guard Sesame
test_that "the guard wants a secret" says "aren't set" 2 "$samples/guard-service"
test_that "the guard's --help is no error" says 'GUARD_SECRET' 0 "$samples/guard-client" --help
test_that "the guard ends well when it is told to" stops_well

# Rules that change while it serves: by a file and a signal.
rules() { # TEXT
    printf '%s\n' "$1" > "$tmp/rules.new" && mv "$tmp/rules.new" "$tmp/rules" && kill -HUP "$service"
}
lets_in() { # TEXT: the file's
    rules "$1" && heard "0 rules of the program, and $2 of allow_file" && says 'the door is open' 0 guard sesame
}
printf '*@%s\n' "$domain" > "$tmp/rules"
test_that "a guard with a file of rules comes online" start soap env -u SOAP_XMPP_ALLOW \
    SOAP_XMPP_ALLOW_FILE="$tmp/rules" GUARD_USER=ann GUARD_SECRET=sesame "$samples/guard-service"
test_that "who stands in the file may call" soon says 'the door is open' 0 guard sesame
rules '# nobody'
test_that "SIGHUP has the file read anew" heard 'and 0 of allow_file'
test_that "who stands there no longer may not" says 'forbidden' 1 guard sesame
rules 'alice@'
test_that "a file with a mistake is told of, with its line" heard "$tmp/rules:1: "
test_that "and changes nothing" says 'forbidden' 1 guard sesame
test_that "who stands there again may call" lets_in "alice@$domain:open" 1
test_that "it ends well when it is told to" stops_well
unset service
summarize
