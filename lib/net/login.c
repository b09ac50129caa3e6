/* login.c - the states of a login, and its sentences.
 *
 * Invariant: state says which stanza is awaited. Others are passed over, as RFC 6120 has it for
 * what one doesn't understand, but for what may be an attack on STARTTLS.
 *
 * Happy path: features -> <starttls/>, <proceed/> -> TLS, features -> SASL -> features -> bind ->
 * online. A component: header -> <handshake/> -> <handshake/>.
 * Failure: every refusal ends it, with what was refused, and why as far as the server tells.
 */
#include "net/login.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/component.h"
#include "wire/jid.h"
#include "wire/namespaces.h"

#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"
#define BIND_ID    "bind"
#define SESSION_ID "session"

enum { AUTH_BYTES = 160 /* of an element around SASL's text */ };

enum { FEATURES, PROCEED, SASL, HASHING, BIND, SESSION, HANDSHAKE, ONLINE };

__attribute__((format(printf, 3, 4))) static enum sx_login_step
end(struct sx_login *login, enum sx_err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    login->err = err;
    vsnprintf(login->why, sizeof login->why, format, arguments);
    va_end(arguments);
    return SX_LOGIN_END;
}

static enum sx_login_step end_short(struct sx_login *login)
{
    return end(login, SX_ENOMEM, "memory ran short");
}

/* What was added to out goes out. */
static enum sx_login_step wait_in(struct sx_login *login, int state)
{
    login->state = state;
    return login->out.failed ? end_short(login) : SX_LOGIN_WAIT;
}

enum sx_login_step sx_login_begin(struct sx_login *login, bool is_direct)
{
    login->state = login->config->is_component ? HANDSHAKE : FEATURES;
    return is_direct ? SX_LOGIN_TLS : SX_LOGIN_OPEN;
}

static bool wants_tls(const struct sx_login *login)
{
    return login->config->tls != SOAP_XMPP_TLS_OFF;
}

/* ---- a component ---- */

enum sx_login_step sx_login_header(struct sx_login *login, const char *id)
{
    char handshake[SX_COMPONENT_HANDSHAKE_BYTES];
    if (login->state != HANDSHAKE)
        return SX_LOGIN_WAIT;
    if (!id)
        return end(login, SX_EPROTOCOL,
                   "%s sent a stream without an id, for which %.100s can't prove that it knows "
                   "the secret",
                   login->server, login->config->jid);
    if (!sx_component_prove(id, login->config->password, handshake))
        return end_short(login);
    sx_buffer_add_format(&login->out, "<handshake>%s</handshake>", handshake);
    OPENSSL_cleanse(handshake, sizeof handshake); /* the secret can be guessed from it */
    return wait_in(login, HANDSHAKE);
}

static enum sx_login_step go_online(struct sx_login *login, const char *jid)
{
    login->jid = strdup(jid);
    if (!login->jid)
        return end_short(login);
    login->state = ONLINE;
    return SX_LOGIN_ONLINE;
}

/* ---- SASL ---- */

/* What another try with the same credentials won't mend (RFC 6120 6.5); a server's passing trouble,
 * such as temporary-auth-failure, is none of it. */
static bool is_final(const char *condition)
{
    static const char *const conditions[] = {"account-disabled",    "credentials-expired",
                                             "encryption-required", "incorrect-encoding",
                                             "invalid-authzid",     "invalid-mechanism",
                                             "malformed-request",   "mechanism-too-weak",
                                             "not-authorized",      NULL};
    size_t i;
    for (i = 0; conditions[i]; i++)
        if (strcmp(condition, conditions[i]) == 0)
            return true;
    return false;
}

/* What was refused before is over: the server may still be lost, but not for that. */
static enum sx_login_step open_stream(struct sx_login *login)
{
    login->err = SX_OK;
    login->why[0] = '\0';
    login->is_authenticated = true;
    login->state = FEATURES;
    return SX_LOGIN_OPEN;
}

/* element: in which SASL's text goes out */
static enum sx_login_step follow(struct sx_login *login, enum sx_sasl_step step,
                                 const char *element)
{
    const struct sx_sasl *sasl = &login->sasl;
    switch (step) {
    case SX_SASL_SEND:
        /* In one piece: a password may be in it, and no copy is to stay behind. */
        if (!sx_buffer_reserve(&login->out, sasl->text.len + AUTH_BYTES))
            return end_short(login);
        sx_buffer_add_format(&login->out, "<%s xmlns='" SX_NS_SASL "'", element);
        if (strcmp(element, "auth") == 0)
            sx_buffer_add_attribute(&login->out, "mechanism",
                                    sx_mechanism_name(sasl->choice.mechanism));
        sx_buffer_add_text(&login->out, ">");
        sx_buffer_add(&login->out, sasl->text.bytes, sasl->text.len);
        sx_buffer_add_format(&login->out, "</%s>", element);
        return wait_in(login, SASL);
    case SX_SASL_HASH:
        login->state = HASHING;
        return SX_LOGIN_HASH;
    case SX_SASL_DONE:
        return open_stream(login);
    case SX_SASL_END:
        break;
    }
    return end(login, sasl->err, "%s: %s", login->server, sasl->why);
}

static enum sx_login_step begin_sasl(struct sx_login *login, const struct sx_element *features)
{
    const struct sx_config *config = login->config;
    struct sx_sasl *sasl = &login->sasl;
    struct sx_sasl_offer offer;
    sx_negotiation_read_offer(features, &offer);
    if (config->cert_file && !config->password[0] && offer.names[0] &&
        !(offer.mechanisms & sx_mechanism_set(SX_MECHANISM_EXTERNAL)))
        return end(login, SX_EFILE,
                   "%s doesn't take the client certificate %.100s: it offers no SASL EXTERNAL",
                   login->server, config->cert_file);
    snprintf(login->user, sizeof login->user, "%.*s", (int)strcspn(config->jid, "@"), config->jid);
    login->account = (struct sx_sasl_account){
        .user = login->user,
        .password = config->password,
        .typed = config->typed_password,
        .has_certificate = config->cert_file != NULL,
        .mechanisms = config->mechanisms,
    };
    sx_sasl_fini(sasl);
    *sasl = (struct sx_sasl){
        .account = &login->account, .memory = login->memory, .channel = &login->channel};
    return follow(login, sx_sasl_begin(sasl, &offer), "auth");
}

/* The certificate's file is read anew at each attempt, and may be a better one then. */
static enum sx_err judge_refusal(const struct sx_login *login, const char *condition)
{
    if (!is_final(condition))
        return SX_ELOST;
    return login->sasl.choice.mechanism == SX_MECHANISM_EXTERNAL ? SX_EFILE : SX_EAUTH;
}

/* The sentence of a refusal stays if the server closes before the answer to a second try, which the
 * next login begins with (sasl.h): so it isn't final. */
static enum sx_login_step take_failure(struct sx_login *login, const struct sx_element *failure)
{
    struct sx_negotiation_condition condition;
    enum sx_sasl_step step;
    sx_negotiation_read_condition(failure, SX_NS_SASL, &condition);
    end(login, judge_refusal(login, condition.name), "%s refused the login of %.100s by %s: %s%s%s",
        login->server, login->config->jid, sx_mechanism_name(login->sasl.choice.mechanism),
        condition.name[0] ? condition.name : "it doesn't say why", condition.text[0] ? ": " : "",
        condition.text);
    step = sx_sasl_failure(&login->sasl, strcmp(condition.name, "temporary-auth-failure") != 0);
    if (step == SX_SASL_SEND)
        login->err = SX_ELOST;
    if (step == SX_SASL_SEND || login->sasl.why[0])
        return follow(login, step, "auth");
    return SX_LOGIN_END;
}

static enum sx_login_step take_sasl(struct sx_login *login, const struct sx_element *stanza)
{
    if (sx_element_is(stanza, "challenge", SX_NS_SASL))
        return follow(login, sx_sasl_challenge(&login->sasl, sx_element_text(stanza)), "response");
    if (sx_element_is(stanza, "success", SX_NS_SASL))
        return follow(login, sx_sasl_success(&login->sasl, sx_element_text(stanza)), "response");
    if (sx_element_is(stanza, "failure", SX_NS_SASL))
        return take_failure(login, stanza);
    return login->state == HASHING ? SX_LOGIN_HASH : SX_LOGIN_WAIT;
}

enum sx_login_step sx_login_hash(struct sx_login *login)
{
    return follow(login, sx_sasl_hash(&login->sasl), "response");
}

/* ---- binding ---- */

static enum sx_login_step begin_binding(struct sx_login *login, const struct sx_element *features)
{
    const struct sx_element *session = sx_element_child_of(features, "session", NS_SESSION);
    const char *resource = sx_jid_resource(login->config->jid);
    if (!sx_element_child_of(features, "bind", SX_NS_BIND))
        return end(login, SX_EPROTOCOL, "%s: the server offers no resource binding", login->server);
    login->wants_session = session && !sx_element_child(session, "optional");
    sx_buffer_add_text(&login->out,
                       "<iq type='set' id='" BIND_ID "'><bind xmlns='" SX_NS_BIND "'>");
    if (resource) {
        sx_buffer_add_text(&login->out, "<resource>");
        sx_buffer_add_escaped(&login->out, resource);
        sx_buffer_add_text(&login->out, "</resource>");
    }
    sx_buffer_add_text(&login->out, "</bind></iq>");
    return wait_in(login, BIND);
}

/* With SASL EXTERNAL it is the certificate that says who we are. */
static bool is_somebody_else(const struct sx_login *login, const char *jid)
{
    char bound[SX_JID_BYTES], own[SX_JID_BYTES];
    sx_jid_bare(jid, bound, sizeof bound);
    sx_jid_bare(login->config->jid, own, sizeof own);
    return login->config->cert_file && !sx_jid_equal(bound, own);
}

/* Another resource than was asked for will do (RFC 6120 7.7), but a JID it has to be. */
static enum sx_login_step take_binding(struct sx_login *login, const struct sx_element *iq)
{
    const struct sx_element *bind = sx_element_child_of(iq, "bind", SX_NS_BIND);
    const struct sx_element *element = bind ? sx_element_child(bind, "jid") : NULL;
    const char *text = element ? sx_element_text(element) : "";
    char *jid = NULL;
    enum sx_err err = sx_jid_read(text, &jid);
    free(jid); /* what the server stamps is used as it stamps it */
    if (err == SX_ENOMEM)
        return end_short(login);
    if (err)
        return end(login, SX_EPROTOCOL, "%s: what the server bound is no JID", login->server);
    if (is_somebody_else(login, text))
        return end(login, SX_ECLIENTCERT,
                   "the client certificate %.100s is that of %.100s, not of %.100s",
                   login->config->cert_file, text, login->config->jid);
    if (!login->wants_session)
        return go_online(login, text);
    login->jid = strdup(text);
    sx_buffer_add_text(&login->out,
                       "<iq type='set' id='" SESSION_ID "'><session xmlns='" NS_SESSION "'/></iq>");
    return login->jid ? wait_in(login, SESSION) : end_short(login);
}

static enum sx_login_step refuse_binding(struct sx_login *login, const struct sx_element *iq,
                                         const char *what)
{
    const struct sx_element *error = sx_element_child(iq, "error");
    struct sx_negotiation_condition condition = {0};
    if (error)
        sx_negotiation_read_condition(error, SX_NS_STANZAS, &condition);
    return end(login, SX_ELOST, "%s %s %.100s: %s%s%s", login->server, what, login->config->jid,
               condition.name[0] ? condition.name : "undefined-condition",
               condition.text[0] ? ": " : "", condition.text);
}

/* Whether it answers the question of this id; *is_error. */
static bool is_answer(const struct sx_element *stanza, const char *own_id, bool *is_error)
{
    const char *id = sx_element_attribute(stanza, "id");
    const char *type = sx_element_attribute(stanza, "type");
    *is_error = type && strcmp(type, "error") == 0;
    return strcmp(sx_element_name(stanza), "iq") == 0 && id && strcmp(id, own_id) == 0 && type &&
           (*is_error || strcmp(type, "result") == 0);
}

/* ---- stanzas ---- */

static enum sx_login_step take_features(struct sx_login *login, const struct sx_element *features)
{
    if (login->is_authenticated)
        return begin_binding(login, features);
    if (!wants_tls(login) || login->channel.has_tls)
        return begin_sasl(login, features);
    if (!sx_element_child_of(features, "starttls", SX_NS_TLS))
        return end(login, SX_ETLS, "no TLS with %s: the server doesn't offer it", login->server);
    sx_buffer_add_text(&login->out, "<starttls xmlns='" SX_NS_TLS "'/>");
    return wait_in(login, PROCEED);
}

static enum sx_login_step take_proceed(struct sx_login *login, const struct sx_element *stanza,
                                       bool has_more)
{
    if (!sx_element_is(stanza, "proceed", SX_NS_TLS))
        return end(login, SX_ETLS, "%s: the server has no TLS after all", login->server);
    /* Whoever sits in between could put it there, and it would count as told through TLS. */
    if (has_more)
        return end(login, SX_ETLS, "%s: the server sent text in clear behind its go-ahead for TLS",
                   login->server);
    login->state = FEATURES;
    return SX_LOGIN_TLS;
}

/* RFC 6120 4.9.3.19: who isn't the server must not send us elsewhere. */
static enum sx_login_step take_error(struct sx_login *login,
                                     const struct sx_negotiation *negotiation)
{
    if (!negotiation->other_host[0])
        return SX_LOGIN_WAIT; /* the server closes the stream */
    if (!login->channel.has_tls)
        return end(login, SX_ESTREAM, "%s sends us to %.200s %s, which anybody on the way could",
                   login->server, negotiation->other_host,
                   wants_tls(login) ? "before TLS is up" : "without TLS");
    snprintf(login->redirect, sizeof login->redirect, "%s", negotiation->other_host);
    return end(login, SX_ESTREAM, "%s sends us to %.200s", login->server, negotiation->other_host);
}

enum sx_login_step sx_login_stanza(struct sx_login *login, const struct sx_element *stanza,
                                   bool has_more, const struct sx_negotiation *negotiation)
{
    bool is_error;
    if (sx_element_is(stanza, "error", SX_NS_STREAMS))
        return login->config->is_component ? SX_LOGIN_WAIT : take_error(login, negotiation);
    switch (login->state) {
    case FEATURES:
        return sx_element_is(stanza, "features", SX_NS_STREAMS) ? take_features(login, stanza)
                                                                : SX_LOGIN_WAIT;
    case PROCEED:
        return take_proceed(login, stanza, has_more);
    case SASL:
    case HASHING:
        return take_sasl(login, stanza);
    case BIND:
        if (!is_answer(stanza, BIND_ID, &is_error))
            return SX_LOGIN_WAIT;
        return is_error ? refuse_binding(login, stanza, "refused to bind")
                        : take_binding(login, stanza);
    case SESSION:
        if (!is_answer(stanza, SESSION_ID, &is_error))
            return SX_LOGIN_WAIT;
        login->state = ONLINE;
        return is_error ? refuse_binding(login, stanza, "refused to open a session for")
                        : SX_LOGIN_ONLINE;
    case HANDSHAKE:
        return strcmp(sx_element_name(stanza), "handshake") == 0
                   ? go_online(login, login->config->jid)
                   : SX_LOGIN_WAIT;
    default:
        return SX_LOGIN_WAIT;
    }
}

/* ---- the end of the stream ---- */

/* ejabberd and Prosody say it of a resource that another connection asked for, ejabberd also of the
 * oldest one of an account with more than max_user_sessions. Somebody who ends a session there, or
 * its account, says something else. */
static bool is_about_another(const struct sx_negotiation_condition *error)
{
    return !error->text[0] || strcmp(error->text, "Replaced by new connection") == 0;
}

/* A resource that the server chose for us it has given to nobody else. */
static enum sx_err judge_conflict(const struct sx_login *login, const char **clause)
{
    const char *asked = sx_jid_resource(login->config->jid), *bound = sx_jid_resource(login->jid);
    if (asked && bound && strcmp(asked, bound) != 0) {
        *clause = "the account has more connections than the server allows";
        return SX_ESESSIONS;
    }
    *clause = "another connection has asked for its resource, or the account has more of them than "
              "the server allows";
    return SX_ECONFLICT;
}

enum sx_err sx_login_judge_misdirection(const struct sx_negotiation_condition *error,
                                        const char **clause)
{
    static const struct {
        const char *name, *clause;
    } rows[] = {
        {"host-unknown", "the domain of the JID is none of that server's"},
        {"host-gone", "the domain of the JID is that server's no longer"},
        {"invalid-namespace", "this is no port for clients"},
    };
    size_t i;
    *clause = "";
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(error->name, rows[i].name) == 0) {
            *clause = rows[i].clause;
            return SX_EMISDIRECTED;
        }
    return SX_ESTREAM;
}

enum sx_err sx_login_judge_error(const struct sx_login *login,
                                 const struct sx_negotiation_condition *error, const char **clause)
{
    bool is_online = login->state == ONLINE;
    *clause = "";
    if (login->config->is_component && !is_online) {
        *clause = sx_component_explain_login(error->name);
        return sx_component_judge_login(error->name);
    }
    if (strcmp(error->name, "conflict") == 0)
        return is_online && !login->config->is_component && is_about_another(error)
                   ? judge_conflict(login, clause)
                   : SX_ECONFLICT;
    if (strcmp(error->name, "policy-violation") == 0)
        return SX_EPOLICY;
    return is_online ? SX_ESTREAM : sx_login_judge_misdirection(error, clause);
}

void sx_login_fini(struct sx_login *login)
{
    sx_sasl_fini(&login->sasl);
    sx_buffer_wipe(&login->out);
    free(login->jid);
    login->jid = NULL;
}
