/* request_state.h - what is known of a request between its first line and its answer; http/'s own.
 *
 * Phases go forward alone. Those of a suspended connection are left by another thread; a request
 * that is answered while its taker runs goes from TELLING to ANSWERED. */
#ifndef GW_REQUEST_STATE_H
#define GW_REQUEST_STATE_H

#include <microhttpd.h>

#include "http/body.h"
#include "http/intake.h"
#include "http/request.h"
#include "http/users.h"

enum gw_phase {
    GW_PHASE_HEADER,   /* its fields aren't looked at */
    GW_PHASE_CHECKING, /* suspended while a worker looks into its password */
    GW_PHASE_CHECKED,  /* that has ended */
    GW_PHASE_BODY,     /* its header is right, the body comes */
    GW_PHASE_TELLING,  /* its taker runs */
    GW_PHASE_WAITING,  /* suspended until it is answered */
    GW_PHASE_ANSWERED, /* the answer is there, the listener's thread has to send it */
    GW_PHASE_SENT      /* libmicrohttpd has the answer */
};

struct gw_field {
    char *name, *value;
};

struct gw_request {
    /* the listener's thread, constant once it is told */
    struct gw_intake *intake;
    struct gw_config *config; /* a reference */
    struct MHD_Connection *mhd;
    struct gw_connection *connection;
    char address[46];
    char method[16];
    bool is_http_1_0;
    char *target, *path; /* target holds the next ones */
    const char *raw_path, *query;
    const char *authority; /* of an absolute target, not terminated; NULL: it is a path */
    size_t authority_bytes;
    size_t target_bytes; /* as it was sent */
    struct gw_field *fields;
    size_t field_count;
    char *field_text; /* what names and values point into */
    char *user, *base;
    struct gw_users *users; /* a reference, or NULL */
    bool asks_password;     /* a 401 says that a password is asked for */
    struct gw_request_body body;
    int refusal;
    char why[200];
    bool is_chunked;
    bool takes_gzip;
    bool is_last;   /* of its connection */
    bool is_midway; /* refused while its body came: libmicrohttpd takes no answer then */
    unsigned long long announced_bytes; /* of its body, by Content-Length */
    long long begun_ms;
    size_t received_bytes; /* of the body, as it was sent */

    enum gw_phase phase;           /* under intake's mutex, as all that follows */
    int password_end;              /* an enum gw_passwords_end */
    struct MHD_Response *response; /* the answer; NULL: there was no memory for it */
    char *midway_answer;           /* of a request that is_midway: the answer as it is sent */
    size_t midway_bytes;
    int status;
    size_t answer_bytes; /* that are held for it */
    bool is_abandoned;   /* counted as such */
};

/* NULL without memory. target is the request line's second word. */
struct gw_request *gw_request_new(struct gw_intake *intake, struct MHD_Connection *mhd,
                                  struct gw_connection *connection, const char *target);
void gw_request_free(struct gw_request *request); /* it was answered, or never told */
/* It will be told as refused: the first reason stands. */
void gw_request_refuse(struct gw_request *request, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Tells its taker, and suspends it unless it is answered then. */
void gw_request_tell(struct gw_request *request);

#endif
