#!/bin/bash
# trixie.sh [COMMAND...] - runs the command in a Debian 13 of its own, "make test" unless given: with its
# Prosody 13.0, ejabberd 24.12, libstrophe 0.14, gSOAP 2.8.135 and GCC 14, where Debian 12 has 0.12, 23.01,
# 0.12, 2.8.124 and 12.
#
# The root is made by debootstrap from MIRROR (this system's own unless given) in a temporary folder, with a
# copy of the sources as they are in the working tree, and goes when the command has ended; TRIXIE_ROOT=FOLDER
# keeps it there for the next time. The command has namespaces of its own for mounts and processes: none
# outlives it. Exits as the command does; without root's rights or without the mirror it says so and does
# nothing.
set -eu
: "${MIRROR:=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)}" "${TRIXIE_ROOT:=}"
top=$(cd "$(dirname "$0")/.." && pwd -P)
[ $# -gt 0 ] || set -- make "-j$(nproc)" test

skip() {
    echo "no Debian 13 here: $*"
    exit 0
}

[ "$(id -u)" = 0 ] || skip "its root can be made by root alone"
"$top/tools/install-packages.sh" trixie
wget -q --spider "$MIRROR/dists/trixie/InRelease" || # as debootstrap fetches it
    skip "$MIRROR can't be reached"
unshare --mount --pid --fork true 2> /dev/null || skip "there can be no namespaces"

# Namespaces end with the process that made them, which takes no other signal while its child runs.
inside=
end() {
    if [ -n "$inside" ]; then
        { kill -KILL "$inside" && wait "$inside"; } 2> /dev/null || true
    fi
    [ -n "$TRIXIE_ROOT" ] || rm -rf --one-file-system "$root"
}
root=${TRIXIE_ROOT:-$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-trixie.XXXXXX")}
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$root"
root=$(cd "$root" && pwd -P)

if [ ! -e "$root/made" ]; then
    echo "making a Debian 13 in $root"
    if ! debootstrap --variant=minbase trixie "$root" "$MIRROR" > "$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        echo "debootstrap failed, its output is in $root.log" >&2
        exit 1
    fi
    mv "$root.log" "$root/made"
fi
rm -rf "$root/soapxmpp"
mkdir "$root/soapxmpp"
tar -C "$top" --exclude=./build --exclude=./.git -c . | tar -C "$root/soapxmpp" --no-same-owner -x

# What the environment says of this system is none of that one's.
env -i TERM="${TERM:-dumb}" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    unshare --mount --pid --fork --kill-child sh -euc '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    mount --bind /etc/resolv.conf "$0/etc/resolv.conf" || true
    exec chroot "$0" sh -euc "cd /soapxmpp; tools/install-packages.sh build demo test; exec \"\$@\"" sh "$@"' \
    "$root" "$@" < /dev/null &
inside=$!
status=0
wait "$inside" || status=$?
inside=
exit "$status"
