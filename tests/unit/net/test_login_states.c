/* The login after its authentication, a component's, and what may come in every state. */
#include "login_steps.h"

#include "../../lib/element_text.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

static char file[] = "alice.pem", component[] = "calc.example.org";

/* ---- binding ---- */

static void test_online(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_binding(&steps);
    ASSERT_TEXT(login_steps_sent(&steps), "<iq type='set' id='bind'><bind xmlns='" SX_NS_BIND "'>"
                                          "<resource>a&amp;b</resource></bind></iq>");
    CU_ASSERT_EQUAL(login_steps_show(&steps, BOUND("alice@example.org/other")), SX_LOGIN_ONLINE);
    ASSERT_TEXT(steps.login.jid, "alice@example.org/other");
    CU_ASSERT_EQUAL(login_steps_show(&steps, BOUND("alice@example.org/other")), SX_LOGIN_WAIT);
    sx_login_fini(&steps.login);
}

static void test_bindings_that_fail(void)
{
    static const struct {
        const char *xml;
        enum sx_err err;
        const char *why;
    } rows[] = {
        {BOUND("alice@@"), SX_EPROTOCOL, "example.org: what the server bound is no JID"},
        {BOUND(""), SX_EPROTOCOL, "example.org: what the server bound is no JID"},
        {"<iq type='result' id='bind'/>", SX_EPROTOCOL,
         "example.org: what the server bound is no JID"},
        {"<iq type='result' id='bind'>" BINDING "</iq>", SX_EPROTOCOL,
         "example.org: what the server bound is no JID"},
        {REFUSED("bind", "<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                         "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>full</text>"),
         SX_ELOST, "example.org refused to bind alice@example.org/a&b: resource-constraint: full"},
        {REFUSED("bind", ""), SX_ELOST,
         "example.org refused to bind alice@example.org/a&b: undefined-condition"},
        {"<iq type='error' id='bind'/>", SX_ELOST,
         "example.org refused to bind alice@example.org/a&b: undefined-condition"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct login_steps steps;
        login_steps_prepare(&steps);
        login_steps_come_to_binding(&steps);
        login_steps_expect_end(&steps, login_steps_show(&steps, rows[i].xml), rows[i].err,
                               rows[i].why);
        sx_login_fini(&steps.login);
    }
}

static void test_no_binding(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_features(&steps);
    login_steps_expect_end(&steps, login_steps_show(&steps, OFFER(MECHANISM("PLAIN"))),
                           SX_EPROTOCOL, "example.org: the server offers no resource binding");
    sx_login_fini(&steps.login);
}

static void test_somebody_else(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    steps.config.cert_file = file;
    login_steps_come_to_tls(&steps);
    CU_ASSERT_EQUAL(login_steps_show(&steps, OFFER(MECHANISM("PLAIN") MECHANISM("EXTERNAL"))),
                    SX_LOGIN_WAIT);
    ASSERT_TEXT(login_steps_sent(&steps),
                "<auth xmlns='" SX_NS_SASL "' mechanism='EXTERNAL'>=</auth>");
    CU_ASSERT_EQUAL(login_steps_show(&steps, SASL("success")), SX_LOGIN_OPEN);
    CU_ASSERT_EQUAL(login_steps_show(&steps, STREAM("features", BINDING)), SX_LOGIN_WAIT);
    login_steps_expect_end(&steps, login_steps_show(&steps, BOUND("bob@example.org/a")),
                           SX_ECLIENTCERT,
                           "the client certificate alice.pem is that of bob@example.org/a, not of "
                           "alice@example.org/a&b");
    sx_login_fini(&steps.login);
}

static void test_session(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_session(&steps);
    CU_ASSERT_EQUAL(login_steps_show(&steps, "<iq type='result' id='session'/>"), SX_LOGIN_ONLINE);
    ASSERT_TEXT(steps.login.jid, "alice@example.org/x");
    sx_login_fini(&steps.login);
    login_steps_prepare(&steps);
    login_steps_come_to_session(&steps);
    login_steps_expect_end(
        &steps,
        login_steps_show(&steps,
                         REFUSED("session", "<forbidden "
                                            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")),
        SX_ELOST, "example.org refused to open a session for alice@example.org/a&b: forbidden");
    sx_login_fini(&steps.login);
}

/* RFC 3921bis had it that the server says so. */
static void test_optional_session(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_features(&steps);
    CU_ASSERT_EQUAL(login_steps_show(&steps, STREAM("features", BINDING SESSION("<optional/>"))),
                    SX_LOGIN_WAIT);
    CU_ASSERT_EQUAL(login_steps_show(&steps, BOUND("alice@example.org/x")), SX_LOGIN_ONLINE);
    sx_login_fini(&steps.login);
}

/* ---- components ---- */

static void test_component(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_handshake(&steps);
    CU_ASSERT_EQUAL(login_steps_show(&steps, ELSEWHERE),
                    SX_LOGIN_WAIT); /* the server closes the stream */
    ASSERT_TEXT(steps.login.redirect, "");
    CU_ASSERT_EQUAL(login_steps_show(&steps, "<handshake xmlns='jabber:component:accept'/>"),
                    SX_LOGIN_ONLINE);
    ASSERT_TEXT(steps.login.jid, "calc.example.org");
    sx_login_fini(&steps.login);
}

static void test_component_without_id(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    steps.config.jid = component;
    steps.config.is_component = true;
    CU_ASSERT_EQUAL(sx_login_begin(&steps.login, false), SX_LOGIN_OPEN);
    login_steps_expect_end(
        &steps, sx_login_header(&steps.login, NULL), SX_EPROTOCOL,
        "example.org sent a stream without an id, for which calc.example.org can't prove "
        "that it knows the secret");
    sx_login_fini(&steps.login);
}

/* ---- in every state ---- */

static void test_stanzas_that_mean_nothing(void)
{
    static login_steps_fn *const states[] = {
        login_steps_come_to_begin,    login_steps_come_to_tls,     login_steps_come_to_sasl,
        login_steps_come_to_features, login_steps_come_to_binding, login_steps_come_to_session,
        login_steps_come_to_handshake};
    static const char *const stanzas[] = {
        "<message xmlns='jabber:client'/>",
        "<features/>",
        "<success/>",
        "<challenge xmlns='urn:x'>eA==</challenge>",
        "<iq type='result' id='other'/>",
        "<iq type='result'/>",
        "<iq id='bind'/>",
        "<iq type='get' id='session'/>",
        "<message type='result' id='bind'/>",
        STREAM_ERROR("conflict"),
    };
    size_t i, k;
    for (i = 0; i < COUNT(states); i++) {
        struct login_steps steps;
        login_steps_prepare(&steps);
        states[i](&steps);
        for (k = 0; k < COUNT(stanzas); k++) {
            CU_ASSERT_EQUAL(login_steps_show(&steps, stanzas[k]), SX_LOGIN_WAIT);
            ASSERT_TEXT(login_steps_sent(&steps), "");
        }
        CU_ASSERT_EQUAL(sx_login_header(&steps.login, NULL),
                        states[i] == login_steps_come_to_handshake ? SX_LOGIN_END : SX_LOGIN_WAIT);
        sx_login_fini(&steps.login);
    }
}

static void test_elsewhere(void)
{
    static login_steps_fn *const states[] = {
        login_steps_come_to_tls, login_steps_come_to_sasl, login_steps_come_to_features,
        login_steps_come_to_binding, login_steps_come_to_session};
    size_t i;
    for (i = 0; i < COUNT(states); i++) {
        struct login_steps steps;
        login_steps_prepare(&steps);
        states[i](&steps);
        login_steps_expect_end(&steps, login_steps_show(&steps, ELSEWHERE), SX_ESTREAM,
                               "example.org sends us to [::1]:5299");
        ASSERT_TEXT(steps.login.redirect, "[::1]:5299");
        sx_login_fini(&steps.login);
    }
}

static void test_elsewhere_in_clear(void)
{
    static login_steps_fn *const states[] = {login_steps_come_to_begin,
                                             login_steps_come_to_proceed};
    size_t i;
    for (i = 0; i < COUNT(states); i++) {
        struct login_steps steps;
        login_steps_prepare(&steps);
        states[i](&steps);
        login_steps_expect_end(
            &steps, login_steps_show(&steps, ELSEWHERE), SX_ESTREAM,
            "example.org sends us to [::1]:5299 before TLS is up, which anybody on the way "
            "could");
        ASSERT_TEXT(steps.login.redirect, "");
        sx_login_fini(&steps.login);
    }
}

static void test_elsewhere_without_tls(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    steps.config.tls = SOAP_XMPP_TLS_OFF;
    login_steps_come_to_begin(&steps);
    login_steps_expect_end(
        &steps, login_steps_show(&steps, ELSEWHERE), SX_ESTREAM,
        "example.org sends us to [::1]:5299 without TLS, which anybody on the way could");
    ASSERT_TEXT(steps.login.redirect, "");
    sx_login_fini(&steps.login);
}

/* ---- shortage ---- */

static enum sx_login_step log_in(struct login_steps *steps, struct sx_element *const stanzas[],
                                 size_t count)
{
    enum sx_login_step step = sx_login_begin(&steps->login, true);
    size_t i;
    login_steps_bring_up_tls(steps);
    for (i = 0; i < count && step != SX_LOGIN_END; i++) {
        sx_buffer_clear(&steps->login.out);
        step = sx_login_stanza(&steps->login, stanzas[i], false, &steps->negotiation);
    }
    return step;
}

/* And what stands behind the last stanza finds a login that it can judge. */
static bool attempt(struct shortage shortage, const char *features, size_t count)
{
    struct sx_element *stanzas[] = {
        element_text_parse(OFFER(MECHANISM("PLAIN"))),
        element_text_parse(SASL("success")),
        element_text_parse(features),
        element_text_parse(BOUND("alice@example.org/x")),
        element_text_parse("<iq type='result' id='session'/>"),
    };
    static const struct sx_negotiation_condition conflict = {.name = "conflict"};
    struct login_steps steps;
    enum sx_login_step step;
    const char *clause;
    bool has_failed;
    size_t i;
    login_steps_prepare(&steps);
    shortage_begin(shortage);
    step = log_in(&steps, stanzas, count);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(step, has_failed ? SX_LOGIN_END : SX_LOGIN_ONLINE);
    CU_ASSERT_EQUAL(steps.login.err, has_failed ? SX_ENOMEM : SX_OK);
    CU_ASSERT_NOT_EQUAL(sx_login_judge_error(&steps.login, &conflict, &clause), SX_OK);
    sx_login_fini(&steps.login);
    for (i = 0; i < COUNT(stanzas); i++)
        sx_element_free(stanzas[i]);
    return has_failed;
}

static bool attempt_login(struct shortage shortage)
{
    return attempt(shortage, STREAM("features", BINDING SESSION("")), 5);
}

static bool attempt_short_login(struct shortage shortage)
{
    return attempt(shortage, STREAM("features", BINDING), 4);
}

SHORTAGE_TEST(login, 5)
SHORTAGE_TEST(short_login, 4)

CU_TestInfo tests_login_states[] = {
    {"what the server binds is our JID", test_online},
    {"a binding that fails, or binds no JID, is the end", test_bindings_that_fail},
    {"features without binding are the end", test_no_binding},
    {"a certificate that is somebody else's is the end", test_somebody_else},
    {"a session is opened where the server asks for one", test_session},
    {"a session that is optional is not asked for", test_optional_session},
    {"a component proves that it knows its secret", test_component},
    {"a component's stream has an id", test_component_without_id},
    {"stanzas that mean nothing change nothing, in every state", test_stanzas_that_mean_nothing},
    {"a server sends us elsewhere, in every state", test_elsewhere},
    {"nobody sends us elsewhere before TLS is up", test_elsewhere_in_clear},
    {"nor where none is wanted", test_elsewhere_without_tls},
    {"every allocation of a login may fail", test_login},
    {"and of one without a session", test_short_login},
    CU_TEST_INFO_NULL,
};
