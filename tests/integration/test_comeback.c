/* A link that was refused is online again without a hand, whatever it was refused for, and serves
 * as before; one that is to give up tells who serves. No test waits for a wait: they are short
 * here, or would outlast the test, so that what comes earlier came for another reason.
 */
#include "soapH.h"
#include "laboratory.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/hostile.h"
#include "../lib/names.h"
#include "../lib/proxy.h"
#include "../lib/retry_waits.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "../lib/wall_clock.h"
#include "witness.h"
#include "scale.h"

#define DOMAIN "refusing.example"

extern CU_TestInfo tests_comeback[];

enum { SOON_US = 50000, TEXT_BYTES = 16384 };

/* A service, and a file of its own. */
struct stage {
    struct witness witness;
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    struct laboratory *laboratory;
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

static void read_text(const char *file, char text[TEXT_BYTES])
{
    FILE *stream = fopen(file, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    text[fread(text, 1, TEXT_BYTES - 1, stream)] = '\0';
    fclose(stream);
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
    stage->config.allow = "*";
    stage->config.plain_delivery = 1;
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
    config.presence = 1; /* SERVE */
    prepare(stage, &config);
    stage->hostile = hostile_start(script, pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->hostile);
    stage->config.port = hostile_port(stage->hostile);
}

static void open_link(struct stage *stage)
{
    stage->link = soap_xmpp_open(&stage->config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->link);
}

static void open_stage(struct stage *stage)
{
    open_link(stage);
    stage->laboratory = laboratory_start(stage->link, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->laboratory);
}

static void close_stage(struct stage *stage)
{
    if (stage->laboratory)
        CU_ASSERT_EQUAL(laboratory_stop(stage->laboratory, 0), SOAP_OK);
    soap_xmpp_close(stage->link);
    hostile_stop(stage->hostile);
    witness_fini(&stage->witness);
    unlink(stage->file);
    retry_waits_set(NULL);
}

/* Who waits or calls learns the reason, minutes before the next attempt. */
static void assert_refused(struct stage *stage, const char *reason)
{
    struct soap *soap = laboratory_client(stage->link, SOAP_IO_DEFAULT);
    char said[512];
    double sum;
    CU_ASSERT_TRUE(witness_await(&stage->witness, SOAP_XMPP_FAILED));
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(stage->link, 10 * TCP_LONG_MS), -1);
    soap_xmpp_reason(stage->link, said, sizeof said);
    ASSERT_CONTAINS(said, reason);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, "xmpp:" DOMAIN, NULL, 1, 2, &sum), SOAP_TCP_ERROR);
    ASSERT_CONTAINS(laboratory_fault(soap), reason);
    laboratory_client_free(soap);
}

/* ---- a file that is rotated ---- */

/* Files are looked at soon; the next attempt without a change is a minute away. */
static const struct retry_waits look_soon = {.look_us = SOON_US},
                                all_soon = {SOON_US, SOON_US, SOON_US};

/* A service of a site behind a proxy, and who calls it. */
struct house {
    struct stage stage;
    struct site_account account;
    struct proxy *proxy;
    struct soap_xmpp_link *caller;
    struct soap *soap;
    const char *endpoint;
};

static void enter(struct house *house, const struct site *site)
{
    site_account(site, "bob", "comeback", &house->account);
    house->proxy = proxy_start(site->port, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(house->proxy);
    house->account.config.port = proxy_port(house->proxy);
    prepare(&house->stage, &house->account.config);
    house->caller = site_open(site, "alice", "desk");
    CU_ASSERT_PTR_NOT_NULL_FATAL(house->caller);
    house->soap = laboratory_client(house->caller, SOAP_IO_DEFAULT);
    house->endpoint = site_endpoint(site, "bob", "comeback");
    retry_waits_set(&look_soon);
}

static void leave(struct house *house)
{
    laboratory_client_free(house->soap);
    soap_xmpp_close(house->caller);
    close_stage(&house->stage);
    proxy_stop(house->proxy);
}

static void assert_served(struct house *house)
{
    double sum = 0;
    CU_ASSERT_TRUE(witness_await(&house->stage.witness, SOAP_XMPP_ONLINE));
    CU_ASSERT_EQUAL(soap_call_lab__add(house->soap, house->endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

/* The connection is lost at some time, as connections are. */
static void lose(struct house *house)
{
    witness_clear(&house->stage.witness);
    CU_ASSERT_TRUE(proxy_cut_now(house->proxy) > 0);
}

/* A wrong file when the service starts, and again while it serves. */
static void rotate(struct house *house, const char *good, const char *bad, const char *reason)
{
    struct stage *stage = &house->stage;
    write_text(stage->file, bad);
    open_stage(stage);
    assert_refused(stage, reason);
    write_text(stage->file, good);
    assert_served(house);
    write_text(stage->file, bad);
    lose(house);
    assert_refused(stage, reason);
    CU_ASSERT_TRUE(witness_await_trace(&stage->witness, "tries again in ", "files"));
    write_text(stage->file, good);
    CU_ASSERT_TRUE(witness_await_trace(&stage->witness, "tries again: ", "a file"));
    assert_served(house);
}

static void rotate_password(const struct site *site)
{
    struct house house;
    enter(&house, site);
    house.stage.config.password = NULL;
    house.stage.config.password_file = house.stage.file;
    rotate(&house, house.account.password, "of yesterday", "not-authorized");
    unlink(house.stage.file); /* it comes under another name first, and then takes this one */
    lose(&house);
    assert_served(&house); /* by the last one */
    write_text(house.stage.file, "");
    lose(&house);
    CU_ASSERT_TRUE(witness_await_trace(&house.stage.witness, "-> backing off", "1,023 bytes"));
    write_text(house.stage.file, house.account.password);
    assert_served(&house);
    leave(&house);
}

static void a_password_file_is_rotated_while_it_is_served(void)
{
    site_each(rotate_password);
}

static void rotate_cas(const struct site *site)
{
    struct hostile_certificates other;
    char good[TEXT_BYTES], bad[TEXT_BYTES];
    struct house house;
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&other, DOMAIN, 1), 0);
    read_text(site->ca_file, good);
    read_text(other.ca_file, bad);
    enter(&house, site);
    house.stage.config.ca_file = house.stage.file;
    rotate(&house, good, bad, "is not trusted");
    leave(&house);
    hostile_remove_certificates(&other);
}

static void a_file_of_cas_is_rotated_while_it_is_served(void)
{
    site_each(rotate_cas);
}

/* Whoever renews it may be at it: these are no refusals, and come back as soon as connections do.
 */
static void rotate_certificate(const struct site *site)
{
    static const struct retry_waits soon = {.next_us = SOON_US};
    static const char *const bad[] = {"late", "stranger", "alice"};
    int dir_len = (int)(strrchr(site->ca_file, '/') - site->ca_file);
    char good[TEXT_BYTES], text[TEXT_BYTES], path[SITE_PATH_BYTES + 128];
    struct house house;
    size_t i;
    enter(&house, site);
    retry_waits_set(&soon);
    snprintf(path, sizeof path, "%.*s/%s/bob.pem", dir_len, site->ca_file, site->domain);
    read_text(path, good);
    write_text(house.stage.file, good);
    house.stage.config.password = NULL;
    house.stage.config.cert_file = house.stage.config.key_file = house.stage.file;
    open_stage(&house.stage);
    assert_served(&house);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "%.*s/%s/%s.pem", dir_len, site->ca_file, site->domain, bad[i]);
        read_text(path, text);
        write_text(house.stage.file, text);
        lose(&house);
        CU_ASSERT_TRUE(witness_await_trace(&house.stage.witness, "connecting -> ", ""));
        write_text(house.stage.file, good);
        assert_served(&house);
    }
    leave(&house);
}

static void a_client_certificate_is_rotated_while_it_is_served(void)
{
    if (!scale_is_small()) /* Debian's configurations take none */
        site_each(rotate_certificate);
}

struct asker {
    const char *password;
    unsigned times;
};

/* A program that has no password yet, then the last one. */
static int give_password(void *user, char *password, size_t password_bytes)
{
    struct asker *asker = user;
    if (asker->times++ == 0)
        return -1;
    snprintf(password, password_bytes, "%s", asker->times == 2 ? "of yesterday" : asker->password);
    return 0;
}

static unsigned count_attempts(struct witness *witness)
{
    char *trace = witness_trace(witness);
    const char *found = trace;
    unsigned count = 0;
    for (; found && (found = strstr(found, "-> connecting")) != NULL; found++)
        count++;
    free(trace);
    return count;
}

/* Once for each attempt, of which a slow server may want more than three. */
static void ask_again(const struct site *site)
{
    struct asker asker = {0};
    struct house house;
    enter(&house, site);
    retry_waits_set(&all_soon);
    asker.password = house.account.password;
    house.stage.config.password = NULL;
    house.stage.config.password_callback = give_password;
    house.stage.config.password_user = &asker;
    open_stage(&house.stage);
    assert_served(&house);
    witness_expect(&house.stage.witness, "connecting\nbacking off\nconnecting\nfailed\nconnecting\n"
                                         "online\n");
    CU_ASSERT_TRUE(witness_await_trace(&house.stage.witness, "-> backing off", "the program gave"));
    asker.times = 0;
    lose(&house);
    CU_ASSERT_TRUE(witness_await_trace(&house.stage.witness, "-> backing off", "the program gave"));
    assert_served(&house);
    CU_ASSERT_TRUE(asker.times >= 3);
    CU_ASSERT_EQUAL(asker.times, count_attempts(&house.stage.witness));
    leave(&house);
}

static void a_program_is_asked_for_its_password_while_it_is_served(void)
{
    site_each(ask_again);
}

/* ---- a server, or a machine, that is mended ---- */

/* Once it says that it serves, the service is asked something. */
#define SERVE                                                                                      \
    {HOSTILE_EXPECT, .text = "urn:soap-xmpp:presence:1"},                                          \
        {HOSTILE_SEND,                                                                             \
         .text =                                                                                   \
             "<iq type='set' id='ask' from='bob@" DOMAIN "/desk' to='$JID'><e:Envelope "           \
             "xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><l:add "                 \
             "xmlns:l='urn:soapxmpp:lab'><a>1</a><b>2</b></l:add></e:Body></e:Envelope></iq>"},    \
        {HOSTILE_EXPECT, .text = "<sum>3</sum>"},                                                  \
    {                                                                                              \
        HOSTILE_END                                                                                \
    }

/* The login, as far as it comes, ends so. */
#define END_LOGIN(text_)                                                                           \
    {HOSTILE_SEND, .text = text_ "</stream:stream>"}, {.kind = HOSTILE_CLOSE},                     \
    {                                                                                              \
        .kind = HOSTILE_NEXT                                                                       \
    }
#define FAILURE(condition)                                                                         \
    {HOSTILE_EXPECT, .text = "<stream:stream"},                                                    \
        {HOSTILE_SEND, .text = HOSTILE_OFFER_SASL("PLAIN")}, {HOSTILE_EXPECT, .text = "</auth>"},  \
        END_LOGIN("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" condition "/></failure>")
#define STREAM_ERROR(condition)                                                                    \
    {HOSTILE_EXPECT, .text = "<stream:stream"},                                                    \
        END_LOGIN(HOSTILE_STREAM "<stream:error><" condition                                       \
                                 " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")

static void assert_hostile_served(struct stage *stage)
{
    CU_ASSERT_TRUE(hostile_await(stage->hostile, "<sum>3</sum>", TCP_LONG_MS));
    CU_ASSERT_EQUAL(soap_xmpp_state(stage->link), SOAP_XMPP_ONLINE);
}

/* Each attempt is told: its state with its reason, and a refusal in a line that is an error's. */
static void come_back(const struct hostile_step *script, const char *states,
                      const char *const *reasons)
{
    struct stage stage;
    char *told;
    prepare_hostile(&stage, script, NULL);
    retry_waits_set(&all_soon);
    open_stage(&stage);
    assert_hostile_served(&stage);
    witness_expect(&stage.witness, states);
    told = witness_reasons(&stage.witness);
    for (; *reasons; reasons++)
        ASSERT_CONTAINS(told, *reasons);
    free(told);
    close_stage(&stage);
}

static void a_user_database_that_was_down(void)
{
    static const struct hostile_step script[] = {FAILURE("not-authorized"),
                                                 FAILURE("temporary-auth-failure"),
                                                 FAILURE("not-authorized"),
                                                 STREAM_ERROR("internal-server-error"),
                                                 FAILURE("account-disabled"),
                                                 {HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 SERVE};
    static const char *const reasons[] = {": not-authorized", ": temporary-auth-failure",
                                          "internal-server-error", ": account-disabled", NULL};
    come_back(script,
              "connecting\nfailed\nconnecting\nbacking off\nconnecting\nfailed\nconnecting\n"
              "backing off\nconnecting\nfailed\nconnecting\nonline\n",
              reasons);
}

static void a_host_that_the_server_did_not_know(void)
{
    static const struct hostile_step script[] = {STREAM_ERROR("host-unknown"),
                                                 STREAM_ERROR("host-unknown"),
                                                 {HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 SERVE};
    static const char *const reasons[] = {"host-unknown", NULL};
    come_back(script, "connecting\n", reasons);
}

static void a_resource_that_another_one_had(void)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        END_LOGIN("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                  "</stream:error>"),
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        SERVE};
    static const char *const reasons[] = {"conflict", NULL};
    come_back(script, "connecting\nonline\n", reasons);
}

static void a_name_that_did_not_exist(void)
{
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_plain},
                                                 SERVE};
    static const struct names_row unknown[] = {{"localhost", NULL, EAI_NONAME}, {0}};
    static const struct names_row known[] = {{"localhost", "127.0.0.1", 0}, {0}};
    static const struct retry_waits soon = {.next_us = SOON_US};
    struct stage stage;
    prepare_hostile(&stage, script, NULL);
    stage.config.host = "localhost";
    names_set(unknown);
    retry_waits_set(&soon);
    open_stage(&stage);
    assert_refused(&stage, "the name localhost is unknown");
    CU_ASSERT_EQUAL(names_asked("localhost"), 5);
    close_stage(&stage); /* as any other, though the next attempt is a minute away */
    prepare_hostile(&stage, script, NULL);
    stage.config.host = "localhost";
    retry_waits_set(&all_soon);
    open_stage(&stage);
    CU_ASSERT_TRUE(witness_await(&stage.witness, SOAP_XMPP_FAILED));
    names_set(known);
    assert_hostile_served(&stage);
    close_stage(&stage);
    names_set(NULL);
}

struct renewal {
    const char *file;
    char ca[TEXT_BYTES];
};

/* Whoever replaces the certificate has another CA sign it. */
static void replace_ca(struct witness *witness, enum soap_xmpp_state_value state)
{
    const struct renewal *renewal = witness->user;
    if (state == SOAP_XMPP_FAILED)
        write_text(renewal->file, renewal->ca);
}

static void a_certificate_that_had_expired(void)
{
    struct hostile_certificates expired, good;
    struct renewal renewal;
    struct stage stage;
    char ca[TEXT_BYTES];
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&expired, DOMAIN, -1), 0);
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&good, DOMAIN, 1), 0);
    const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_offer_tls},
                                          {HOSTILE_STARTTLS, .text = expired.pem},
                                          {.kind = HOSTILE_SILENCE_MS},
                                          {.kind = HOSTILE_NEXT},
                                          {HOSTILE_PLAY, .steps = hostile_login_tls},
                                          SERVE};
    prepare_hostile(&stage, script, good.pem);
    read_text(expired.ca_file, ca);
    write_text(stage.file, ca);
    stage.config.ca_file = stage.file;
    read_text(good.ca_file, renewal.ca);
    renewal.file = stage.file;
    stage.witness.on_state = replace_ca;
    stage.witness.user = &renewal;
    retry_waits_set(&all_soon);
    open_stage(&stage);
    CU_ASSERT_TRUE(witness_await_trace(&stage.witness, "-> failed: ", "expired"));
    assert_hostile_served(&stage);
    close_stage(&stage);
    hostile_remove_certificates(&expired);
    hostile_remove_certificates(&good);
}

/* A device without a battery for its clock. */
static void a_clock_that_was_at_1970(void)
{
    struct hostile_certificates good;
    struct stage stage;
    static const struct hostile_step script[] = {{HOSTILE_PLAY, .steps = hostile_login_tls}, SERVE};
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&good, DOMAIN, 1), 0);
    prepare_hostile(&stage, script, good.pem);
    stage.config.ca_file = good.ca_file;
    retry_waits_set(&look_soon);
    wall_clock_set(60);
    open_stage(&stage);
    assert_refused(&stage, "not yet valid");
    wall_clock_release();
    CU_ASSERT_TRUE(witness_await_trace(&stage.witness, "tries again: ", "the clock was set"));
    assert_hostile_served(&stage);
    close_stage(&stage);
    hostile_remove_certificates(&good);
}

/* ---- giving up ---- */

static const struct hostile_step refuses_then_serves[] = {
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {.kind = HOSTILE_RESET},
    {.kind = HOSTILE_NEXT},
    FAILURE("not-authorized"),
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    SERVE};

static void give_up(struct stage *stage, struct soap *soap, int threads)
{
    prepare_hostile(stage, refuses_then_serves, NULL);
    stage->config.give_up = SOAP_XMPP_GIVE_UP_AFTER_REFUSAL;
    retry_waits_set(&all_soon);
    open_link(stage);
    CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(soap, soap_xmpp, stage->link), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_serve(soap, soap_serve, threads), SOAP_TCP_ERROR);
    ASSERT_CONTAINS(laboratory_fault(soap), "not-authorized");
}

static void who_is_to_give_up_tells_who_serves(void)
{
    struct stage stage;
    struct soap *soap = soap_new();
    give_up(&stage, soap, 2);
    CU_ASSERT_EQUAL(soap_xmpp_state(stage.link), SOAP_XMPP_FAILED);
    CU_ASSERT_EQUAL(soap_xmpp_serve(soap, soap_serve, 2), SOAP_TCP_ERROR); /* at once */
    CU_ASSERT_EQUAL(soap_xmpp_accept(soap, 10), SOAP_STOP);
    CU_ASSERT_FALSE(hostile_await_connections(stage.hostile, 3, 4 * SOON_US / 1000));
    soap_xmpp_kick(stage.link);
    stage.laboratory = laboratory_start(stage.link, 2);
    assert_hostile_served(&stage);
    laboratory_client_free(soap);
    close_stage(&stage);
}

static void kick_when_told(struct witness *witness, enum soap_xmpp_state_value state)
{
    if (state == SOAP_XMPP_FAILED)
        soap_xmpp_kick(__atomic_load_n(&witness->link, __ATOMIC_ACQUIRE));
}

static void who_kicks_when_it_is_told_serves_on(void)
{
    struct stage stage;
    prepare_hostile(&stage, refuses_then_serves, NULL);
    stage.config.give_up = SOAP_XMPP_GIVE_UP_AFTER_REFUSAL;
    stage.witness.on_state = kick_when_told;
    retry_waits_set(&all_soon);
    open_link(&stage);
    __atomic_store_n(&stage.witness.link, stage.link, __ATOMIC_RELEASE);
    stage.laboratory = laboratory_start(stage.link, 8);
    assert_hostile_served(&stage);
    CU_ASSERT_TRUE(witness_await_trace(&stage.witness, "-> failed: ", "not-authorized"));
    close_stage(&stage); /* it served all the time */
}

CU_TestInfo tests_comeback[] = {
    {"a password file is rotated while it is served",
     a_password_file_is_rotated_while_it_is_served},
    {"a file of CAs is rotated while it is served", a_file_of_cas_is_rotated_while_it_is_served},
    {"a client certificate is rotated while it is served",
     a_client_certificate_is_rotated_while_it_is_served},
    {"a program is asked for its password while it is served",
     a_program_is_asked_for_its_password_while_it_is_served},
    {"it comes back to a user database that was down", a_user_database_that_was_down},
    {"it comes back to a server that did not know its host", a_host_that_the_server_did_not_know},
    {"it comes back to a resource that another one had", a_resource_that_another_one_had},
    {"it comes back to a name that did not exist", a_name_that_did_not_exist},
    {"it comes back to a certificate that had expired", a_certificate_that_had_expired},
    {"it comes back when a clock that was at 1970 is set", a_clock_that_was_at_1970},
    {"who is to give up tells who serves", who_is_to_give_up_tells_who_serves},
    {"who kicks when it is told serves on", who_kicks_when_it_is_told_serves_on},
    CU_TEST_INFO_NULL,
};
