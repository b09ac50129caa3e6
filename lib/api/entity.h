/* entity.h - the entity behind an endpoint or a JID that a program gives, and what it answers.
 *
 * Noun: the entity (RFC 6120): whatever has a JID. An account without a resource stands for its
 * "/soap" or, with config.presence, for one of its live resources, as in a call.
 *
 * Thread: any; find may wait for an answer, until the deadline.
 */
#ifndef SX_API_ENTITY_H
#define SX_API_ENTITY_H

#include "link/link.h"

/* The entity's JID, malloc'ed, the caller's; NULL, with one sentence in why (may be NULL): the
 * endpoint is none, or memory is short. is_literal: a JID is taken as it stands, so that an account
 * without a resource is that account. */
char *sx_entity_find(struct soap_xmpp_link *link, const char *endpoint, bool is_literal,
                     int64_t deadline, char *why, size_t why_bytes);

/* What a reply says that isn't what was asked for, as a clause. */
void sx_entity_explain(const char *jid, const struct sx_reply *reply, char *clause,
                       size_t clause_bytes);

#endif
