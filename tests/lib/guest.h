/* guest.h - one connection, of the hostile server or of a stranger: bytes in and out, TLS, what the
 * peer said.
 *
 * Private to hostile.c, stranger.c and guest.c. Thread: its owner's. Every wait ends with the
 * deadline, with the peer, and with the order to stop.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { GUEST_HEARD_BYTES = 8 << 20 };

enum guest_outcome {
    GUEST_DONE,
    GUEST_LATE, /* the deadline has passed */
    GUEST_OVER  /* the peer is gone, or it is time to stop */
};

struct guest {
    /* set by the owner, the rest zero */
    int fd;      /* non-blocking; the guest's */
    int stop_fd; /* readable: stop; -1: nobody will say so */
    void *user;
    void (*on_bytes)(void *user, const char *bytes, size_t len); /* decrypted */
    bool old_tls, most_tls_12, wants_certificate;                /* HOSTILE_TLS_OLD, _12, _ASK */

    SSL *ssl;
    struct sx_buffer heard;
    size_t position; /* of heard: up to here it was expected */
};

/* Waits for a descriptor that isn't the guest's as well. */
enum guest_outcome guest_await(int fd, short events, int stop_fd, int64_t deadline);

/* Waits for bytes. A guest that says more than GUEST_HEARD_BYTES is over. */
enum guest_outcome guest_read(struct guest *guest, int64_t deadline);
enum guest_outcome guest_write(struct guest *guest, const char *bytes, size_t len,
                               int64_t deadline);

/* Waits until text was heard behind what was expected before; position moves on behind it, and
 * behind the tag in which it ends. */
enum guest_outcome guest_expect(struct guest *guest, const char *text, int64_t deadline);

/* As the server, with certificate and key from a file that must be there. */
enum guest_outcome guest_shake_hands(struct guest *guest, const char *pem, int64_t deadline);

/* As a client that believes every certificate. */
enum guest_outcome guest_shake_hands_as_client(struct guest *guest, int64_t deadline);

/* Says that nothing follows by TLS (close_notify). The peer is still read, and TCP stays. */
void guest_end_tls(struct guest *guest);

/* FIN, then waits for the peer's: an RST would take from it what was sent before. */
void guest_part(struct guest *guest, int64_t deadline);

/* Closes the socket, frees all. with_reset: RST. */
void guest_fini(struct guest *guest, bool with_reset);

#endif
