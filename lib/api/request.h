/* request.h - a request as the program has it: bytes, and who sent them.
 *
 * Noun: the request, the public struct soap_xmpp_request.
 *
 * Invariant: it holds a reference to its link, and counts as running there until it is ended. So a
 * link that was closed is freed with the last of them.
 *
 * Thread: the program's, one at a time.
 */
#ifndef SX_API_REQUEST_H
#define SX_API_REQUEST_H

#include "link/link.h"

struct soap_xmpp_request {
    struct soap_xmpp_link *link; /* a reference */
    struct sx_request *request;
    struct sx_reader reader;
    bool is_read; /* to its end: nothing is unpacked any longer */
};

/* Frees it, whether it was answered or not, and gives its reference back. */
void sx_request_end(struct soap_xmpp_request *request);

#endif
