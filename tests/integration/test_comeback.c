/* A link that was refused is online again without a hand, whatever it was refused for; one that is
 * to give up tells who serves. */
#include "soapH.h"
#include "laboratory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/hostile.h"
#include "../lib/names.h"
#include "../lib/refused_wait.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "site.h"
#include "witness.h"

#define DOMAIN "refusing.example"

enum { SOON_US = 100000 };

/* A link, and a file of its own. */
struct stage {
    struct witness witness;
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct hostile *hostile;
    char file[40];
};

static void write_text(const char *file, const char *text)
{
    FILE *stream = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    fputs(text, stream);
    fclose(stream);
}

static void append_file(const char *file, const char *from)
{
    char bytes[4096];
    size_t len;
    FILE *in = fopen(from, "r"), *out = fopen(file, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    while ((len = fread(bytes, 1, sizeof bytes, in)) > 0)
        fwrite(bytes, 1, len, out);
    fclose(in);
    fclose(out);
}

/* config is copied. */
static void prepare(struct stage *stage, const struct soap_xmpp_config *config)
{
    int fd;
    memset(stage, 0, sizeof *stage);
    strcpy(stage->file, "/tmp/test_comeback_XXXXXX");
    fd = mkstemp(stage->file);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    stage->config = *config;
    witness_init(&stage->witness);
    witness_watch(&stage->witness, &stage->config);
}

static void prepare_hostile(struct stage *stage, const struct hostile_step *script, const char *pem)
{
    struct soap_xmpp_config config;
    soap_xmpp_config_init(&config);
    config.jid = "alice@" DOMAIN "/desk";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.tls = pem ? SOAP_XMPP_TLS_REQUIRED : SOAP_XMPP_TLS_OFF;
    prepare(stage, &config);
    stage->hostile = hostile_start(script, pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->hostile);
    stage->config.port = hostile_port(stage->hostile);
}

static void open_stage(struct stage *stage)
{
    stage->link = soap_xmpp_open(&stage->config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->link);
    __atomic_store_n(&stage->witness.link, stage->link, __ATOMIC_RELEASE);
}

static void close_stage(struct stage *stage)
{
    soap_xmpp_close(stage->link);
    hostile_stop(stage->hostile);
    witness_fini(&stage->witness);
    unlink(stage->file);
}

/* Who waits learns the reason, long before the wait is over. */
static void await_refusal(struct stage *stage, const char *reason)
{
    char said[512];
    CU_ASSERT_TRUE(witness_await(&stage->witness, SOAP_XMPP_FAILED));
    CU_ASSERT_TRUE(witness_await_trace(&stage->witness, "tries again in ", ""));
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage->link, 10 * TCP_LONG_MS), -1);
    soap_xmpp_reason(stage->link, said, sizeof said);
    ASSERT_CONTAINS(said, reason);
}

static void await_online(struct stage *stage)
{
    CU_ASSERT_TRUE(witness_await(&stage->witness, SOAP_XMPP_ONLINE));
    CU_ASSERT_EQUAL(soap_xmpp_state(stage->link), SOAP_XMPP_ONLINE);
}

/* ---- a file that is mended ---- */

static void mend_password(const struct site *site)
{
    struct site_account account;
    struct stage stage;
    site_account(site, "alice", "comeback", &account);
    prepare(&stage, &account.config);
    write_text(stage.file, "of yesterday\n");
    stage.config.password = NULL;
    stage.config.password_file = stage.file;
    open_stage(&stage);
    await_refusal(&stage, "not-authorized");
    write_text(stage.file, account.password);
    await_online(&stage);
    close_stage(&stage);
}

static void a_password_file_that_is_mended(void)
{
    site_each(mend_password);
}

static void mend_ca_file(const struct site *site)
{
    struct hostile_certificates other;
    struct site_account account;
    struct stage stage;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&other, DOMAIN, 1), 0);
    site_account(site, "alice", "comeback", &account);
    prepare(&stage, &account.config);
    append_file(stage.file, other.ca_file);
    stage.config.ca_file = stage.file;
    open_stage(&stage);
    await_refusal(&stage, "is not trusted");
    write_text(stage.file, "");
    append_file(stage.file, site->ca_file);
    await_online(&stage);
    close_stage(&stage);
    hostile_remove_certificates(&other);
}

static void a_file_of_cas_that_is_mended(void)
{
    site_each(mend_ca_file);
}

/* ---- a server that is mended ---- */

struct renewal {
    const char *file, *ca_file;
};

/* Whoever replaces the certificate has another CA sign it. */
static void replace_ca(struct witness *witness, enum soap_xmpp_state_value state)
{
    struct renewal *renewal = witness->user;
    if (state != SOAP_XMPP_FAILED)
        return;
    write_text(renewal->file, "");
    append_file(renewal->file, renewal->ca_file);
}

static void a_certificate_that_had_expired(void)
{
    struct hostile_certificates expired, good;
    struct renewal renewal;
    struct stage stage;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&expired, DOMAIN, -1), 0);
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&good, DOMAIN, 1), 0);
    const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND,
         .text = HOSTILE_STREAM
         "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"},
        {HOSTILE_STARTTLS, .text = expired.pem},
        {.kind = HOSTILE_SILENCE_MS},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END}};
    prepare_hostile(&stage, script, good.pem);
    append_file(stage.file, expired.ca_file);
    stage.config.ca_file = stage.file;
    renewal = (struct renewal){stage.file, good.ca_file};
    stage.witness.on_state = replace_ca;
    stage.witness.user = &renewal;
    refused_wait_set(SOON_US);
    open_stage(&stage);
    CU_ASSERT_TRUE(witness_await_trace(&stage.witness, "-> failed: ", "expired"));
    await_online(&stage);
    refused_wait_set(0);
    close_stage(&stage);
    hostile_remove_certificates(&expired);
    hostile_remove_certificates(&good);
}

#define FAILURE(condition)                                                                         \
    {HOSTILE_EXPECT, .text = "<stream:stream"},                                                    \
        {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("PLAIN")}, {HOSTILE_EXPECT, .text = "</auth>"},  \
        {HOSTILE_SEND, .text = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" condition     \
                               "/></failure></stream:stream>"},                                    \
        {.kind = HOSTILE_CLOSE},                                                                   \
    {                                                                                              \
        .kind = HOSTILE_NEXT                                                                       \
    }

static void come_back(const struct hostile_step *script, const char *const *lines)
{
    struct stage stage;
    prepare_hostile(&stage, script, NULL);
    refused_wait_set(SOON_US);
    open_stage(&stage);
    await_online(&stage);
    for (; *lines; lines++)
        CU_ASSERT_TRUE(witness_await_trace(&stage.witness, "connecting -> ", *lines));
    refused_wait_set(0);
    close_stage(&stage);
}

static void a_user_database_that_was_down(void)
{
    static const struct hostile_step script[] = {FAILURE("not-authorized"),
                                                 FAILURE("temporary-auth-failure"),
                                                 FAILURE("not-authorized"),
                                                 {HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_END}};
    static const char *const lines[] = {": not-authorized", ": temporary-auth-failure", NULL};
    come_back(script, lines);
}

static void a_host_that_the_server_did_not_know(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND,
         .text = HOSTILE_STREAM
         "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
         "</stream:stream>"},
        {.kind = HOSTILE_CLOSE},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_END}};
    static const char *const lines[] = {"host-unknown", NULL};
    come_back(script, lines);
}

/* So that nobody waits for the back-off. */
static void hurry(struct witness *witness, enum soap_xmpp_state_value state)
{
    struct soap_xmpp_link *link = __atomic_load_n(&witness->link, __ATOMIC_ACQUIRE);
    if (state == SOAP_XMPP_BACKING_OFF && link)
        soap_xmpp_kick(link);
}

static void a_name_that_did_not_exist(void)
{
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 {HOSTILE_END}};
    static const struct names_row unknown[] = {{"localhost", NULL, EAI_NONAME}, {0}};
    static const struct names_row known[] = {{"localhost", "127.0.0.1", 0}, {0}};
    struct stage stage;
    prepare_hostile(&stage, script, NULL);
    stage.config.host = "localhost";
    stage.witness.on_state = hurry;
    names_set(unknown);
    refused_wait_set(SOON_US);
    open_stage(&stage);
    CU_ASSERT_TRUE(witness_await(&stage.witness, SOAP_XMPP_FAILED));
    names_set(known);
    await_online(&stage);
    refused_wait_set(0);
    names_set(NULL);
    close_stage(&stage);
}

/* ---- giving up ---- */

static const struct hostile_step refuses_then_serves[] = {
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {.kind = HOSTILE_RESET},
    {.kind = HOSTILE_NEXT},
    FAILURE("not-authorized"),
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {HOSTILE_END}};

static void who_is_to_give_up_tells_who_serves(void)
{
    struct stage stage;
    struct soap *soap = soap_new();
    char fault[512];
    prepare_hostile(&stage, refuses_then_serves, NULL);
    stage.config.give_up = SOAP_XMPP_GIVE_UP_AFTER_REFUSAL;
    stage.config.allow = "*";
    refused_wait_set(SOON_US);
    open_stage(&stage);
    CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(soap, soap_xmpp, stage.link), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_serve(soap, soap_serve, 2), SOAP_TCP_ERROR);
    soap_sprint_fault(soap, fault, sizeof fault);
    ASSERT_CONTAINS(fault, "not-authorized");
    CU_ASSERT_EQUAL(soap_xmpp_state(stage.link), SOAP_XMPP_FAILED);
    CU_ASSERT_EQUAL(soap_xmpp_serve(soap, soap_serve, 2), SOAP_TCP_ERROR); /* at once */
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_STOP);
    CU_ASSERT_FALSE(hostile_await_connections(stage.hostile, 3, 4 * SOON_US / 1000));
    soap_xmpp_kick(stage.link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage.link, TCP_LONG_MS), 0);
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, -1), SOAP_TCP_ERROR); /* nothing came in that time */
    refused_wait_set(0);
    close_stage(&stage);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

CU_TestInfo tests_comeback[] = {
    {"a password file that is mended brings the link back", a_password_file_that_is_mended},
    {"a file of CAs that is mended brings the link back", a_file_of_cas_that_is_mended},
    {"it comes back to a certificate that had expired", a_certificate_that_had_expired},
    {"it comes back to a user database that was down", a_user_database_that_was_down},
    {"it comes back to a server that did not know its host", a_host_that_the_server_did_not_know},
    {"it comes back to a name that did not exist", a_name_that_did_not_exist},
    {"who is to give up tells who serves", who_is_to_give_up_tells_who_serves},
    CU_TEST_INFO_NULL,
};
