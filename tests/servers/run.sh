#!/bin/bash
# run.sh - the servers that the sized tests run beside are Debian's: its own files, but for hosts, ports,
# certificates, accounts and where files lie. Run by
# tools/with-servers prosody,CONFIG=debian ejabberd,CONFIG=debian -- tests/servers/run.sh
set -u -o pipefail
prosody=$SOAPXMPP_TEST_PROSODY_DIR ejabberd=$SOAPXMPP_TEST_EJABBERD_DIR
tools=$(cd "$(dirname "$0")/../../tools" && pwd -P)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soapxmpp-servers.XXXXXX")
. "$(dirname "$0")/../lib/sentences.sh"
trap 'rm -rf "$tmp"' EXIT

# from_package PACKAGE PATH FILE: whether the file is the one that the package brought
from_package() {
    local sum
    sum=$(dpkg-query -W -f '${Conffiles}\n' "$1" | awk -v file="$2" '$1 == file { print $2 }')
    : "${sum:=$(awk -v file="${2#/}" '$2 == file { print $1 }' "/var/lib/dpkg/info/$1.md5sums")}"
    echo "$sum  $3" | md5sum --check --status
}

# only FILE OTHER SIGN PATTERN...: nothing but comments, empty lines and what matches a pattern, as
# a whole, has the sign in the difference: < is in the first file alone, > in the second
only() {
    local file=$1 other=$2 sign=$3 patterns='[[:space:]]*|[[:space:]]*(--|#).*'
    shift 3
    for pattern; do patterns="$patterns|$pattern"; done
    diff "$file" "$other" | sed -n "s/^$sign //p" | grep -vxE -- "$patterns" > "$tmp/strange"
    cat "$tmp/strange"
    [ ! -s "$tmp/strange" ]
}

# has FILE WORDS: outside comments, blanks being one
has() { sed 's/\(--\|#\).*//' "$1" | tr -s ' \t\n' '   ' | grep -qF -- "$2"; }

# Without rights, in a folder of its own; where the package can be fetched at all.
fetch_unread() {
    local file status=0
    file=$(cd "$tmp" && setpriv --reuid 65534 --regid 65534 --clear-groups bash -s prosody \
        /etc/prosody/prosody.cfg.lua "$tmp/nobody" < "$tools/debian-file.sh") || status=$?
    [ $status = 0 ] && [ "$file" != /etc/prosody/prosody.cfg.lua ] && cmp "$file" "$prosody/debian"
}

path='"/[^"]*"'
test_that "Prosody's file is the package's" from_package prosody /etc/prosody/prosody.cfg.lua "$prosody/debian"
chmod 711 "$tmp"
install -d -o 65534 -m 700 "$tmp/nobody"
if [ "$(id -u)" = 0 ] && (cd "$tmp" && timeout 20 apt-get -qq download prosody > /dev/null 2>&1); then
    test_that "who may not read Prosody's file gets it out of the package" fetch_unread
fi
test_that "of Prosody's file paths, logs and the host are left out" \
    only "$prosody/debian" "$prosody/prosody.cfg.lua" '<' "plugin_paths = .*" "pidfile = $path;" \
    "[[:space:]]*(info|error) = $path;" '[[:space:]]*\{ levels = \{ "error" \}; to = "syslog";  \};' \
    'VirtualHost "localhost"' 'Include "conf.d/\*.cfg.lua"'
test_that "paths, ports, hosts, certificates and components are added to Prosody's" \
    only "$prosody/debian" "$prosody/prosody.cfg.lua" '>' "(plugin_paths|data_path) = .*" "pidfile = $path;" \
    "[[:space:]]*(info|error) = $path;" 'run_as_root = true' '(component_)?interfaces = .*' \
    '(c2s|c2s_direct_tls|component|s2s|http|https|ready)_ports = .*' "(ready|version)_file = $path" \
    "(ssl|c2s_direct_tls_ssl) = \{ certificate = $path; key = $path; \}" 'VirtualHost ".*"' \
    'modules_enabled = \{ "ready" \}' 'Component ".*"' 'component_secret = ".*"'
test_that "Prosody limits clients to 10 kB/s" has "$prosody/prosody.cfg.lua" 'limits = { c2s = { rate = "10kb/s"; };'

test_that "ejabberd's file is the package's" \
    from_package ejabberd /usr/share/ejabberd/ejabberd.yml.example "$ejabberd/debian"
test_that "of ejabberd's file ports, addresses, host and certificate are left out" \
    only "$ejabberd/debian" "$ejabberd/ejabberd.yml" '<' '    port: [0-9]+' '    ip: "::"' '  - localhost' \
    '  - "/etc/ejabberd/ejabberd.pem"'
test_that "others, and a listener for components, are added to ejabberd's" \
    only "$ejabberd/debian" "$ejabberd/ejabberd.yml" '>' '    port: [0-9]+' '    ip: "127.0.0.1"' '  - ".*"' \
    'acme: \{ auto: false \}' '  -' '    module: ejabberd_service' '    password: ".*"'
test_that "ejabberd limits clients to 3,000 bytes a second" \
    has "$ejabberd/ejabberd.yml" 'normal: rate: 3000 burst_size: 20000 '
test_that "and accounts to ten sessions" has "$ejabberd/ejabberd.yml" 'max_user_sessions: 10 '
summarize
