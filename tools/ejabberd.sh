#!/bin/bash
# ejabberd.sh start|stop|restart DIR - an ejabberd of one's own. See daemon.sh for options and results.
#
# More options, remembered for restart:
#   NODE, EPMD_PORT  the Erlang node's name, and where its epmd listens on loopback; the cookie is in
#                    DIR/.erlang.cookie. Without them the node is alone and needs no epmd
#   JOIN             the node whose cluster it joins when it is new
#   CONFIG           beside debian and advised: a file to be configured by, as docs/ejabberd.yml; options that
#                    configure anything else are ignored
#   SCRAM_HASH       by which it keeps passwords: sha (the default), sha256 or sha512
#   MAX_SESSIONS     "name:count": so many connections the account may have at a time
#   FLEET            so many accounts more, device0 and on, with the password of the first of USERS
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

# The accounts, as a list of YAML's.
names() {
    local user users=
    for user in $USERS; do
        users="$users${users:+, }${user%%:*}"
    done
    printf '%s' "$users"
}

# docs/ejabberd.yml as this server's own: its names, ports and secrets alone are others.
configure_as_told() {
    local component=${COMPONENTS%% *}
    sed -e "s/user: calc/user: [$(names)]/" -e "s/calc\.example\.org/${component%%:*}.$HOST/" \
        -e "s/SECRET/\"${component#*:}\"/" \
        -e "s|/etc/ejabberd/example\.org\.pem|$dir/certs/$HOST/$CERT.pem|" \
        -e "s|/etc/ssl/certs/ca-certificates\.crt|$dir/certs/ca.crt|" \
        -e "s/example\.org/$HOST/; s/0\.0\.0\.0/127.0.0.1/" \
        -e "s/port: 5222/port: $C2S_PORT/; s/port: 5223/port: $DIRECT_TLS_PORT/" \
        -e "s/port: 5347/port: $COMPONENT_PORT/; s/port: 5269/port: $S2S_PORT/" \
        "$CONFIG" > "$dir/ejabberd.yml"
}

# advise LINE: what docs/servers.md says to set; false unless that is asked for
advise() {
    [ "$CONFIG" = advised ] && printf '%s\n' "$1"
}

# Debian's configuration. All that is other: ports, addresses, domains, certificates, and the listener
# for components, of which Debian's has none. Nothing is asked of Let's Encrypt.
configure_as_debian() {
    local host line component=${COMPONENTS%% *}
    cp /usr/share/ejabberd/ejabberd.yml.example "$dir/debian"
    sed -e "s/port: 5222$/port: $C2S_PORT/; s/port: 5223$/port: $DIRECT_TLS_PORT/" \
        -e "s/port: 5269$/port: $S2S_PORT/; s/port: 5443$/port: $((C2S_PORT + 4))/" \
        -e "s/port: 5280$/port: $((C2S_PORT + 5))/; s/port: 1883$/port: $((C2S_PORT + 6))/" \
        -e "s/port: [35]478$/port: $((C2S_PORT + 7))/; s/^    ip: \"::\"$/    ip: \"127.0.0.1\"/" \
        -e "s|/etc/ejabberd/ejabberd.pem|$dir/certs/$HOST/$CERT.pem|" "$dir/debian" |
        while IFS= read -r line; do
            case $line in
            '  - localhost') for host in $HOST $SECOND_HOST $IDN_HOST; do echo "  - \"$host\""; done ;;
            listen:)
                cat <<END
acme: { auto: false }
listen:
  -
    port: $COMPONENT_PORT
    ip: "127.0.0.1"
    module: ejabberd_service
    password: "${component#*:}"
END
                ;;
            acl:) printf '%s\n' "$line" && { advise "  service: { user: [$(names)] }" || true; } ;;
            '    none: admin') advise $'    - none: admin\n    - none: service' || printf '%s\n' "$line" ;;
            '    normal: all') advise '    - normal: all' || printf '%s\n' "$line" ;;
            *) printf '%s\n' "$line" ;;
            esac
        done > "$dir/ejabberd.yml"
}

configure() {
    mkdir -p "$dir/spool"
    case $CONFIG in
    '') ;;
    debian | advised) configure_as_debian && return ;;
    *) configure_as_told && return ;;
    esac
    local limit=${STANZA_LIMIT:-infinity} component=${COMPONENTS%% *} starttls='starttls_required: true' verify=true
    [ "$TLS" = required ] || starttls='starttls: false' verify=false
    local s2s= listener= sessions= host hosts="\"$HOST\"" others=
    [ -z "$MAX_SESSIONS" ] || sessions="acl: { few: { user: ${MAX_SESSIONS%%:*} } }
shaper_rules: { max_user_sessions: { ${MAX_SESSIONS#*:}: few } }"
    for host in $SECOND_HOST $IDN_HOST; do
        hosts="$hosts, \"$host\""
        others="${others:-host_config:}
  \"$host\": { resource_conflict: setresource, auth_password_format: plain }"
    done
    [ -z "$DNS_PORT" ] || write_federation
    cat > "$dir/ejabberd.yml" <<END
hosts: [$hosts]
loglevel: $LOG
log_rotate_count: 0
certfiles: ["$dir/certs/$HOST/$CERT.pem"]
ca_file: "$dir/certs/ca.crt"
auth_method: internal
auth_password_format: scram
auth_scram_hash: ${SCRAM_HASH:-sha}
$sessions
disable_sasl_mechanisms: ["digest-md5", "X-OAUTH2"]
acme: { auto: false }
access_rules: { c2s: { allow: all } }
$s2s
$others
listen:
  - port: $C2S_PORT
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: c2s
    shaper: none
    backlog: 128
    max_stanza_size: $limit
    $starttls
    tls_verify: $verify
    cafile: "$dir/certs/ca.crt"
  - port: $DIRECT_TLS_PORT
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: c2s
    shaper: none
    backlog: 128
    max_stanza_size: $limit
    tls: true
    tls_verify: true
    cafile: "$dir/certs/ca.crt"
  - port: $COMPONENT_PORT
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    shaper: none
    backlog: 128
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

# An Erlang expression, run once the application has started: joins the cluster, makes the accounts,
# then tells whether each listener has its socket. Hashing a password takes longer than all else with an
# account: those of a fleet have the first one's record.
greeting() {
    local listeners=3 first=${USERS%%:*} join= fleet=${FLEET:-0}
    case $CONFIG in
    debian | advised) listeners=8 ;;
    *) [ -z "$DNS_PORT$CONFIG" ] || listeners=4 ;;
    esac
    # A server that comes back has its fleet in front of the door, and an expression's turn comes late.
    [ ! -e "$dir/fleet" ] || fleet=0
    [ -z "$JOIN" ] || [ -e "$dir/joined" ] || join="ok = ejabberd_cluster:join('$JOIN'),
ok = file:write_file(\"$dir/joined\", <<>>),"
    cat <<END
$join
{ok, Accounts} = file:read_file("$dir/accounts"),
lists:foreach(fun(Line) ->
        [U, P] = binary:split(Line, <<"\t">>),
        [ejabberd_auth:try_register(U, H, P) || H <- ejabberd_option:hosts()]
    end, binary:split(Accounts, <<"\n">>, [global, trim_all])),
lists:foreach(fun(I) -> [R] = mnesia:dirty_read(passwd, {<<"$first">>, <<"$HOST">>}),
    mnesia:dirty_write(setelement(2, R, {<<"device", (integer_to_binary(I))/binary>>, <<"$HOST">>}))
    end, lists:seq(0, $fleet - 1)),
ok = file:write_file("$dir/fleet", <<>>),
Up = length([Pid || {_, Pid, _, _} <- supervisor:which_children(ejabberd_listener), is_pid(Pid)]),
ok = file:write_file("$dir/version", ["ejabberd ", ejabberd_option:version(), "\n"]),
ok = file:write_file("$dir/ready.new", case Up of $listeners -> "ok\n"; _ -> "busy\n" end),
ok = file:rename("$dir/ready.new", "$dir/ready").
END
}

# Nothing but loopback hears of a node; its epmd is somebody's who stops it again.
launch() {
    local beams distribution=
    if [ -n "$NODE" ]; then
        export ERL_EPMD_PORT=$EPMD_PORT ERL_EPMD_ADDRESS=127.0.0.1
        distribution="-name $NODE -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
    fi
    beams=$(ls -d /usr/lib/*/ejabberd-*/ebin/ejabberd.app)
    beams=${beams%%$'\n'*}
    export ERL_LIBS=${beams%/ejabberd-*} HOME=$dir
    export EJABBERD_CONFIG_PATH=$dir/ejabberd.yml EJABBERD_LOG_PATH=$dir/ejabberd.log
    [ -z "$DNS_PORT" ] || export ERL_INETRC=$dir/inetrc
    export ERL_CRASH_DUMP=$dir/erl_crash.dump ERL_CRASH_DUMP_BYTES=0
    exec setsid erl -noinput +K true $distribution -mnesia dir "\"$dir/spool\"" -s ejabberd -eval "$(greeting)"
}

. "$(dirname "$0")/daemon.sh"
