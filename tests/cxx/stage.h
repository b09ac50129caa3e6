/* stage.h - a component that serves on threads of its own, and alice, who calls it, at one real
 * server. What can't be had ends the test.
 */
#ifndef TESTS_CXX_STAGE_H
#define TESTS_CXX_STAGE_H

#include <pthread.h>

#include <string>

#include "stdsoap2.h"

#include "soap_xmpp.h"
extern "C" {
#include "../integration/site.h"
#include "../lib/suite.h"
}

enum { STAGE_TIMEOUT_S = 20 };

struct Stage {
    struct soap_xmpp_link *caller, *service;
    struct soap *client, *server; /* one to call with, one to serve with: both have the plugin */
    char domain[256];             /* the component's */

    pthread_t thread;
    int (*serve)(struct soap *);
    int threads; /* 0: stage_serve wasn't called */

    pthread_mutex_t mu;
    std::string told; /* the service's trace lines; under mu */
};

/* Both links are online. allow: config.allow, in which %s stands for the site's domain; NULL:
 * everybody may call. */
void stage_open(Stage *stage, const struct site *site, const char *allow);

/* soap_xmpp_serve(stage->server, serve, threads), in a thread. */
void stage_serve(Stage *stage, int (*serve)(struct soap *), int threads);

/* Ends what serves. */
void stage_close(Stage *stage);

/* "xmpp:cam1@DOMAIN" and what is to follow. */
std::string stage_endpoint(const Stage *stage, const char *rest);

/* The service's trace lines so far. */
std::string stage_told(Stage *stage);

/* soap's fault as text, never NULL. */
std::string stage_fault(struct soap *soap);

#endif
