/* translation.h - the addresses in an envelope that passes a route: in the words of the other side.
 *
 * Noun: the translation. Invariant: an envelope whose addresses can't be replaced passes as it is.
 * Takes as long as its bytes want. Any thread. */
#ifndef GW_TRANSLATION_H
#define GW_TRANSLATION_H

#include <stddef.h>

#include "route/address.h"
#include "route/exchange.h"

/* How addresses become each other in an exchange's envelopes; it lives as long as the exchange. */
struct gw_address_map gw_translation_map(const struct gw_exchange *exchange);
/* Each replaces *envelope (malloc'ed) if there is something to replace. */
void gw_translation_request(const struct gw_exchange *exchange, char **envelope, size_t *bytes);
void gw_translation_answer(const struct gw_exchange *exchange, char **envelope, size_t *bytes);

#endif
