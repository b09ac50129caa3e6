/* login.h - from the stream's header to online: TLS, SASL, binding; or a component's handshake.
 *
 * Noun: the login of one connection (RFC 6120 4 to 7, XEP-0114). A machine without I/O and without
 * a clock: it is shown what comes and says what to do. The deadline is the owner's.
 *
 * Invariant: nothing that helps to log in is sent before TLS is up, where TLS is wanted. ONLINE is
 * said once, after a proof (sasl.h) and a JID that is ours.
 *
 * Happy path: begin -> OPEN or TLS; header and stanza, by stanza, -> WAIT, OPEN, TLS or HASH, with
 * out to be sent; hash -> HASH or WAIT; in the end ONLINE.
 * Failure: END with err and why, one clause with the server's name in it.
 *
 * Thread: the loop thread.
 */
#ifndef SX_NET_LOGIN_H
#define SX_NET_LOGIN_H

#include "config/config.h"
#include "net/negotiation.h"

enum sx_login_step {
    SX_LOGIN_WAIT,
    SX_LOGIN_OPEN, /* send a stream header, and read what comes as a new stream */
    SX_LOGIN_TLS,  /* begin TLS; then as OPEN */
    SX_LOGIN_HASH, /* sx_login_hash is due */
    SX_LOGIN_ONLINE,
    SX_LOGIN_END
};

struct sx_login {
    /* set by the owner, the rest zero */
    const struct sx_config *config;
    const char *server; /* for sentences */
    struct sx_sasl_memory *memory;
    struct sx_sasl_channel channel; /* as it is when a stanza is shown */
    /* told */
    struct sx_buffer out; /* to be sent before anything else; the owner wipes it */
    char *jid;            /* that of ONLINE; fini frees it */
    bool is_authenticated;
    enum sx_err err; /* after END */
    char why[320];
    char redirect[SX_NEGOTIATION_HOST_BYTES]; /* after END: where the server sends us to, or "" */
    struct sx_sasl sasl;
    /* its own */
    int state;
    bool wants_session; /* the server asks for one (RFC 3921 3) */
    char user[1024];
    struct sx_sasl_account account;
};

/* TCP is up. is_direct: TLS begins at once. */
enum sx_login_step sx_login_begin(struct sx_login *login, bool is_direct);

/* A stream's header, with its id (NULL: none). */
enum sx_login_step sx_login_header(struct sx_login *login, const char *id);

/* A stanza of that stream. has_more: bytes stand behind it already. negotiation has been shown it.
 */
enum sx_login_step sx_login_stanza(struct sx_login *login, const struct sx_element *stanza,
                                   bool has_more, const struct sx_negotiation *negotiation);

/* One slice. */
enum sx_login_step sx_login_hash(struct sx_login *login);

/* What it means that the server ends the stream by that error, with a clause for people, "" if
 * there is nothing to add. */
enum sx_err sx_login_judge_error(const struct sx_login *login,
                                 const struct sx_negotiation_condition *error, const char **clause);

/* The same of an error that anybody on the way can have sent, in the login of an account:
 * SX_EMISDIRECTED or SX_ESTREAM, neither of which is permanent. */
enum sx_err sx_login_judge_misdirection(const struct sx_negotiation_condition *error,
                                        const char **clause);

/* Wipes and frees. */
void sx_login_fini(struct sx_login *login);

#endif
