/* outgoing.h - a call that is to be sent, as whoever calls describes it. */
#ifndef SX_LINK_OUTGOING_H
#define SX_LINK_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sx_checker;

/* A request to send. Strings are borrowed during the call. */
struct sx_outgoing {
    const char *to;       /* normal JID */
    bool any_resource;    /* its resource is the default one: another may take its place */
    const char *envelope; /* as gSOAP wrote it */
    size_t envelope_len;
    struct sx_checker *checker; /* the caller's own */
    const char *action;         /* soapAction or NULL; carried with a packed envelope, with a plain
                                 * one if the configuration says so */
    int64_t online_deadline;    /* how long to wait for the link, then for room */
    int64_t room_deadline;
    int64_t answer_deadline; /* when the call will end, if it is waited for at once, or posted */
    bool is_message;         /* goes as a message: once, and to whoever its server hands it */
    const char *name;        /* of such a call, or NULL: soap_xmpp_name() */
    /* of one that is posted (preparation.h) */
    const char *from;        /* a normal JID of the component's domain; NULL: the link itself */
    const char *traceparent; /* a valid one, or NULL */
    bool is_one_way;
    void *user;
};

#endif
