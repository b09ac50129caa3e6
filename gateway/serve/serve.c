/* See serve.h. Which services there are is one pointer, changed under a lock; each request holds
 * those that it began with. */
#include "serve/serve.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/text.h"
#include "serve/delivery.h"
#include "serve/rules.h"

struct gw_serves {
    struct gw_delivery_place place; /* immutable */
    pthread_mutex_t mu;
    struct gw_services *services; /* under mu */
};

struct gw_serves *gw_serves_new(struct gw_config *config, struct gw_client *client,
                                struct gw_workers *workers, char *why, size_t why_bytes)
{
    struct gw_serves *serves = calloc(1, sizeof *serves);
    if (!serves) {
        snprintf(why, why_bytes, "there is no memory left");
        return NULL;
    }
    serves->services = gw_services_new(config, why, why_bytes);
    serves->place =
        (struct gw_delivery_place){client, workers, gw_descriptions_new(client, workers)};
    if (serves->services && !serves->place.descriptions)
        snprintf(why, why_bytes, "there is no memory left");
    if (!serves->services || !serves->place.descriptions) {
        gw_services_release(serves->services);
        gw_descriptions_free(serves->place.descriptions);
        free(serves);
        return NULL;
    }
    pthread_mutex_init(&serves->mu, NULL);
    return serves;
}

int gw_serves_reload(struct gw_serves *serves, struct gw_config *config, char *why,
                     size_t why_bytes)
{
    struct gw_services *services = gw_services_new(config, why, why_bytes), *before;
    if (!services)
        return -1;
    pthread_mutex_lock(&serves->mu);
    before = serves->services;
    serves->services = services;
    pthread_mutex_unlock(&serves->mu);
    gw_services_release(before);
    gw_descriptions_clear(serves->place.descriptions);
    return 0;
}

void gw_serves_take(void *user, struct gw_link *link, struct gw_incoming *incoming)
{
    struct gw_serves *serves = user;
    struct gw_services *services;
    pthread_mutex_lock(&serves->mu);
    services = gw_services_hold(serves->services);
    pthread_mutex_unlock(&serves->mu);
    gw_delivery_begin(&serves->place, services, link, incoming);
    gw_services_release(services);
}

int gw_serves_check(struct gw_config *config, char *why, size_t why_bytes)
{
    struct gw_services *services = gw_services_new(config, why, why_bytes);
    gw_services_release(services);
    return services ? 0 : -1;
}

char *gw_serves_rules(const struct gw_config *config, const struct gw_link_config *link)
{
    struct ct_text text = {0};
    char *rules;
    for (size_t i = 0; i < config->serve_count; i++)
        if (strcmp(config->serves[i].link->name, link->name) == 0)
            gw_rules_add(&text, &config->serves[i].allow, config->serves[i].wsdl != GW_WSDL_NONE);
    rules = ct_text_take(&text);
    ct_text_fini(&text);
    return rules;
}

void gw_serves_free(struct gw_serves *serves)
{
    if (!serves)
        return;
    gw_services_release(serves->services);
    gw_descriptions_free(serves->place.descriptions);
    pthread_mutex_destroy(&serves->mu);
    free(serves);
}
