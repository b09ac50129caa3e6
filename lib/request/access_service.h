/* access_service.h - the namespaces that a service's operations are in.
 *
 * Noun: the service, as a set of namespaces: those of the tables that its struct soap have. A
 * skeleton without input takes whatever element no other one takes, so that a rule with an
 * operation's local name alone means an element of these namespaces.
 *
 * For access.c, whose lock guards it. Zero is one of which nothing is known. Nothing here blocks.
 */
#ifndef SX_REQUEST_ACCESS_SERVICE_H
#define SX_REQUEST_ACCESS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct sx_access_service {
    char **patterns; /* owned */
    size_t count, capacity;
    bool has_table; /* which may have no pattern at all */
    bool is_opaque; /* nobody knows what chooses its operations, nor has said their namespaces */
};

void sx_access_service_fini(struct sx_access_service *service);

/* Adds the namespaces of a table, "" for operations in none; a '*' stands for any characters, and
 * case doesn't count, as in gSOAP's tables. SX_OK or SX_ENOMEM: some may be missing. */
enum sx_err sx_access_service_add_table(struct sx_access_service *service,
                                        const char *const *patterns, size_t count);

/* Whether an operation in this namespace ("": in none) may be one of the service's, which has a
 * table. */
bool sx_access_service_has(const struct sx_access_service *service, const char *uri);

#endif
