#!/bin/bash
# run.sh BUILD - a real NAT: the calculator behind a router that masquerades, called from outside, and
# what becomes of it when the router forgets or changes its mappings: while it is idle, and in the
# middle of a call.
#
#   device -- router -- public -- other router -- guest        one network namespace each
#
# device and guest have the very same private address. Prosody and most callers are in public. All
# traffic stays between these namespaces; none of them has a way to the host.
#
# Nothing outlives the run: one trap ends what was started, by process id, and deletes the namespaces,
# whose names hold our own; after 100 s it is sprung by a clock. Where root, namespaces or nft are not to
# be had the script says "skipped: ..." and exits with 0.
set -u -o pipefail
limit_s=100
build=$(cd "$1" && pwd) || exit 2
if [ "${2:-}" != inside ]; then
    exec timeout --foreground "$limit_s" "$0" "$build" inside
fi
tools=$(cd "$(dirname "$0")/../../tools" && pwd)
space=soapxmpp-$$
namespaces="device router public other guest"
private=10.1.0.2 gateway=10.1.0.1                       # the same on both sides
server=10.9.0.1 router=10.9.1.2 moved=10.9.1.3 other=10.9.2.2 # public
service='' listener='' caller=''
. "$(dirname "$0")/../lib/sentences.sh"
export LC_ALL=C

skip() {
    echo "skipped: $*"
    exit 0
}

inside() { # NAMESPACE COMMAND...
    ip netns exec "$space-$1" "${@:2}"
}
# For the background: the process is the command itself, so that its id is the one to signal.
become() { # NAMESPACE COMMAND...
    exec ip netns exec "$space-$1" "${@:2}"
}
address() { ip -n "$space-$1" address "${@:2}"; }
link() { ip -n "$space-$1" link "${@:2}"; }
route() { ip -n "$space-$1" route "${@:2}"; }

finish() {
    local status=$? name pid
    trap '' INT TERM HUP
    for pid in $service $listener $caller; do
        kill -KILL "$pid" # a stopped process takes no other signal
        wait "$pid"
    done 2>/dev/null
    "$tools/prosody.sh" stop "$tmp/prosody"
    for name in $namespaces; do
        ip netns del "$space-$name" 2>/dev/null
    done
    rm -rf "$tmp"
    exit $status
}

# ---- the network -----------------------------------------------------------------------------------

# A house: what is inside reaches outwards under the router's address, and nothing else comes in.
make_house() { # HOST ROUTER ADDRESS GATEWAY
    link "$2" add lan type veth peer name eth0 netns "$space-$1" &&
        link "$2" add wan type veth peer name "$2" netns "$space-public" &&
        address "$1" add "$private/24" dev eth0 && address "$2" add "$gateway/24" dev lan &&
        address "$2" add "$3/24" dev wan && address public add "$4/24" dev "$2" &&
        link "$1" set eth0 up && link "$2" set lan up && link "$2" set wan up &&
        link public set "$2" up &&
        route "$1" add default via "$gateway" && route "$2" add default via "$4" &&
        inside "$2" sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward' &&
        inside "$2" nft -f - <<'END'
table ip router {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state invalid drop
        ct state established,related accept
        iifname "lan" accept
    }
    chain outward {
        type nat hook postrouting priority 100;
        oifname "wan" masquerade
    }
}
END
}

make_network() {
    make_house device router "$router" 10.9.1.1 && make_house guest other "$other" 10.9.2.1 &&
        link public set lo up && address public add "$server/32" dev lo && link device set lo up
}

make_namespaces() {
    local name
    for name in $namespaces; do
        ip netns add "$space-$name" || return 1
    done
    inside router nft add table ip probe
}

# ---- who is in it ----------------------------------------------------------------------------------

start_prosody() {
    HOST=example.org USERS='calc:calcpw alice:alicepw' LISTEN=$server \
        inside public "$tools/prosody.sh" start "$tmp/prosody"
}

start_listener() { # a port of the device that anyone might like to connect to
    become device python3 -c 'import socket
server = socket.create_server(("", 8080))
while True: server.accept()' &
    listener=$!
}

is_online() { grep -qs '^online' "$tmp/service"; }
start_service() { # asks for a sign of life after 1 s, gives up after another
    SOAP_XMPP_JID=calc@example.org/soap SOAP_XMPP_PASSWORD=calcpw SOAP_XMPP_TRACE=info \
        SOAP_XMPP_ALLOW=alice@example.org \
        become device "$build/nat-service" 1000 1000 >> "$tmp/service" 2>&1 &
    service=$!
    wait_until 5 is_online || ! cat "$tmp/service"
}

endpoint=xmpp:calc@example.org/soap
call_from() { # NAMESPACE
    SOAP_XMPP_JID=alice@example.org SOAP_XMPP_PASSWORD=alicepw \
        inside "$1" timeout --foreground 5 "$build/samples/calculator-client" "$endpoint" mul 6 7 |
        tee /dev/stderr | grep -qx 42
}

# The service's connection as ss shows it: received and unread bytes come first
connection() { inside device ss -Htn state established dst "$server"; }
has_unread() { [ "$(connection | awk '{ print $1 }')" -gt 0 ] 2>/dev/null; }

# ---- what should be true ---------------------------------------------------------------------------

reaches() { # NAMESPACE ADDRESS
    inside "$1" timeout --foreground 1 bash -c "exec 3<>/dev/tcp/$2/8080"
}

# Not by the router's address, and not by the device's own if someone knew the way.
is_closed() {
    wait_until 5 reaches router "$private" || return 1 # else the rest would prove nothing
    ! reaches public "$router" || return 1
    route public add 10.1.0.0/24 via "$router" && ! reaches public "$private" &&
        route public del 10.1.0.0/24
}

seen_as() { # ADDRESS: where the server thinks the service is
    inside public ss -Htn state established src "$server" | tee /dev/stderr |
        awk '{ sub(":.*", "", $4); print $4 }' | grep -qx "$1"
}

# What the service has said since it was last forgotten; it appends.
forget_sayings() { : > "$tmp/service"; }
has_said() { grep -q "$1" "$tmp/service"; }

# A call that has come as far as the device and no further: the service is held, as a busy one is.
call_held() { # SECONDS
    kill -STOP "$service"
    SOAP_XMPP_JID=alice@example.org SOAP_XMPP_PASSWORD=alicepw \
        become public "$build/nat-caller" "$endpoint" "$1" > "$tmp/caller" 2>&1 &
    caller=$!
    wait_until 5 has_unread
}

call_is_answered() {
    local code
    kill -CONT "$service"
    wait "$caller"
    code=$?
    caller=
    cat "$tmp/caller" "$tmp/service"
    return $code
}


# Masquerading forgets what went through an interface that goes down.
forget_mappings() {
    link router set wan down && link router set wan up && route router add default via 10.9.1.1
}

# Whether a packet from inside that belongs to nothing known makes a mapping, as it may with Linux, or
# is dropped, as with most routers one can buy.
set_loose() { # 0|1
    inside router sh -c "echo $1 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose"
}

# As a provider does it at night. What the server still sends to the old address finds nobody.
change_address() {
    address router del "$router/24" dev wan && address router add "$moved/24" dev wan &&
        route router replace default via 10.9.1.1
}

replug_device() {
    link device set eth0 down && link device set eth0 up && route device add default via "$gateway"
}

forgotten_idle() { forget_mappings && called_again; }
silent_idle() { # nothing is called, so that nothing but the keep-alive can tell
    forget_sayings && set_loose 0 && forget_mappings &&
        wait_until 20 has_said "^backing off: .* $server port" &&
        wait_until 20 has_said "^online" && call_from public || ! cat "$tmp/service"
}
forgotten_mid_call() { call_held 20 && forget_mappings && call_is_answered; }
moved_mid_call() { call_held 20 && change_address && replug_device && call_is_answered; }
called_again() { wait_until 20 call_from public; }

[ "$(id -u)" = 0 ] || skip "only root may make network namespaces"
for program in ip ss nft prosody python3; do
    command -v "$program" > /dev/null || skip "there is no $program"
done
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-nat.XXXXXX")
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
make_namespaces > "$tmp/log" 2>&1 || skip "no network namespaces here: $(head -n 1 "$tmp/log")"

echo "Suite: nat"
if ! { make_network && start_prosody; } > "$tmp/log" 2>&1; then
    cat "$tmp/log"
    echo "the network or the server didn't start"
    exit 1
fi
. "$tmp/prosody/env"
export SOAP_XMPP_HOST=$server SOAP_XMPP_PORT=$C2S_PORT SOAP_XMPP_CAFILE=$CA_FILE
start_listener

test_that "the service comes online from behind the router" start_service
test_that "the server sees the router's address" seen_as "$router"
test_that "nobody outside can connect to the device" is_closed
test_that "a client outside calls the service" call_from public
test_that "a client behind a NAT of its own calls the service" call_from guest
test_that "a call is answered though the router forgets its mappings meanwhile" forgotten_mid_call
test_that "a service that the router forgot while it was idle is called within 20 s" forgotten_idle
test_that "an idle service notices by itself that a strict router forgot it" silent_idle
test_that "a call is answered though a strict router forgets its mappings meanwhile" forgotten_mid_call
test_that "a call is answered though the router's address changes meanwhile" moved_mid_call
test_that "the service is called again within 20 s" called_again
test_that "the server sees the router's new address" seen_as "$moved"
summarize
