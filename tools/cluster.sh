#!/bin/bash
# cluster.sh start|stop DIR - two ejabberds that are one: nodes of a cluster for one domain.
#
#   DIR/node1, DIR/node2   the nodes, as ejabberd.sh keeps them: DIR/nodeN/env tells each one's ports,
#                          restart and stop work on one node, and so does kill -9 of DIR/nodeN/pid
#   DIR/epmd               where the nodes find each other: a port mapper of their own, not the machine's
#
# All ports are free ones, found at the time, on loopback. Node 2 has joined node 1: accounts, sessions
# and routes are both's. A node that was killed finds its way back when it is restarted, as long as the
# other is up.
#
# Options by environment: those of daemon.sh and ejabberd.sh for both nodes, but NODE, EPMD_PORT and JOIN.
set -eu -o pipefail
command=${1:-} dir=${2:-}
case $command:$dir in
start:?* | stop:?*) ;;
*) echo "usage: $0 start|stop DIR" >&2 && exit 2 ;;
esac
tools=$(cd "$(dirname "$0")" && pwd -P)
unset NODE EPMD_PORT JOIN
: "${HOST:=xmpp.test}"

epmd_runs() {
    pid=$(cat "$dir/epmd/pid" 2>/dev/null) && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$dir/epmd" ]
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# True once it listens, false if another program has the port. It leaves if it can't have it.
try_epmd() { # PORT
    local end=$((SECONDS + 10))
    (
        cd "$dir/epmd"
        exec setsid epmd -port "$1" -address 127.0.0.1
    ) > "$dir/epmd/log" 2>&1 < /dev/null 9>&- &
    echo $! > "$dir/epmd/pid"
    until answers "$1"; do
        kill -0 $! 2>/dev/null && [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
    kill -0 $! 2>/dev/null
}

start_epmd() {
    local attempt port
    mkdir -p "$dir/epmd"
    for attempt in 1 2 3 4 5 6 7 8; do
        port=$((10000 + (RANDOM * 32768 + RANDOM) % 22000))
        if ! answers $port && try_epmd $port; then
            echo $port > "$dir/epmd/port"
            return
        fi
    done
    cat "$dir/epmd/log" >&2
    echo "$0: epmd didn't start, tried $attempt times (last: $port)" >&2
    return 1
}

# One CA, one certificate, one cookie for both.
share_secrets() {
    "$tools/certs.sh" "$dir/node1/certs" "$HOST"
    mkdir -p "$dir/node2"
    cp -r "$dir/node1/certs" "$dir/node2/"
    openssl rand -hex 16 > "$dir/node1/.erlang.cookie"
    cp "$dir/node1/.erlang.cookie" "$dir/node2/"
    chmod 400 "$dir"/node?/.erlang.cookie
}

start() {
    start_epmd
    share_secrets
    EPMD_PORT=$(cat "$dir/epmd/port")
    export HOST EPMD_PORT
    NODE=node1@127.0.0.1 "$tools/ejabberd.sh" start "$dir/node1"
    # the accounts are in the cluster already
    NODE=node2@127.0.0.1 JOIN=node1@127.0.0.1 FLEET= "$tools/ejabberd.sh" start "$dir/node2"
}

stop() {
    local node
    for node in node2 node1; do
        "$tools/ejabberd.sh" stop "$dir/$node" || true
    done
    ! epmd_runs || kill -TERM "$pid"
}

command -v epmd > /dev/null || {
    echo "skipped: no cluster, for epmd isn't there"
    exit 77
}
umask 077
[ $command = stop ] || mkdir -p "$dir"
[ -d "$dir" ] || exit 0
dir=$(cd "$dir" && pwd -P)
if [ $command = start ]; then
    trap '[ $? = 0 ] || stop' EXIT
fi
$command
