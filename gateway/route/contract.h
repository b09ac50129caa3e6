/* contract.h - the contracts of routes: asked of the service, or read from a file, and kept for a
 * while.
 *
 * Noun: the WSDL of one endpoint with the documents that it imports. Invariant: constant once it is
 * there, and held by references; at most 64 are kept, each for 5 minutes and for that endpoint and
 * that caller alone, since a service may tell others something else. */
#ifndef GW_CONTRACT_H
#define GW_CONTRACT_H

#include <stddef.h>

#include "base/workers.h"
#include "config/config.h"
#include "route/call.h"  /* gw_route_link_fn */
#include "route/store.h" /* struct gw_description */

struct gw_contracts;

/* Whose contract. Strings are copied, config is held. */
struct gw_contract_question {
    struct gw_config *config;
    const struct gw_route_config *route; /* config's; its wsdl isn't GW_WSDL_NONE */
    const char *endpoint;                /* with "?message" or without */
    const char *from;                    /* "": the link itself */
    const char *traceparent;             /* NULL: none */
};

/* contract is the callee's reference; or NULL, with the HTTP status that says why, and a sentence.
 * On a worker; without one on the link's thread, or on that of whoever has asked for the same. */
typedef void gw_contract_done_fn(void *user, struct gw_description *contract, int status,
                                 const char *why);

/* NULL: no memory. */
struct gw_contracts *gw_contracts_new(struct gw_workers *workers, gw_route_link_fn *find,
                                      void *user);
void gw_contracts_free(struct gw_contracts *contracts); /* nothing is held or asked; NULL is fine */

/* Gets it: done is called, once, unless this returns the HTTP status of a refusal with a sentence
 * in why. Doesn't block. */
int gw_contracts_get(struct gw_contracts *contracts, const struct gw_contract_question *question,
                     gw_contract_done_fn *done, void *user, char *why, size_t why_bytes);
/* Those that are kept are got anew from now on. */
void gw_contracts_forget(struct gw_contracts *contracts);

#endif
