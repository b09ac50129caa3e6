#!/bin/bash
# trixie.sh [COMMAND...] - runs the command in a Debian 13 of its own, with its Prosody, ejabberd, libstrophe,
# gSOAP, OpenSSL, libmicrohttpd, libcurl, GnuTLS and GCC, whose versions it says. Without a command it builds
# with the packages that README.md names and no others, then runs "make test" with all.
#
# It needs root's rights, namespaces, debootstrap (which it installs), a mirror of Debian and 3 GB in TMPDIR.
# The root is made by debootstrap from MIRROR (this system's own unless given) in a temporary folder, with a
# copy of the sources as they are in the working tree, and goes when the command has ended; TRIXIE_ROOT=FOLDER
# keeps it there for the next time. The command has namespaces of its own for mounts and processes: none
# outlives it, nor this script, however that ends. All together may take TRIXIE_SECONDS.
#
# Ends with one line that says how it went, and exits as the command does; 124, when that took too long; 77,
# with the reason, where there can be no Debian 13.
set -eu -o pipefail
: "${MIRROR:=$(apt-get indextargets --format '$(REPO_URI)' | sed -n '\,/debian/*$,{p;q}')}" "${TRIXIE_ROOT:=}"
: "${TRIXIE_SECONDS:=5400}"
MIRROR=${MIRROR%"${MIRROR##*[!/]}"} # a mirror may know no path with two slashes
top=$(cd "$(dirname "$0")/.." && pwd -P)
builds_first=
[ $# -gt 0 ] || builds_first=1
[ $# -gt 0 ] || set -- make "-j$(nproc)" test

skip() {
    echo "no Debian 13 here: $*"
    exit 77
}

echo "Debian 13: needs root's rights, debootstrap, a mirror and 3 GB; ends within" \
    "$((TRIXIE_SECONDS / 60)) minutes"
[ "$(id -u)" = 0 ] || skip "its root can be made by root alone"
"$top/tools/install-packages.sh" trixie
wget -q --spider --tries=2 --timeout=30 "$MIRROR/dists/trixie/InRelease" || # as debootstrap fetches it
    skip "${MIRROR:-a mirror} can't be reached"
unshare --mount --pid --fork true 2> /dev/null || skip "there can be no namespaces"

# Namespaces end with the process that made them, which takes no other signal while its child runs. What was
# in them may take a moment more to die.
inside=
end() {
    local i
    if [ -n "$inside" ]; then
        { kill -KILL "$inside" && wait "$inside"; } 2> /dev/null || true
    fi
    [ -z "$TRIXIE_ROOT" ] || return 0
    for i in {1..50}; do
        ! rm -rf --one-file-system "$root" "$root.log" 2> /dev/null || return 0
        sleep 0.2
    done
    echo "$root can't be removed" >&2
}
root=${TRIXIE_ROOT:-$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-trixie.XXXXXX")}
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$root"
chmod 755 "$root" # the root of all who are in there, and not only of root
root=$(cd "$root" && pwd -P)

# In namespaces of its own, which a signal to this script ends at once.
isolate() { # COMMAND...
    local status=0
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child "$@" < /dev/null &
    inside=$!
    wait "$inside" || status=$?
    inside=
    return $status
}

# The root is a mount point, since a program may change how mounts spread from /. What the environment says
# of this system is none of that one's.
enter() { # COMMAND...
    isolate env -i TERM="${TERM:-dumb}" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 sh -euc '
        mount --bind "$0" "$0"
        cd "$0"
        mount -t proc proc proc
        mount --rbind /dev dev
        mount --bind /etc/resolv.conf etc/resolv.conf || true
        exec chroot . "$@"' "$root" "$@"
}

seconds_left() { echo $((TRIXIE_SECONDS > SECONDS ? TRIXIE_SECONDS - SECONDS : 1)); }

fail() { # STATUS WHAT
    echo "Debian 13: FAILED: $2"
    exit "$1"
}

run() { # COMMAND...
    local status=0
    enter timeout -k 30 "$(seconds_left)" sh -euc 'cd /soapxmpp; exec "$@"' sh "$@" || status=$?
    case $status in
    0) ;;
    124) fail 124 "$* wasn't done in time" ;;
    137) fail 137 "$* was killed, or wasn't done in time and took no other signal" ;;
    *) fail $status "$* (exit code $status)" ;;
    esac
}

if [ ! -e "$root/made" ]; then
    echo "making a Debian 13 in $root"
    if ! isolate timeout -k 10 "$(seconds_left)" debootstrap --variant=minbase trixie "$root" "$MIRROR" \
        > "$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        fail 1 "debootstrap, whose last words are above"
    fi
    mv "$root.log" "$root/made"
fi
rm -rf "$root/soapxmpp"
mkdir "$root/soapxmpp"
tar -C "$top" --exclude=./build --exclude=./.git -c . | tar -C "$root/soapxmpp" --no-same-owner -x

run tools/install-packages.sh build
[ -z "$builds_first" ] || run make "-j$(nproc)" all
run tools/install-packages.sh build demo test nat
enter dpkg-query -W -f '  ${Package} ${Version}\n' prosody ejabberd libstrophe-dev gsoap libssl-dev \
    libexpat1-dev libmicrohttpd-dev libcurl4-openssl-dev libgnutls28-dev gcc
run "$@"
echo "Debian 13: passed: $* ($SECONDS s with all)"
