/* answer.c - how a request that was taken as bytes ends.
 *
 * Invariant: each of the three ends it, and frees it, but for an answer that can't be carried,
 * which leaves it as it was.
 *
 * Happy path: the envelope is checked -> the answer is remembered and goes out -> freed. Failure:
 * one sentence in why, and nothing has gone out. A link that was closed sends nothing any more.
 */
#include <stdio.h>

#include "api/request.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "link/link_state.h"

enum { CLAUSE_BYTES = 300, TEXT_BYTES = 400 };

static enum sx_err send_answer(const struct soap_xmpp_request *request, const char *envelope,
                               size_t envelope_bytes, char *why, size_t why_bytes)
{
    struct soap_xmpp_link *link = request->link;
    struct sx_checker *checker = NULL;
    enum sx_err err;
    if (envelope) {
        checker = sx_checker_new(sx_link_max_depth(link));
        if (!checker)
            return SX_ENOMEM;
    }
    err = sx_link_answer(link, request->request, checker, envelope, envelope_bytes, why, why_bytes);
    sx_checker_free(checker);
    return err;
}

int soap_xmpp_answer(struct soap_xmpp_request *request, const char *envelope, size_t envelope_bytes,
                     char *why, size_t why_bytes)
{
    char clause[CLAUSE_BYTES] = "";
    enum sx_err err;
    if (!request || sx_link_is_forked(request->link)) {
        sx_session_say(why, why_bytes, request ? sx_fault_text(SX_EFORKED) : "there is no request");
        return -1;
    }
    sx_session_say(why, why_bytes, "");
    err = send_answer(request, envelope, envelope_bytes, clause, sizeof clause);
    if (err) {
        if (why && why_bytes)
            snprintf(why, why_bytes, "the answer to %.80s of %.200s can't be carried: %s",
                     request->request->id, request->request->from,
                     *clause ? clause : sx_fault_text(err));
        return -1;
    }
    sx_request_end(request);
    return 0;
}

/* One sentence, however much a program has of it. */
static const char *copy_sentence(const char *text, char out[TEXT_BYTES])
{
    if (!text || !*text)
        return NULL;
    if (snprintf(out, TEXT_BYTES, "%s", text) >= TEXT_BYTES)
        out[sx_utf8_cut(out, TEXT_BYTES - 1)] = '\0';
    return out;
}

void soap_xmpp_refuse(struct soap_xmpp_request *request, const char *text)
{
    char sentence[TEXT_BYTES];
    if (!request || sx_link_is_forked(request->link))
        return;
    sx_link_refuse(request->link, request->request, "internal-server-error",
                   copy_sentence(text, sentence));
    sx_request_end(request);
}

void soap_xmpp_decline(struct soap_xmpp_request *request, const char *condition, const char *text)
{
    char sentence[TEXT_BYTES];
    if (!request || sx_link_is_forked(request->link))
        return;
    if (!condition || !sx_fault_is_condition(condition))
        condition = "service-unavailable";
    sx_answer_decline(&request->link->answers, request->request, condition,
                      copy_sentence(text, sentence),
                      sx_clock_deadline(sx_link_timeout_us(request->link)));
    sx_request_end(request);
}
