#!/bin/bash
# prosody.sh start|stop|restart DIR - a Prosody of one's own. See daemon.sh for options and results.
#
# Prosody goes on when it can't have a port, and creates accounts by a program of its own: a module
# written here looks at the ports, makes the accounts and says that all is ready.
deadline_s=20

write_module() {
    local host hosts=
    for host in $HOST $SECOND_HOST $IDN_HOST; do
        hosts="$hosts \"$host\";"
    done
    mkdir -p "$dir/plugins"
    {
        echo "local address, hosts, accounts = \"$LISTEN\", {$hosts }, \"$dir/accounts\";"
        cat <<'END'
module:set_global();
local get_service_at = require "core.portmanager".get_service_at;
local create_user = require "core.usermanager".create_user;
module:hook("server-started", function ()
	local said = "ok\n";
	for _, port in ipairs(module:get_option("ready_ports")) do
		if not get_service_at(address, port) then said = "busy\n"; end
	end
	for account in io.lines(accounts) do
		local user, password = account:match("^([^\t]+)\t(.+)$");
		for _, host in ipairs(hosts) do create_user(user, password, host); end
	end
	local file = io.open(module:get_option("version_file"), "w");
	file:write("prosody " .. prosody.version .. "\n");
	file:close();
	local path = module:get_option("ready_file");
	file = io.open(path .. ".new", "w");
	file:write(said);
	file:close();
	os.rename(path .. ".new", path);
end, -100);
END
    } > "$dir/plugins/mod_ready.lua"
}

# Prosody 0.12 lets servers log in by certificate, clients not: SASL EXTERNAL is offered here to those
# whose certificate is by our CA and names an account (xmppAddr, RFC 6120 13.7.1.4).
write_certificate_module() {
    cat > "$dir/plugins/mod_client_certificates.lua" <<'END'
local jid_split = require "util.jid".split;
local jid_prep = require "util.jid".prep;
local new_sasl = require "util.sasl".new;
local provider = require "core.usermanager".get_provider(module.host);
local get_handler = provider.get_sasl_handler;

local function find_user(session)
	local socket = session.conn:socket();
	local certificate = socket.getpeercertificate and socket:getpeercertificate();
	if not certificate or not socket:getpeerverification() then return; end
	local names = certificate:extensions()["2.5.29.17"] or {};
	for _, address in ipairs(names["1.3.6.1.5.5.7.8.5"] or {}) do
		local user, host = jid_split(jid_prep(address));
		if user and host == module.host and provider.user_exists(user) then return user; end
	end
end

function provider.get_sasl_handler(session)
	local handler = get_handler(session);
	local user = session.secure and find_user(session);
	if not user then return handler; end
	local profile = {};
	for name, value in pairs(handler.profile) do profile[name] = value; end
	profile.mechanisms = nil;
	function profile.external(authzid)
		if authzid == "" or jid_prep(authzid) == user.."@"..module.host then return user, true; end
	end
	return new_sasl(module.host, profile);
end
END
}

# libunbound keeps names under .test to itself, and never asks a loopback address, unless told to.
write_federation() {
    cat <<END
s2s_ports = { $S2S_PORT }
s2s_secure_auth = true
s2s_require_encryption = true
ssl = { cafile = "$dir/certs/ca.crt" }
unbound = {
	resolvconf = false;
	hoststxt = false;
	forward = "127.0.0.1@$DNS_PORT";
	options = { ["do-not-query-localhost:"] = "no", ["local-zone:"] = "test. transparent" };
}
END
}

# advise: what docs/servers.md says to set, in its place, or nothing of it.
advise() {
    if [ "$CONFIG" = advised ]; then
        awk '/^limits = {/ { print "limits = { c2s = { rate = \"1mb/s\" }; s2sin = { rate = \"1mb/s\" }; }"; skip = 1 }
            !skip { print }
            /^}/ { skip = 0 }'
    else
        cat
    fi
}

# Debian's configuration. All that is other: files have their places in DIR; ports, addresses, domains,
# certificates; and the module ready, which makes the accounts.
configure_as_debian() {
    local host file=$dir/certs/$HOST/$CERT certificate ready='modules_enabled = { "ready" }'
    certificate="certificate = \"$file.crt\"; key = \"$file.key\";"
    cp "$("$tools/debian-file.sh" prosody /etc/prosody/prosody.cfg.lua "$tools/../build/debian")" "$dir/debian"
    {
        sed -e '/^VirtualHost "localhost"/,$d' \
            -e "s|^plugin_paths = .*|plugin_paths = { \"$dir/plugins\" }|" \
            -e "s|/var/log/prosody/|$dir/|; s|/run/prosody/prosody.pid|$dir/prosody.pid|" \
            -e '/to = "syslog"/d' "$dir/debian" | advise
        cat <<END
run_as_root = true
data_path = "$dir/data"
interfaces = { "$LISTEN" }
component_interfaces = { "$LISTEN" }
c2s_ports = { $C2S_PORT }
c2s_direct_tls_ports = { $DIRECT_TLS_PORT }
component_ports = { $COMPONENT_PORT }
s2s_ports = { $S2S_PORT }
http_ports = {}
https_ports = {}
ready_ports = { $C2S_PORT, $DIRECT_TLS_PORT, $COMPONENT_PORT, $S2S_PORT }
ready_file = "$dir/ready"
version_file = "$dir/version"
c2s_direct_tls_ssl = { $certificate }
END
        for host in $HOST $SECOND_HOST $IDN_HOST; do
            printf 'VirtualHost "%s"\nssl = { %s }\n%s\n' "$host" "$certificate" "$ready"
            ready=
        done
        write_components
    } > "$dir/prosody.cfg.lua"
}

write_components() {
    local component
    for component in $COMPONENTS; do
        printf 'Component "%s.%s"\ncomponent_secret = "%s"\n' "${component%%:*}" "$HOST" "${component#*:}"
    done
}

# run_as_root has no effect on anyone else. The limits module, which Debian's configuration has, isn't here.
configure() {
    local host tls=', "tls"' required=true direct=$DIRECT_TLS_PORT
    mkdir -p "$dir/data"
    write_module
    if [ -n "$CONFIG" ]; then
        configure_as_debian
        return
    fi
    [ "$TLS" = required ] || tls='' required=false
    local ports="$C2S_PORT, $direct, $COMPONENT_PORT" disabled='"s2s"' federate=
    if [ -n "$DNS_PORT" ]; then
        ports="$ports, $S2S_PORT" disabled= federate=', "s2s", "s2s_auth_certs"'
    fi
    write_certificate_module
    {
        cat <<END
run_as_root = true
data_path = "$dir/data"
plugin_paths = { "$dir/plugins" }
log = { { levels = { min = "$LOG" }, to = "file", filename = "$dir/prosody.log" } }
network_backend = "epoll"
interfaces = { "$LISTEN" }
component_interfaces = { "$LISTEN" }
c2s_ports = { $C2S_PORT }
c2s_direct_tls_ports = { $direct }
component_ports = { $COMPONENT_PORT }
http_ports = {}
https_ports = {}
ready_ports = { $ports }
ready_file = "$dir/ready"
version_file = "$dir/version"
modules_enabled = { "ready", "posix", "saslauth", "roster", "disco", "ping", "time", "version", "smacks",
	"carbons", "mam"$tls$federate }
modules_disabled = { $disabled }
authentication = "internal_hashed"
storage = "internal"
c2s_require_encryption = $required
allow_unencrypted_plain_auth = $([ $required = true ] && echo false || echo true)
${STANZA_LIMIT:+c2s_stanza_size_limit = $STANZA_LIMIT; component_stanza_size_limit = $STANZA_LIMIT}
END
        [ -z "$PERF" ] || cat <<'END'
network_settings = { nagle = false, min_wait = 0, read_size = 65536 }
gc = { mode = "incremental", threshold = 400, speed = 400 }
END
        [ -z "$DNS_PORT" ] || write_federation
        local file=$dir/certs/$HOST/$CERT
        local certificate="certificate = \"$file.crt\"; key = \"$file.key\"; \
cafile = \"$dir/certs/ca.crt\"; verify = { \"peer\", \"client_once\" }; \
verifyext = { \"lsec_continue\", lsec_ignore_purpose = false }"
        cat <<END
c2s_direct_tls_ssl = { $certificate }
VirtualHost "$HOST"
ssl = { $certificate }
modules_enabled = { "client_certificates" }
END
        # Since 13.0 it names tls-server-end-point, too, where the certificate's hash is told ("auto" is
        # forgotten after the first login, in 13.0.1).
        local digest
        digest=$(openssl x509 -in "$file.crt" -outform DER | sha256sum)
        for host in $SECOND_HOST $IDN_HOST; do
            cat <<END
VirtualHost "$host"
ssl = { $certificate }
conflict_resolve = "random"
tls_server_end_point_hash = "${digest%% *}"
modules_enabled = { "client_certificates" }
authentication = "internal_plain"
END
        done
        write_components
    } > "$dir/prosody.cfg.lua"
}

launch() {
    exec setsid prosody -F --config "$dir/prosody.cfg.lua"
}

. "$(dirname "$0")/daemon.sh"
