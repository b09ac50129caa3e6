/* both.h - one service by two ways, through an XMPP server and over HTTP on 127.0.0.1, and a
 * context with gSOAP's wsse plugin that calls it by either. What is answered over HTTP has to be
 * over XMPP.
 */
#ifndef TESTS_WS_BOTH_H
#define TESTS_WS_BOTH_H

#include <pthread.h>

#include "soapH.h"

#include "soap_xmpp.h"
#include "../integration/site.h"

struct both {
    struct soap_xmpp_link *caller, *service;
    struct soap *client, *server, *web;
    pthread_t server_thread, web_thread;
    const char *xmpp; /* endpoints */
    char http[64];
    char service_jid[256];
};

/* serve is called for each request, as by soap_xmpp_serve(), on contexts of this mode. A failed
 * assertion ends the test. */
void both_open(struct both *both, const struct site *site, enum soap_xmpp_packing packing,
               soap_mode mode, int (*serve)(struct soap *soap));
void both_close(struct both *both);

/* What the last call left: security, header, memory. */
void both_forget(struct both *both);

#endif
