/* world.h - a caller, those who serve it, and the servers between them, in one thread.
 *
 * Noun: the world. Its links are whole (link/link.h) but for their loops: what each posts flies
 * until an operation lets it arrive, loses it, or has it returned as servers may. Processes die,
 * connections break, time passes (host.h). What becomes of the calls is claimed by ledger.h.
 *
 * Servers are honest, as docs/guarantees.md asks: none makes two stanzas of one, and what one
 * returns as undelivered it doesn't deliver, unless the condition says that it can't know.
 *
 * A fuzzer has a table of operations; each byte of its input chooses one, or one of its choices.
 * Behind the end of the input the world is kind: all arrives in order, all is served, time passes.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "link/link_state.h"
#include "flight.h"
#include "fuzz.h"
#include "host.h"
#include "ledger.h"

enum { WORLD_STATIONS = 6, WORLD_RUNNING = 4 };

#define WORLD_CALLER     "me@example.org/desk"
#define WORLD_CALLER_TOO "me@example.org/table"

/* The program under a JID. */
enum world_manner {
    WORLD_PACKS,  /* of this library */
    WORLD_PLAIN,  /* the same, without packed envelopes */
    WORLD_SHARED, /* one of several */
    WORLD_FOREIGN /* of another make: runs what comes as often as it comes, and packs nothing */
};

struct station {
    struct world *world;
    const char *jid; /* the caller's may change with its session */
    enum world_manner manner;
    struct soap_xmpp_link *link; /* NULL: a foreign one */
    struct sx_loop_callbacks loop;
    uint64_t session; /* the latest */
    bool is_online;
    struct sx_stream stream;
    struct _parser_t *parser;
    struct sx_request *running[WORLD_RUNNING];
    unsigned running_count;
    char *presence; /* what it said last, NULL: nothing in this session */
};

struct world;
typedef void world_op_fn(struct world *world);

struct world {
    /* the fuzzer's */
    world_op_fn *const *ops;
    unsigned op_count;
    bool has_presence;   /* the caller and those who serve it tell that they are there */
    unsigned remembered; /* requests by each of these */
    /* its own */
    struct fuzz_input input;
    struct ledger ledger;
    struct station stations[WORLD_STATIONS]; /* the first is the caller */
    unsigned station_count;
    struct flight flight;
};

/* From the input; 0 behind its end. */
unsigned world_draw(struct world *world, unsigned below);

/* The members above are set, the rest zero. The caller is online. */
void world_init(struct world *world, const uint8_t *bytes, size_t len);

/* Somebody serves under this JID, valid as long as the world. */
void world_add(struct world *world, const char *jid, enum world_manner manner);

/* All operations of the input, and kindness until all calls are over and nothing is under way. */
void world_run(struct world *world);
void world_fini(struct world *world);

/* ---- operations ---- */

world_op_fn world_op_arrive, /* a stanza, mostly one of the first */
    world_op_lose,           /* a stanza */
    world_op_return,         /* a request, to its sender */
    world_op_tick,           /* what is due on the caller's loop, or on another one */
    world_op_work,           /* somebody takes a request, or answers it */
    world_op_wait,           /* time passes */
    world_op_cut,            /* a connection breaks or comes back */
    world_op_die;            /* a process, and another one is there under its JID */

/* The process ends, and this one follows it. */
void world_replace(struct station *station, enum world_manner manner);

#endif
