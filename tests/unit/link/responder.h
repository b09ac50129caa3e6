/* responder.h - a link that nothing connects, and the stream on which the test speaks to it.
 *
 * Stanzas as a server would deliver them go through a parser to sx_receive_stanza(); what the link
 * posts and traces is kept. While a test of stream_peer.h runs; one thread.
 */
#ifndef TESTS_UNIT_RESPONDER_H
#define TESTS_UNIT_RESPONDER_H

#include "link/link.h"
#include "link/link_state.h"
#include "../../lib/posted.h"
#include "../stream_peer.h"

enum { RESPONDER_LINES = 32, RESPONDER_LINE_BYTES = 1024 };

struct responder {
    struct soap_xmpp_link *link;
    struct sx_stream stream;
    parser_t *parser;
    struct sx_buffer posted; /* in answer to what was heard last */
    unsigned posts, all_posts;
    unsigned line_count;
    char lines[RESPONDER_LINES][RESPONDER_LINE_BYTES]; /* of the trace, at INFO and above */
    posted_fn *pass; /* if set: called with what is posted, too, which it doesn't take */
    void *user;
};

/* calc@example.org/soap, which takes no messages and lets nobody call. */
void responder_configure(struct soap_xmpp_config *config);

/* The link is online under its own JID, in session 1, as far as it knows. */
void responder_start(struct responder *responder, const struct soap_xmpp_config *config);

/* The same, and it serves those whom the configuration lets call. */
void responder_serve_with(struct responder *responder, const struct soap_xmpp_config *config);

/* responder_configure(), and it serves those whom the rules let call, packed or not. */
void responder_serve(struct responder *responder, const char *rules);

/* Drops the requests that nobody has taken. */
void responder_stop(struct responder *responder);

/* What the stream brings now. */
void responder_hear(struct responder *responder, const char *bytes, size_t len);

/* In answer to it; "" for nothing. */
const char *responder_said(const struct responder *responder);

/* A request that waits to be served; NULL: there is none. How many wait. */
struct sx_request *responder_take(struct responder *responder);
unsigned long responder_queued(const struct responder *responder);

/* ---- what others say ---- */

#define RESPONDER_PEER "alice@example.org/desk"

/* An id as callers of this library make it, until the next call. */
const char *responder_tag(const struct responder *responder, const char *text);

/* A plain request; from NULL: from the own server. An iq of RESPONDER_PEER's with this content. */
void responder_ask(struct responder *responder, const char *from, const char *id,
                   const char *operation);
void responder_say(struct responder *responder, const char *type, const char *id,
                   const char *content);

/* The <packed/> for an envelope, malloc'ed. */
char *responder_pack(const char *envelope);

#endif
