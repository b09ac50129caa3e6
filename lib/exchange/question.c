/* question.c - calls that are questions, and what is to be kept of their answers.
 *
 * Invariant: what a call is, it is before its stanza is posted: no answer comes earlier.
 */
#include "exchange/question.h"

#include "exchange/table.h"

enum sx_err sx_question_begin(struct sx_exchange *exchange, const char *peer, const char *what,
                              enum sx_reply_interest interest, int64_t room_deadline,
                              struct soap_xmpp_call **call)
{
    enum sx_err err = sx_exchange_begin(exchange, peer, what, room_deadline, call);
    if (err != SX_OK)
        return err;
    pthread_mutex_lock(&exchange->mu);
    if (sx_table_is_under_way_locked(*call)) { /* nothing has stopped it yet */
        (*call)->is_question = true;
        (*call)->interest = interest;
        exchange->questions++;
    }
    pthread_mutex_unlock(&exchange->mu);
    return SX_OK;
}

enum sx_reply_interest sx_question_find_interest(struct sx_exchange *exchange, const char *from,
                                                 const char *id)
{
    enum sx_reply_interest interest = SX_INTEREST_NONE;
    const struct soap_xmpp_call *call;
    pthread_mutex_lock(&exchange->mu);
    call = sx_table_find_locked(exchange, id);
    if (call && sx_table_is_from_peer_locked(call, from))
        interest = call->interest;
    pthread_mutex_unlock(&exchange->mu);
    return interest;
}
