/* probe.c - invariant: probe.h.
 *
 * Happy path: connect -> greet -> ask for TLS -> encrypt -> greet. Failure modes: the server
 * closes, is silent, or says something else; why has it.
 */
#include "doctor/probe.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEP_MS = 10000, READ_BYTES = 2048, HEADER_BYTES = 512 };

static int tell(char *why, size_t why_bytes, const char *clause)
{
    snprintf(why, why_bytes, "%s", clause);
    return -1;
}

/* Until there is something to read, or room to write. */
static int await(struct probe *probe, short events, char *why, size_t why_bytes)
{
    struct pollfd polled = {.fd = probe->fd, .events = events};
    while (!deadline_is_over(&probe->deadline)) {
        int count = poll(&polled, 1, deadline_left_ms(&probe->deadline, STEP_MS));
        if (count > 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return tell(why, why_bytes, strerror(errno));
    }
    return tell(why, why_bytes, "no answer in time");
}

/* What OpenSSL wants before it goes on; or why it doesn't. */
static int await_tls(struct probe *probe, int result, char *why, size_t why_bytes)
{
    int saved = errno, error = SSL_get_error(probe->ssl, result);
    unsigned long code = ERR_peek_last_error();
    if (error == SSL_ERROR_WANT_READ)
        return await(probe, POLLIN, why, why_bytes);
    if (error == SSL_ERROR_WANT_WRITE)
        return await(probe, POLLOUT, why, why_bytes);
    if (error == SSL_ERROR_SSL && code)
        return tell(why, why_bytes, ERR_reason_error_string(code));
    if (error == SSL_ERROR_SYSCALL && saved)
        return tell(why, why_bytes, strerror(saved));
    return tell(why, why_bytes, "the server has closed the connection");
}

int probe_open(struct probe *probe, const struct place *place, const struct deadline *deadline,
               char *why, size_t why_bytes)
{
    int error = 0;
    socklen_t len = sizeof error;
    *probe = (struct probe){.fd = place_connect(place), .deadline = *deadline};
    if (probe->fd < 0)
        return tell(why, why_bytes, strerror(errno));
    if (await(probe, POLLOUT, why, why_bytes))
        return -1;
    if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error)
        return tell(why, why_bytes, strerror(error ? error : errno));
    return 0;
}

void probe_close(struct probe *probe)
{
    SSL_free(probe->ssl);
    probe->ssl = NULL;
    if (probe->fd >= 0)
        close(probe->fd);
    probe->fd = -1;
    ERR_clear_error();
}

static int send_text(struct probe *probe, const char *text, char *why, size_t why_bytes)
{
    size_t left = strlen(text);
    while (left) {
        ssize_t count;
        errno = 0;
        ERR_clear_error();
        count = probe->ssl ? SSL_write(probe->ssl, text, (int)left)
                           : send(probe->fd, text, left, MSG_NOSIGNAL);
        if (count > 0) {
            text += count;
            left -= (size_t)count;
        } else if (probe->ssl) {
            if (await_tls(probe, (int)count, why, why_bytes))
                return -1;
        } else if (errno != EAGAIN && errno != EINTR) {
            return tell(why, why_bytes, strerror(errno));
        } else if (await(probe, POLLOUT, why, why_bytes)) {
            return -1;
        }
    }
    return 0;
}

/* The count of bytes that have come; -1. */
static ssize_t receive(struct probe *probe, char *bytes, char *why, size_t why_bytes)
{
    while (true) {
        ssize_t count;
        errno = 0;
        ERR_clear_error();
        count = probe->ssl ? SSL_read(probe->ssl, bytes, READ_BYTES)
                           : recv(probe->fd, bytes, READ_BYTES, 0);
        if (count > 0)
            return count;
        if (probe->ssl) {
            if (await_tls(probe, (int)count, why, why_bytes))
                return -1;
        } else if (count == 0) {
            return tell(why, why_bytes, "the server has closed the connection");
        } else if (errno != EAGAIN && errno != EINTR) {
            return tell(why, why_bytes, strerror(errno));
        } else if (await(probe, POLLIN, why, why_bytes)) {
            return -1;
        }
    }
}

static int read_offer(struct probe *probe, struct offer *offer, char *why, size_t why_bytes)
{
    while (offer->state == OFFER_INCOMPLETE) {
        char bytes[READ_BYTES];
        ssize_t count = receive(probe, bytes, why, why_bytes);
        if (count < 0)
            return -1;
        offer_read(offer, bytes, (size_t)count);
    }
    return offer->state == OFFER_BROKEN ? tell(why, why_bytes, "what answers is no XMPP server")
                                        : 0;
}

int probe_greet(struct probe *probe, const char *domain, struct offer *offer, char *why,
                size_t why_bytes)
{
    char header[HEADER_BYTES];
    int result = -1;
    /* A domain that isn't one can't write XML of its own. */
    if (strpbrk(domain, "<>&'\""))
        return tell(why, why_bytes, "the domain has characters that no domain has");
    snprintf(header, sizeof header,
             "<?xml version='1.0'?><stream:stream to='%s' version='1.0' xml:lang='en' "
             "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
             domain);
    if (offer_begin(offer, false))
        return tell(why, why_bytes, "memory is short");
    if (send_text(probe, header, why, why_bytes) == 0)
        result = read_offer(probe, offer, why, why_bytes);
    offer_end(offer);
    if (result == 0 && offer->state == OFFER_ELEMENT) {
        snprintf(why, why_bytes, "the server says %s",
                 offer->condition[0] ? offer->condition : offer->element);
        return -1;
    }
    return result;
}

int probe_ask_for_tls(struct probe *probe, char *why, size_t why_bytes)
{
    struct offer offer;
    int result = -1;
    if (offer_begin(&offer, true))
        return tell(why, why_bytes, "memory is short");
    if (send_text(probe, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", why, why_bytes) ==
        0)
        result = read_offer(probe, &offer, why, why_bytes);
    offer_end(&offer);
    if (result == 0 && strcmp(offer.element, "proceed") != 0)
        return tell(why, why_bytes, "the server refuses STARTTLS");
    return result;
}

int probe_encrypt(struct probe *probe, SSL_CTX *context, const char *ascii, bool is_direct,
                  char *why, size_t why_bytes)
{
    static const unsigned char client[] = "\013xmpp-client"; /* XEP-0368 */
    int result;
    probe->ssl = SSL_new(context);
    if (!probe->ssl || !SSL_set_fd(probe->ssl, probe->fd) ||
        !SSL_set_tlsext_host_name(probe->ssl, ascii))
        return tell(why, why_bytes, "memory is short");
    if (is_direct)
        (void)SSL_set_alpn_protos(probe->ssl, client, sizeof client - 1);
    do {
        errno = 0;
        ERR_clear_error();
        result = SSL_connect(probe->ssl);
    } while (result != 1 && await_tls(probe, result, why, why_bytes) == 0);
    return result == 1 ? 0 : -1;
}
