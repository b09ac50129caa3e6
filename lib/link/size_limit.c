/* size_limit.c - what may leave: the size of a stanza, as servers may rewrite it.
 *
 * Invariant: what is said to fit is taken by every server whose limit is that of the configuration,
 * or of our own server.
 */
#include "link/size_limit.h"

#include <stdio.h>
#include <string.h>

enum {
    IQ_BYTES = 300, /* an iq but for its names, what a server adds to it included */
    /* What is more around a message: an id with the longest name, hints, and what servers that
     * store it put in, its time (XEP-0203) and ids of their own (XEP-0359, XEP-0313). */
    MESSAGE_BYTES = 1000,
    FAULT_BYTES = 400, /* <error/> of a fault */
    /* Larger ones go in pieces, toward a server that is slow, or may be: */
    SLOW_BYTES = 16384,
    UNKNOWN_BYTES = 32768
};

/* The most bytes that a stanza can have once a server has written it anew, which differs by server.
 * If it is too large for a server on the way, that ends the stream on which it came, ours or the
 * next one, with every call on it (RFC 6120 4.9.3.14). */
static size_t rewritten_bytes(const struct sx_session *session, size_t payload_bytes, bool is_fault,
                              const struct sx_head *head)
{
    return payload_bytes + IQ_BYTES + sx_scan_quoted_bytes(head->to) +
           sx_scan_quoted_bytes(head->id) +
           sx_scan_quoted_bytes(head->from ? head->from : sx_session_config(session)->jid) +
           (head->is_message ? MESSAGE_BYTES + 2 * sx_scan_quoted_bytes(head->to) : 0) +
           (is_fault ? FAULT_BYTES : 0);
}

size_t sx_size_limit_outgoing(const struct sx_session *session, bool *is_servers)
{
    size_t ours = sx_session_config(session)->max_outgoing_bytes;
    size_t servers = sx_loop_server_max_bytes(sx_session_loop(session));
    if (is_servers)
        *is_servers = servers && servers < ours;
    return servers && servers < ours ? servers : ours;
}

size_t sx_size_limit_whole(const struct sx_session *session)
{
    size_t limit = sx_size_limit_outgoing(session, NULL), most = limit;
    unsigned bytes_per_s;
    switch (sx_loop_speed(sx_session_loop(session), &bytes_per_s)) {
    case SX_SPEED_FAST:
        break;
    case SX_SPEED_UNKNOWN:
        most = UNKNOWN_BYTES;
        break;
    case SX_SPEED_SLOW:
        most = SLOW_BYTES;
        break;
    }
    return most < limit ? most : limit;
}

/* False: why says size and limit. */
static bool is_within_limit(const struct sx_session *session, const char *what, size_t bytes,
                            size_t rewritten, char *why, size_t why_bytes)
{
    bool is_servers;
    size_t limit = sx_size_limit_outgoing(session, &is_servers);
    if (rewritten < bytes)
        rewritten = bytes;
    if (rewritten <= limit)
        return true;
    snprintf(why, why_bytes,
             "%s is %zu bytes, up to %zu after re-serialising; the limit is %zu (%s)", what, bytes,
             rewritten, limit, is_servers ? "the server's" : "max_outgoing_bytes");
    return false;
}

enum sx_err sx_size_limit_refuse(const struct sx_session *session, const char *what, size_t bytes,
                                 char *why, size_t why_bytes)
{
    snprintf(why, why_bytes, "%s is %zu bytes; the limit is %zu (max_message_bytes)", what, bytes,
             sx_session_config(session)->max_message_bytes);
    return SX_ETOOBIG;
}

bool sx_size_limit_fits(const struct sx_session *session, const char *what,
                        const struct sx_payload *payload, const struct sx_head *head,
                        size_t more_bytes, char *why, size_t why_bytes)
{
    bool is_servers;
    size_t limit = sx_size_limit_outgoing(session, &is_servers);
    if (!payload->is_loose)
        return is_within_limit(
            session, what, payload->len,
            rewritten_bytes(session, payload->rewritten_bytes, payload->scan->is_fault, head) +
                more_bytes,
            why, why_bytes);
    snprintf(why, why_bytes,
             "%s is %zu bytes packed, %zu in base64; the limit is %zu (%s), and it can't go in "
             "pieces, because %s",
             what, payload->len, (payload->len + 2) / 3 * 4, limit,
             is_servers ? "the server's" : "max_outgoing_bytes",
             head->is_message ? "a message is one stanza"
                              : "several processes share the service's JID and would get one each");
    return false;
}

bool sx_size_limit_allows(const struct sx_session *session, const struct sx_payload *payload,
                          const struct sx_head *head, char *why, size_t why_bytes)
{
    size_t queued = sx_session_config(session)->max_queued_bytes;
    if (payload->len + IQ_BYTES + (head->is_message ? MESSAGE_BYTES : 0) > queued) {
        snprintf(why, why_bytes, "the envelope is %zu bytes; the limit is %zu (max_queued_bytes)",
                 payload->len, queued);
        return false;
    }
    return is_within_limit(
        session, "the envelope", payload->len,
        rewritten_bytes(session, payload->rewritten_bytes, payload->scan->is_fault, head), why,
        why_bytes);
}

/* Its markup is counted as text, which grows more than markup does. */
bool sx_size_limit_fits_element(const struct sx_session *session, const char *what,
                                const char *element, const struct sx_head *head, char *why,
                                size_t why_bytes)
{
    return is_within_limit(session, what, strlen(element),
                           rewritten_bytes(session, sx_scan_quoted_bytes(element), false, head),
                           why, why_bytes);
}

bool sx_size_limit_fits_again(const struct sx_session *session, const struct sx_response *response,
                              const struct sx_head *head)
{
    return rewritten_bytes(session, sx_response_rewritten_bytes(response),
                           sx_response_is_fault(response),
                           head) <= sx_size_limit_outgoing(session, NULL);
}
