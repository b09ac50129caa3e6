/* laboratory.h - the service behind lab.h, served through a link by a thread of its own. */
#ifndef TESTS_LABORATORY_H
#define TESTS_LABORATORY_H

#include "soap_xmpp.h"

#include "site.h"

struct laboratory;

/* Serves the link with so many workers; the caller still owns the link. NULL: a failed assertion.
 */
struct laboratory *laboratory_start(struct soap_xmpp_link *link, int threads);
struct laboratory *laboratory_start_mode(struct soap_xmpp_link *link, int threads, soap_mode mode);

/* Stops the link (soap_xmpp_stop, drain_ms) and waits for the thread. Returns what soap_xmpp_serve
 * returned. The link is then the caller's to close. */
int laboratory_stop(struct laboratory *laboratory, int drain_ms);

/* The same operations over HTTP on 127.0.0.1, one connection at a time. NULL: a failed assertion.
 */
struct http_laboratory;
struct http_laboratory *laboratory_start_http(soap_mode mode, int *port);
void laboratory_stop_http(struct http_laboratory *http);

/* What gSOAP made of a subject and of the header blocks beside it, or of a fault, as lines of ASCII
 * that are the same only if it understood the same. Freed by soap_end(). */
struct lab__Subject;
char *laboratory_describe(struct soap *soap, const struct lab__Subject *subject);
char *laboratory_describe_fault(struct soap *soap);

/* From now on inspect answers with these very bytes (borrowed), until NULL. */
void laboratory_recite(const char *envelope);

/* What add, divide, note and say set in their context's output mode, until 0. */
void laboratory_set_omode(soap_mode wanted);

/* How lab__fail fails. */
enum laboratory_failure {
    LABORATORY_SENDER,
    LABORATORY_RECEIVER,
    LABORATORY_SUBCODE,
    LABORATORY_OVERDRAWN
};

/* Operations run so far, and notes taken, by all laboratories of the process. */
int laboratory_runs(void);
int laboratory_notes(void);

/* Waits until so many operations have begun; 0 after 20 s. */
int laboratory_await_runs(int runs);
int laboratory_await_notes(int notes);

enum { LABORATORY_TICKS = 1000000 };

/* How often tick has run with this number, and forgetting it for all. */
int laboratory_ticks(int number);
void laboratory_reset_ticks(void);

/* Ends every delay that runs now. */
void laboratory_hurry(void);

/* A new client context with the plugin registered; timeouts of 20 s. */
struct soap *laboratory_client(struct soap_xmpp_link *link, soap_mode mode);
void laboratory_client_free(struct soap *soap);

/* A service (bob/soap) and a caller (alice/desk) of one site, each with a link of its own. */
struct pair {
    struct soap_xmpp_link *caller, *service;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
};

/* 0, or -1 with a failed assertion; then there is nothing to close. */
int pair_open(struct pair *pair, const struct site *site, int threads);
void pair_close(struct pair *pair);

/* The same service once more, with a link of this account's configuration. */
void pair_reopen_service(struct pair *pair, const struct site_account *account, int threads);

/* Text that doesn't get smaller, six random bits a letter; always the same, malloc'ed. */
char *laboratory_random_text(size_t len);

/* What soap_sprint_fault says, in a static buffer. */
const char *laboratory_fault(struct soap *soap);

#endif
