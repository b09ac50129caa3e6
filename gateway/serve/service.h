/* service.h - the serves of one configuration, with what is made of them once.
 *
 * Noun: the service. Invariant: constant once it is made; it lives as long as one request of it.
 * Any thread. */
#ifndef GW_SERVICE_H
#define GW_SERVICE_H

#include <stdatomic.h>

#include "config/config.h"

struct soap_xmpp_rules;

struct gw_service {
    const struct gw_serve_config *serve;
    struct soap_xmpp_rules *rules; /* its allow */
    char *password;                /* NULL: no login */
};

struct gw_services {
    struct gw_config *config; /* held */
    struct gw_service *list;  /* as config->serves */
    size_t count;
    atomic_int references;
};

/* Reads the passwords' files, which blocks. NULL with one sentence in why. */
struct gw_services *gw_services_new(struct gw_config *config, char *why, size_t why_bytes);
struct gw_services *gw_services_hold(struct gw_services *services);
void gw_services_release(struct gw_services *services); /* NULL is fine; wipes with the last */

#endif
