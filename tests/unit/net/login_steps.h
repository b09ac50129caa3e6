/* login_steps.h - a login that is shown stanzas, up to a state of it.
 *
 * Noun: the steps. The account is alice@example.org/a&b, the password "secret", and TLS is wanted.
 */
#ifndef TESTS_UNIT_NET_LOGIN_STEPS_H
#define TESTS_UNIT_NET_LOGIN_STEPS_H

#include "net/login.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define STREAM(name, inside)                                                                       \
    "<s:" name " xmlns:s='http://etherx.jabber.org/streams'>" inside "</s:" name ">"
#define STREAM_ERROR(condition)                                                                    \
    STREAM("error", "<" condition " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>")
#define ELSEWHERE                                                                                  \
    STREAM("error", "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[::1]:5299"       \
                    "</see-other-host>")

#define STARTTLS       STREAM("features", "<starttls xmlns='" SX_NS_TLS "'/>")
#define OFFER(names)   STREAM("features", "<mechanisms xmlns='" SX_NS_SASL "'>" names "</mechanisms>")
#define MECHANISM(one) "<mechanism>" one "</mechanism>"
#define TLS(name)      "<" name " xmlns='" SX_NS_TLS "'/>"
#define SASL(name)     "<" name " xmlns='" SX_NS_SASL "'/>"
#define FAILURE(rest)  "<failure xmlns='" SX_NS_SASL "'>" rest "</failure>"
#define BINDING        "<bind xmlns='" SX_NS_BIND "'/>"
#define SESSION(rest)  "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'>" rest "</session>"
#define BOUND(jid)                                                                                 \
    "<iq type='result' id='bind'><bind xmlns='" SX_NS_BIND "'><jid>" jid "</jid></bind></iq>"
#define REFUSED(id, inside)                                                                        \
    "<iq type='error' id='" id "'><error type='cancel'>" inside "</error></iq>"

struct login_steps {
    struct sx_config config;
    struct sx_sasl_memory memory;
    struct sx_negotiation negotiation;
    struct sx_login login; /* the test ends it by sx_login_fini() */
    bool has_more;         /* bytes stand behind what is shown next */
};
typedef void login_steps_fn(struct login_steps *steps);

void login_steps_prepare(struct login_steps *steps);

/* Shows a stanza. What was to be sent before is gone. */
enum sx_login_step login_steps_show(struct login_steps *steps, const char *xml);

/* What the last step wants sent, or "". */
const char *login_steps_sent(const struct login_steps *steps);

/* Nothing is to be sent. */
void login_steps_expect_end(const struct login_steps *steps, enum sx_login_step step,
                            enum sx_err err, const char *why);

void login_steps_bring_up_tls(struct login_steps *steps);

/* From the beginning to where features are awaited without TLS, the server's go-ahead for TLS,
 * features with TLS, the outcome of PLAIN, features after it, a JID, a session. */
login_steps_fn login_steps_come_to_begin, login_steps_come_to_proceed, login_steps_come_to_tls,
    login_steps_come_to_sasl, login_steps_come_to_features, login_steps_come_to_binding,
    login_steps_come_to_session;

/* A component's, up to the answer to its proof. */
login_steps_fn login_steps_come_to_handshake;

#endif
