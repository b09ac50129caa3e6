/* announcement.c - the presence that a link sends: that it is there, that it serves, who may see
 * it.
 *
 * Invariant: without config.presence none is sent, but what soap_xmpp_subscribe() is refused for.
 * With it, each session begins with an available one, before anything else, which is sent again
 * when serving begins or ends: it tells both. None says unavailable: that is the server's to say
 * when the stream closes (RFC 6121 4.5.2). A component's presence would reach nobody (XEP-0114 has
 * no roster).
 *
 * Happy path: online -> greet -> serve -> greet_again. Somebody asks to see it -> admit.
 * Failure: without memory or room it waits for the loop's next turns, which is traced once.
 *
 * Thread: the loop thread, but for soap_xmpp_subscribe().
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "link/link_parts.h"
#include "peers/roster.h"

/* Who takes neither requests nor answers as messages has a priority that keeps the server from
 * handing us those for the bare JID, stored ones too (RFC 6121 4.7.2.3): they are for a person's
 * client. */
static const char NO_MESSAGES[] = "<priority>-1</priority>";

enum { TELL_INTERVAL_US = 1000000 }; /* between two lines about who asks for our presence */

/* <presence type='...' to='...'/> */
static enum sx_err post_word(struct soap_xmpp_link *link, uint64_t session, const char *type,
                             const char *to, int64_t deadline)
{
    struct sx_buffer stanza = {0};
    sx_buffer_add_text(&stanza, "<presence");
    sx_buffer_add_attribute(&stanza, "type", type);
    sx_buffer_add_attribute(&stanza, "to", to);
    sx_buffer_add_text(&stanza, "/>");
    return sx_session_post(link->session, session, &stanza, deadline);
}

/* ---- we are there ---- */

static void make_mark(struct soap_xmpp_link *link, struct sx_presence_mark *mark)
{
    *mark = (struct sx_presence_mark){.serves = sx_queue_is_open(link->inbound),
                                      .packs = sx_session_config(link->session)->packs};
    if (!sx_session_config(link->session)->plain_delivery &&
        !sx_session_config(link->session)->is_shared)
        sx_journal_incarnation(link->journal, sx_clock_now_us(), mark->incarnation);
}

static enum sx_err post_greeting(struct soap_xmpp_link *link, uint64_t session,
                                 const struct sx_presence_mark *mark)
{
    struct sx_buffer stanza = {0};
    sx_buffer_add_text(&stanza, "<presence>");
    if (!sx_session_config(link->session)->messages && !sx_session_config(link->session)->name_key)
        sx_buffer_add_text(&stanza, NO_MESSAGES);
    sx_presence_format_mark(&stanza, mark);
    sx_buffer_add_text(&stanza, "</presence>");
    return sx_session_post_again(link->session, session, &stanza);
}

void sx_link_greet(struct soap_xmpp_link *link, uint64_t session)
{
    bool was_owed = link->owes_greeting;
    struct sx_presence_mark mark;
    enum sx_err err;
    if (!link->presence)
        return;
    make_mark(link, &mark);
    err = post_greeting(link, session, &mark);
    link->told_to_serve = mark.serves;
    link->owes_greeting = err != SX_OK;
    if (err != SX_OK && !was_owed)
        sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_ERROR, "no presence sent yet: %s",
                 sx_fault_text(err));
}

void sx_link_greet_again(struct soap_xmpp_link *link, uint64_t session)
{
    if (link->presence &&
        (link->owes_greeting || sx_queue_is_open(link->inbound) != link->told_to_serve))
        sx_link_greet(link, session);
}

/* ---- who may see that ---- */

/* Anybody can ask, and as often as he likes. */
static void tell_of_asker(struct soap_xmpp_link *link, const char *who, const char *words)
{
    struct sx_iq_refusals *askers = &link->askers;
    int64_t now_us = sx_clock_now_us();
    char more[64] = "";
    if (askers->told_us && now_us - askers->told_us < TELL_INTERVAL_US) {
        askers->left_out++;
        return;
    }
    if (askers->left_out)
        snprintf(more, sizeof more, " (%lu other questions left out)", askers->left_out);
    sx_trace(sx_session_trace(link->session), SOAP_XMPP_TRACE_INFO,
             "%.200s asks for our presence%s%s", who, words, more);
    *askers = (struct sx_iq_refusals){.told_us = now_us};
}

void sx_link_admit(struct soap_xmpp_link *link, uint64_t session, const char *who)
{
    enum sx_err err;
    if (!sx_access_may_know(link->access, who)) {
        /* Not refused: the account may have another client, whose owner can decide. */
        tell_of_asker(link, who, ", and may not call anything: ignored");
        return;
    }
    err = post_word(link, session, "subscribed", who, 0);
    tell_of_asker(link, who, err == SX_OK ? ", and gets it" : ", and can't be answered now");
}

/* The bare JID behind an endpoint or JID. */
static enum sx_err read_bare(const char *endpoint, char *bare, size_t bare_bytes, char *why,
                             size_t why_bytes)
{
    char *jid = NULL;
    enum sx_err err = sx_jid_is_xmpp(endpoint) ? sx_jid_parse_uri(endpoint, &jid, why, why_bytes)
                                               : sx_jid_parse(endpoint, NULL, &jid, why, why_bytes);
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "%s", sx_fault_text(err));
    if (err == SX_OK)
        sx_jid_bare(jid, bare, bare_bytes);
    free(jid);
    return err;
}

int soap_xmpp_subscribe(struct soap_xmpp_link *link, const char *endpoint, char *why,
                        size_t why_bytes)
{
    char clause[400] = "", bare[SX_JID_BYTES];
    int64_t deadline;
    uint64_t session;
    enum sx_err err;
    if (!link || !endpoint) {
        sx_session_say(why, why_bytes, link ? "no endpoint was given" : SX_LINK_NONE);
        return -1;
    }
    deadline = sx_clock_deadline(sx_session_config(link->session)->timeout_us);
    sx_session_say(why, why_bytes, "");
    sx_link_ref(link); /* the program may close the link meanwhile */
    if (!link->presence) {
        err = SX_ECONFIG;
        snprintf(
            clause, sizeof clause, "%s",
            sx_session_config(link->session)->is_component
                ? "a component has no presence"
                : "the link takes no notice of presence (config.presence, SOAP_XMPP_PRESENCE)");
    } else {
        err = read_bare(endpoint, bare, sizeof bare, clause, sizeof clause);
    }
    if (err == SX_OK)
        err = sx_session_await(link->session, deadline, &session, clause, sizeof clause);
    if (err == SX_OK) {
        err = post_word(link, session, "subscribe", bare, deadline);
        snprintf(clause, sizeof clause, "%s", sx_fault_text(err));
    }
    if (err != SX_OK && why && why_bytes)
        snprintf(why, why_bytes, "%s: %s", endpoint, clause);
    sx_link_unref(link);
    return err == SX_OK ? 0 : -1;
}
