/* guest.c - one connection of the hostile server or of a stranger: bytes in and out, in clear or
 * through TLS.
 *
 * Invariant: nothing waits but in guest_await(), one poll() for socket, deadline and the order to
 * stop. heard is only ever appended to, and position <= heard.len.
 *
 * Happy path: expect, write ..., with a TLS handshake in between -> part -> fini.
 * Failure modes: told by enum guest_outcome. A missing certificate and a lack of memory end the
 *                program: a test that ran on would test something else.
 */
#include "guest.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { CHUNK_BYTES = 16384 };

enum guest_outcome guest_await(int fd, short events, int stop_fd, int64_t deadline)
{
    struct pollfd polls[2] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
    int n = poll(polls, 2, sx_clock_poll_ms(deadline));
    if (n == 0)
        return GUEST_LATE;
    return polls[1].revents ? GUEST_OVER : GUEST_DONE;
}

/* After a call that gave n <= 0: waits for what it wants. */
static enum guest_outcome await_retry(struct guest *guest, int n, short events, int64_t deadline)
{
    if (!guest->ssl)
        return n < 0 && errno == EAGAIN ? guest_await(guest->fd, events, guest->stop_fd, deadline)
                                        : GUEST_OVER;
    switch (SSL_get_error(guest->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        return guest_await(guest->fd, POLLIN, guest->stop_fd, deadline);
    case SSL_ERROR_WANT_WRITE:
        return guest_await(guest->fd, POLLOUT, guest->stop_fd, deadline);
    default:
        return GUEST_OVER;
    }
}

static enum guest_outcome hear(struct guest *guest, const char *bytes, size_t len)
{
    if (guest->heard.len + len > GUEST_HEARD_BYTES)
        return GUEST_OVER;
    sx_buffer_add(&guest->heard, bytes, len);
    if (guest->heard.failed)
        abort();
    guest->on_bytes(guest->user, bytes, len);
    return GUEST_DONE;
}

enum guest_outcome guest_read(struct guest *guest, int64_t deadline)
{
    char bytes[CHUNK_BYTES];
    enum guest_outcome outcome = GUEST_DONE;
    while (outcome == GUEST_DONE) {
        int n;
        ERR_clear_error();
        n = guest->ssl ? SSL_read(guest->ssl, bytes, sizeof bytes)
                       : (int)recv(guest->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n > 0)
            return hear(guest, bytes, (size_t)n);
        outcome = await_retry(guest, n, POLLIN, deadline);
    }
    return outcome;
}

enum guest_outcome guest_write(struct guest *guest, const char *bytes, size_t len, int64_t deadline)
{
    enum guest_outcome outcome = GUEST_DONE;
    while (len > 0 && outcome == GUEST_DONE) {
        int n;
        /* Even for a peer that takes all it is given: the order to stop may have come. */
        outcome = guest_await(guest->fd, POLLOUT, guest->stop_fd, deadline);
        if (outcome != GUEST_DONE)
            break;
        ERR_clear_error();
        n = guest->ssl ? SSL_write(guest->ssl, bytes, (int)len)
                       : (int)send(guest->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else {
            outcome = await_retry(guest, n, POLLOUT, deadline);
        }
    }
    return outcome;
}

static bool find_expected(struct guest *guest, const char *text)
{
    const struct sx_buffer *heard = &guest->heard;
    const char *found;
    if (heard->len == guest->position)
        return false;
    found =
        memmem(heard->bytes + guest->position, heard->len - guest->position, text, strlen(text));
    if (!found)
        return false;
    found += strlen(text) - 1;
    found = memchr(found, '>', (size_t)(heard->bytes + heard->len - found));
    if (!found)
        return false;
    guest->position = (size_t)(found + 1 - heard->bytes);
    return true;
}

enum guest_outcome guest_expect(struct guest *guest, const char *text, int64_t deadline)
{
    while (!find_expected(guest, text)) {
        enum guest_outcome outcome = guest_read(guest, deadline);
        if (outcome != GUEST_DONE)
            return outcome;
    }
    return GUEST_DONE;
}

/* TLS 1.1 signs with SHA-1, which OpenSSL 3 allows at level 0 alone. */
static void set_options(const struct guest *guest, SSL_CTX *ctx)
{
    if (guest->old_tls && (!SSL_CTX_set_min_proto_version(ctx, TLS1_1_VERSION) ||
                           !SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION) ||
                           !SSL_CTX_set_cipher_list(ctx, "DEFAULT@SECLEVEL=0")))
        abort();
    if (guest->most_tls_12 && !SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION))
        abort();
    if (guest->wants_certificate)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static SSL *new_ssl(const struct guest *guest, SSL_CTX *ctx)
{
    SSL *ssl;
    /* Without it SSL_write() insists on the whole of what it was given first. */
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    set_options(guest, ctx);
    ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    if (!ssl || SSL_set_fd(ssl, guest->fd) != 1)
        abort();
    return ssl;
}

static SSL *new_server(const struct guest *guest, const char *pem)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx || !pem || SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "hostile: no certificate and key in %s\n", pem ? pem : "(no file given)");
        abort();
    }
    return new_ssl(guest, ctx);
}

static enum guest_outcome shake_hands(struct guest *guest, int (*shake)(SSL *), int64_t deadline)
{
    enum guest_outcome outcome = GUEST_DONE;
    while (outcome == GUEST_DONE) {
        int n;
        ERR_clear_error();
        n = shake(guest->ssl);
        if (n == 1)
            return GUEST_DONE;
        outcome = await_retry(guest, n, 0, deadline);
    }
    /* What can be said no longer, not even good-bye. */
    SSL_free(guest->ssl);
    guest->ssl = NULL;
    return outcome;
}

enum guest_outcome guest_shake_hands(struct guest *guest, const char *pem, int64_t deadline)
{
    guest->ssl = new_server(guest, pem);
    return shake_hands(guest, SSL_accept, deadline);
}

enum guest_outcome guest_shake_hands_as_client(struct guest *guest, int64_t deadline)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        abort();
    guest->ssl = new_ssl(guest, ctx);
    return shake_hands(guest, SSL_connect, deadline);
}

void guest_end_tls(struct guest *guest)
{
    (void)SSL_shutdown(guest->ssl);
    ERR_clear_error();
}

void guest_part(struct guest *guest, int64_t deadline)
{
    if (guest->ssl)
        SSL_shutdown(guest->ssl);
    shutdown(guest->fd, SHUT_WR);
    while (guest_read(guest, deadline) == GUEST_DONE)
        ;
}

void guest_fini(struct guest *guest, bool with_reset)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (with_reset)
        setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    SSL_free(guest->ssl);
    close(guest->fd);
    sx_buffer_fini(&guest->heard);
}
