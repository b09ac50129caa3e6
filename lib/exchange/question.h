/* question.h - a call that asks something else than a service: an iq of type get.
 *
 * Noun: the question. It is in the exchange's table like a call, so that its answer finds it and it
 * ends once, but it isn't counted as one. It is never sent again.
 *
 * Thread: any, as exchange.h.
 */
#ifndef SX_EXCHANGE_QUESTION_H
#define SX_EXCHANGE_QUESTION_H

#include "exchange/exchange.h"

/* As sx_exchange_begin; what: for the trace. */
enum sx_err sx_question_begin(struct sx_exchange *exchange, const char *peer, const char *what,
                              enum sx_reply_interest interest, int64_t room_deadline,
                              struct soap_xmpp_call **call);

/* The interest of the question that a reply under this id from this peer would end; NONE: there is
 * no such question. */
enum sx_reply_interest sx_question_find_interest(struct sx_exchange *exchange, const char *from,
                                                 const char *id);

#endif
