/* intake.h - what the listeners of one server share: who is told, what may be held, what is
 * counted.
 *
 * Noun: the intake. Invariant: busy is the number of requests that are told and not answered,
 * unsent of those whose connection isn't done with the answer. */
#ifndef GW_INTAKE_H
#define GW_INTAKE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "http/connection.h"
#include "http/linger.h"
#include "http/server.h"

struct gw_intake {
    /* immutable */
    gw_server_take_fn *take;
    void *user;
    struct gw_connections connections;
    struct gw_linger linger;

    pthread_mutex_t mutex; /* before that of connections, and before libmicrohttpd's */
    pthread_cond_t change; /* of busy and unsent */
    struct gw_config *config;
    size_t busy, unsent;
    size_t checking;                /* requests whose password a worker looks into */
    bool is_closed;                 /* nobody is told of any request more */
    struct gw_server_counts counts; /* abandoned and refused */
    bool is_draining;

    atomic_size_t held_bytes; /* of bodies, requests' and answers' */
};

/* Holds config. epoll is the accept thread's. */
void gw_intake_init(struct gw_intake *intake, struct gw_config *config, gw_server_take_fn *take,
                    void *user, int epoll);
void gw_intake_fini(struct gw_intake *intake); /* nothing is busy, no connection is left */

/* The configuration that a request begins with, held for it. */
struct gw_config *gw_intake_config(struct gw_intake *intake);
void gw_intake_reload(struct gw_intake *intake, struct gw_config *config);
void gw_intake_drain(struct gw_intake *intake);
bool gw_intake_is_draining(struct gw_intake *intake);
/* One more of the statuses that struct gw_server_counts counts; others are no matter. */
void gw_intake_count_refused(struct gw_intake *intake, int status, size_t count);
/* Bytes more (or less, by give_back) of all that is held; false: over limits.memory. */
bool gw_intake_hold(struct gw_intake *intake, size_t bytes, size_t limit);
void gw_intake_give_back(struct gw_intake *intake, size_t bytes);

/* Waits until no request is busy, tells of none from then on, waits for the workers, and then for
 * answers to be sent, for sending_ms at most. */
void gw_intake_wait(struct gw_intake *intake, unsigned sending_ms);

#endif
