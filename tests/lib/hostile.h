/* hostile.h - a scripted XMPP server on loopback, for what no real server will do.
 *
 * A script is an array of steps that ends with HOSTILE_END; it is borrowed until hostile_stop().
 *
 *     static const struct hostile_step script[] = {
 *         {HOSTILE_PLAY, .steps = hostile_login_plain},
 *         {HOSTILE_EXPECT, .text = "</iq>"},
 *         {HOSTILE_SEND, .text = "<iq type='result' id='$ID' from='$TO' to='$JID'/>"},
 *         {.kind = HOSTILE_RESET},
 *         {.kind = HOSTILE_NEXT},
 *         {HOSTILE_PLAY, .steps = hostile_login_plain},
 *         {HOSTILE_END},
 *     };
 *
 * One connection is served at a time, others wait in the backlog. The part before the first
 * HOSTILE_NEXT is for the first connection and so on; the last part is for all that follow. At the
 * end of its part a connection is read until </stream:stream>, which is answered, or until the peer
 * closes.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

#include "scram_server.h"

enum hostile_kind {
    HOSTILE_END,
    HOSTILE_NEXT,
    HOSTILE_PLAY,          /* steps, as if they stood here */
    HOSTILE_EXPECT,        /* text has arrived on this connection, after what was expected before,
                              and the tag in which it ends; else the connection is over */
    HOSTILE_SEND,          /* text, in which these are replaced:
                              $ID, $TO    attributes of the last stanza that was expected
                              $JID        what PLAIN or SCRAM, the stream header and <bind/> asked
                                          for
                              $DOMAIN     the stream header's "to" */
    HOSTILE_SEND_REPEATED, /* text, count times */
    HOSTILE_STARTTLS,      /* expects <starttls/>, answers, and shakes hands; text: another PEM file
                              than hostile_start()'s */
    HOSTILE_TLS,           /* shakes hands at once (direct TLS, or after a proceed of your own) */
    HOSTILE_TLS_OLD,       /* from here on: no TLS beyond 1.1, if the system's OpenSSL can */
    HOSTILE_TLS_12,        /* from here on: no TLS beyond 1.2 */
    HOSTILE_TLS_ASK,       /* from here on: the peer must show a certificate, and none is trusted */
    HOSTILE_TLS_NEVER,     /* answers <starttls/>, then nothing until the peer closes */
    HOSTILE_TLS_GOODBYE,   /* close_notify; TCP stays */
    HOSTILE_CLEAR,         /* text past TLS, which is up */
    HOSTILE_SCRAM,         /* from <auth/> to <success/>, by any SCRAM, -PLUS as well, with what
                              `scram` does wrong; a wrong proof is refused */
    HOSTILE_SILENCE_MS,    /* reads and says nothing for count ms; 0: until the peer closes */
    HOSTILE_UNREAD_MS,     /* reads nothing and says nothing for count ms: its window shuts */
    HOSTILE_CLOSE,         /* FIN; waits for the peer's, 1 s at most */
    HOSTILE_RESET          /* RST */
};

struct hostile_step {
    enum hostile_kind kind;
    const char *text;
    unsigned count;
    const struct hostile_step *steps;
    const struct scram_script *scram; /* NULL: nothing is wrong */
};

/* A stream header; its features are to follow. */
#define HOSTILE_STREAM                                                                             \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                                   \
    "xmlns:stream='http://etherx.jabber.org/streams' id='hostile' from='$DOMAIN' version='1.0'>"

/* A stream header, and features that offer one SASL mechanism. */
#define HOSTILE_OFFER_SASL(mechanism)                                                              \
    HOSTILE_STREAM "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"        \
                   "<mechanism>" mechanism "</mechanism></mechanisms></stream:features>"

/* Features with STARTTLS, required, are sent; the step for it is up to the script. */
extern const struct hostile_step hostile_offer_tls[];
/* From the stream header to SASL success, with PLAIN. */
extern const struct hostile_step hostile_authenticate_plain[];
/* From the stream header to the bound JID, once SASL is done. */
extern const struct hostile_step hostile_bind[];
/* From the stream header to the bound JID: in clear, or with hostile_start()'s certificate. */
extern const struct hostile_step hostile_login_plain[], hostile_login_tls[];

enum { HOSTILE_RECEIVED_BYTES = 8 << 20 };

struct hostile;

/* Listens on a free port of 127.0.0.1. pem: a file with certificate and key, NULL if no step needs
 * it. NULL: no memory, descriptors or threads. Any thread may call what follows. */
struct hostile *hostile_start(const struct hostile_step *steps, const char *pem);
int hostile_port(const struct hostile *hostile);

/* Closes what is open and joins the thread, wherever the script is. NULL allowed. */
void hostile_stop(struct hostile *hostile);

/* A malloc'ed, NUL-terminated copy of what has arrived on all connections, decrypted, up to
 * HOSTILE_RECEIVED_BYTES; NUL bytes appear as '.'. A peer that says more than that on one
 * connection is left. */
char *hostile_received(struct hostile *hostile);

/* Waits until text has arrived, ever; until so many connections were accepted; until so many had
 * their part played to the end. False after timeout_ms. */
bool hostile_await(struct hostile *hostile, const char *text, int timeout_ms);
bool hostile_await_connections(struct hostile *hostile, unsigned count, int timeout_ms);
bool hostile_await_played(struct hostile *hostile, unsigned count, int timeout_ms);

/* Copies why the first part wasn't played to the end, "" if none broke off: "EXPECT <auth: the peer
 * closed". Always terminated. */
void hostile_failure(struct hostile *hostile, char *text, size_t text_bytes);

/* ---- certificates (hostile_certificates.c) ---- */

struct hostile_certificates {
    char dir[256];     /* made for them alone */
    char ca_file[320]; /* the CA that signed it, trusted by nobody else */
    char pem[320];     /* the certificate for host, and its key */
};

/* A CA and a certificate for the DNS name host, valid from a day ago for so many days from now;
 * days_valid < 0: expired so many days ago. EC P-256. 0, or -1 with a line on standard error and
 * nothing left behind. */
int hostile_make_certificates(struct hostile_certificates *certificates, const char *host,
                              int days_valid);
/* Likewise, valid for a day, but host is its common name, and no subjectAltName says it. */
int hostile_make_common_name(struct hostile_certificates *certificates, const char *host);
/* Likewise, valid for a day, by an intermediate CA, whose certificate follows in pem. */
int hostile_make_chain(struct hostile_certificates *certificates, const char *host);
void hostile_remove_certificates(const struct hostile_certificates *certificates);

#endif
