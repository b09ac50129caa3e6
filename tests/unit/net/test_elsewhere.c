/* A server that sends us elsewhere is followed, as far as it can be trusted. Each test has its
 * servers, each on a port of its own, and a loop that begins at the first of them.
 */
#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "net/loop.h"
#include "../../lib/hostile.h"
#include "../../lib/names.h"
#include "../../lib/suite.h"
#include "owner.h"

enum { LONG_S = 20, TIMEOUT_US = 15000000, SERVERS = 5, STEPS = 10 };

#define ELSEWHERE "see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'"

/* ---- servers ---- */

/* What they are, begun from the last one, so that each can name the next one's port. */
struct town {
    struct hostile_certificates certificates, others;
    struct hostile *servers[SERVERS];
    struct hostile_step steps[SERVERS][STEPS];
    char texts[SERVERS][600];
};

static void begin_town(struct town *town)
{
    *town = (struct town){.servers = {NULL}};
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&town->certificates, "example.org", 1), 0);
    CU_ASSERT_EQUAL_FATAL(hostile_make_certificates(&town->others, "other.example", 1), 0);
}

static void end_town(struct town *town)
{
    size_t i;
    for (i = 0; i < SERVERS; i++)
        hostile_stop(town->servers[i]);
    hostile_remove_certificates(&town->certificates);
    hostile_remove_certificates(&town->others);
    names_set(NULL);
}

static int port_of(const struct town *town, unsigned number)
{
    return hostile_port(town->servers[number]);
}

static void start(struct town *town, unsigned number, const struct hostile_step *steps)
{
    town->servers[number] = hostile_start(steps, town->certificates.pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(town->servers[number]);
}

static void start_honest(struct town *town, unsigned number)
{
    static const struct hostile_step steps[] = {{HOSTILE_PLAY, .steps = hostile_login_tls},
                                                {HOSTILE_END}};
    start(town, number, steps);
}

/* Its error names a host, and a port unless that is 0. */
static const char *write_error(struct town *town, unsigned number, const char *host, int port)
{
    char *text = town->texts[number], target[280];
    snprintf(target, sizeof target, port ? "%s:%d" : "%s", host, port);
    snprintf(text, sizeof town->texts[number],
             HOSTILE_STREAM "<stream:error><" ELSEWHERE ">%s</see-other-host></stream:error>"
                            "</stream:stream>",
             target);
    return text;
}

/* Over TLS, before SASL; next: what it does after that. */
static void start_sending_and(struct town *town, unsigned number, const char *host, int port,
                              struct hostile_step next)
{
    const struct hostile_step steps[] = {
        {HOSTILE_PLAY, .steps = hostile_offer_tls},
        {.kind = HOSTILE_STARTTLS},
        {HOSTILE_EXPECT, .text = "<stream:stream"},
        {HOSTILE_SEND, .text = write_error(town, number, host, port)},
        next,
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    memcpy(town->steps[number], steps, sizeof steps);
    start(town, number, town->steps[number]);
}

static void start_sending(struct town *town, unsigned number, const char *host, int port)
{
    start_sending_and(town, number, host, port, (struct hostile_step){HOSTILE_END});
}

/* The same once; then it lets us in. */
static void start_sending_once(struct town *town, unsigned number, const char *host, int port)
{
    start_sending_and(town, number, host, port, (struct hostile_step){.kind = HOSTILE_NEXT});
}

static void assert_guests(struct town *town, unsigned number, unsigned expected)
{
    CU_ASSERT_TRUE(hostile_await_connections(town->servers[number], expected, LONG_S * 1000));
    CU_ASSERT_FALSE(hostile_await_connections(town->servers[number], expected + 1, 0));
}

static void assert_heard(struct town *town, unsigned number, const char *text, bool is_heard)
{
    char *received = hostile_received(town->servers[number]);
    suite_assert_contains(received, text, is_heard, __LINE__, __FILE__);
    free(received);
}

/* ---- the loop ---- */

struct visit {
    struct sx_config config;
    struct sx_trace trace;
    struct sx_loop *loop;
    sem_t told;
    /* the loop's thread, read by the test once it was told */
    unsigned attempts, online, most_attempts;
    struct sx_failure failures[4];
    unsigned failed;
};

static bool note_connecting(void *user, struct sx_failure *failure)
{
    struct visit *visit = user;
    (void)failure;
    visit->attempts++;
    return true;
}

static void note_online(void *user, uint64_t session, const char *bound_jid)
{
    struct visit *visit = user;
    (void)session, (void)bound_jid;
    visit->online++;
    sem_post(&visit->told);
}

static int64_t note_offline(void *user, uint64_t session, const struct sx_failure *failure)
{
    struct visit *visit = user;
    (void)session;
    if (visit->failed < sizeof visit->failures / sizeof *visit->failures)
        visit->failures[visit->failed++] = *failure;
    sem_post(&visit->told);
    return visit->attempts < visit->most_attempts ? 0 : SX_NEVER;
}

static void await_told(struct visit *visit)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LONG_S;
    while (sem_timedwait(&visit->told, &until) != 0)
        CU_ASSERT_EQUAL_FATAL(errno, EINTR);
}

static void set_visit(struct visit *visit, struct town *town)
{
    static char jid[] = "alice@example.org/desk", password[] = "secret", host[] = "127.0.0.1";
    *visit = (struct visit){.most_attempts = 1};
    visit->config = (struct sx_config){.jid = jid,
                                       .password = password,
                                       .mechanisms = SX_MECHANISM_ALL,
                                       .host = host,
                                       .port = port_of(town, 0),
                                       .tls = SOAP_XMPP_TLS_REQUIRED,
                                       .ca_file = town->certificates.ca_file,
                                       .connect_timeout_us = TIMEOUT_US,
                                       .keepalive_us = TIMEOUT_US,
                                       .ping_timeout_us = TIMEOUT_US,
                                       .max_queued_bytes = 1 << 20,
                                       .max_stanza_bytes = 1 << 20,
                                       .max_depth = 64};
}

/* Until it was told so often that it is online, or offline. */
static void run_visit(struct visit *visit, unsigned events)
{
    struct sx_loop_callbacks callbacks = owner_callbacks(visit);
    callbacks.on_connecting = note_connecting;
    callbacks.on_online = note_online;
    callbacks.on_offline = note_offline;
    sem_init(&visit->told, 0, 0);
    sx_trace_init(&visit->trace, SOAP_XMPP_TRACE_NONE, NULL, NULL, "");
    visit->loop = sx_loop_new(&visit->config, &visit->trace, &callbacks, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(visit->loop);
    CU_ASSERT_EQUAL_FATAL(sx_loop_start(visit->loop), 0);
    while (events--)
        await_told(visit);
    sx_loop_stop(visit->loop, sx_clock_deadline(TIMEOUT_US));
    sx_loop_free(visit->loop);
    sem_destroy(&visit->told);
}

static void expect_online(struct town *town)
{
    struct visit visit;
    set_visit(&visit, town);
    run_visit(&visit, 1);
    CU_ASSERT_EQUAL(visit.online, 1);
    CU_ASSERT_EQUAL(visit.attempts, 1);
    CU_ASSERT_EQUAL_FATAL(visit.failed, 1);
    CU_ASSERT_EQUAL(visit.failures[0].err, SX_ESTOPPED);
    if (visit.failures[0].err != SX_ESTOPPED)
        ASSERT_TEXT(visit.failures[0].text, "");
}

/* In the first attempt; FROM, TO: their ports. */
static void assert_failure(const struct visit *visit, const char *sentence, int from, int to)
{
    char expected[400] = "";
    size_t at = 0;
    while (*sentence && at + 16 < sizeof expected) {
        if (strncmp(sentence, "FROM", 4) == 0)
            at += (size_t)sprintf(expected + at, "%d", from);
        else if (strncmp(sentence, "TO", 2) == 0)
            at += (size_t)sprintf(expected + at, "%d", to);
        else
            expected[at++] = *sentence;
        sentence += strncmp(sentence, "FROM", 4) == 0 ? 4 : strncmp(sentence, "TO", 2) == 0 ? 2 : 1;
    }
    CU_ASSERT_EQUAL(visit->failures[0].err, SX_ESTREAM);
    ASSERT_TEXT(visit->failures[0].text, expected);
}

/* ---- followed ---- */

static void it_is_followed(void)
{
    struct town town;
    begin_town(&town);
    start_honest(&town, 1);
    start_sending(&town, 0, "127.0.0.1", port_of(&town, 1));
    expect_online(&town);
    assert_guests(&town, 0, 1);
    assert_guests(&town, 1, 1);
    assert_heard(&town, 0, "<auth", false);
    assert_heard(&town, 1, "to=\"example.org\"", true);
    end_town(&town);
}

static void three_are_followed(void)
{
    struct town town;
    unsigned i;
    begin_town(&town);
    start_honest(&town, 3);
    for (i = 3; i-- > 0;)
        start_sending(&town, i, "127.0.0.1", port_of(&town, i + 1));
    expect_online(&town);
    for (i = 0; i < 4; i++)
        assert_guests(&town, i, 1);
    end_town(&town);
}

static void names_are_looked_up_in_a_labels(void)
{
    static const struct names_row names[] = {{"xn--bcher-kva.test", "127.0.0.1", 0}, {0}};
    struct town town;
    begin_town(&town);
    start_honest(&town, 1);
    start_sending(&town, 0, "b\303\274cher.test", port_of(&town, 1));
    names_set(names);
    expect_online(&town);
    CU_ASSERT_EQUAL(names_asked("xn--bcher-kva.test"), 1);
    end_town(&town);
}

/* Where TLS began with the first byte it is tried so, and then by STARTTLS. */
static void either_kind_of_tls_is_tried(void)
{
    static const struct hostile_step by_starttls[] = {{.kind = HOSTILE_CLOSE},
                                                      {.kind = HOSTILE_NEXT},
                                                      {HOSTILE_PLAY, .steps = hostile_login_tls},
                                                      {HOSTILE_END}};
    static const struct hostile_step direct[] = {
        {.kind = HOSTILE_TLS}, {HOSTILE_PLAY, .steps = hostile_login_plain}, {HOSTILE_END}};
    static const struct hostile_step *const kinds[] = {direct, by_starttls};
    static char records[100];
    static const struct names_row names[] = {
        {"_xmpps-client._tcp.example.org", records, 0}, {"one.example", "127.0.0.1", 0}, {0}};
    unsigned i;
    for (i = 0; i < 2; i++) {
        struct town town;
        struct visit visit;
        begin_town(&town);
        start(&town, 1, kinds[i]);
        town.steps[0][0] = (struct hostile_step){.kind = HOSTILE_TLS};
        town.steps[0][1] = (struct hostile_step){HOSTILE_EXPECT, .text = "<stream:stream"};
        town.steps[0][2] = (struct hostile_step){
            HOSTILE_SEND, .text = write_error(&town, 0, "127.0.0.1", port_of(&town, 1))};
        start(&town, 0, town.steps[0]);
        snprintf(records, sizeof records, "0 0 %d one.example", port_of(&town, 0));
        names_set(names);
        set_visit(&visit, &town);
        visit.config.host = NULL;
        visit.config.port = 0;
        run_visit(&visit, 1);
        CU_ASSERT_EQUAL(visit.online, 1);
        assert_guests(&town, 1, i + 1);
        end_town(&town);
    }
}

/* ---- not followed ---- */

static void a_fourth_is_not_followed(void)
{
    struct town town;
    struct visit visit;
    unsigned i;
    begin_town(&town);
    start_honest(&town, 4);
    for (i = 4; i-- > 0;)
        start_sending(&town, i, "127.0.0.1", port_of(&town, i + 1));
    set_visit(&visit, &town);
    run_visit(&visit, 1);
    assert_failure(&visit, "127.0.0.1 port FROM sends us to 127.0.0.1:TO, the fourth in a row",
                   port_of(&town, 3), port_of(&town, 4));
    for (i = 0; i < 4; i++)
        assert_guests(&town, i, 1);
    assert_guests(&town, 4, 0);
    end_town(&town);
}

/* The second sends us to itself. */
static void a_circle_is_left(void)
{
    struct town town;
    struct visit visit;
    begin_town(&town);
    start_sending(&town, 1, "127.0.0.1", 1);
    write_error(&town, 1, "127.0.0.1", port_of(&town, 1)); /* nobody has come yet */
    start_sending(&town, 0, "127.0.0.1", port_of(&town, 1));
    set_visit(&visit, &town);
    run_visit(&visit, 1);
    assert_failure(&visit,
                   "127.0.0.1 port FROM sends us to 127.0.0.1:TO, where we were sent before",
                   port_of(&town, 1), port_of(&town, 1));
    assert_guests(&town, 1, 1);
    end_town(&town);
}

static void what_is_no_host_is_told(void)
{
    struct town town;
    struct visit visit;
    begin_town(&town);
    start_sending(&town, 0, "https://node2/", 0);
    set_visit(&visit, &town);
    run_visit(&visit, 1);
    assert_failure(&visit,
                   "127.0.0.1 port FROM sends us to https://node2/, which is no host with or "
                   "without a port",
                   port_of(&town, 0), 0);
    end_town(&town);
}

/* Of two that differ in a byte the one or the other is cut within a character. */
static void a_target_too_long_is_cut_between_characters(void)
{
    static const char *const beginnings[] = {"https://x", "https://xy"};
    unsigned i;
    for (i = 0; i < 2; i++) {
        struct town town;
        struct visit visit;
        char host[256];
        const char *text = visit.failures[0].text;
        uint32_t c;
        strcpy(host, beginnings[i]);
        while (strlen(host) + 3 < sizeof host)
            strcat(host, "\xC3\xA4");
        begin_town(&town);
        start_sending(&town, 0, host, 0);
        set_visit(&visit, &town);
        run_visit(&visit, 1);
        ASSERT_CONTAINS(text, "sends us to https://x");
        while (*text && sx_utf8_decode(text, &c))
            text += sx_utf8_decode(text, &c);
        CU_ASSERT_EQUAL(*text, '\0');
        end_town(&town);
    }
}

/* Also what comes without TLS because the configuration wants none. */
static void before_tls_nobody_is_followed(void)
{
    static const enum soap_xmpp_tls kinds[] = {SOAP_XMPP_TLS_REQUIRED, SOAP_XMPP_TLS_OFF};
    static const char *const sentences[] = {
        "127.0.0.1 port FROM sends us to 127.0.0.1:TO before TLS is up, which anybody on the way "
        "could",
        "127.0.0.1 port FROM sends us to 127.0.0.1:TO without TLS, which anybody on the way could"};
    size_t i;
    for (i = 0; i < 2; i++) {
        struct town town;
        struct visit visit;
        begin_town(&town);
        start_honest(&town, 1);
        town.steps[0][0] = (struct hostile_step){HOSTILE_EXPECT, .text = "<stream:stream"};
        town.steps[0][1] = (struct hostile_step){
            HOSTILE_SEND, .text = write_error(&town, 0, "127.0.0.1", port_of(&town, 1))};
        start(&town, 0, town.steps[0]);
        set_visit(&visit, &town);
        visit.config.tls = kinds[i];
        run_visit(&visit, 1);
        assert_failure(&visit, sentences[i], port_of(&town, 0), port_of(&town, 1));
        assert_guests(&town, 1, 0);
        end_town(&town);
    }
}

/* Neither while it logs in nor once it is online. */
static void a_component_follows_nobody(void)
{
    static char jid[] = "calc.example.org", secret[] = "secret";
    unsigned is_online;
    for (is_online = 0; is_online < 2; is_online++) {
        struct town town;
        struct visit visit;
        struct hostile_step *step = town.steps[0];
        char *text;
        begin_town(&town);
        start_honest(&town, 1);
        text = (char *)write_error(&town, 0, "127.0.0.1", port_of(&town, 1));
        *step++ = (struct hostile_step){HOSTILE_EXPECT, .text = "<stream:stream"};
        if (is_online) {
            *step++ = (struct hostile_step){HOSTILE_SEND, .text = HOSTILE_STREAM};
            *step++ = (struct hostile_step){HOSTILE_EXPECT, .text = "</handshake>"};
            *step++ = (struct hostile_step){HOSTILE_SEND, .text = "<handshake/>"};
            text = strstr(text, "<stream:error>");
        }
        *step = (struct hostile_step){HOSTILE_SEND, .text = text};
        start(&town, 0, town.steps[0]);
        set_visit(&visit, &town);
        visit.config.jid = jid;
        visit.config.password = secret;
        visit.config.is_component = true;
        visit.config.tls = SOAP_XMPP_TLS_OFF;
        visit.most_attempts = 2;
        run_visit(&visit, is_online ? 4 : 2);
        CU_ASSERT_EQUAL(visit.online, is_online ? 2 : 0);
        ASSERT_CONTAINS(visit.failures[0].text, "see-other-host");
        assert_guests(&town, 0, 2);
        assert_guests(&town, 1, 0);
        end_town(&town);
    }
}

/* ---- who is there isn't the server ---- */

/* Sends us to a name that is unknown; when we come back we are let in. sessions: of ours. */
static void expect_return(void (*start_first)(struct town *town, unsigned number, const char *host,
                                              int port),
                          int port, unsigned sessions, const char *sentence)
{
    static const struct names_row nobody[] = {{0}};
    struct town town;
    struct visit visit;
    begin_town(&town);
    start_first(&town, 0, "gone.example", port);
    names_set(nobody);
    set_visit(&visit, &town);
    visit.most_attempts = 2;
    run_visit(&visit, 1 + sessions);
    CU_ASSERT_EQUAL(visit.online, sessions);
    CU_ASSERT_EQUAL(names_asked("gone.example"), 1);
    assert_failure(&visit, sentence, port_of(&town, 0), 0);
    assert_guests(&town, 0, 2);
    end_town(&town);
}

static void who_is_not_there_is_told(void)
{
    expect_return(start_sending_once, 5222, 1,
                  "127.0.0.1 port FROM sends us to gone.example:5222: the name gone.example is "
                  "unknown: Name or service not known");
}

static void another_identity_gets_nothing(void)
{
    struct town town;
    struct visit visit;
    begin_town(&town);
    town.steps[1][0] = (struct hostile_step){HOSTILE_PLAY, .steps = hostile_login_tls};
    town.servers[1] = hostile_start(town.steps[1], town.others.pem);
    start_sending_once(&town, 0, "127.0.0.1", port_of(&town, 1));
    set_visit(&visit, &town);
    visit.most_attempts = 2;
    run_visit(&visit, 2);
    CU_ASSERT_EQUAL(visit.online, 1);
    CU_ASSERT_EQUAL(visit.failures[0].err, SX_ESTREAM);
    ASSERT_CONTAINS(visit.failures[0].text, "sends us to 127.0.0.1:");
    ASSERT_CONTAINS(visit.failures[0].text, ": the certificate");
    assert_guests(&town, 0, 2);
    assert_guests(&town, 1, 1);
    assert_heard(&town, 1, "<auth", false);
    end_town(&town);
}

/* The server has two addresses, and just the first sends us on, to nobody. */
static void the_next_address_has_its_turn(void)
{
    static char records[100];
    static const struct names_row names[] = {
        {"_xmpp-client._tcp.example.org", records, 0}, {"one.example", "127.0.0.1", 0}, {0}};
    struct town town;
    struct visit visit;
    begin_town(&town);
    start_honest(&town, 1);
    start_sending(&town, 0, "gone.example", 5222);
    snprintf(records, sizeof records, "0 0 %d one.example, 1 0 %d one.example", port_of(&town, 0),
             port_of(&town, 1));
    names_set(names);
    set_visit(&visit, &town);
    visit.config.host = NULL;
    visit.config.port = 0;
    run_visit(&visit, 1);
    CU_ASSERT_EQUAL(visit.online, 1);
    assert_guests(&town, 0, 1);
    assert_guests(&town, 1, 1);
    end_town(&town);
}

/* ---- once it is online ---- */

static void start_leaving(struct town *town, unsigned number, const char *host, int port)
{
    const struct hostile_step steps[] = {
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_SEND, .text = strstr(write_error(town, number, host, port), "<stream:error>")},
        {.kind = HOSTILE_NEXT},
        {HOSTILE_PLAY, .steps = hostile_login_tls},
        {HOSTILE_END},
    };
    memcpy(town->steps[number], steps, sizeof steps);
    start(town, number, town->steps[number]);
}

static void the_next_attempt_goes_there(void)
{
    struct town town;
    struct visit visit;
    begin_town(&town);
    start_honest(&town, 1);
    start_leaving(&town, 0, "127.0.0.1", port_of(&town, 1));
    set_visit(&visit, &town);
    visit.most_attempts = 2;
    run_visit(&visit, 3);
    CU_ASSERT_EQUAL(visit.online, 2);
    assert_failure(&visit, "127.0.0.1 port FROM sends us to 127.0.0.1:TO", port_of(&town, 0),
                   port_of(&town, 1));
    assert_guests(&town, 0, 1);
    assert_guests(&town, 1, 1);
    end_town(&town);
}

static void it_comes_back_if_nobody_is_there(void)
{
    expect_return(start_leaving, 0, 2, "127.0.0.1 port FROM sends us to gone.example");
}

CU_TestInfo tests_elsewhere[] = {
    {"a server that sends us elsewhere is followed", it_is_followed},
    {"three of them are followed", three_are_followed},
    {"a target's name is looked up in A-labels", names_are_looked_up_in_a_labels},
    {"either kind of TLS is tried where it began with the first byte", either_kind_of_tls_is_tried},
    {"a fourth is not followed", a_fourth_is_not_followed},
    {"a circle is left", a_circle_is_left},
    {"a target that is no host is told", what_is_no_host_is_told},
    {"a target too long is cut between characters", a_target_too_long_is_cut_between_characters},
    {"before TLS nobody is followed", before_tls_nobody_is_followed},
    {"a component follows nobody", a_component_follows_nobody},
    {"who has another identity gets nothing, and isn't final", another_identity_gets_nothing},
    {"who is not there is told, and isn't final", who_is_not_there_is_told},
    {"the next address has its turn", the_next_address_has_its_turn},
    {"once online the next attempt goes there", the_next_attempt_goes_there},
    {"if nobody is there it comes back", it_comes_back_if_nobody_is_there},
    CU_TEST_INFO_NULL,
};
