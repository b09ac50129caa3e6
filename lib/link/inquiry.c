/* inquiry.c - which peers are being asked. Invariant and failure: inquiry.h. */
#include "link/inquiry.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/jid.h"

struct sx_inquiry {
    TAILQ_ENTRY(sx_inquiry) in_list;
    int64_t until_us;
    bool is_renewal;
    char id[SX_EXCHANGE_ID_BYTES];
    const char *name; /* what it is found by */
    char *jid;        /* the same, and what take_silent gives away */
};

static int compare(const void *a, const void *b)
{
    const struct sx_inquiry *inquiry = a, *other = b;
    return sx_jid_compare(inquiry->name, other->name);
}

static struct sx_inquiry *find(struct sx_inquiries *questions, const char *jid)
{
    const struct sx_inquiry key = {.name = jid};
    struct sx_inquiry *const *node = tfind(&key, &questions->by_jid, compare);
    return node ? *node : NULL;
}

static struct sx_inquiry_list *list_of(struct sx_inquiries *questions, bool is_renewal)
{
    return is_renewal ? &questions->renewals : &questions->firsts;
}

/* Frees it but for its JID. */
static void forget(struct sx_inquiries *questions, struct sx_inquiry *question)
{
    tdelete(question, &questions->by_jid, compare);
    TAILQ_REMOVE(list_of(questions, question->is_renewal), question, in_list);
    questions->count--;
    free(question);
}

void sx_inquiry_init(struct sx_inquiries *questions, const struct sx_query *query, unsigned most)
{
    *questions = (struct sx_inquiries){.query = query, .most = most};
    TAILQ_INIT(&questions->firsts);
    TAILQ_INIT(&questions->renewals);
}

void sx_inquiry_fini(struct sx_inquiries *questions)
{
    if (questions->query)
        sx_inquiry_forget(questions);
}

static bool enter(struct sx_inquiries *questions, struct sx_inquiry *question, const char *jid)
{
    question->name = question->jid = strdup(jid);
    if (!question->jid)
        return false;
    if (tsearch(question, &questions->by_jid, compare))
        return true;
    free(question->jid);
    return false;
}

bool sx_inquiry_ask(struct sx_inquiries *questions, uint64_t number, const char *jid,
                    bool is_renewal)
{
    struct sx_inquiry *question;
    char *name;
    if (find(questions, jid))
        return true;
    if (questions->count >= questions->most)
        return false;
    question = calloc(1, sizeof *question);
    if (!question)
        return false;
    if (!enter(questions, question, jid)) {
        free(question);
        return false;
    }
    question->is_renewal = is_renewal;
    question->until_us = sx_clock_now_us() + (is_renewal ? SX_QUERY_RENEWAL_US : SX_QUERY_FIRST_US);
    TAILQ_INSERT_TAIL(list_of(questions, is_renewal), question, in_list);
    questions->count++;
    if (sx_query_post_under(questions->query, number, jid, question->id) == SX_OK) {
        sx_trace(sx_session_trace(questions->query->session), SOAP_XMPP_TRACE_DEBUG,
                 "%s to %s: disco#info", question->id, jid);
        return true;
    }
    name = question->jid;
    forget(questions, question);
    free(name);
    return false;
}

bool sx_inquiry_take(struct sx_inquiries *questions, const char *from, const char *id)
{
    struct sx_inquiry *question = from ? find(questions, from) : NULL;
    char *jid;
    if (!question || strcmp(question->id, id) != 0)
        return false;
    jid = question->jid;
    forget(questions, question);
    free(jid);
    return true;
}

char *sx_inquiry_take_silent(struct sx_inquiries *questions, int64_t now_us)
{
    struct sx_inquiry *first = TAILQ_FIRST(&questions->firsts);
    struct sx_inquiry *renewal = TAILQ_FIRST(&questions->renewals), *question;
    char *jid;
    if (first && first->until_us <= now_us)
        question = first;
    else if (renewal && renewal->until_us <= now_us)
        question = renewal;
    else
        return NULL;
    if (!question->is_renewal)
        sx_query_note_silence(questions->query, question->jid);
    jid = question->jid;
    forget(questions, question);
    return jid;
}

int64_t sx_inquiry_due_us(const struct sx_inquiries *questions)
{
    const struct sx_inquiry *first = TAILQ_FIRST(&questions->firsts);
    const struct sx_inquiry *renewal = TAILQ_FIRST(&questions->renewals);
    int64_t due_us = first ? first->until_us : SX_NEVER;
    return renewal && renewal->until_us < due_us ? renewal->until_us : due_us;
}

void sx_inquiry_forget(struct sx_inquiries *questions)
{
    struct sx_inquiry *question;
    while ((question = TAILQ_FIRST(&questions->firsts)) ||
           (question = TAILQ_FIRST(&questions->renewals))) {
        char *jid = question->jid;
        forget(questions, question);
        free(jid);
    }
}
