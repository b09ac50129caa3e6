/* table.h - a call under way, by its id and peer; the phases it goes through, and its one way out.
 *
 * For the files of exchange/ alone, and for tests of phases. All functions: with the exchange's
 * mutex held, unless said otherwise.
 */
#ifndef SX_EXCHANGE_TABLE_H
#define SX_EXCHANGE_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/readiness.h"
#include "exchange/ends.h"
#include "exchange/heap.h"
#include "exchange/load.h"
#include "exchange/phase.h"
#include "exchange/reply.h"
#include "wire/jid.h"
#include "wire/request_id.h"

enum {
    PREFIX_RANDOM_BYTES = 16,
    PREFIX_LEN = 2 * PREFIX_RANDOM_BYTES + 1, /* hex and '-' */
    ID_BYTES = PREFIX_LEN + 16 + 1 + SX_INCARNATION_BYTES,
    MOST_MOVES = 32 /* names of former peers stay until the call is released */
};

struct former_peer {
    struct former_peer *next;
    char jid[];
};

struct soap_xmpp_call {
    /* immutable after begin */
    struct sx_exchange *exchange;
    int64_t begun_us;
    uint64_t number;       /* of this exchange, never given twice; the id changes, this doesn't */
    const char *operation; /* inside text[] */
    char id[ID_BYTES];     /* of a kept call: under mu; a message's whole id begins with it */
    char *message_id;      /* that whole id, NULL for all others; set under mu */
    char *name;            /* of a message that has one, else NULL; likewise */
    char *from;            /* whose call it is, of those that a component may name; NULL: its own */
    bool is_posted;        /* it began as PREPARED */
    bool is_one_way;       /* a message: done once it is RECEIVED */

    /* under mu */
    enum call_kind kind;
    enum call_phase phase;
    enum call_phase ended_in; /* once ended: the phase before that */
    enum sx_err err;          /* once ended */
    struct sx_reply *reply;   /* once ended; NULL: err tells all, or it was moved out */
    uint64_t ended_number;    /* the order of endings */
    pthread_cond_t *waiter;   /* on the stack of the thread in wait */
    int64_t awaited_until_us; /* while there is one */
    bool is_detached;         /* next_done may still return it */
    bool is_question;         /* question.h: no call of the program's */
    bool is_cancelled;        /* it is given back before its end */
    enum sx_reply_interest interest;
    int64_t timeout_us;            /* of one that has timed out: after how long */
    struct sx_heap_entry deadline; /* its own, SX_NEVER until detached */
    void *user;
    size_t found_bytes; /* of the envelope of one that was FOUND */

    /* under mu: of one that is PREPARED, or ended so. What it will be sent as is opaque here:
     * whoever takes it away (draft.h) has it alone, and what is there at the end is freed with the
     * call. */
    enum call_wait wait;
    void *draft;
    void (*free_draft)(void *draft);
    unsigned word;           /* of whoever woke it last */
    struct sx_load *awaited; /* PEER, PRESENCE: whom it waits for */
    bool is_waiting;         /* in the list of its wait */

    /* of an ended call, the api's: made when it is returned to the program, freed with the call */
    void *ending;
    void (*free_ending)(void *ending);

    /* under mu, of kinds KEPT and SHARED while they are under way */
    char *payload;
    size_t payload_len;
    bool is_packed;           /* the payload, or what it refers to */
    bool falls_back;          /* another payload comes in its place, or is there */
    struct sx_heap_entry due; /* when to send it again; SX_NEVER: not by the clock */
    int64_t interval_us;      /* how long after that */
    int64_t posted_us;        /* after the last copy that the server may read slowly; 0: none */
    bool is_unread;     /* when that was looked at last, it wasn't read; due is the next look */
    int64_t absence_us; /* how long after the last bounce, 0: none yet */
    unsigned holds;     /* how often it was HELD; 0 again when its payload is replaced */
    unsigned renewals;  /* ids for a peer that restarted */
    unsigned moves;     /* to other resources */
    unsigned denials;   /* SHARED: to later copies in a row: not known here */
    uint64_t deniers;   /* who said so, a bit each: numbers of processes, modulo 64 */
    struct sx_clock_moment first_sent; /* of this id's first copy; zero: none went out */
    /* Copies that may have reached the peer under this id, and be run. Of a SHARED one 0 or 1:
     * whether the first copy may have. */
    unsigned sent;

    /* under mu: where it is counted, NULL: nowhere */
    struct sx_load *load;             /* to its peer; a message: to the peer's bare JID */
    struct sx_load *resource_load;    /* if any resource will do: to its peer */
    struct sx_load *account_load;     /* likewise: to the peer's bare JID */
    struct former_peer *former_peers; /* all but the first, the present one too */

    LIST_ENTRY(soap_xmpp_call) in_bucket, in_holds;
    TAILQ_ENTRY(soap_xmpp_call) in_order, in_done, in_packed, in_absent, in_wait, in_awaited;
    bool is_in_packed, is_in_absent;

    /* Atomic, and changed under mu alone: a process that was forked meanwhile names the peer, too,
     * and must not lock. */
    _Atomic(const char *) peer;  /* "" for our own server */
    atomic_bool is_any_resource; /* any resource of its peer's bare JID will do */
    char text[];                 /* the first peer; then the operation */
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
    struct bucket *buckets;   /* by the number in the id */
    struct bucket *holds;     /* those that were HELD, by their own number */
    struct call_list order;   /* all under way, in the order of their beginning */
    struct call_list done;    /* detached ones in the order of their ends; FOUND ones */
    struct sx_heap timed;     /* deadlines of those under way */
    struct sx_readiness_source
        readiness;             /* of done; its alarm is no later than the first of timed */
    struct sx_heap due;        /* those of kinds KEPT and SHARED that go out again by the clock */
    struct sx_loads peers;     /* by peer: all but messages; lists those that may fall back */
    struct sx_loads mail;      /* by the peer's bare JID: messages */
    struct sx_loads resources; /* by peer: those for which any resource will do */
    struct sx_loads accounts;  /* the same by bare JID; lists those that wait for a resource to */
                               /* come back, and could move to another one */
    atomic_uint waiting;       /* how many are in waits; changed under mu, read without it */
    struct call_list waits[WAITS]; /* PREPARED ones that nobody works on, the first waits longest */
    struct sx_loads awaited[WAITS]; /* of PEER and PRESENCE: by the JID that they wait for */
    unsigned long detached_under_way, unreleased;
    uint64_t next_number, endings;
    struct own_jid own;
    bool stopped;
    unsigned long under_way;                           /* those in order */
    unsigned long questions;                           /* of them */
    unsigned long completed, timed_out, late, foreign; /* see struct sx_exchange_counts */
    struct sx_ends ends;
    unsigned long steps; /* calls looked at in buckets and lists */
    bool awaits_found;   /* answers to calls of an earlier process may come at any time */
    size_t max_found_bytes, found_bytes;
    unsigned found; /* calls in done that nobody has taken yet */
};

/* ---- finding one ---- */

bool sx_table_gave_out(const struct sx_exchange *exchange, const char *id); /* without the mutex */
struct soap_xmpp_call *sx_table_find_locked(struct sx_exchange *exchange, const char *id);

/* The number in an id with this exchange's prefix, and where the call is that has it. */
uint64_t sx_table_number(const char *id);
struct bucket *sx_table_bucket(struct sx_exchange *exchange, uint64_t number);

/* Whether a stanza from there speaks for the call's peer. */
bool sx_table_is_from_peer_locked(const struct soap_xmpp_call *call, const char *from);

/* Whether that is so of any call. */
bool sx_table_awaits_locked(struct sx_exchange *exchange, const char *from);

/* ---- making and entering one ---- */

/* A call that is in no table; NULL: no memory. Freed by sx_table_free, once it isn't in any. */
struct soap_xmpp_call *sx_table_make(struct sx_exchange *exchange, const char *peer,
                                     const char *operation);
void sx_table_free(struct soap_xmpp_call *call); /* without the mutex */

/* Writes the next id, which no call has. Returns its number. */
uint64_t sx_table_make_id_locked(struct sx_exchange *exchange, char id[ID_BYTES]);

/* Gives it its id; false: no memory. */
bool sx_table_enter_locked(struct soap_xmpp_call *call);

/* The call is kept: it gets a copy of the payload to be sent again, an id with the incarnation, and
 * `sent` copies count as out; begin_locked then says when the next one goes out. SX_ENOMEM: the
 * call is as it was. Another error: it has ended meanwhile with this. Takes the mutex. */
enum sx_err sx_table_keep(struct soap_xmpp_call *call, const char *incarnation, const char *payload,
                          size_t len, unsigned sent,
                          void (*begin_locked)(struct soap_xmpp_call *call));

/* Another id, which carries the incarnation; that also says whether the call is KEPT or SHARED. No
 * copy has gone out under it. */
void sx_table_rename_locked(struct soap_xmpp_call *call, const char *incarnation);

/* ---- what it is, and where ---- */

/* The one place where a phase changes: asserts that it may follow, and that the kind has it. */
void sx_table_set_phase_locked(struct soap_xmpp_call *call, enum call_phase phase);
bool sx_table_is_under_way_locked(const struct soap_xmpp_call *call);

/* Whether it is under way, and its payload is there to be sent again: KEPT or SHARED. */
bool sx_table_is_kept_locked(const struct soap_xmpp_call *call);

/* What decides in which lists of which loads the call is. */
void sx_table_set_payload_locked(struct soap_xmpp_call *call, char *payload,
                                 size_t len); /* taken */

/* Its payload, which is packed, is taken to be replaced: no more than once. */
void sx_table_fall_back_locked(struct soap_xmpp_call *call);
void sx_table_set_sent_locked(struct soap_xmpp_call *call, unsigned sent);
void sx_table_take_copy_back_locked(struct soap_xmpp_call *call); /* one fewer, if there is one */
void sx_table_set_absence_locked(struct soap_xmpp_call *call, int64_t absence_us);

/* It is a message from now on, and counted so; false: no memory, nothing changes. */
bool sx_table_set_message_locked(struct soap_xmpp_call *call);

/* Any resource of its peer will do. Without memory it isn't counted as such. */
void sx_table_allow_any_resource_locked(struct soap_xmpp_call *call);

/* Another peer; false: no memory, nothing changes. */
bool sx_table_set_peer_locked(struct soap_xmpp_call *call, const char *peer);

/* Whether all copies but so many are out of the world, and it could go to another resource. */
bool sx_table_may_move_locked(const struct soap_xmpp_call *call, unsigned bounced);

/* It waits, or has waited, for its bytes: found by its number. */
void sx_table_add_hold_locked(struct soap_xmpp_call *call);
void sx_table_drop_hold_locked(struct soap_xmpp_call *call);
struct soap_xmpp_call *sx_table_find_hold_locked(struct sx_exchange *exchange, uint64_t number);

/* ---- waiting to be sent ---- */

/* A PREPARED call waits, for PEER and PRESENCE of this JID; without memory for that: for ROOM. */
void sx_table_begin_wait_locked(struct soap_xmpp_call *call, enum call_wait wait, const char *jid);

/* It doesn't any longer; nothing, if it didn't. */
void sx_table_end_wait_locked(struct soap_xmpp_call *call);

/* ---- its end ---- */

/* sx_exchange_may_have_run() of a call that ends, or has ended, with this; reply NULL: err tells
 * all. */
bool sx_table_may_have_run_locked(const struct soap_xmpp_call *call, enum sx_err err,
                                  const struct sx_reply *reply);

void sx_table_end_locked(struct soap_xmpp_call *call, enum sx_err err, const char *text);

/* Ends it with its answer (malloc'ed, taken; NULL: err tells all). */
void sx_table_answer_locked(struct soap_xmpp_call *call, enum sx_err err, struct sx_reply *reply);

/* Ends it: nothing came in time. */
void sx_table_time_out_locked(struct soap_xmpp_call *call);

/* Into done, by ended_number. */
void sx_table_add_done_locked(struct soap_xmpp_call *call);

/* A detached call isn't next_done's any more. */
void sx_table_attach_locked(struct soap_xmpp_call *call);

#endif
