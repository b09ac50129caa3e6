/* wsdl.h - the documents of a contract as an HTTP client gets them.
 *
 * Noun: the WSDL. Addresses are those of routes, the transport is HTTP's, imports name the other
 * documents: URL?xsd=N, URL?wsdl=N. All else stays byte for byte. Any thread; takes as long as its
 * bytes want. */
#ifndef GW_WSDL_H
#define GW_WSDL_H

#include <stddef.h>

#include "route/address.h"
#include "route/contract.h"

struct gw_wsdl_of {
    const struct gw_description *contract;
    const struct gw_rewrite_config *rewrite; /* the route's: without GW_REWRITE_WSDL all stays */
    const struct gw_address_map *map;
    const char *url; /* by which the client has asked, without a query: what an address becomes that
                      * no route reaches, since whoever reads it here can call it here */
};

/* Section `which` of the contract, with an XML declaration; malloc'ed; NULL with one sentence in
 * why: there is no such section, no memory. */
char *gw_wsdl_write(const struct gw_wsdl_of *of, size_t which, size_t *bytes, char *why,
                    size_t why_bytes);
/* The whole contract as one document, likewise; NULL as gw_single_write(). */
char *gw_wsdl_write_single(const struct gw_wsdl_of *of, size_t *bytes, char *why, size_t why_bytes);

#endif
