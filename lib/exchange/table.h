/* table.h - the insides of the exchange, for exchange.c, retry.c, shared.c, hold.c,
 * failover.c and message_call.c alone. */
#ifndef SX_EXCHANGE_TABLE_H
#define SX_EXCHANGE_TABLE_H

#include "exchange/copy.h"
#include "exchange/exchange.h"

#include <pthread.h>
#include <sys/queue.h>

#include "wire/request_id.h"

enum {
    PREFIX_RANDOM_BYTES = 16,
    PREFIX_LEN = 2 * PREFIX_RANDOM_BYTES + 1, /* hex and '-' */
    ID_BYTES = PREFIX_LEN + 16 + 1 + SX_INCARNATION_BYTES,
    CALLS_PER_BUCKET = 4,
    MIN_BUCKETS = 16,
    MAX_BUCKETS = 1 << 16
};

enum call_state { CALL_UNDER_WAY, CALL_ENDED };

struct soap_xmpp_call {
    /* immutable after begin */
    struct sx_exchange *exchange;
    int64_t begun_us;
    uint64_t number;       /* of this table, never given twice; the id changes, this doesn't */
    const char *operation; /* inside text[] */
    char id[ID_BYTES];     /* of a kept call: under mu. Of a mailed one its beginning, up to mail */
    char *mail;            /* a mailed call's whole id, NULL for all others; set under mu */
    char *name;            /* of a mailed call that has one, else NULL; likewise */

    /* under mu */
    enum call_state state;
    enum sx_err err;        /* once ended */
    struct sx_reply *reply; /* once ended; NULL: err tells all, or it was moved out */
    uint64_t ended_number;  /* the order of endings */
    pthread_cond_t *waiter; /* on the stack of the thread in wait */
    bool detached;          /* next_done may still return it */
    int64_t deadline;       /* its own, SX_NEVER until detached */
    void *user;
    char *payload; /* kept: to be sent again; NULL otherwise */
    size_t payload_len;
    int64_t due_us;       /* of a kept call: when to send it again */
    int64_t interval_us;  /* how long after that */
    int64_t absence_us;   /* how long after the last bounce, 0: none yet */
    bool held;            /* not to be sent before its bytes are with the peer */
    unsigned holds;       /* how often */
    bool is_last, is_out; /* the next copy is the last; that is out */
    unsigned sent;        /* copies that may have reached the peer under this id, and be run */
    unsigned renewals;
    bool dealt;       /* several processes share the peer's JID; sent is 0 or 1 then */
    bool asked;       /* of a dealt one: a later copy is out, and nothing was said to it yet */
    unsigned denials; /* to later copies in a row: not known here */
    uint64_t deniers; /* who said so, a bit each: numbers of processes, modulo 64 */
    bool roams;       /* goes to any resource of its peer's bare JID */
    unsigned moves;
    struct sx_load *load;                /* where it is counted; NULL: nowhere */
    struct sx_former_peer *former_peers; /* all but the first, the present one too */
    bool is_received;                    /* a mailed call's stanza is with our server */
    bool is_found; /* entered by sx_exchange_complete_named, and nobody's until next_done returns it
                    */
    bool is_unclaimed;  /* that has returned it just now */
    size_t found_bytes; /* of its envelope */
    LIST_ENTRY(soap_xmpp_call) in_bucket;
    TAILQ_ENTRY(soap_xmpp_call) in_order, in_timed, in_done, in_kept, in_held;

    const char *peer; /* "" for our own server; of a kept call: under mu */
    char text[];      /* the first peer; then the operation */
};

LIST_HEAD(bucket, soap_xmpp_call);
TAILQ_HEAD(call_list, soap_xmpp_call);

struct own_jid {
    char *full, *bare, *domain; /* NULL until known */
};

struct sx_exchange {
    /* immutable */
    void *owner;
    unsigned max_calls;
    uint64_t bucket_mask;
    char prefix[PREFIX_LEN + 1];

    /* under mu */
    pthread_mutex_t mu;
    pthread_cond_t room;      /* a call ended, or the stop */
    pthread_cond_t done_grew; /* or nothing is detached any more, or an earlier deadline */
    struct bucket *buckets;
    struct call_list order; /* all under way, in the order of their beginning */
    struct call_list timed; /* those under way with a deadline of their own */
    struct call_list done;
    struct call_list kept; /* those under way that may be sent again */
    struct call_list held; /* of these, those that have been held: few */
    unsigned long detached_under_way, unreleased;
    uint64_t next_number, endings;
    struct own_jid own;
    bool stopped;
    void *loads;          /* of roaming calls, by peer: a tree, see tsearch(3) */
    bool may_be_stranded; /* a roaming call has bounced, and may wait for its peer */
    struct sx_exchange_counts counts;
    bool awaits_found; /* answers to calls of an earlier process may come at any time */
    size_t max_found_bytes, found_bytes;
    unsigned found; /* calls in done that nobody has taken yet */
};

/* Functions of exchange.c, with mu held. */
struct soap_xmpp_call *sx_table_find_locked(struct sx_exchange *exchange, const char *id);
/* Where the call is that has the number. */
struct bucket *sx_table_bucket(struct sx_exchange *exchange, uint64_t number);
bool sx_table_is_from_peer_locked(const struct soap_xmpp_call *call, const char *from);
void sx_table_end_locked(struct soap_xmpp_call *call, enum sx_err err, const char *text);
/* Ends it with its answer (malloc'ed, taken). */
void sx_table_answer_locked(struct soap_xmpp_call *call, struct sx_reply *reply);
void sx_table_add_done_locked(struct soap_xmpp_call *call);
struct soap_xmpp_call *sx_table_make(struct sx_exchange *exchange, const char *peer,
                                     const char *operation);
/* Waits until the call has ended, or (until_received) is received if that is sooner, or the
 * deadline, which ends it. Then moves out its reply, NULL: there is none. */
struct sx_reply *sx_table_await_locked(struct soap_xmpp_call *call, int64_t deadline,
                                       bool until_received, enum sx_err *err);
/* Functions of message_call.c, with mu held. */
uint64_t sx_table_number(const char *id); /* in an id with this table's prefix */
/* Whether a stanza from there speaks for the peer of this mailed call. */
bool sx_table_is_from_account(const struct soap_xmpp_call *call, const char *from);
/* What next_done returns is the program's. */
void sx_table_take_found_locked(struct soap_xmpp_call *call);
void sx_table_drop_found(struct sx_exchange *exchange);
/* Takes the call out of its bucket, gives it a new id that carries the incarnation (NULL: none),
 * and puts it back. */
void sx_table_rename_locked(struct soap_xmpp_call *call, const char *incarnation);

/* ---- retry.c, with mu held ---- */

/* Sets when a kept call is due; a held one isn't before it is let go. */
void sx_kept_set_due_locked(struct soap_xmpp_call *call, int64_t due_us);

/* The peer is absent: due again soon, then ever more seldom. */
void sx_kept_await_return_locked(struct soap_xmpp_call *call);

/* The copy of a kept call that says stale is its only one: another id for that incarnation, due at
 * once; false if this has happened too often. */
bool sx_kept_renew_locked(struct soap_xmpp_call *call, const char *incarnation);

enum { SX_KEPT_INTERVAL_US = 2000000 }; /* from the first copy to the second */

/* ---- shared.c, with mu held ---- */

/* The call gets an id of this incarnation (NULL: of none). */
void sx_dealt_begin_locked(struct soap_xmpp_call *call, const char *incarnation);

/* Whether the id, which isn't the call's own, is that of its later copies. */
bool sx_dealt_is_again_locked(const struct soap_xmpp_call *call, const char *id);

/* The copy that is due: of which kind it is is noted, and id and payload (malloc'ed) are as it
 * needs them. False: no memory. */
bool sx_dealt_copy_locked(struct soap_xmpp_call *call, struct sx_copy *copy);

/* Whether the error, to the copy with this id, leaves the call under way. If it ends for want of
 * anyone who knows, reply's text says so. */
bool sx_dealt_retry_locked(struct soap_xmpp_call *call, const char *id, struct sx_reply *reply);

/* Nothing of this call is in the world any more: the next copy is a first one, under another id. */
void sx_dealt_restart_locked(struct soap_xmpp_call *call);

/* Functions of failover.c, of a call that ends (with mu held), or is released. */
void sx_table_uncount_locked(struct soap_xmpp_call *call);
void sx_table_forget_peers(struct soap_xmpp_call *call);

#endif
