/* probe.h - a connection that looks at how a server begins, and goes no further than TLS.
 *
 * Noun: the probe. It says no more of us than the domain that it wants.
 *
 * Invariant: each step ends by the deadline. After a failed step there is only probe_close().
 *
 * Thread: the owner's. All but open and close block. Each step returns 0, or -1 with one clause in
 * why.
 */
#ifndef SOAP_XMPP_TOOL_DOCTOR_PROBE_H
#define SOAP_XMPP_TOOL_DOCTOR_PROBE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "deadline.h"
#include "doctor/offer.h"
#include "doctor/place.h"

struct probe {
    int fd;   /* < 0: closed */
    SSL *ssl; /* NULL: not encrypted */
    struct deadline deadline;
};

int probe_open(struct probe *probe, const struct place *place, const struct deadline *deadline,
               char *why, size_t why_bytes);
void probe_close(struct probe *probe);

/* Opens a stream to the domain and reads what is offered. */
int probe_greet(struct probe *probe, const char *domain, struct offer *offer, char *why,
                size_t why_bytes);
/* Asks for TLS, which was offered. */
int probe_ask_for_tls(struct probe *probe, char *why, size_t why_bytes);
/* The handshake, whoever answers: what its certificate is worth is for the caller to look at. ascii
 * is the server's name (SNI). */
int probe_encrypt(struct probe *probe, SSL_CTX *context, const char *ascii, bool is_direct,
                  char *why, size_t why_bytes);

#endif
