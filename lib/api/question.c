/* question.c - what a program asks of others: whether they are there, what they are, what there is,
 * and whatever else an iq asks.
 *
 * Invariant: each question waits for its own deadline at most, and ends once. What an answer holds
 * is told, or given away, after the link was left alone.
 *
 * Happy path: the entity -> a question -> its reply -> the facts, or the XML.
 * Failure: -1 or NULL, and one sentence in why that names whom was asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/argument.h"
#include "api/entity.h"
#include "base/clock.h"
#include "link/link.h"
#include "link/link_state.h"
#include "soap/document.h"
#include "wire/disco.h"
#include "wire/fact.h"

#define PING "<ping xmlns='" SX_NS_PING "'/>"

/* ---- asking ---- */

struct asked {
    const char *endpoint; /* NULL: our own server */
    bool is_literal;      /* entity.h */
    int timeout_ms;
    char *why;
    size_t why_bytes;
    /* told */
    struct sx_reply reply; /* the caller's to fini, if it was sent */
    int64_t answer_us;
};

static void say(const struct asked *asked, const char *jid, const char *clause)
{
    if (asked->why && asked->why_bytes)
        snprintf(asked->why, asked->why_bytes, "%s: %s", jid ? jid : "our server", clause);
}

/* Asks; false: nothing was sent, or nothing came, and why says so. */
static bool put(struct soap_xmpp_link *link, struct sx_query_question *question,
                struct asked *asked)
{
    int64_t deadline =
        sx_clock_deadline(sx_config_timeout_ms(asked->timeout_ms, sx_link_timeout_us(link)));
    char clause[800] = "", *jid = NULL;
    enum sx_err err = SX_EENDPOINT;
    if (asked->endpoint)
        jid = sx_entity_find(link, asked->endpoint, asked->is_literal, deadline, asked->why,
                             asked->why_bytes);
    if (!asked->endpoint || jid) {
        question->jid = jid;
        err = sx_query_put(&link->query, question, deadline, &asked->reply, &asked->answer_us,
                           clause, sizeof clause);
        if (err == SX_OK && asked->reply.err == SX_ENOTSOAP)
            snprintf(clause, sizeof clause, "the answer is to another question: %s",
                     asked->reply.text);
        else if (err == SX_OK && asked->reply.err != SX_OK)
            sx_entity_explain(jid ? jid : "our server", &asked->reply, clause, sizeof clause);
        if (*clause)
            say(asked, jid, clause);
    }
    free(jid);
    return err == SX_OK;
}

/* Until end() another thread may close the link. */
static bool begin(struct soap_xmpp_link *link, const struct asked *asked)
{
    if (!sx_argument_is_link(link, asked->why, asked->why_bytes))
        return false;
    sx_session_say(asked->why, asked->why_bytes, "");
    sx_link_ref(link);
    return true;
}

static void end(struct soap_xmpp_link *link, struct asked *asked)
{
    sx_reply_fini(&asked->reply);
    sx_link_unref(link);
}

/* ---- ping ---- */

/* Whether it was the entity itself that answered: of its own server's errors a server speaks for
 * itself. XEP-0199 4: who knows no pings says so. service-unavailable is what servers say, too, of
 * who isn't there (RFC 6120 8.3.3.19). */
static bool is_pong(const struct asked *asked)
{
    const struct sx_reply *reply = &asked->reply;
    if (reply->err == SX_ESTANZA)
        return !reply->is_own &&
               (!asked->endpoint || strcmp(reply->condition, "feature-not-implemented") == 0);
    return sx_fault_is_answered(reply->err);
}

int soap_xmpp_ping(struct soap_xmpp_link *link, const char *jid, int timeout_ms, long *rtt_us,
                   char *why, size_t why_bytes)
{
    struct asked asked = {jid, false, timeout_ms, why, why_bytes, {0}, 0};
    struct sx_query_question question = {.what = "ping", .element = PING};
    bool is_answered;
    if (!begin(link, &asked))
        return -1;
    is_answered = put(link, &question, &asked) && is_pong(&asked);
    end(link, &asked);
    if (!is_answered)
        return -1;
    sx_session_say(why, why_bytes, "");
    if (rtt_us)
        *rtt_us = (long)asked.answer_us;
    return 0;
}

/* ---- service discovery ---- */

static void tell_all(const char *list, soap_xmpp_fact_fn *each, void *user)
{
    struct sx_fact fact;
    while (each && (list = sx_facts_next(list, &fact)) != NULL)
        if (each(user, fact.kind, fact.name, fact.value) != 0)
            break;
}

static int discover(struct soap_xmpp_link *link, struct sx_query_question *question,
                    struct asked *asked, soap_xmpp_fact_fn *each, void *user)
{
    char *facts = NULL;
    if (!begin(link, asked))
        return -1;
    question->interest = SX_INTEREST_FACTS;
    if (!asked->endpoint)
        sx_session_say(asked->why, asked->why_bytes, "no endpoint was given");
    else if (put(link, question, asked)) {
        facts = asked->reply.facts;
        asked->reply.facts = NULL;
        if (!facts && asked->reply.err == SX_OK)
            say(asked, asked->endpoint, "the answer is empty");
    }
    end(link, asked);
    if (!facts)
        return -1;
    tell_all(facts, each, user);
    free(facts);
    return 0;
}

int soap_xmpp_info(struct soap_xmpp_link *link, const char *endpoint, int timeout_ms,
                   soap_xmpp_fact_fn *each, void *user, char *why, size_t why_bytes)
{
    struct asked asked = {endpoint, false, timeout_ms, why, why_bytes, {0}, 0};
    struct sx_query_question question = {.what = "disco#info", .element = SX_DISCO_INFO_QUESTION};
    return discover(link, &question, &asked, each, user);
}

int soap_xmpp_items(struct soap_xmpp_link *link, const char *jid, int timeout_ms,
                    soap_xmpp_fact_fn *each, void *user, char *why, size_t why_bytes)
{
    struct asked asked = {jid, false, timeout_ms, why, why_bytes, {0}, 0};
    struct sx_query_question question = {.what = "disco#items", .element = SX_DISCO_ITEMS_QUESTION};
    return discover(link, &question, &asked, each, user);
}

/* ---- any other question ---- */

/* What isn't well-formed, or binds a prefix nowhere, would end the stream. */
static char *clean_element(const char *element, const struct asked *asked)
{
    struct sx_buffer clean = {0};
    char clause[200] = "there is none";
    size_t len;
    if (element && sx_document_clean(element, strlen(element), "utf-8", &clean, clause,
                                     sizeof clause) == SX_OK)
        return sx_buffer_take(&clean, &len);
    sx_buffer_fini(&clean);
    if (asked->why && asked->why_bytes)
        snprintf(asked->why, asked->why_bytes, "the question can't be asked: %s", clause);
    return NULL;
}

char *soap_xmpp_ask(struct soap_xmpp_link *link, const char *jid, const char *element,
                    int timeout_ms, char *why, size_t why_bytes)
{
    struct asked asked = {jid, true, timeout_ms, why, why_bytes, {0}, 0};
    struct sx_query_question question = {.what = "a question", .interest = SX_INTEREST_XML};
    char *clean, *xml = NULL;
    if (!begin(link, &asked))
        return NULL;
    question.element = clean = clean_element(element, &asked);
    if (clean && put(link, &question, &asked)) {
        xml = asked.reply.xml;
        asked.reply.xml = NULL;
        if (!xml && asked.reply.err == SX_OK)
            say(&asked, jid, "the answer is a SOAP envelope");
    }
    end(link, &asked);
    free(clean);
    return xml;
}
