#!/bin/bash
# certs.sh DIR HOST [IDN_HOST] - a throw-away CA and server certificates for tests, none of them
# trusted by anything but who is given DIR/ca.crt.
#
#   DIR/ca.crt                        the CA
#   DIR/HOST/valid.{crt,key,pem}      for HOST, by the CA; also for IDN_HOST, in A-labels
#   DIR/HOST/wronghost.*              by the CA, for another name
#   DIR/HOST/selfsigned.*             for HOST, by nobody but itself
#   DIR/HOST/expired.*                for HOST, by the CA, out of date
#   DIR/HOST/{alice,bob}.*            for alice@HOST and bob@HOST as clients, by the CA (xmppAddr)
#   DIR/HOST/stranger.*               for alice@HOST, by nobody but itself
#   DIR/HOST/late.*                   for alice@HOST, by the CA, out of date
#   DIR/HOST/mueller.*                for müller@IDN_HOST, by the CA, if there is an IDN_HOST
#   DIR/HOST/chained.*                for HOST, by an intermediate CA, whose certificate follows
#   DIR/HOST/chained-alice.*          for alice@HOST, likewise
#
# .pem holds the certificate and the key. What is there already is kept. Names are DNS names alone:
# an IP address among them makes some servers refuse the file.
set -eu -o pipefail
dir=$1 host=$2 idn_host=${3:-}

request_key() { # KEY NAME: a key and, on standard output, the request for a certificate
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1" -utf8 -subj "/CN=$2"
}

user_extensions() { # NAME: RFC 6120 13.7.1.4
    printf '%s\n' subjectAltName=@names extendedKeyUsage=clientAuth keyUsage=critical,digitalSignature \
        basicConstraints=CA:FALSE '[names]' "otherName=1.3.6.1.5.5.7.8.5;FORMAT:UTF8,UTF8:$1"
}

to_a_labels() { # DOMAIN
    python3 -X utf8 -c 'import sys; print(sys.argv[1].encode("idna").decode())' "$1"
}

extensions() { # NAME
    local others=
    case $1 in
    intermediate) printf '%s\n' basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign && return ;;
    *@*) user_extensions "$1" && return ;;
    "$host") [ -z "$idn_host" ] || others=,DNS:$(to_a_labels "$idn_host") ;;
    esac
    printf '%s\n' "subjectAltName=DNS:$1,DNS:*.$1$others" extendedKeyUsage=serverAuth,clientAuth \
        keyUsage=critical,digitalSignature basicConstraints=CA:FALSE
}

# A certificate that has expired: OpenSSL 3.4 and later want an end after the beginning, and can be told both.
validity() { # DAYS
    if [ "$1" -lt 0 ] && openssl x509 -help 2>&1 | grep -q -e -not_before; then
        echo -not_before "$(date -u -d "$(($1 - 1)) days" +%Y%m%d%H%M%SZ)" \
            -not_after "$(date -u -d "$1 days" +%Y%m%d%H%M%SZ)"
    else
        echo -days "$1"
    fi
}

sign() { # FILE NAME DAYS [CA]: a certificate by DIR/ca or that of DIR
    local ca=$dir/${4:-ca}
    extensions "$2" > "$1.ext"
    request_key "$1.key" "$2" > "$1.csr"
    openssl x509 -req -in "$1.csr" -CA "$ca.crt" -CAkey "$ca.key" -set_serial "$RANDOM$RANDOM" \
        $(validity "$3") -sha256 -extfile "$1.ext" -out "$1.crt"
    rm "$1.ext" "$1.csr"
}

sign_chained() { # FILE NAME: by the intermediate CA
    sign "$1" "$2" 30 intermediate
    cat "$dir/intermediate.crt" >> "$1.crt"
}

make_all() {
    if [ ! -f "$dir/ca.crt" ]; then
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
            -keyout "$dir/ca.key" -out "$dir/ca.crt" -subj "/CN=throw-away CA" \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    fi
    [ -f "$dir/intermediate.crt" ] || sign "$dir/intermediate" intermediate 30
    certs=$dir/$host
    mkdir -p "$certs"
    sign "$certs/valid" "$host" 30
    sign "$certs/wronghost" "other.$host.invalid" 30
    sign "$certs/expired" "$host" -1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$host" \
        -keyout "$certs/selfsigned.key" -out "$certs/selfsigned.crt" \
        -addext "subjectAltName=DNS:$host,DNS:*.$host"
    sign "$certs/alice" "alice@$host" 30
    sign "$certs/bob" "bob@$host" 30
    sign "$certs/late" "alice@$host" -1
    [ -z "$idn_host" ] || sign "$certs/mueller" "müller@$idn_host" 30
    sign_chained "$certs/chained" "$host"
    sign_chained "$certs/chained-alice" "alice@$host"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=alice" \
        -keyout "$certs/stranger.key" -out "$certs/stranger.crt" \
        -addext "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:alice@$host"
    local kind
    for kind in valid wronghost selfsigned alice bob late stranger chained chained-alice ${idn_host:+mueller} \
        expired; do
        cat "$certs/$kind.crt" "$certs/$kind.key" > "$certs/$kind.pem"
    done
}

umask 077
mkdir -p "$dir"
[ -f "$dir/$host/expired.pem" ] && exit
# openssl tells about each step on standard error: worth reading only when one failed
set +e # or bash would go on after a step that failed, in a condition
said=$(set -e && make_all 2>&1)
status=$?
[ $status = 0 ] || echo "$said" >&2
exit $status
