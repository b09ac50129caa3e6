/* strophe_stanza.h - an element as the tree that libstrophe expects.
 *
 * Noun: libstrophe's stanza. It is made for what libstrophe has to see: the server's own stanzas,
 * the iqs of the login, strings that a program parses by xmpp_stanza_new_from_string().
 */
#ifndef SX_NET_STROPHE_STANZA_H
#define SX_NET_STROPHE_STANZA_H

#include <stdbool.h>
#include <strophe.h>

#include "wire/element.h"

/* A copy, text and children in their order. names_no_namespace: xmlns="" stands where there is
 * none, since libstrophe compares without looking. The caller releases it; NULL: no memory.
 * libstrophe appends a child by walking to the last one. */
xmpp_stanza_t *sx_strophe_stanza_new(xmpp_ctx_t *ctx, const struct sx_element *element,
                                     bool names_no_namespace);

#endif
