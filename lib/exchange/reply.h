/* reply.h - what a call ended with: an answer, a stanza error, or an error of our own.
 *
 * Noun: the reply. Any thread; no lock.
 */
#ifndef SX_EXCHANGE_REPLY_H
#define SX_EXCHANGE_REPLY_H

#include <stdbool.h>

#include "base/fault.h"
#include "soap/envelope.h"
#include "wire/delivery.h"

/* What is kept of a result that holds no envelope, beside the features of a disco#info. */
enum sx_reply_interest {
    SX_INTEREST_NONE,
    SX_INTEREST_FACTS, /* of service discovery: reply.facts */
    SX_INTEREST_XML    /* all of it: reply.xml */
};

struct sx_reply {
    enum sx_err err;             /* SX_OK: an answer, envelope.bytes NULL when it was empty */
    struct sx_envelope envelope; /* with SX_OK: answer or SOAP fault */
    char condition[48];          /* with SX_ESTANZA: the stanza error condition */
    bool is_own;                 /* with SX_ESTANZA: said here, not by the peer of a copy */
    char text[256];              /* what a human gets to read, may be "" */
    struct sx_delivery delivery; /* with SX_ESTANZA: what the peer says of the request */
    char *features;              /* of a disco#info answer: each feature NUL-terminated, an empty
                                  * one ends the list; malloc'ed; NULL otherwise */
    char *facts;                 /* what it says, as a list of fact.h; malloc'ed; NULL: nobody wants
                                  * to know */
    char *xml;                   /* what a result holds; likewise */
};

/* Frees what the reply owns, and zeroes it. */
void sx_reply_fini(struct sx_reply *reply);

/* The reply on the heap. Calls hold theirs by pointer, since a reply has 2 KiB and 10,000 calls may
 * be under way. Takes over what reply owns (and zeroes it) even if it returns NULL: no memory. */
struct sx_reply *sx_reply_keep(struct sx_reply *reply);

/* A reply without an answer, malloc'ed; text may be NULL. NULL: no memory. */
struct sx_reply *sx_reply_failure(enum sx_err err, const char *text);

/* Frees a reply on the heap and what it owns. NULL is allowed. */
void sx_reply_free(struct sx_reply *reply);

/* Whether this is what a server says when it has nobody to hand the stanza to: the peer may be on
 * its way back. */
bool sx_reply_is_bounce(const struct sx_reply *reply);

/* Whether the stanza that is answered with this condition has certainly not been run. */
bool sx_reply_is_unrun(const char *condition);

#endif
