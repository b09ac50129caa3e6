/* reply.h - calls as bytes, and what becomes of them, for the test's thread.
 *
 * Noun: the reply, how a call has ended with all that it says. Each function that waits does so for
 * 60 s, and asserts.
 */
#ifndef TESTS_REPLY_H
#define TESTS_REPLY_H

#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

#include "../integration/site.h"

struct reply {
    enum soap_xmpp_end_value end;
    enum soap_xmpp_outcome_value outcome;
    int version, is_packed;
    char condition[64], text[600], peer[600];
    char *envelope; /* malloc'ed and terminated; "" without one, NULL if it is damaged */
    size_t envelope_bytes;
    char damage[256]; /* why */
    void *user;
};

/* A link that is online. Not NULL. */
struct soap_xmpp_link *reply_open(const struct site_account *account);

/* Begins a call with the link's timeout. Not NULL: a failed assertion shows why. */
struct soap_xmpp_call *reply_begin(struct soap_xmpp_link *link, const char *endpoint,
                                   const char *envelope);
struct soap_xmpp_call *reply_post(struct soap_xmpp_link *link, const struct soap_xmpp_post *post);

/* Of a call that soap_xmpp_wait() has returned; the call ends here. */
void reply_take(struct soap_xmpp_call *call, struct reply *reply);

/* The next of the link's calls to end; this one: the only one under way. */
void reply_await(struct soap_xmpp_link *link, struct reply *reply);
void reply_to(struct soap_xmpp_link *link, const struct soap_xmpp_call *call, struct reply *reply);

/* All at once, of an envelope that is freed. */
void reply_ask(struct soap_xmpp_link *link, const char *endpoint, char *envelope,
               struct reply *reply);

void reply_free(struct reply *reply);

/* The two belong together: a failed assertion shows the reply's text. */
void reply_expect(const struct reply *reply, enum soap_xmpp_end_value end,
                  enum soap_xmpp_outcome_value outcome);

#endif
