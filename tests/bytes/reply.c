#include "reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/suite.h"

enum { PATIENCE_MS = 60000, PIECE_BYTES = 1000 };

struct soap_xmpp_link *reply_open(const struct site_account *account)
{
    char why[256] = "";
    struct soap_xmpp_link *link = soap_xmpp_open(&account->config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, PATIENCE_MS), 0);
    return link;
}

struct soap_xmpp_call *reply_post(struct soap_xmpp_link *link, const struct soap_xmpp_post *post)
{
    char why[600] = "";
    struct soap_xmpp_call *call = soap_xmpp_post(link, post, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    return call;
}

struct soap_xmpp_call *reply_begin(struct soap_xmpp_link *link, const char *endpoint,
                                   const char *envelope)
{
    struct soap_xmpp_post post;
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    return reply_post(link, &post);
}

static void read_envelope(struct soap_xmpp_call *call, struct reply *reply)
{
    long got;
    do {
        reply->envelope = realloc(reply->envelope, reply->envelope_bytes + PIECE_BYTES + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(reply->envelope);
        got = soap_xmpp_call_read(call, reply->envelope + reply->envelope_bytes, PIECE_BYTES,
                                  reply->damage, sizeof reply->damage);
        CU_ASSERT_TRUE(got <= PIECE_BYTES);
        if (got > 0)
            reply->envelope_bytes += (size_t)got;
    } while (got > 0);
    if (got == 0) {
        reply->envelope[reply->envelope_bytes] = '\0';
        return;
    }
    free(reply->envelope);
    reply->envelope = NULL;
}

void reply_take(struct soap_xmpp_call *call, struct reply *reply)
{
    memset(reply, 0, sizeof *reply);
    reply->end = soap_xmpp_call_end(call);
    reply->outcome = soap_xmpp_call_outcome(call);
    reply->version = soap_xmpp_call_version(call);
    reply->is_packed = soap_xmpp_call_is_packed(call);
    snprintf(reply->condition, sizeof reply->condition, "%s", soap_xmpp_call_condition(call));
    snprintf(reply->text, sizeof reply->text, "%s", soap_xmpp_call_text(call));
    snprintf(reply->peer, sizeof reply->peer, "%s", soap_xmpp_call_peer(call));
    reply->user = soap_xmpp_call_user(call);
    read_envelope(call, reply);
    soap_xmpp_cancel(call);
}

void reply_await(struct soap_xmpp_link *link, struct reply *reply)
{
    struct soap_xmpp_call *call = soap_xmpp_wait(link, PATIENCE_MS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call);
    reply_take(call, reply);
}

void reply_to(struct soap_xmpp_link *link, const struct soap_xmpp_call *call, struct reply *reply)
{
    struct soap_xmpp_call *done = soap_xmpp_wait(link, PATIENCE_MS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(done);
    CU_ASSERT_PTR_EQUAL(done, call);
    reply_take(done, reply);
}

void reply_ask(struct soap_xmpp_link *link, const char *endpoint, char *envelope,
               struct reply *reply)
{
    struct soap_xmpp_call *call = reply_begin(link, endpoint, envelope);
    free(envelope);
    reply_to(link, call, reply);
}

void reply_free(struct reply *reply)
{
    free(reply->envelope);
    memset(reply, 0, sizeof *reply);
}

void reply_expect(const struct reply *reply, enum soap_xmpp_end_value end,
                  enum soap_xmpp_outcome_value outcome)
{
    if (reply->end != end || reply->outcome != outcome)
        printf("\n    end %d for %d, outcome %d for %d: %s", reply->end, end, reply->outcome,
               outcome, reply->text);
    CU_ASSERT_EQUAL(reply->end, end);
    CU_ASSERT_EQUAL(reply->outcome, outcome);
}
