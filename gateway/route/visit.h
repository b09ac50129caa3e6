/* visit.h - a GET of a route: its WSDL, a document that this imports, or a page for a person.
 *
 * Noun: the visit. Invariant: nothing is called but GetMetadata; Soap-Outcome is not-executed.
 * Any thread. */
#ifndef GW_VISIT_H
#define GW_VISIT_H

#include "config/config.h"
#include "route/contract.h"
#include "route/exchange.h"

/* Answers a GET or HEAD of a route; exchange becomes its. Doesn't block. */
void gw_visit_begin(struct gw_contracts *contracts, struct gw_exchange *exchange,
                    const struct gw_match *match);

#endif
