#!/bin/bash
# federation.sh start|stop DIR - a Prosody and an ejabberd that know each other: server to server, with
# TLS, each with a certificate by the one CA they trust (SASL EXTERNAL, no dialback).
#
#   DIR/prosody, DIR/ejabberd   the servers, as prosody.sh and ejabberd.sh keep them (restart and stop
#                               work on them); their domains are prosody.test and ejabberd.test
#   DIR/names/zone              where they find each other, "DOMAIN PORT" per line: names.py. May be
#                               replaced at any time, by rename
#
# No system file is read or changed, no port below 1024 is used, and root isn't needed. Prosody takes a
# name server of its own through lua-unbound alone: without it, exit code 77 and "skipped: ...".
#
# Options by environment: those of daemon.sh, for both servers, but HOST, CERT and LISTEN.
set -eu -o pipefail
command=${1:-} dir=${2:-}
case $command:$dir in
start:?* | stop:?*) ;;
*) echo "usage: $0 start|stop DIR" >&2 && exit 2 ;;
esac
tools=$(cd "$(dirname "$0")" && pwd -P)
servers="prosody ejabberd"
unset HOST CERT LISTEN

names_run() {
    pid=$(cat "$dir/names/pid" 2>/dev/null) && grep -qF -- "$dir/" "/proc/$pid/cmdline" 2>/dev/null
}

start_names() {
    local end=$((SECONDS + 20))
    mkdir "$dir/names"
    : > "$dir/names/zone"
    setsid /usr/bin/python3 "$tools/names.py" "$dir/names" > "$dir/names/log" 2>&1 < /dev/null 9>&- &
    echo $! > "$dir/names/pid"
    until [ -s "$dir/names/port" ]; do
        [ $SECONDS -lt $end ] && kill -0 $! 2>/dev/null || { cat "$dir/names/log" >&2 && return 1; }
        sleep 0.02
    done
}

# The first server's CA signs for the second one, too.
share_ca() {
    local server
    "$tools/certs.sh" "$dir/prosody/certs" prosody.test
    for server in ${servers#* }; do
        mkdir -p "$dir/$server/certs"
        cp "$dir/prosody/certs"/ca.* "$dir/$server/certs"
    done
}

write_zone() {
    local server
    for server in $servers; do
        (. "$dir/$server/env" && echo "$HOST $S2S_PORT")
    done > "$dir/names/zone.new"
    mv "$dir/names/zone.new" "$dir/names/zone"
}

start() {
    local server jobs=()
    lua5.4 -e 'require "lunbound"' 2>/dev/null || {
        echo "skipped: no federation, for Prosody has no lua-unbound"
        exit 77
    }
    start_names
    share_ca
    for server in $servers; do
        HOST=$server.test DNS_PORT=$(cat "$dir/names/port") "$tools/$server.sh" start "$dir/$server" &
        jobs+=($!)
    done
    for server in "${jobs[@]}"; do
        wait "$server"
    done
    write_zone
}

stop() {
    local server
    for server in $servers; do
        "$tools/$server.sh" stop "$dir/$server" || true
    done
    ! names_run || kill -TERM "$pid"
}

umask 077
[ $command = stop ] || mkdir -p "$dir"
[ -d "$dir" ] || exit 0
dir=$(cd "$dir" && pwd -P)
if [ $command = start ]; then
    trap '[ $? = 0 ] || stop' EXIT
fi
$command
