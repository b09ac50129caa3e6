# daemon.sh - what prosody.sh and ejabberd.sh share; sourced by them, after they have defined
#
#   configure    writes the configuration for C2S_PORT, DIRECT_TLS_PORT and COMPONENT_PORT, and
#                S2S_PORT if DNS_PORT is set
#   launch       becomes the server (exec); it writes "ok" to $dir/ready once it listens on all these
#                ports; if another program holds one of them it writes "busy", or ends and says
#                "eaddrinuse" on its standard output
#   deadline_s   how long it may take to start
#
# Both scripts: NAME.sh start|stop|restart DIR
#   start     runs a server of its own out of DIR (made if need be), as root or as anyone, on
#             loopback unless told otherwise, and returns once it listens. No file outside DIR is
#             touched. Ports are free ones found at the time; restart keeps them. DIR/env tells the
#             rest:
#                 HOST C2S_PORT DIRECT_TLS_PORT COMPONENT_PORT S2S_PORT CA_FILE PID
#             and DIR/version what it is: "prosody 13.0.1"
#   stop      ends it, at once if it doesn't listen to reason within 10 s; DIR stays.
# Options by environment, remembered for restart:
#   HOST             the XMPP domain (xmpp.test)
#   USERS            accounts, "name:password name:password" (alice:alicepw bob:bobpw)
#   ACCOUNTS         a file with more of them, in any characters: one a line, its name (prepared by
#                    nodeprep), a tab, its password
#   COMPONENTS       external components (XEP-0114), "label:secret": label.HOST (svc:s3cret). ejabberd
#                    takes any name with the first one's secret
#   SECOND_HOST      another domain below HOST, with the same accounts, whose passwords are kept as they
#                    are, not hashed; who asks there for a resource that is taken gets another one
#   IDN_HOST         one more, beyond ASCII ("bücher.test"), else as SECOND_HOST. The valid certificate
#                    names it, too
#   TLS              required, or off: STARTTLS isn't even offered
#   CERT             valid, wronghost, selfsigned, chained or expired: what the server shows (certs.sh)
#   STANZA_LIMIT     bytes of the largest stanza (the server's own default)
#   CONFIG=debian    Debian's own configuration file, its copy in DIR/debian; TLS, STANZA_LIMIT, PERF, LOG and
#                    the settings of SECOND_HOST and IDN_HOST are ignored. Otherwise there is no limit to what a
#                    client may send in a second
#   CONFIG=advised   the same with what docs/servers.md says to set
#   PERF=1           settings for measurements, where the defaults would be measured instead
#   LOG              log level (info)
#   DNS_PORT         of a name server on loopback: speaks to the servers it names, with TLS
#   LISTEN           the IPv4 address to listen on (127.0.0.1); Prosody alone
set -eu -o pipefail

command=${1:-} dir=${2:-}
case $command in
start | stop | restart) ;;
*) command= ;;
esac
if [ -z "$command" ] || [ -z "$dir" ]; then
    echo "usage: $0 start|stop|restart DIR" >&2
    exit 2
fi
: "${HOST:=xmpp.test}" "${USERS:=alice:alicepw bob:bobpw}" "${COMPONENTS:=svc:s3cret}"
: "${TLS:=required}" "${CERT:=valid}" "${STANZA_LIMIT:=}" "${PERF:=}" "${LOG:=info}"
: "${LISTEN:=127.0.0.1}" "${DNS_PORT:=}" "${NODE:=}" "${EPMD_PORT:=}" "${JOIN:=}"
: "${FLEET:=}" "${CONFIG:=}" "${SECOND_HOST:=}" "${SCRAM_HASH:=}" "${MAX_SESSIONS:=}"
: "${IDN_HOST:=}" "${ACCOUNTS:=}"

die() {
    echo "$0: $*" >&2
    exit 1
}

# The process that DIR/pid names, if it still is ours: a number may be used again, and a server whose
# parent doesn't wait stays a zombie, with an empty command line.
alive() {
    pid=$(cat "$dir/pid" 2>/dev/null) && grep -qF -- "$dir/" "/proc/$pid/cmdline" 2>/dev/null
}

# wait_until SECONDS COMMAND...: false when the time is over
wait_until() {
    local end=$((SECONDS + $1 + 1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
}

is_dead() { ! alive; }

stop_server() {
    if alive; then
        kill -TERM "$pid" 2>/dev/null || true
        if ! wait_until 10 is_dead; then
            kill -KILL "$pid" 2>/dev/null || true
            wait_until 5 is_dead || die "process $pid can't be ended"
        fi
    fi
    rm -f "$dir/pid" "$dir/ready"
}

is_free() { ! (exec 3<>"/dev/tcp/$LISTEN/$1") 2>/dev/null; }

# Eight ports nobody listens on (Debian's ejabberd has so many), below the range the kernel hands out by
# itself. Another program may take one before the server does: then the server says "busy" and new ones
# are tried.
pick_ports() {
    local base
    while :; do
        base=$((10000 + (RANDOM * 32768 + RANDOM) % 22000))
        is_free $base && is_free $((base + 1)) && is_free $((base + 2)) && is_free $((base + 3)) &&
            is_free $((base + 4)) && is_free $((base + 5)) && is_free $((base + 6)) &&
            is_free $((base + 7)) && break
    done
    C2S_PORT=$base DIRECT_TLS_PORT=$((base + 1)) COMPONENT_PORT=$((base + 2)) S2S_PORT=$((base + 3))
}

is_settled() { [ -s "$dir/ready" ] || ! kill -0 "$!" 2>/dev/null; }

# Runs the server once; outcome is "ok", "busy", or empty for anything else that went wrong
try_ports() {
    rm -f "$dir/ready"
    configure
    # descriptor 9 tells with-servers that a start is under way: not for the server to keep
    (
        cd "$dir"
        launch
    ) > "$dir/stdout.log" 2>&1 < /dev/null 9>&- &
    echo $! > "$dir/pid"
    outcome=
    if wait_until "$deadline_s" is_settled && [ -s "$dir/ready" ]; then
        outcome=$(cat "$dir/ready")
    elif grep -q eaddrinuse "$dir/stdout.log"; then
        outcome=busy
    fi
    [ "$outcome" = ok ] || stop_server
}

write_env() {
    local name
    for name in HOST USERS COMPONENTS TLS CERT STANZA_LIMIT PERF LOG LISTEN DNS_PORT NODE EPMD_PORT JOIN \
        FLEET CONFIG SECOND_HOST SCRAM_HASH MAX_SESSIONS IDN_HOST ACCOUNTS C2S_PORT DIRECT_TLS_PORT \
        COMPONENT_PORT S2S_PORT; do
        printf '%s=%q\n' $name "${!name}"
    done > "$dir/env.new"
    printf '%s=%q\n' CA_FILE "$dir/certs/ca.crt" PID "$(cat "$dir/pid")" >> "$dir/env.new"
    mv "$dir/env.new" "$dir/env"
}

# DIR/accounts: all of them, as lines of ACCOUNTS
write_accounts() {
    local user
    for user in $USERS; do
        printf '%s\t%s\n' "${user%%:*}" "${user#*:}"
    done > "$dir/accounts"
    [ -z "$ACCOUNTS" ] || cat "$ACCOUNTS" >> "$dir/accounts"
}

start_server() {
    local attempt
    case "$HOST $USERS $COMPONENTS $SECOND_HOST" in
    *[!A-Za-z0-9._:\ -]*) die "HOST, USERS, COMPONENTS and SECOND_HOST may hold letters, digits, . _ - alone" ;;
    esac
    case $LISTEN in
    *[!0-9.]*) die "LISTEN is an IPv4 address" ;;
    esac
    case $IDN_HOST in
    *[\"\'\\[:space:]]*) die "IDN_HOST is one domain" ;;
    esac
    "$tools/certs.sh" "$dir/certs" "$HOST" "$IDN_HOST"
    [ -z "$SECOND_HOST" ] || "$tools/certs.sh" "$dir/certs" "$SECOND_HOST"
    write_accounts
    for attempt in 1 2 3 4 5 6 7 8; do
        [ $command = restart ] || pick_ports
        try_ports
        case $outcome in
        ok)
            write_env
            return
            ;;
        busy) sleep 0.1 ;;
        *)
            tail -q -n 40 "$dir"/*.log >&2
            die "the server didn't start (it has $deadline_s s)"
            ;;
        esac
    done
    die "no free ports, tried $attempt times (last: $C2S_PORT)"
}

umask 077
[ $command = stop ] || mkdir -p "$dir"
[ -d "$dir" ] || exit 0
dir=$(cd "$dir" && pwd -P)
case $CONFIG in
'' | debian | advised) ;;
*) CONFIG=$(realpath -- "$CONFIG") ;; # restart may be called from anywhere
esac
[ -z "$ACCOUNTS" ] || ACCOUNTS=$(realpath -- "$ACCOUNTS")
tools=$(cd "$(dirname "$0")" && pwd -P)
case $command in
start)
    ! alive || die "a server runs in $dir already"
    start_server
    ;;
stop) stop_server ;;
restart)
    [ -f "$dir/env" ] || die "no server was started in $dir"
    . "$dir/env"
    stop_server
    start_server
    ;;
esac
