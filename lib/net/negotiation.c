/* negotiation.c - reads the stanzas that are about the stream itself.
 *
 * Invariant: whatever libstrophe takes for one of these stanzas is looked at here first: its
 * handlers match a name and a namespace, the stanza's own or that of any child.
 */
#include "net/negotiation.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/jid.h"
#include "wire/namespaces.h"

/* Of one connection. A login that falls back from one mechanism to the next takes a few. */
enum {
    MAX_ITERATIONS = 1000000,
    MAX_CHALLENGES = 10,
    CHALLENGE_BYTES = 4096, /* with NUL; it is less once it is decoded */
    LEAST_MAX_BYTES = 10000 /* RFC 6120 13.12: less can't be meant */
};

#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_SASL          "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_BIND          "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_LIMITS        "urn:xmpp:stream-limits:0"
#define NS_TLS           "urn:ietf:params:xml:ns:xmpp-tls"
#define BIND_ID          "_xmpp_bind" /* libstrophe's */

static bool has_child_of(const struct sx_element *stanza, const char *uri)
{
    const struct sx_element *child = sx_element_first(stanza);
    while (child && strcmp(sx_element_ns(child), uri) != 0)
        child = sx_element_next(child);
    return child != NULL;
}

static bool is_for(const struct sx_element *stanza, const char *name, const char *uri)
{
    return strcmp(sx_element_name(stanza), name) == 0 &&
           (strcmp(sx_element_ns(stanza), uri) == 0 || has_child_of(stanza, uri));
}

/* Cut between two characters: it is told to humans. */
static void copy(const char *text, char *out, size_t out_bytes)
{
    size_t len = strlen(text);
    if (len >= out_bytes)
        len = sx_utf8_cut(text, out_bytes - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

static void read_condition(const struct sx_element *stanza, const char *uri, char *condition,
                           size_t condition_bytes, char *text, size_t text_bytes)
{
    const struct sx_element *child;

    *condition = *text = '\0';
    for (child = sx_element_first(stanza); child; child = sx_element_next(child)) {
        if (strcmp(sx_element_ns(child), uri) != 0)
            continue;
        if (strcmp(sx_element_name(child), "text") == 0)
            copy(sx_element_text(child), text, text_bytes);
        else if (!*condition)
            copy(sx_element_name(child), condition, condition_bytes);
    }
}

/* How often SCRAM is to hash (RFC 5802 5.1), MAX_ITERATIONS + 1 for anything more; 0 if this is no
 * challenge of SCRAM's. libstrophe takes the last number, wherever it stands: here the largest
 * counts. What it can't decode, it doesn't answer. */
static unsigned long read_iterations(const char *text)
{
    char plain[CHALLENGE_BYTES];
    unsigned long most = 0;
    int len =
        EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)text, (int)strlen(text));
    int i;
    if (len < 0)
        return 0;
    plain[len] = '\0';
    for (i = 0; i < len; i++) {
        unsigned long iterations;
        if ((i > 0 && plain[i - 1] != ',') || strncmp(plain + i, "i=", 2) != 0)
            continue;
        iterations = strtoul(plain + i + 2, NULL, 10);
        most = iterations > most ? iterations : most;
    }
    return most > MAX_ITERATIONS ? MAX_ITERATIONS + 1 : most;
}

/* libstrophe answers every challenge, and nothing can interrupt it while it hashes. NULL: go on. */
static const char *judge_challenge(struct sx_login *login, const struct sx_element *stanza)
{
    const char *text = sx_element_text(stanza);
    if (strlen(text) >= CHALLENGE_BYTES)
        return "the server's SASL challenge is longer than 4,095 bytes";
    login->iterations += read_iterations(text);
    if (login->iterations > MAX_ITERATIONS)
        return "the server wants more than a million iterations of SCRAM";
    if (++login->challenges > MAX_CHALLENGES)
        return "the server's SASL challenges have no end";
    return NULL;
}

static bool is_about_binding(const struct sx_element *stanza, const char *type)
{
    const char *id = sx_element_attribute(stanza, "id");
    const char *own_type = sx_element_attribute(stanza, "type");
    return strcmp(sx_element_name(stanza), "iq") == 0 && own_type && strcmp(own_type, type) == 0 &&
           id && strncmp(id, BIND_ID, sizeof BIND_ID - 1) == 0;
}

/* Another resource than was asked for will do (RFC 6120 7.7), but a JID it has to be. */
static enum sx_err judge_binding(const struct sx_element *stanza, const char **why)
{
    const struct sx_element *bind = sx_element_child_of(stanza, "bind", NS_BIND);
    const struct sx_element *element = bind ? sx_element_child(bind, "jid") : NULL;
    char *jid = NULL;
    enum sx_err err = element ? sx_jid_read(sx_element_text(element), &jid) : SX_EENDPOINT;
    free(jid);
    if (err == SX_OK)
        return SX_OK;
    *why = err == SX_ENOMEM ? sx_fault_text(SX_ENOMEM) : "what the server bound is no JID";
    return err == SX_ENOMEM ? SX_ENOMEM : SX_EPROTOCOL;
}

static void read_bind_error(struct sx_login *login, const struct sx_element *stanza)
{
    const struct sx_element *error = sx_element_child(stanza, "error");
    if (error)
        read_condition(error, SX_NS_STANZAS, login->bind_condition, sizeof login->bind_condition,
                       login->bind_text, sizeof login->bind_text);
    if (!login->bind_condition[0])
        snprintf(login->bind_condition, sizeof login->bind_condition, "undefined-condition");
}

/* Before the login: which mechanisms there are (RFC 6120 6.4.1). */
static void read_mechanisms(struct sx_login *login, const struct sx_element *stanza)
{
    const struct sx_element *mechanism = sx_element_child_of(stanza, "mechanisms", NS_SASL);
    if (!mechanism)
        return;
    login->offers_sasl = true;
    login->offers_external = false;
    for (mechanism = sx_element_first(mechanism); mechanism;
         mechanism = sx_element_next(mechanism)) {
        if (strcmp(sx_element_text(mechanism), "EXTERNAL") == 0)
            login->offers_external = true;
    }
}

/* The number in <limits><name/></limits>; 0 if there is none, or none that means anything. */
static uint32_t read_limit(const struct sx_element *limits, const char *name)
{
    const struct sx_element *child = limits ? sx_element_child(limits, name) : NULL;
    const char *text = child ? sx_element_text(child) : "";
    unsigned long long number;
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return 0;
    number = strtoull(text, &end, 10);
    return *end || number > UINT32_MAX ? 0 : (uint32_t)number;
}

/* XEP-0478 4.1: those of the newest features hold. */
static void read_limits(struct sx_login *login, const struct sx_element *features)
{
    const struct sx_element *limits = sx_element_child_of(features, "limits", NS_LIMITS);
    login->server_max_bytes = read_limit(limits, "max-bytes");
    if (login->server_max_bytes && login->server_max_bytes < LEAST_MAX_BYTES)
        login->server_max_bytes = LEAST_MAX_BYTES;
    login->server_idle_s = read_limit(limits, "idle-seconds");
}

enum sx_err sx_negotiation_inspect(struct sx_login *login, const struct sx_element *stanza,
                                   const char **why)
{
    if (is_for(stanza, "success", NS_SASL)) {
        login->authenticated = true;
    } else if (is_for(stanza, "failure", NS_SASL)) {
        read_condition(stanza, NS_SASL, login->sasl_condition, sizeof login->sasl_condition,
                       login->sasl_text, sizeof login->sasl_text);
    } else if (is_for(stanza, "challenge", NS_SASL)) {
        const char *objection = judge_challenge(login, stanza);
        *why = objection ? objection : *why;
        return objection ? SX_EPROTOCOL : SX_OK;
    } else if (!login->authenticated && is_for(stanza, "failure", NS_TLS)) {
        *why = "the server has no TLS after all"; /* libstrophe would wait for another answer */
        return SX_ETLS;
    } else if (is_about_binding(stanza, "error")) {
        read_bind_error(login, stanza);
    } else if (!login->bound && is_about_binding(stanza, "result")) {
        login->bound = true;
        return judge_binding(stanza, why);
    } else if (is_for(stanza, "error", SX_NS_STREAMS)) {
        read_condition(stanza, NS_STREAM_ERRORS, login->stream_condition,
                       sizeof login->stream_condition, login->stream_text,
                       sizeof login->stream_text);
        if (!sx_element_first(stanza) && !*sx_element_text(stanza)) {
            *why = "the server sent a stream error without a condition";
            return SX_ESTREAM;
        }
    } else if (is_for(stanza, "features", SX_NS_STREAMS)) {
        read_limits(login, stanza);
        if (!login->authenticated) {
            read_mechanisms(login, stanza);
        } else if (!sx_element_child_of(stanza, "bind", NS_BIND)) {
            *why = "the server offers no resource binding";
            return SX_EPROTOCOL;
        }
    }
    return SX_OK;
}

bool sx_negotiation_begins_tls(const struct sx_login *login, const struct sx_element *stanza)
{
    return !login->authenticated && is_for(stanza, "proceed", NS_TLS);
}
