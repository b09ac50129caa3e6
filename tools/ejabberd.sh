#!/bin/bash
# ejabberd.sh start|stop|restart DIR - an ejabberd of one's own. See daemon.sh for options and results.
#
# A port that another program holds ends ejabberd, with "eaddrinuse" among its last words.
#
# The Erlang machine is run directly: ejabberdctl would want its own user, epmd and files in /etc.
deadline_s=60

# Fills s2s and listener. Erlang's resolver is told by a file of its own whom to ask. Once a connection
# to another server has failed, ejabberd refuses that domain for up to five minutes by default.
write_federation() {
    printf '%s\n' '{lookup,[dns]}.' '{resolv_conf,""}.' \
        "{nameserver,{127,0,0,1},$DNS_PORT}." > "$dir/inetrc"
    s2s="s2s_use_starttls: required
s2s_cafile: \"$dir/certs/ca.crt\"
s2s_max_retry_delay: 1
outgoing_s2s_families: [ipv4]"
    listener="  - port: $S2S_PORT
    ip: \"127.0.0.1\"
    module: ejabberd_s2s_in"
}

configure() {
    local limit=${STANZA_LIMIT:-infinity} component=${COMPONENTS%% *} starttls='starttls_required: true' verify=true
    [ "$TLS" = required ] || starttls='starttls: false' verify=false
    local s2s= listener=
    [ -z "$DNS_PORT" ] || write_federation
    mkdir -p "$dir/spool"
    cat > "$dir/ejabberd.yml" <<END
hosts: ["$HOST"]
loglevel: $LOG
log_rotate_count: 0
certfiles: ["$dir/certs/$HOST/$CERT.pem"]
ca_file: "$dir/certs/ca.crt"
auth_method: internal
auth_password_format: scram
disable_sasl_mechanisms: ["digest-md5", "X-OAUTH2"]
acme: { auto: false }
access_rules: { c2s: { allow: all } }
$s2s
listen:
  - port: $C2S_PORT
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: c2s
    shaper: none
    max_stanza_size: $limit
    $starttls
    tls_verify: $verify
    cafile: "$dir/certs/ca.crt"
  - port: $DIRECT_TLS_PORT
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: c2s
    shaper: none
    max_stanza_size: $limit
    tls: true
    tls_verify: true
    cafile: "$dir/certs/ca.crt"
  - port: $COMPONENT_PORT
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    shaper: none
    max_stanza_size: $limit
    password: "${component#*:}"
$listener
modules:
  mod_carboncopy: {}
  mod_disco: {}
  mod_mam: { default: always }
  mod_offline: {}
  mod_ping: {}
  mod_roster: {}
  mod_stream_mgmt: {}
END
}

# An Erlang expression, run once the application has started: makes the accounts, then tells whether
# each listener has its socket.
greeting() {
    local user users= sep= listeners=3
    [ -z "$DNS_PORT" ] || listeners=4
    for user in $USERS; do
        users="$users$sep{<<\"${user%%:*}\">>,<<\"${user#*:}\">>}" sep=,
    done
    cat <<END
lists:foreach(fun({U, P}) -> ejabberd_auth:try_register(U, <<"$HOST">>, P) end, [$users]),
Up = length([Pid || {_, Pid, _, _} <- supervisor:which_children(ejabberd_listener), is_pid(Pid)]),
ok = file:write_file("$dir/ready.new", case Up of $listeners -> "ok\n"; _ -> "busy\n" end),
ok = file:rename("$dir/ready.new", "$dir/ready").
END
}

launch() {
    local beams
    beams=$(ls -d /usr/lib/*/ejabberd-*/ebin/ejabberd.app | head -n 1)
    export ERL_LIBS=${beams%/ejabberd-*} HOME=$dir
    export EJABBERD_CONFIG_PATH=$dir/ejabberd.yml EJABBERD_LOG_PATH=$dir/ejabberd.log
    [ -z "$DNS_PORT" ] || export ERL_INETRC=$dir/inetrc
    export ERL_CRASH_DUMP=$dir/erl_crash.dump ERL_CRASH_DUMP_BYTES=0
    exec setsid erl -noinput +K true -mnesia dir "\"$dir/spool\"" -s ejabberd -eval "$(greeting)"
}

. "$(dirname "$0")/daemon.sh"
