/* link_state.h - the inside of a link, for link.c and the folder api/ alone. */
#ifndef SX_LINK_LINK_STATE_H
#define SX_LINK_LINK_STATE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "link/announcement.h"
#include "link/answer.h"
#include "link/call.h"
#include "link/describer.h"
#include "link/receive.h"
#include "link/reconnect.h"
#include "link/revocation.h"
#include "link/rules.h"
#include "soap/reader.h"

/* What is said to who has none: soap_xmpp_open() has returned NULL. */
#define SX_LINK_NONE "there is no link"

struct soap_xmpp_link {
    /* immutable: the tables, each with its own mutex or the loop thread's, ... */
    struct sx_session *session;
    struct sx_exchange *exchange;
    struct sx_queue *queue;
    struct sx_features *features;
    struct sx_journal *journal;
    struct sx_refusals *refused; /* the loop thread's; NULL: messages aren't served */
    struct sx_access *access;
    struct sx_shipments *shipments;
    struct sx_receiver *receiver;
    struct sx_roster *roster; /* NULL: the link takes no notice of presence; so policy */
    struct sx_policy *policy;
    struct sx_message_ids *names;
    struct sx_statistics *statistics;
    struct sx_describer *describer;
    struct sx_checker *checker; /* the loop thread's; so budget */
    struct sx_budget *budget;
    struct sx_reader_limits reader_limits;
    pid_t process; /* that opened it: its threads are nowhere else */
    /* ... and the parts, which see what they need of them */
    struct sx_query query;
    struct sx_routing routing;
    struct sx_calls calls;
    struct sx_answers answers;
    struct sx_content content;
    struct sx_bytestream bytestream;
    struct sx_reception reception;
    struct sx_rules rules;
    /* parts with a memory of the loop thread */
    struct sx_announcement announcement;
    struct sx_fallback fallback;
    struct sx_admission admission;
    struct sx_preparation preparation;
    struct sx_reconnect reconnect;
    struct sx_revocation revocation;
    struct sx_backlog moves; /* the routing's */
    /* atomic */
    atomic_uint references;
    atomic_bool told_nobody_may;
    struct sx_tally tally;                    /* of requests */
    atomic_bool serves_bytes;                 /* and all that serves knows it */
    _Atomic(struct sx_readiness *) readiness; /* NULL until somebody polls */
};

#endif
