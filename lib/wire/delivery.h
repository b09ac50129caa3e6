/* delivery.h - what a responder of this library says about one copy of a request, beside the
 * condition of a stanza error.
 *
 * Noun: the word about a copy: <refused/>, <stale/> or <running/> (stanza.h). Any thread.
 */
#ifndef SX_WIRE_DELIVERY_H
#define SX_WIRE_DELIVERY_H

#include "wire/element.h"

#include "exchange/exchange.h"

/* Of a child of <error/>, whatever it is: into refused, stale_for, denier or running. */
void sx_delivery_read(struct sx_element *child, struct sx_reply *reply);

/* Once the whole reply is read: what nobody can have said of a copy with such an id is taken out,
 * and of a stale one the text says in words for the caller what has become of it. */
void sx_delivery_judge(const char *id, struct sx_reply *reply);

#endif
