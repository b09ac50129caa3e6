/* siege.h - a link at a server that attacks it, and a second link that must not notice.
 *
 * The attacked link has a witness, who remembers reasons that later events replace. The second
 * link, the bystander, lives in the same process at an honest server of its own; it is opened once
 * for as many sieges as there are.
 */
#ifndef TESTS_SIEGE_H
#define TESTS_SIEGE_H

#include "../lib/hostile_link.h"
#include "witness.h"

/* Answers calls of add with 3, some hundred of them. */
extern const struct hostile_step siege_answers[];
/* Answers the call of add that was expected last. */
extern const struct hostile_step siege_answer[];

#define SIEGE_ENDPOINT "xmpp:bob@" HOSTILE_DOMAIN "/soap"

struct bystander {
    struct hostile *server;
    struct soap_xmpp_link *link;
    struct soap *soap;
};

void bystander_open(struct bystander *bystander);
void bystander_close(struct bystander *bystander);

struct siege {
    struct bystander *bystander;
    struct hostile *server;
    struct soap_xmpp_link *link;
    struct soap *soap;
    char place[40]; /* what messages call the server: "127.0.0.1 port 5222" */
    struct witness witness;
};

/* Fills in what hostile_link_config() does; the rest may be changed before siege_begin(). The
 * bystander makes a call now, and one more in siege_end(). pem NULL: without TLS. */
void siege_prepare(struct siege *siege, struct bystander *bystander,
                   const struct hostile_step *script, const char *pem,
                   struct soap_xmpp_config *config);
void siege_begin(struct siege *siege, struct soap_xmpp_config *config);
void siege_end(struct siege *siege);

/* An assertion: a line of the trace that names the server and the reason has come, or comes yet. */
void siege_assert_told(struct siege *siege, const char *server, const char *reason);
/* An assertion: a call of add with this context is answered with 3. */
void siege_assert_adds(struct soap *soap);
/* Assertions: the link, the bystander can call add. */
void siege_assert_usable(struct siege *siege);
void siege_assert_unharmed(struct siege *siege);

#endif
