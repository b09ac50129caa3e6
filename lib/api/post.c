/* post.c - a call of an envelope's bytes begins.
 *
 * Invariant: what the program gave is checked before anything is begun; nothing here blocks.
 *
 * Happy path: the struct is read -> endpoint, name, whose call it is, its trace -> sx_link_post().
 * Failure: NULL, and one sentence in why that names the endpoint.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/argument.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "soap/traceparent.h"
#include "wire/jid.h"
#include "wire/message_id.h"

enum { CLAUSE_BYTES = 400, SHOWN_BYTES = 300 };

void soap_xmpp_post_init_bytes(struct soap_xmpp_post *post, size_t size)
{
    memset(post, 0, size);
    if (size >= sizeof post->size)
        post->size = size;
}

/* Members that an older program doesn't know keep their defaults. */
static bool read_post(const struct soap_xmpp_post *given, struct soap_xmpp_post *post, char *clause)
{
    soap_xmpp_post_init_bytes(post, sizeof *post);
    if (!given)
        snprintf(clause, CLAUSE_BYTES, "nothing to post was given");
    else if (given->size < sizeof given->size || given->size % _Alignof(struct soap_xmpp_post) != 0)
        snprintf(clause, CLAUSE_BYTES,
                 "post.size is %zu; prepare the struct with soap_xmpp_post_init()", given->size);
    else if (given->size > sizeof *post)
        snprintf(clause, CLAUSE_BYTES,
                 "post.size is %zu, allowed is at most %zu: the program was built for a later "
                 "version of the library",
                 given->size, sizeof *post);
    else
        memcpy(post, given, given->size);
    if (!*clause && !post->endpoint)
        snprintf(clause, CLAUSE_BYTES, "no endpoint was given");
    else if (!*clause && !post->envelope)
        snprintf(clause, CLAUSE_BYTES, "no envelope was given");
    return !*clause;
}

static enum sx_err read_name(const struct soap_xmpp_link *link, const struct soap_xmpp_post *post,
                             bool is_message, char *clause)
{
    size_t len = post->name ? strlen(post->name) : 0;
    if (!post->name)
        return SX_OK;
    if (!is_message)
        snprintf(clause, CLAUSE_BYTES,
                 "only calls by message have names: the endpoint lacks ?message");
    else if (!sx_link_may_name(link))
        snprintf(clause, CLAUSE_BYTES,
                 "calls can't have names without a name_key in the configuration");
    else if (len < 1 || len > SX_MESSAGE_ID_BYTES)
        snprintf(clause, CLAUSE_BYTES, "the name of a call has 1 to %d bytes, and this one %zu",
                 SX_MESSAGE_ID_BYTES, len);
    else
        return SX_OK;
    return SX_EENDPOINT;
}

/* Whose call it is: malloc'ed, NULL for the link's own. */
static enum sx_err read_from(const struct soap_xmpp_link *link, const struct soap_xmpp_post *post,
                             char **from, char *clause)
{
    const struct sx_config *config = sx_session_config(link->session);
    char own[SX_JID_BYTES], domain[SX_JID_BYTES], why[200] = "";
    enum sx_err err;
    if (!post->from)
        return SX_OK;
    if (!config->is_component) {
        snprintf(clause, CLAUSE_BYTES, "from is for components: this link is an account's");
        return SX_EENDPOINT;
    }
    err = sx_jid_parse(post->from, NULL, from, why, sizeof why);
    if (err != SX_OK) {
        snprintf(clause, CLAUSE_BYTES, "from is %.80s: %s", post->from,
                 err == SX_ENOMEM ? sx_fault_text(err) : why);
        return err;
    }
    sx_jid_domain(config->jid, own, sizeof own);
    sx_jid_domain(*from, domain, sizeof domain);
    if (strcmp(own, domain) == 0)
        return SX_OK;
    snprintf(clause, CLAUSE_BYTES, "from is %.80s, which isn't of the component's domain %.200s",
             post->from, own);
    return SX_EENDPOINT;
}

static enum sx_err read_traceparent(const struct soap_xmpp_post *post, char *clause)
{
    if (!post->traceparent || sx_traceparent_is_valid(post->traceparent))
        return SX_OK;
    snprintf(clause, CLAUSE_BYTES, "traceparent is none as W3C Trace Context defines it: %.80s",
             post->traceparent);
    return SX_EENDPOINT;
}

static enum sx_err send(struct soap_xmpp_link *link, const struct soap_xmpp_post *post,
                        const struct sx_endpoint *endpoint, const char *from,
                        struct soap_xmpp_call **call, char *sentence, size_t sentence_bytes)
{
    int64_t default_us = sx_link_timeout_us(link);
    int64_t timeout_us =
        post->timeout_ms > 0 ? sx_config_timeout_ms(post->timeout_ms, default_us) : default_us;
    struct sx_checker *checker = sx_checker_new(sx_link_max_depth(link));
    const struct sx_outgoing out = {
        .to = endpoint->jid,
        .any_resource = !endpoint->has_resource,
        .envelope = post->envelope,
        .envelope_len = post->envelope_bytes,
        .checker = checker,
        .action = post->action,
        .answer_deadline = sx_clock_deadline(timeout_us),
        .is_message = endpoint->is_message,
        .name = post->name,
        .from = from,
        .traceparent = post->traceparent,
        .is_one_way = post->is_one_way != 0,
        .user = post->user,
    };
    enum sx_err err =
        checker ? sx_link_post(link, &out, call, sentence, sentence_bytes) : SX_ENOMEM;
    sx_checker_free(checker);
    return err;
}

static enum sx_err begin(struct soap_xmpp_link *link, const struct soap_xmpp_post *post,
                         struct soap_xmpp_call **call, char *sentence, size_t sentence_bytes)
{
    struct sx_endpoint endpoint = {0};
    char clause[CLAUSE_BYTES] = "", *from = NULL;
    enum sx_err err = sx_jid_parse_endpoint(post->endpoint, &endpoint, clause, sizeof clause);
    if (err == SX_OK)
        err = read_name(link, post, endpoint.is_message, clause);
    if (err == SX_OK)
        err = read_from(link, post, &from, clause);
    if (err == SX_OK)
        err = read_traceparent(post, clause);
    if (err == SX_OK)
        err = send(link, post, &endpoint, from, call, sentence, sentence_bytes);
    if (err != SX_OK && !*sentence)
        snprintf(sentence, sentence_bytes, "%.*s: %s", SHOWN_BYTES, post->endpoint,
                 *clause ? clause : sx_fault_text(err));
    free(from);
    free(endpoint.jid);
    return err;
}

/* What can't be carried is here what the program wrote, or passes on. */
static const char *find_condition(enum sx_err err)
{
    if (err == SX_OK)
        return "";
    return err == SX_EUNCARRIABLE ? "bad-request" : sx_fault_condition(err);
}

struct soap_xmpp_call *soap_xmpp_post(struct soap_xmpp_link *link,
                                      const struct soap_xmpp_post *given, char *why,
                                      size_t why_bytes)
{
    struct soap_xmpp_post post;
    struct soap_xmpp_call *call = NULL;
    char sentence[SX_JID_BYTES + 2 * CLAUSE_BYTES] = "";
    enum sx_err err = SX_EMALFORMED;
    bool is_read = read_post(given, &post, sentence);
    if (!sx_argument_is_link(link, sentence, sizeof sentence))
        err = link ? SX_EFORKED : SX_ESTOPPED;
    else if (is_read)
        err = begin(link, &post, &call, sentence, sizeof sentence);
    if (err == SX_OK)
        *sentence = '\0';
    if (post.condition)
        *post.condition = find_condition(err);
    sx_session_say(why, why_bytes, sentence);
    return call;
}
