/* fault.c - what can go wrong, and what it is called: a name for traces, words for a human, a code
 * for gSOAP, a condition for the peer.
 *
 * Invariant: errors[] has one row per enum sx_err; conditions[] has one row per stanza error
 * condition of RFC 6120 8.3.3. An error's type and number follow from its condition, so that no two
 * tables can disagree.
 *
 * Happy path: index or search, return a pointer to constant data. Any thread.
 * Failure modes: a value outside the enum, an unknown condition or an unknown SOAP fault code gets
 * the most general row, never NULL: the last two come from peers.
 */
#include "base/fault.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { SHOWN_BYTES = 200 /* of a peer's name */ };

/* soap->error values of stdsoap2.h, which this file doesn't see; gsoap/ asserts that they agree.
 */
enum {
    CODE_OK = 0,          /* SOAP_OK */
    CODE_EOF = -1,        /* SOAP_EOF */
    CODE_SYNTAX = 5,      /* SOAP_SYNTAX_ERROR */
    CODE_USER_ERROR = 10, /* SOAP_USER_ERROR */
    CODE_NO_DATA = 14,    /* SOAP_NO_DATA */
    CODE_EOM = 20,        /* SOAP_EOM */
    CODE_TCP_ERROR = 28,  /* SOAP_TCP_ERROR */
    CODE_PLUGIN = 40,     /* SOAP_PLUGIN_ERROR */
    CODE_LENGTH = 45,     /* SOAP_LENGTH */
    CODE_LEVEL = 50,      /* SOAP_LEVEL */
    CODE_HTTP_403 = 403,  /* "forbidden" and "internal server error" in gSOAP's own HTTP code */
    CODE_HTTP_500 = 500
};

struct error_row {
    const char *text, *condition;
    int soap_code;
    bool permanent;
};

/* Everything that means "not reachable now" is SOAP_TCP_ERROR: it is the one code that makes
 * gSOAP's connect_retry try again and its lists of endpoints move on to the next. A call that was
 * sent is never one of them, for the service may have run it: SOAP_EOF. */
static const struct error_row errors[] = {
    [SX_OK] = {"no error", "undefined-condition", CODE_OK, false},
    [SX_ENOMEM] = {"memory is short", "resource-constraint", CODE_EOM, false},
    [SX_ECONFIG] = {"a configuration value was refused", "internal-server-error", CODE_PLUGIN,
                    true},
    /* Not SOAP_TCP_ERROR: a list of endpoints with a typing error must not hide it. */
    [SX_EENDPOINT] = {"the endpoint is no usable xmpp: URI", "jid-malformed", CODE_USER_ERROR,
                      true},
    [SX_ESHARED] = {"several processes share this JID (shared_jid), so that the answer would reach "
                    "another one; calls need a link of their own",
                    "internal-server-error", CODE_USER_ERROR, true},
    /* Not SOAP_TCP_ERROR: nobody comes online here, however often one tries. */
    [SX_EFORKED] = {"the link was opened before a fork", "internal-server-error", CODE_USER_ERROR,
                    true},
    [SX_EOFFLINE] = {"the link is not online", "remote-server-timeout", CODE_TCP_ERROR, false},
    /* Not permanent: name servers come back as servers do. */
    [SX_EUNRESOLVED] = {"the server's name cannot be resolved", "remote-server-not-found",
                        CODE_TCP_ERROR, false},
    /* Not permanent at once: the link takes some in a row for a refusal. */
    [SX_ENOHOST] = {"the server's name does not exist", "remote-server-not-found", CODE_TCP_ERROR,
                    false},
    [SX_EUNREACHABLE] = {"no TCP connection to the server", "remote-server-timeout", CODE_TCP_ERROR,
                         false},
    [SX_EREFUSED] = {"the server's port is closed", "remote-server-timeout", CODE_TCP_ERROR, false},
    [SX_EMISDIRECTED] = {"what answers is not the server", "remote-server-not-found",
                         CODE_TCP_ERROR, false},
    [SX_ETLS] = {"TLS failed", "remote-server-timeout", CODE_TCP_ERROR, false},
    [SX_ECERT] = {"the server's certificate is not trusted", "internal-server-error",
                  CODE_TCP_ERROR, true},
    [SX_EHOSTNAME] = {"the server's certificate is for another host", "internal-server-error",
                      CODE_TCP_ERROR, true},
    [SX_EAUTH] = {"the server refused the credentials", "internal-server-error", CODE_TCP_ERROR,
                  true},
    /* Not permanent: they are read at each attempt, and whoever renews them may be at it. */
    [SX_EFILE] = {"a certificate file cannot be used", "internal-server-error", CODE_TCP_ERROR,
                  false},
    [SX_ECLIENTCERT] = {"the server does not take the client certificate", "internal-server-error",
                        CODE_TCP_ERROR, true},
    [SX_ESTREAM] = {"the server closed the stream with an error", "remote-server-timeout",
                    CODE_TCP_ERROR, false},
    [SX_EPOLICY] = {"the server closed the stream over what was sent to it",
                    "remote-server-timeout", CODE_TCP_ERROR, false},
    [SX_ESILENT] = {"the server gave no sign of life", "remote-server-timeout", CODE_TCP_ERROR,
                    false},
    /* Permanent: RFC 6120 4.9.3.3 forbids coming back with the same resource at once, and two
     * programs that throw each other out would both be of no use. */
    [SX_ECONFLICT] = {"another connection took our resource", "internal-server-error",
                      CODE_TCP_ERROR, true},
    /* Not permanent: the session that ends is the oldest, and may be the only one that still lives.
     * reconnect.c takes a few for a refusal. */
    [SX_ESESSIONS] = {"the account has more connections than the server allows",
                      "remote-server-timeout", CODE_TCP_ERROR, false},
    [SX_EPROTOCOL] = {"the server sent what is no XMPP", "remote-server-timeout", CODE_TCP_ERROR,
                      false},
    [SX_ECONNECT] = {"connecting took too long", "remote-server-timeout", CODE_TCP_ERROR, false},
    [SX_ESTOPPED] = {"the link was stopped", "service-unavailable", CODE_TCP_ERROR, true},
    [SX_EROOM] = {"no room to send in time", "resource-constraint", CODE_TCP_ERROR, false},
    /* Of a call of which nothing was sent, or bytes alone that go ahead of it. */
    [SX_ESLOW] = {"the server reads too slowly for the deadline", "resource-constraint",
                  CODE_TCP_ERROR, false},
    [SX_ETIMEOUT] = {"no answer in time", "remote-server-timeout", CODE_EOF, false},
    [SX_ELOST] = {"the connection was lost while the answer was awaited", "remote-server-timeout",
                  CODE_EOF, false},
    [SX_ESTANZA] = {"an error came instead of an answer", "undefined-condition", CODE_HTTP_500,
                    false},
    [SX_ENOTSOAP] = {"no SOAP envelope", "service-unavailable", CODE_NO_DATA, false},
    [SX_EMALFORMED] = {"the envelope is malformed", "bad-request", CODE_SYNTAX, false},
    [SX_EVERSION] = {"the Envelope is of no version of SOAP", "bad-request", CODE_SYNTAX, false},
    /* The peer is told that it is our mistake: what can't be carried is what we wrote. */
    [SX_EUNCARRIABLE] = {"the envelope cannot be carried in a stanza", "internal-server-error",
                         CODE_USER_ERROR, false},
    [SX_ETOOBIG] = {"larger than a limit", "policy-violation", CODE_LENGTH, false},
    [SX_EDEPTH] = {"nested deeper than the limit", "policy-violation", CODE_LEVEL, false},
    [SX_EABSENT] = {"the bytes that the envelope refers to are not here", "item-not-found",
                    CODE_EOF, false},
    [SX_EFULL] = {"a queue is full", "resource-constraint", CODE_TCP_ERROR, false},
    [SX_ETAKEN] = {"as much memory is taken as may be (max_memory_bytes)", "resource-constraint",
                   CODE_EOM, false},
    /* A peer reads this: who else may, and by which rule, is none of its business. */
    [SX_EFORBIDDEN] = {"the caller may not call this operation", "forbidden", CODE_HTTP_403, false},
};
static_assert(sizeof errors / sizeof errors[0] == SX_ERR_COUNT, "a row per error");

struct condition_row {
    const char *condition, *type;
    int number;
    const char *before, *behind; /* the peer's name, in a sentence; NULL: none */
};

/* Types: the first that RFC 6120 8.3.3 recommends. Numbers: XEP-0086, except policy-violation,
 * which is younger; 403 because the peer must not try the same again. */
static const struct condition_row conditions[] = {
    {"bad-request", "modify", 400, "", " takes the request for malformed"},
    {"conflict", "cancel", 409, NULL, NULL},
    {"feature-not-implemented", "cancel", 501, "", " doesn't know this kind of request"},
    {"forbidden", "auth", 403, "", " doesn't let us call this"},
    {"gone", "cancel", 302, "", " has moved for good"},
    {"internal-server-error", "cancel", 500, "", " failed at the request or its answer"},
    {"item-not-found", "cancel", 404, "there is no ", ""},
    {"jid-malformed", "modify", 400, "a server on the way takes ", " for no address"},
    {"not-acceptable", "modify", 406, "", " doesn't take the request as it is"},
    {"not-allowed", "cancel", 405, "", " lets nobody call it so"},
    {"not-authorized", "auth", 401, "", " doesn't know who we are"},
    {"payment-required", "auth", 402, "",
     " wants to be paid first"}, /* RFC 3920 only, still sent */
    {"policy-violation", "modify", 403, "the request is over a limit of ",
     " or of a server on the way"},
    {"recipient-unavailable", "wait", 404, "nobody is online as ", " for now"},
    {"redirect", "modify", 302, "", " is to be called elsewhere for now"},
    {"registration-required", "auth", 407, "", " wants our account to be registered there first"},
    {"remote-server-not-found", "cancel", 404, "our server can't find the server of ", ""},
    {"remote-server-timeout", "wait", 504, "our server can't reach the server of ",
     ", or got no answer in time"},
    {"resource-constraint", "wait", 500, "", " has no room for the request now: try later"},
    {"service-unavailable", "cancel", 503, "nobody is online as ", ", or it serves no SOAP"},
    {"subscription-required", "auth", 407, "", " wants a subscription to it first"},
    {"undefined-condition", "cancel", 500, NULL, NULL},
    {"unexpected-request", "wait", 400, "", " didn't expect the request now"},
};

static const struct condition_row unknown_condition = {"", "cancel", 500, NULL, NULL};

static const struct error_row *find_error(enum sx_err err)
{
    /* What a wild value means nobody knows; an error it is. */
    return &errors[(unsigned)err < SX_ERR_COUNT ? err : SX_ESTANZA];
}

static const struct condition_row *find_condition(const char *condition)
{
    size_t i;
    for (i = 0; condition && i < sizeof conditions / sizeof conditions[0]; i++)
        if (strcmp(conditions[i].condition, condition) == 0)
            return &conditions[i];
    return &unknown_condition;
}

const char *sx_fault_text(enum sx_err err)
{
    return find_error(err)->text;
}

int sx_fault_soap_code(enum sx_err err)
{
    return find_error(err)->soap_code;
}

bool sx_fault_permanent(enum sx_err err)
{
    return find_error(err)->permanent;
}

bool sx_fault_is_misdirected(enum sx_err err)
{
    return err == SX_EREFUSED || err == SX_EMISDIRECTED || err == SX_ETLS || err == SX_EPROTOCOL;
}

bool sx_fault_is_answered(enum sx_err err)
{
    switch (err) {
    case SX_OK:
    case SX_ENOTSOAP:
    case SX_EMALFORMED:
    case SX_EVERSION:
    case SX_ETOOBIG:
    case SX_EDEPTH:
    case SX_EABSENT:
    case SX_ETAKEN: /* it came, and had no room */
        return true;
    default:
        return false;
    }
}

const char *sx_fault_condition(enum sx_err err)
{
    return find_error(err)->condition;
}

bool sx_fault_is_condition(const char *condition)
{
    return find_condition(condition) != &unknown_condition;
}

int sx_fault_number(const char *condition)
{
    return find_condition(condition)->number;
}

void sx_fault_explain(const char *condition, const char *peer, bool is_there,
                      char text[SX_FAULT_SENTENCE_BYTES])
{
    const struct condition_row *row = find_condition(condition);
    int len = (int)sx_utf8_cut(peer, strnlen(peer, SHOWN_BYTES));
    text[0] = '\0';
    if (is_there && strcmp(condition, "service-unavailable") == 0)
        snprintf(text, SX_FAULT_SENTENCE_BYTES, "%.*s is online and serves no such calls now", len,
                 peer);
    else if (row->before)
        snprintf(text, SX_FAULT_SENTENCE_BYTES, "%s%.*s%s", row->before, len, peer, row->behind);
}

const char *sx_fault_condition_type(const char *condition)
{
    return find_condition(condition)->type;
}

const struct sx_fault_code *sx_fault_code(const char *local_name)
{
    static const struct sx_fault_code receiver = {"Receiver", 500, "wait"};
    static const struct {
        const char *local_name;
        struct sx_fault_code code;
    } codes[] = {
        {"Client", {"Sender", 400, "modify"}},
        {"Sender", {"Sender", 400, "modify"}},
        {"Server", {"Receiver", 500, "wait"}},
        {"Receiver", {"Receiver", 500, "wait"}},
        {"VersionMismatch", {"VersionMismatch", 500, "modify"}},
        {"MustUnderstand", {"MustUnderstand", 500, "modify"}},
        {"DataEncodingUnknown", {"DataEncodingUnknown", 500, "modify"}},
    };
    /* SOAP 1.1 4.4.1: what follows a dot only refines the code. */
    size_t i, len = local_name ? strcspn(local_name, ".") : 0;
    for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strlen(codes[i].local_name) == len && memcmp(codes[i].local_name, local_name, len) == 0)
            return &codes[i].code;
    return &receiver;
}
