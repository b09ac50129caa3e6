#!/bin/bash
# install-packages.sh GROUP... - the Debian packages that soapxmpp needs, of those groups: build, demo, gateway-demo,
# test, gateway (heavy clients of its tests), lint, fuzz, nat, bench, trixie. When all are there it does and
# says nothing.
#
# Installing an XMPP server must not make the machine an XMPP server. A policy-rc.d keeps services
# from being started meanwhile; what was there is put back, also after an interrupt. Debian's packages
# enable their services all the same, to be started at the next boot: those that are new are disabled
# again, systemd's units (epmd's, say, which comes with Erlang, too) as well as System V's links.
set -eu
export LC_ALL=C
policy=/usr/sbin/policy-rc.d
mark="written by soapxmpp's install-packages.sh"

packages() {
    case $1 in
    build)
        echo gcc libc6-dev make pkgconf gsoap libgsoap-dev libstrophe-dev libssl-dev libexpat1-dev \
            libzstd-dev libidn-dev libidn2-dev zlib1g-dev \
            libconfuse-dev libjansson-dev libxml2-dev libcurl4-openssl-dev libmicrohttpd-dev libgnutls28-dev libcrypt-dev scdoc
        ;;
    demo) echo prosody openssl ;;
    gateway-demo) echo python3 python3-zeep ;;
    test)
        echo g++ libcunit1-dev ejabberd valgrind python3 python3-cffi python3-slixmpp python3-zeep tkabber \
            lua-unbound spin zsh prometheus systemtap-sdt-dev shellcheck man-db xz-utils curl php-cli php-soap python3-requests python3-suds \
            python3-spyne python3-xmlsec
        ;;
    gateway) echo default-jdk-headless libjaxws-java chromium-driver python3-selenium ;;
    lint) echo cppcheck clang-tidy ;;
    fuzz) echo clang libclang-rt-14-dev ;;
    nat) echo iproute2 nftables ;;
    bench) echo gnuplot-nox mosquitto libmosquitto-dev ;;
    trixie) echo debootstrap ;;
    *) echo "usage: $0 build|demo|gateway-demo|test|gateway|lint|fuzz|nat|bench|trixie..." >&2 && exit 2 ;;
    esac
}

# Which of the services that come with our packages are started at boot: one path per line
enabled() {
    local name
    for name in prosody ejabberd epmd mosquitto prometheus; do
        find /etc/systemd/system -path "*.wants/$name.*" 2>/dev/null || true
        find /etc/rc?.d -name "S??$name" 2>/dev/null || true
    done
}

newly_enabled() { enabled | grep -vxF -- "$before" || true; }

forbid_starting() {
    if [ -e "$policy" ] && ! grep -q "$mark" "$policy"; then
        mv "$policy" "$policy.soapxmpp-saved"
    fi
    printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" > "$policy"
    chmod 755 "$policy"
}

allow_starting() {
    rm -f "$policy"
    [ ! -e "$policy.soapxmpp-saved" ] || mv "$policy.soapxmpp-saved" "$policy"
}

# Neither tool needs a running systemd, and both keep the choice through upgrades. deb-systemd-helper
# works for package scripts alone, which it tells by the variable.
disable_new() {
    local link name
    for link in $(newly_enabled); do
        name=${link##*/}
        case $link in
        /etc/systemd/*) DPKG_MAINTSCRIPT_PACKAGE=${name%.*} deb-systemd-helper disable "$name" ;;
        *) update-rc.d "${name#S??}" disable ;;
        esac
    done > /dev/null
    link=$(newly_enabled)
    if [ -n "$link" ]; then
        echo "these would be started at boot and could not be disabled:" $link >&2
        return 1
    fi
}

restore() {
    status=$?
    trap '' INT TERM HUP
    allow_starting
    disable_new || status=1
    [ $status = 1 ] || rm -f "$log"
    exit $status
}

missing=
for group in "$@"; do
    for package in $(packages "$group"); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || {
        echo "missing packages; as root: apt-get install --no-install-recommends$missing" >&2
        exit 1
    }
    exec sudo "$0" "$@"
fi

echo "installing$missing (services stay off)"
before=$(enabled)
log=$(mktemp)
trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
forbid_starting
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -q update && apt-get -q -y install --no-install-recommends $missing; } > "$log" 2>&1 \
    < /dev/null; then
    tail -n 40 "$log" >&2
    echo "apt-get failed, its output is in $log" >&2
    exit 1
fi
