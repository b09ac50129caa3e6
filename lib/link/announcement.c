/* announcement.c - the presence that a link sends. Invariant: announcement.h.
 *
 * Happy path: online -> send -> serve -> update. Somebody asks to see it -> answer.
 * Failure: without memory or room it waits for the loop's next turns, which is traced once.
 *
 * Modelled in tests/model: message.pml.
 */
#include "link/announcement.h"

#include <stdio.h>

#include "base/clock.h"
#include "peers/roster.h"

/* Who takes neither requests nor answers as messages has a priority that keeps the server from
 * handing us those for the bare JID, stored ones too (RFC 6121 4.7.2.3): they are for a client for
 * people. */
static const char NO_MESSAGES[] = "<priority>-1</priority>";

/* <presence type='...' to='...'/> */
static enum sx_err post_word(const struct sx_announcement *announcement, uint64_t number,
                             const char *type, const char *to, int64_t deadline)
{
    struct sx_buffer stanza = {0};
    sx_buffer_add_text(&stanza, "<presence");
    sx_buffer_add_attribute(&stanza, "type", type);
    sx_buffer_add_attribute(&stanza, "to", to);
    sx_buffer_add_text(&stanza, "/>");
    return sx_session_post(announcement->session, number, &stanza, deadline);
}

/* ---- we are there ---- */

static void make_mark(const struct sx_announcement *announcement, struct sx_presence_mark *mark)
{
    const struct sx_config *config = sx_session_config(announcement->session);
    *mark = (struct sx_presence_mark){.serves = sx_queue_is_open(announcement->queue),
                                      .packs = config->packs};
    if (!config->plain_delivery && !config->is_shared)
        sx_journal_incarnation(announcement->journal, sx_clock_now_us(), mark->incarnation);
}

static enum sx_err post_mark(const struct sx_announcement *announcement, uint64_t number,
                             const struct sx_presence_mark *mark)
{
    const struct sx_config *config = sx_session_config(announcement->session);
    struct sx_buffer stanza = {0};
    sx_buffer_add_text(&stanza, "<presence>");
    if (!config->messages && !config->name_key)
        sx_buffer_add_text(&stanza, NO_MESSAGES);
    sx_presence_format_mark(&stanza, mark);
    sx_buffer_add_text(&stanza, "</presence>");
    return sx_session_post_again(announcement->session, number, &stanza);
}

void sx_announcement_send(struct sx_announcement *announcement, uint64_t number)
{
    bool was_late = announcement->is_late;
    struct sx_presence_mark mark;
    enum sx_err err;
    if (!announcement->is_on)
        return;
    make_mark(announcement, &mark);
    err = post_mark(announcement, number, &mark);
    announcement->says_serves = mark.serves;
    announcement->is_late = err != SX_OK;
    if (err != SX_OK && !was_late)
        sx_trace(sx_session_trace(announcement->session), SOAP_XMPP_TRACE_ERROR,
                 "no presence sent yet: %s", sx_fault_text(err));
}

void sx_announcement_update(struct sx_announcement *announcement, uint64_t number)
{
    if (announcement->is_on && (announcement->is_late ||
                                sx_queue_is_open(announcement->queue) != announcement->says_serves))
        sx_announcement_send(announcement, number);
}

/* ---- who may see that ---- */

/* Anybody can ask, and as often as they like. */
static void tell_of_asker(struct sx_announcement *announcement, const char *who, const char *words)
{
    char more[SX_TRACE_MORE_BYTES];
    if (sx_trace_begin(&announcement->askers, sx_clock_now_us(), "questions", more))
        sx_trace(sx_session_trace(announcement->session), SOAP_XMPP_TRACE_INFO,
                 "%.200s asks for our presence%s%s", who, words, more);
}

void sx_announcement_tell(struct sx_announcement *announcement, const char *who, bool lets_us_see)
{
    char more[SX_TRACE_MORE_BYTES];
    if (sx_trace_begin(&announcement->givers, sx_clock_now_us(), "words of presence", more))
        sx_trace(sx_session_trace(announcement->session), SOAP_XMPP_TRACE_INFO,
                 "%.200s %s us see its presence%s", who, lets_us_see ? "lets" : "doesn't let",
                 more);
}

void sx_announcement_answer(struct sx_announcement *announcement, uint64_t number, const char *who)
{
    enum sx_err err;
    if (!sx_access_may_know(announcement->access, who)) {
        /* Not refused: the account may have another client, whose owner can decide. */
        tell_of_asker(announcement, who, ", and may not call anything: ignored");
        return;
    }
    err = post_word(announcement, number, "subscribed", who, 0);
    tell_of_asker(announcement, who,
                  err == SX_OK ? ", and gets it" : ", and can't be answered now");
}

enum sx_err sx_announcement_ask(const struct sx_announcement *announcement, uint64_t number,
                                const char *who, int64_t deadline)
{
    return post_word(announcement, number, "subscribe", who, deadline);
}
