/* The login up to its authentication: TLS and SASL, right and wrong. */
#include "login_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "../../lib/scram_server.h"
#include "../../lib/suite.h"
#include "../../lib/wipes.h"

static char password[] = "secret", file[] = "alice.pem", empty[] = "";

/* ---- TLS ---- */

static void test_tls(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_proceed(&steps);
    CU_ASSERT_EQUAL(login_steps_show(&steps, TLS("proceed")), SX_LOGIN_TLS);
    ASSERT_TEXT(login_steps_sent(&steps), "");
    login_steps_bring_up_tls(&steps);
    CU_ASSERT_EQUAL(login_steps_show(&steps, OFFER(MECHANISM("PLAIN"))), SX_LOGIN_WAIT);
    ASSERT_CONTAINS(login_steps_sent(&steps), "mechanism='PLAIN'");
    sx_login_fini(&steps.login);
}

/* Whatever else is offered. */
static void test_no_tls(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    CU_ASSERT_EQUAL(sx_login_begin(&steps.login, false), SX_LOGIN_OPEN);
    login_steps_expect_end(&steps, login_steps_show(&steps, OFFER(MECHANISM("PLAIN"))), SX_ETLS,
                           "no TLS with example.org: the server doesn't offer it");
    sx_login_fini(&steps.login);
}

static void test_no_proceed(void)
{
    static const char *const stanzas[] = {TLS("failure"), SASL("success"), STARTTLS,
                                          SASL("proceed")};
    size_t i;
    for (i = 0; i < COUNT(stanzas); i++) {
        struct login_steps steps;
        login_steps_prepare(&steps);
        login_steps_come_to_proceed(&steps);
        login_steps_expect_end(&steps, login_steps_show(&steps, stanzas[i]), SX_ETLS,
                               "example.org: the server has no TLS after all");
        sx_login_fini(&steps.login);
    }
}

static void test_text_behind_proceed(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_proceed(&steps);
    steps.has_more = true;
    login_steps_expect_end(
        &steps, login_steps_show(&steps, TLS("proceed")), SX_ETLS,
        "example.org: the server sent text in clear behind its go-ahead for TLS");
    sx_login_fini(&steps.login);
}

static void test_without_tls(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    steps.config.tls = SOAP_XMPP_TLS_OFF;
    steps.login.channel.may_send_password = true;
    CU_ASSERT_EQUAL(sx_login_begin(&steps.login, false), SX_LOGIN_OPEN);
    CU_ASSERT_EQUAL(login_steps_show(&steps, OFFER(MECHANISM("PLAIN"))), SX_LOGIN_WAIT);
    ASSERT_CONTAINS(login_steps_sent(&steps), "mechanism='PLAIN'");
    sx_login_fini(&steps.login);
}

/* ---- SASL ---- */

/* The text of the one element to be sent; malloc'ed. */
static char *decode_sent(const struct login_steps *steps)
{
    const char *begin = strchr(login_steps_sent(steps), '>'),
               *end = begin ? strchr(begin, '<') : NULL;
    char *text = end ? strndup(begin + 1, (size_t)(end - begin) - 1) : strdup("");
    size_t len = 0;
    CU_ASSERT(sx_base64_decode(text, strlen(text), &len));
    text[len] = '\0';
    return text;
}

static enum sx_login_step show_text(struct login_steps *steps, const char *element,
                                    const struct sx_buffer *text)
{
    struct sx_buffer xml = {0};
    enum sx_login_step step;
    sx_buffer_add_format(&xml, "<%s xmlns='" SX_NS_SASL "'>", element);
    sx_base64_add(&xml, text->bytes, text->len);
    sx_buffer_add_format(&xml, "</%s>", element);
    step = login_steps_show(steps, xml.bytes);
    sx_buffer_fini(&xml);
    return step;
}

/* The server's challenge has come. */
static void come_to_hashing(struct login_steps *steps, struct scram_server *server)
{
    struct sx_buffer first = {0};
    char *text;
    login_steps_come_to_tls(steps);
    CU_ASSERT_EQUAL(login_steps_show(steps, OFFER(MECHANISM("SCRAM-SHA-256"))), SX_LOGIN_WAIT);
    ASSERT_CONTAINS(login_steps_sent(steps),
                    "<auth xmlns='" SX_NS_SASL "' mechanism='SCRAM-SHA-256'>");
    text = decode_sent(steps);
    ASSERT_CONTAINS(text, "n=alice,r=");
    CU_ASSERT_TRUE(scram_server_begin(server, "SCRAM-SHA-256", text, &first));
    free(text);
    CU_ASSERT_EQUAL(show_text(steps, "challenge", &first), SX_LOGIN_HASH);
    ASSERT_TEXT(login_steps_sent(steps), "");
    sx_buffer_fini(&first);
}

static enum sx_login_step hash_all(struct login_steps *steps)
{
    enum sx_login_step step = SX_LOGIN_HASH;
    unsigned slices = 0;
    while (step == SX_LOGIN_HASH && slices++ < 1000)
        step = sx_login_hash(&steps->login);
    return step;
}

/* The right proof, in the challenge that is due, or in <success/>. */
static void prove_by_scram(bool in_challenge)
{
    static const struct scram_script script;
    struct scram_server server = {.script = &script};
    struct sx_buffer last = {0};
    struct login_steps steps;
    char *text;
    login_steps_prepare(&steps);
    come_to_hashing(&steps, &server);
    CU_ASSERT_EQUAL(hash_all(&steps), SX_LOGIN_WAIT);
    ASSERT_CONTAINS(login_steps_sent(&steps), "<response xmlns='" SX_NS_SASL "'>");
    text = decode_sent(&steps);
    CU_ASSERT_TRUE(scram_server_end(&server, text, &last));
    free(text);
    if (in_challenge) {
        CU_ASSERT_EQUAL(show_text(&steps, "challenge", &last), SX_LOGIN_WAIT);
        ASSERT_TEXT(login_steps_sent(&steps), "<response xmlns='" SX_NS_SASL "'></response>");
        sx_buffer_clear(&last);
        CU_ASSERT_EQUAL(login_steps_show(&steps, SASL("success")), SX_LOGIN_OPEN);
    } else {
        CU_ASSERT_EQUAL(show_text(&steps, "success", &last), SX_LOGIN_OPEN);
    }
    CU_ASSERT_TRUE(steps.login.sasl.has_proof);
    sx_buffer_fini(&last);
    sx_login_fini(&steps.login);
}

static void test_proof_in_success(void)
{
    prove_by_scram(false);
}

static void test_proof_in_challenge(void)
{
    prove_by_scram(true);
}

/* A server that is impatient must not keep us from the rest. */
static void test_stanzas_while_hashing(void)
{
    static const struct scram_script script;
    struct scram_server server = {.script = &script};
    struct login_steps steps;
    login_steps_prepare(&steps);
    come_to_hashing(&steps, &server);
    CU_ASSERT_EQUAL(login_steps_show(&steps, "<message xmlns='jabber:client'/>"), SX_LOGIN_HASH);
    CU_ASSERT_EQUAL(login_steps_show(&steps, STARTTLS), SX_LOGIN_HASH);
    CU_ASSERT_EQUAL(hash_all(&steps), SX_LOGIN_WAIT);
    ASSERT_CONTAINS(login_steps_sent(&steps), "<response ");
    sx_login_fini(&steps.login);
}

static void test_end_while_hashing(void)
{
    static const struct {
        const char *xml, *why;
    } rows[] = {
        {SASL("success"),
         "example.org: the server takes the login for done before it was asked for proof"},
        {SASL("challenge"),
         "example.org: the server sent a challenge that SCRAM-SHA-256 has no answer to"},
        {FAILURE("<aborted/>"),
         "example.org refused the login of alice@example.org/a&b by SCRAM-SHA-256: aborted"},
    };
    static const struct scram_script script;
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct scram_server server = {.script = &script};
        struct login_steps steps;
        login_steps_prepare(&steps);
        come_to_hashing(&steps, &server);
        CU_ASSERT_EQUAL(login_steps_show(&steps, rows[i].xml), SX_LOGIN_END);
        ASSERT_TEXT(steps.login.why, rows[i].why);
        sx_login_fini(&steps.login);
    }
}

static void test_success_without_proof(void)
{
    struct login_steps steps;
    login_steps_prepare(&steps);
    login_steps_come_to_tls(&steps);
    CU_ASSERT_EQUAL(login_steps_show(&steps, OFFER(MECHANISM("SCRAM-SHA-1"))), SX_LOGIN_WAIT);
    login_steps_expect_end(
        &steps, login_steps_show(&steps, SASL("success")), SX_EPROTOCOL,
        "example.org: the server takes the login for done before it was asked for proof");
    CU_ASSERT_FALSE(steps.login.is_authenticated);
    sx_login_fini(&steps.login);
}

/* RFC 6120 6.5 */
static void test_failures(void)
{
    static const struct {
        const char *inside;
        enum sx_err err;
        const char *words;
    } rows[] = {
        {"<not-authorized/>", SX_EAUTH, "not-authorized"},
        {"<not-authorized/><text>no such user</text>", SX_EAUTH, "not-authorized: no such user"},
        {"<account-disabled/>", SX_EAUTH, "account-disabled"},
        {"<malformed-request/>", SX_EAUTH, "malformed-request"},
        {"<incorrect-encoding/>", SX_EAUTH, "incorrect-encoding"},
        {"<credentials-expired/>", SX_EAUTH, "credentials-expired"},
        {"<encryption-required/>", SX_EAUTH, "encryption-required"},
        {"<invalid-authzid/>", SX_EAUTH, "invalid-authzid"},
        {"<invalid-mechanism/>", SX_EAUTH, "invalid-mechanism"},
        {"<mechanism-too-weak/>", SX_EAUTH, "mechanism-too-weak"},
        {"<temporary-auth-failure/>", SX_ELOST, "temporary-auth-failure"},
        {"<aborted/>", SX_ELOST, "aborted"},
        {"<new-one/>", SX_ELOST, "new-one"},
        {"", SX_ELOST, "it doesn't say why"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        char xml[300], why[300];
        struct login_steps steps;
        login_steps_prepare(&steps);
        login_steps_come_to_sasl(&steps);
        snprintf(xml, sizeof xml, FAILURE("%s"), rows[i].inside);
        snprintf(why, sizeof why,
                 "example.org refused the login of alice@example.org/a&b by PLAIN: %s",
                 rows[i].words);
        login_steps_expect_end(&steps, login_steps_show(&steps, xml), rows[i].err, why);
        sx_login_fini(&steps.login);
    }
}

static void test_offers(void)
{
    static const struct {
        char *password, *cert_file;
        const char *offer;
        enum sx_err err;
        const char *why;
    } rows[] = {
        {password, NULL, OFFER(MECHANISM("X-OAUTH2") MECHANISM("ANONYMOUS")), SX_EAUTH,
         "it offers: X-OAUTH2, ANONYMOUS; we have: SCRAM-SHA-512-PLUS"},
        {password, NULL, OFFER(""), SX_ELOST, "it offers: none"},
        {password, NULL, STREAM("features", BINDING), SX_ELOST, "it offers: none"},
        {password, NULL, OFFER(MECHANISM("EXTERNAL")), SX_EAUTH, "it offers: EXTERNAL; we have: "},
        {empty, file, OFFER(MECHANISM("PLAIN")), SX_EFILE,
         "doesn't take the client certificate alice.pem: it offers no SASL EXTERNAL"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct login_steps steps;
        login_steps_prepare(&steps);
        steps.config.password = rows[i].password;
        steps.config.cert_file = rows[i].cert_file;
        login_steps_come_to_tls(&steps);
        CU_ASSERT_EQUAL(login_steps_show(&steps, rows[i].offer), SX_LOGIN_END);
        CU_ASSERT_EQUAL(steps.login.err, rows[i].err);
        ASSERT_CONTAINS(steps.login.why, rows[i].why);
        ASSERT_TEXT(login_steps_sent(&steps), "");
        sx_login_fini(&steps.login);
    }
}

/* A component's secret can be guessed from its proof: in bytes, and as it is sent. */
static void test_wiped_proof(void)
{
    static const char *const proofs[] = {"\xb0\x9e\xa9\xb3\xb7\xf5\x86\xbe", "b09ea9b3b7f586be"};
    size_t i;
    for (i = 0; i < COUNT(proofs); i++) {
        struct login_steps steps;
        login_steps_prepare(&steps);
        wipes_begin(proofs[i]);
        login_steps_come_to_handshake(&steps);
        CU_ASSERT_EQUAL(wipes_end(), 1);
        sx_login_fini(&steps.login);
    }
}

CU_TestInfo tests_login[] = {
    {"of a component's proof nothing stays on the stack", test_wiped_proof},
    {"TLS begins with the server's go-ahead", test_tls},
    {"without TLS nothing that logs in is sent", test_no_tls},
    {"anything but a go-ahead for TLS is the end", test_no_proceed},
    {"text in clear behind the go-ahead for TLS is the end", test_text_behind_proceed},
    {"where TLS isn't wanted the login begins at once", test_without_tls},
    {"the server's proof may come with its success", test_proof_in_success},
    {"the server's proof may come in a challenge of its own", test_proof_in_challenge},
    {"hashing goes on, whatever comes that means nothing", test_stanzas_while_hashing},
    {"what the server may not say yet is the end while we hash", test_end_while_hashing},
    {"a success without a proof is the end", test_success_without_proof},
    {"a refusal is told with its mechanism, and is final or passing", test_failures},
    {"an offer with nothing for us is told with what we have", test_offers},
    CU_TEST_INFO_NULL,
};
