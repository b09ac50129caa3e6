#!/bin/bash
# prosody.sh start|stop|restart DIR - a Prosody of one's own. See daemon.sh for options and results.
#
# Prosody goes on when it can't have a port, and creates accounts by a program of its own: a module
# written here looks at the ports, makes the accounts and says that all is ready.
deadline_s=20

write_module() {
    local user
    mkdir -p "$dir/plugins"
    {
        echo "local address = \"$LISTEN\";"
        cat <<'END'
module:set_global();
local get_service_at = require "core.portmanager".get_service_at;
local create_user = require "core.usermanager".create_user;
module:hook("server-started", function ()
	local said = "ok\n";
	for _, port in ipairs(module:get_option("ready_ports")) do
		if not get_service_at(address, port) then said = "busy\n"; end
	end
END
        for user in $USERS; do
            echo "	create_user(\"${user%%:*}\", \"${user#*:}\", \"$HOST\");"
        done
        cat <<'END'
	local path = module:get_option("ready_file");
	local file = io.open(path .. ".new", "w");
	file:write(said);
	file:close();
	os.rename(path .. ".new", path);
end, -100);
END
    } > "$dir/plugins/mod_ready.lua"
}

# run_as_root has no effect on anyone else. The limits module is left out: Debian's default
# configuration has it, at 10 kB/s.
configure() {
    local component tls=', "tls"' required=true direct=$DIRECT_TLS_PORT
    [ "$TLS" = required ] || tls='' required=false
    mkdir -p "$dir/data"
    write_module
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
ready_ports = { $C2S_PORT, $direct, $COMPONENT_PORT }
ready_file = "$dir/ready"
modules_enabled = { "ready", "posix", "saslauth", "roster", "disco", "ping", "smacks"$tls }
modules_disabled = { "s2s", "offline" }
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
        local file=$dir/certs/$HOST/$CERT
        local certificate="certificate = \"$file.crt\"; key = \"$file.key\""
        cat <<END
c2s_direct_tls_ssl = { $certificate }
VirtualHost "$HOST"
ssl = { $certificate }
END
        for component in $COMPONENTS; do
            printf 'Component "%s.%s"\ncomponent_secret = "%s"\n' "${component%%:*}" "$HOST" \
                "${component#*:}"
        done
    } > "$dir/prosody.cfg.lua"
}

launch() {
    exec setsid prosody -F --config "$dir/prosody.cfg.lua"
}

. "$(dirname "$0")/daemon.sh"
