/* attempt.h - one attempt of a connection, from TCP to its end, driven by the test's own thread in
 * the loop's place.
 */
#ifndef TESTS_UNIT_NET_ATTEMPT_H
#define TESTS_UNIT_NET_ATTEMPT_H

#include "net/connection.h"
#include "../../lib/hostile.h"

struct attempt {
    /* set by the test, the rest zero */
    struct sx_config config;
    int port; /* of 127.0.0.1 */
    int timeout_ms;
    bool stays;      /* once online; else it says good-bye */
    bool is_patient; /* sleeps until the socket has an event; else looks 20 times a second, too */
    /* after each pass; NULL allowed */
    void (*on_round)(struct attempt *attempt);
    /* told */
    struct sx_sasl_memory memory;
    struct sx_connection connection; /* over, but for failure of no use */
    unsigned rounds, waits;          /* passes; what waited in them: tests/lib/waits.h */
    unsigned vain;                   /* sleeps that no event ended */
    int64_t longest_us;              /* of a pass, of the processor's time */
    bool was_online, was_short;      /* memory, at the end of a pass */
};

/* Alice's, at example.org, with the password "secret". */
struct sx_config attempt_config(enum soap_xmpp_tls tls, char *ca_file);

void attempt_run(struct attempt *attempt);

/* Who it is made to: a server that plays a script, with a certificate of example.org's. */
struct attempt_server {
    struct hostile_certificates certificates;
    struct hostile *hostile;
};

/* Gives the attempt its port, and Alice's configuration with its CA. */
void attempt_server_start(struct attempt_server *server, const struct hostile_step *script,
                          struct attempt *attempt, enum soap_xmpp_tls tls);
void attempt_server_stop(struct attempt_server *server);

#endif
