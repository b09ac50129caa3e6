/* ground.h - what the plugin's tests stand on: a client and a service on two paired links. */
#ifndef TESTS_PLUGIN_GROUND_H
#define TESTS_PLUGIN_GROUND_H

#include <pthread.h>
#include <stdbool.h>

#include "soapH.h"

#include "soap_xmpp.h"
#include "../lib/loopback.h"
#include "../lib/suite.h"

#define CALC "xmpp:calc@example.org/soap"

/* The one that the running test uses. */
struct ground {
    struct soap_xmpp_link *near, *far; /* the client's, the service's */
    struct soap *client, *service;
    pthread_t thread;
    bool is_serving;
};
extern struct ground ground;

/* Setup and teardown of a test. With and without service threads (4). */
void ground_start(void);
void ground_start_alone(void);
void ground_stop(void);
/* The threads, after ground_start_alone(). */
void ground_serve(void);

/* A new context with the plugin on link, answers awaited for 10 s. */
struct soap *ground_context(struct soap_xmpp_link *link, soap_mode mode);
void ground_free(struct soap *soap);

/* The text of soap's fault, never NULL. */
const char *ground_fault(struct soap *soap);

/* Calls add(a, b) and asserts the sum. */
void ground_assert_add(struct soap *soap, const char *endpoint, double a, double b, int line,
                       const char *file);
#define ASSERT_ADD(soap, endpoint, a, b)                                                           \
    ground_assert_add((soap), (endpoint), (a), (b), __LINE__, __FILE__)

/* The namespace table that makes a message SOAP 1.2. */
extern struct Namespace ground_soap12[];

/* What add, div, bulk, blob, image, note and a relay's answer do to their struct soap first, from
 * now to the test's end; NULL for nothing. */
void ground_change(void (*wanted)(struct soap *soap));

/* slow() waits until the gate is open. */
void ground_shut_gate(void);
void ground_open_gate(void);
/* Blocks until so many notes have come since the start. */
bool ground_wait_notes(int count);

/* An add response, for scripted answers. */
#define ADD_RESPONSE(sum)                                                                          \
    "<SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/envelope/'>"               \
    "<SOAP-ENV:Body><c:addResponse xmlns:c='urn:soapxmpp:test:calc'><sum>" sum                     \
    "</sum></c:addResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"

#endif
