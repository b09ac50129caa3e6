#!/bin/sh
# check-libstrophe.sh LIBSTROPHE.A - is this a libstrophe whose stanza parser can be replaced?
#
# lib/net/parser.c defines the functions of libstrophe's internal parser.h. That is safe as long as the
# header is the one we know: the release is in the range it was read in, the parser is one object
# file that defines exactly the five functions, and nothing else in the archive asks for another.
# lib/net/strophe_auth.c does the same for the four functions of its login that its connections refer to.
# lib/net/tls_context.c stands in for OpenSSL's SSL_CTX_new() and for what the archive then does to the
# context, which links share: nothing else may be called.
# Says why in one sentence when it isn't so.
oldest=0.12.2 newest=0.14.0
archive=$1
known="parser_attr_name parser_feed parser_free parser_new parser_reset"

refuse() {
    echo "libstrophe can't be used: $*." >&2
    exit 1
}

version=$(pkg-config --modversion libstrophe 2>/dev/null) ||
    refuse "pkg-config doesn't know it, install libstrophe-dev (make deps)"
pkg-config --atleast-version=$oldest libstrophe && pkg-config --max-version=$newest libstrophe ||
    refuse "its release $version is outside $oldest to $newest, the range whose internal parser.h is known"
[ -f "$archive" ] || refuse "the static library libstrophe.a is missing"

# nm -A: "archive:member:[value] type name"
defined=$(nm -A -g --defined-only "$archive" 2>/dev/null |
    sed -n 's/.*parser_\(expat\|libxml2\)\.o:[^ ]* T \([a-zA-Z_0-9]*\)$/\2/p' | sort | tr '\n' ' ')
[ "$defined" = "$known " ] ||
    refuse "the parser in $archive defines '$defined' instead of '$known'"
logins=$(nm -A -g --undefined-only "$archive" 2>/dev/null |
    sed -n 's/.*conn\.o:.* U \(auth_[a-zA-Z_0-9]*\)$/\1/p' | sort | tr '\n' ' ')
[ "$logins" = "auth_handle_component_open auth_handle_open auth_handle_open_raw auth_handle_open_stub " ] ||
    refuse "the connections in $archive refer to '$logins' for a login, not all of which lib/net/strophe_auth.c defines"
used=$(nm -A -g --undefined-only "$archive" 2>/dev/null |
    sed -n 's/.* U \(parser_[a-zA-Z_0-9]*\)$/\1/p' | sort -u)
for name in $used; do
    case " $known " in
    *" $name "*) ;;
    *) refuse "$archive uses $name, which lib/net/parser.c doesn't define" ;;
    esac
done
nm -A -g --undefined-only "$archive" 2>/dev/null | grep -q ' U SSL_CTX_new$' ||
    refuse "$archive doesn't call SSL_CTX_new, where lib/net/tls_context.c gives a context that links share"
# mk/flags.mk wraps the first six. free drops a reference. The others are for files and passphrases, which libstrophe
# isn't given.
contexts="new set_options ctrl set_default_verify_paths set_client_cert_cb set_keylog_callback free
    load_verify_locations set_default_passwd_cb set_default_passwd_cb_userdata use_certificate_file
    use_PrivateKey_file use_cert_and_key"
for name in $(nm -A -g --undefined-only "$archive" 2>/dev/null | sed -n 's/.* U SSL_CTX_\([a-zA-Z_0-9]*\)$/\1/p' |
    sort -u); do
    case " $(echo $contexts) " in
    *" $name "*) ;;
    *) refuse "$archive calls SSL_CTX_$name, which may write to a context that links share" ;;
    esac
done
