/* login_steps.c - the states of a login, by the shortest way. */
#include "login_steps.h"

#include <string.h>

#include "../../lib/element_text.h"
#include "../../lib/suite.h"

static char jid[] = "alice@example.org/a&b", password[] = "secret",
            component[] = "calc.example.org";

void login_steps_prepare(struct login_steps *steps)
{
    memset(steps, 0, sizeof *steps);
    steps->config = (struct sx_config){.jid = jid,
                                       .password = password,
                                       .tls = SOAP_XMPP_TLS_REQUIRED,
                                       .mechanisms = SX_MECHANISM_ALL};
    steps->login.config = &steps->config;
    steps->login.server = "example.org";
    steps->login.memory = &steps->memory;
}

enum sx_login_step login_steps_show(struct login_steps *steps, const char *xml)
{
    struct sx_element *stanza = element_text_parse(xml);
    const char *why = NULL;
    enum sx_login_step step;
    sx_buffer_clear(&steps->login.out);
    CU_ASSERT_EQUAL(sx_negotiation_read(&steps->negotiation, stanza, &why), SX_OK);
    step = sx_login_stanza(&steps->login, stanza, steps->has_more, &steps->negotiation);
    sx_element_free(stanza);
    return step;
}

const char *login_steps_sent(const struct login_steps *steps)
{
    return steps->login.out.len ? steps->login.out.bytes : "";
}

void login_steps_expect_end(const struct login_steps *steps, enum sx_login_step step,
                            enum sx_err err, const char *why)
{
    CU_ASSERT_EQUAL(step, SX_LOGIN_END);
    CU_ASSERT_EQUAL(steps->login.err, err);
    ASSERT_TEXT(steps->login.why, why);
    ASSERT_TEXT(login_steps_sent(steps), "");
}

void login_steps_bring_up_tls(struct login_steps *steps)
{
    steps->login.channel.has_tls = steps->login.channel.may_send_password = true;
}

void login_steps_come_to_tls(struct login_steps *steps)
{
    CU_ASSERT_EQUAL(sx_login_begin(&steps->login, true), SX_LOGIN_TLS);
    login_steps_bring_up_tls(steps);
}

void login_steps_come_to_sasl(struct login_steps *steps)
{
    login_steps_come_to_tls(steps);
    CU_ASSERT_EQUAL(login_steps_show(steps, OFFER(MECHANISM("PLAIN"))), SX_LOGIN_WAIT);
    ASSERT_TEXT(login_steps_sent(steps),
                "<auth xmlns='" SX_NS_SASL "' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>");
}

void login_steps_come_to_features(struct login_steps *steps)
{
    login_steps_come_to_sasl(steps);
    CU_ASSERT_FALSE(steps->login.is_authenticated);
    CU_ASSERT_EQUAL(login_steps_show(steps, SASL("success")), SX_LOGIN_OPEN);
    CU_ASSERT_TRUE(steps->login.is_authenticated);
}

void login_steps_come_to_binding(struct login_steps *steps)
{
    login_steps_come_to_features(steps);
    CU_ASSERT_EQUAL(login_steps_show(steps, STREAM("features", BINDING)), SX_LOGIN_WAIT);
}

void login_steps_come_to_proceed(struct login_steps *steps)
{
    CU_ASSERT_EQUAL(sx_login_begin(&steps->login, false), SX_LOGIN_OPEN);
    CU_ASSERT_EQUAL(sx_login_header(&steps->login, NULL), SX_LOGIN_WAIT);
    CU_ASSERT_EQUAL(login_steps_show(steps, STARTTLS), SX_LOGIN_WAIT);
    ASSERT_TEXT(login_steps_sent(steps), "<starttls xmlns='" SX_NS_TLS "'/>");
}

void login_steps_come_to_session(struct login_steps *steps)
{
    login_steps_come_to_features(steps);
    CU_ASSERT_EQUAL(login_steps_show(steps, STREAM("features", BINDING SESSION(""))),
                    SX_LOGIN_WAIT);
    CU_ASSERT_EQUAL(login_steps_show(steps, BOUND("alice@example.org/x")), SX_LOGIN_WAIT);
    ASSERT_TEXT(login_steps_sent(steps), "<iq type='set' id='session'><session "
                                         "xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
}

void login_steps_come_to_handshake(struct login_steps *steps)
{
    steps->config.jid = component;
    steps->config.is_component = true;
    steps->config.tls = SOAP_XMPP_TLS_OFF;
    CU_ASSERT_EQUAL(sx_login_begin(&steps->login, false), SX_LOGIN_OPEN);
    CU_ASSERT_EQUAL(sx_login_header(&steps->login, "3BF96D32"), SX_LOGIN_WAIT);
    ASSERT_TEXT(login_steps_sent(steps),
                "<handshake>b09ea9b3b7f586be8a08d0a3dd7466f110aeb136</handshake>");
}

void login_steps_come_to_begin(struct login_steps *steps)
{
    CU_ASSERT_EQUAL(sx_login_begin(&steps->login, false), SX_LOGIN_OPEN);
}
