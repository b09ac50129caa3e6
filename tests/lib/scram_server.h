/* scram_server.h - the server's side of SCRAM (RFC 5802, RFC 7677), right or wrong as a test wants
 * it.
 *
 * Noun: the exchange of one login. A machine without I/O: it is shown what the client says, and
 * says what to answer, both without base64.
 */
#ifndef TESTS_SCRAM_SERVER_H
#define TESTS_SCRAM_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum { SCRAM_SERVER_BINDING_BYTES = 64, SCRAM_SERVER_TEXT_BYTES = 2048 };

/* What a server says. All zero: a right exchange with the password "secret". */
struct scram_script {
    const char *password; /* NULL: "secret" */
    const char *first;    /* server-first-message, in which $NONCE is the client's nonce; NULL:
                             "r=$NONCEserver,s=c2FsdHNhbHQ=,i=4096" */
    const char *last;     /* server-final-message, in which $SIGNATURE is the right one; NULL:
                             "v=$SIGNATURE" */
    const char *behind;   /* stanzas that follow the first challenge at once, NULL: none */
    unsigned challenges;  /* how often it says the first; 0: once */
    bool in_challenge;    /* the last comes in a challenge, and <success/> is empty */
};

struct scram_server {
    /* set by the owner, the rest zero */
    const struct scram_script *script;
    /* Writes the data of a channel binding type, such as "tls-exporter", and their length; false:
     * there is none. NULL: there are none at all. */
    bool (*binding)(void *user, const char *type, unsigned char out[SCRAM_SERVER_BINDING_BYTES],
                    size_t *len);
    void *user;
    /* its own */
    char mechanism[32], gs2[128], bare[512], first[SCRAM_SERVER_TEXT_BYTES];
    const char *why; /* it is over: what is wrong */
};

/* Takes the client's first message and adds the server's to out. False with why: the client doesn't
 * keep to the RFC, or there is no such mechanism. */
bool scram_server_begin(struct scram_server *server, const char *mechanism,
                        const char *client_first, struct sx_buffer *out);

/* Takes the client's final message and adds the server's to out. False with why: the client doesn't
 * know the password, or its nonce or channel binding is another. */
bool scram_server_end(struct scram_server *server, const char *client_final, struct sx_buffer *out);

#endif
