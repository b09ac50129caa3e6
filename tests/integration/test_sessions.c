/* Connections that end because another one came: it asked for the same resource, or the account may
 * have no more.
 *
 * ejabberd ends the oldest connection of an account that has more than max_user_sessions; carol's
 * are two, or ten as Debian configures it. It says the same as for a resource that another
 * connection asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/hostile.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "site.h"
#include "witness.h"
#include "scale.h"

#define ENDED  "closed the stream: conflict, "
#define EITHER ENDED "another connection has asked for its resource, or the account has more of"
#define MANY   ENDED "the account has more connections than the server allows"

enum { TEXT_BYTES = 500, CROWDED_SESSIONS = 5 };

/* One of carol's, or of whom the account is. */
struct session {
    struct witness witness;
    struct soap_xmpp_link *link;
    char jid[TEXT_BYTES];
};

static void open_session(struct session *session, struct soap_xmpp_config *config)
{
    witness_init(&session->witness);
    witness_watch(&session->witness, config);
    session->link = soap_xmpp_open(config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session->link);
    session->witness.link = session->link;
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(session->link, TCP_LONG_MS), 0);
    soap_xmpp_jid(session->link, session->jid, sizeof session->jid);
}

static void open_at(struct session *session, const struct site *site, const char *user,
                    const char *resource)
{
    struct site_account account;
    site_account(site, user, resource, &account);
    open_session(session, &account.config);
}

static void close_session(struct session *session)
{
    soap_xmpp_close(session->link);
    witness_fini(&session->witness);
}

static void assert_told(struct session *session, const char *sentence)
{
    char *reasons = witness_reasons(&session->witness);
    ASSERT_CONTAINS(reasons, sentence);
    free(reasons);
}

/* What the server did to the session before comes ahead of its answer, which a link asks for once:
 * it remembers it. */
static void assert_online(struct session *session)
{
    const char *domain = strchr(session->jid, '@') + 1;
    char server[TEXT_BYTES], *reasons;
    snprintf(server, sizeof server, "%.*s", (int)strcspn(domain, "/"), domain);
    CU_ASSERT_TRUE(
        soap_xmpp_discover(session->link, server, SOAP_XMPP_FEATURE, TCP_LONG_MS, NULL, 0) >= 0);
    CU_ASSERT_EQUAL(soap_xmpp_state(session->link), SOAP_XMPP_ONLINE);
    reasons = witness_reasons(&session->witness);
    ASSERT_LACKS(reasons, ENDED);
    free(reasons);
}

static const struct site *find_ejabberd(void)
{
    const struct site *site = site_find("ejabberd");
    CU_ASSERT_PTR_NOT_NULL_FATAL(site);
    return site;
}

/* ---- the resource that was asked for ---- */

/* Coming back at once would end another connection, whichever it was. */
static void assert_refused(struct session *session)
{
    CU_ASSERT_TRUE(witness_await(&session->witness, SOAP_XMPP_FAILED));
    assert_told(session, EITHER);
    assert_told(session, ": Replaced by new connection");
}

static void the_oldest_of_too_many_is_refused(void)
{
    enum { MOST_OTHERS = 8 };
    struct session oldest, others[MOST_OTHERS], second, third;
    size_t i, count = scale_of(0, MOST_OTHERS);
    char resource[30];
    open_at(&oldest, find_ejabberd(), "carol", "one");
    for (i = 0; i < count; i++) {
        snprintf(resource, sizeof resource, "other%zu", i);
        open_at(&others[i], find_ejabberd(), "carol", resource);
    }
    open_at(&second, find_ejabberd(), "carol", "two");
    assert_online(&oldest);
    open_at(&third, find_ejabberd(), "carol", "three");
    assert_refused(&oldest);
    assert_online(&second);
    assert_online(&third);
    close_session(&oldest);
    close_session(&second);
    close_session(&third);
    for (i = 0; i < count; i++) {
        assert_online(&others[i]);
        close_session(&others[i]);
    }
}

static void who_had_the_resource_before_is_refused(const struct site *site)
{
    struct session first, second;
    open_at(&first, site, "bob", "shelf");
    open_at(&second, site, "bob", "shelf");
    assert_refused(&first);
    assert_online(&second);
    close_session(&first);
    close_session(&second);
}

static void a_clash_of_resources_is_told_in_the_same_words(void)
{
    site_each(who_had_the_resource_before_is_refused);
}

/* ---- a resource that the server chose ---- */

/* Nobody else can have asked for it: so it is the number, and the dead may be counted in. */
static void one_with_a_resource_of_the_servers_comes_back(void)
{
    struct site second = *find_ejabberd();
    struct session holder, renamed, newer, newest;
    if (scale_is_small()) /* Debian's configurations choose none */
        return;
    snprintf(second.domain, sizeof second.domain, "%s", find_ejabberd()->second_domain);
    open_at(&holder, &second, "carol", "one");
    open_at(&renamed, &second, "carol", "one");
    CU_ASSERT_STRING_NOT_EQUAL(renamed.jid, holder.jid);
    open_at(&newer, &second, "carol", "two");
    assert_refused(&holder);
    assert_online(&renamed);
    witness_clear(&renamed.witness);
    open_at(&newest, &second, "carol", "three");
    close_session(&newer);
    CU_ASSERT_TRUE(witness_await(&renamed.witness, SOAP_XMPP_ONLINE));
    assert_told(&renamed, MANY ": Replaced by new connection");
    CU_ASSERT_EQUAL(soap_xmpp_state(renamed.link), SOAP_XMPP_ONLINE);
    close_session(&holder);
    close_session(&renamed);
    close_session(&newest);
}

/* A session of alice's with a resource of the server's. */
static const struct hostile_step renamed[] = {
    {HOSTILE_PLAY, .steps = hostile_authenticate_plain},
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_STREAM "<stream:features><bind xmlns='urn:ietf:params:xml:ns:"
                                          "xmpp-bind'/></stream:features>"},
    {HOSTILE_EXPECT, .text = "</iq>"},
    {HOSTILE_SEND, .text = "<iq type='result' id='$ID'><bind xmlns='urn:ietf:params:xml:ns:xmpp-"
                           "bind'><jid>alice@crowd.example/another</jid></bind></iq>"},
    {HOSTILE_END},
};

static const struct hostile_step crowded[] = {
    {HOSTILE_PLAY, .steps = renamed},
    {HOSTILE_SEND, .text = "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                           "</stream:error></stream:stream>"},
    {.kind = HOSTILE_CLOSE},
    {HOSTILE_END},
};

/* The fifth connection is no session, or one that is lost. */
static const struct hostile_step with_a_failed_attempt[] = {
    {HOSTILE_PLAY, .steps = crowded}, {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded}, {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded}, {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded}, {.kind = HOSTILE_NEXT},
    {.kind = HOSTILE_CLOSE},          {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded}, {HOSTILE_END},
};

static const struct hostile_step with_a_lost_session[] = {
    {HOSTILE_PLAY, .steps = crowded},
    {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded},
    {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded},
    {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded},
    {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = renamed},
    {.kind = HOSTILE_CLOSE},
    {.kind = HOSTILE_NEXT},
    {HOSTILE_PLAY, .steps = crowded},
    {HOSTILE_END},
};

/* So that nobody waits for the back-off. */
static void hurry(struct witness *witness, enum soap_xmpp_state_value state)
{
    struct soap_xmpp_link *link = __atomic_load_n(&witness->link, __ATOMIC_ACQUIRE);
    if (state == SOAP_XMPP_BACKING_OFF && link)
        soap_xmpp_kick(link);
}

static void open_at_hostile(struct session *session, const struct hostile *hostile)
{
    struct soap_xmpp_config config;
    soap_xmpp_config_init(&config);
    config.jid = "alice@crowd.example/desk";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = hostile_port(hostile);
    config.tls = SOAP_XMPP_TLS_OFF;
    witness_init(&session->witness);
    witness_watch(&session->witness, &config);
    session->witness.on_state = hurry;
    session->link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session->link);
    __atomic_store_n(&session->witness.link, session->link, __ATOMIC_RELEASE);
}

static void assert_given_up(struct session *session, struct hostile *hostile, unsigned connections)
{
    CU_ASSERT_TRUE(witness_await(&session->witness, SOAP_XMPP_FAILED));
    assert_told(session, MANY);
    CU_ASSERT_TRUE(hostile_await_connections(hostile, connections, TCP_LONG_MS));
    CU_ASSERT_FALSE(hostile_await_connections(hostile, connections + 1, 0));
}

static void it_gives_up_when_others_come_back_as_often(void)
{
    struct hostile *hostile = hostile_start(crowded, NULL);
    struct session session;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    open_at_hostile(&session, hostile);
    assert_given_up(&session, hostile, CROWDED_SESSIONS);
    witness_clear(&session.witness);
    soap_xmpp_kick(session.link); /* begins anew */
    assert_given_up(&session, hostile, 2 * CROWDED_SESSIONS);
    close_session(&session);
    hostile_stop(hostile);
}

static void assert_gives_up_after(const struct hostile_step *script, unsigned connections)
{
    struct hostile *hostile = hostile_start(script, NULL);
    struct session session;
    CU_ASSERT_PTR_NOT_NULL_FATAL(hostile);
    open_at_hostile(&session, hostile);
    assert_given_up(&session, hostile, connections);
    close_session(&session);
    hostile_stop(hostile);
}

/* A server that is gone for a moment has no more room afterwards. But a session that ends by its
 * network leaves a dead one behind, and whoever ends that one fights with nobody. */
static void sessions_in_a_row_count_and_attempts_do_not(void)
{
    assert_gives_up_after(with_a_failed_attempt, CROWDED_SESSIONS + 1);
    assert_gives_up_after(with_a_lost_session, CROWDED_SESSIONS - 1 + 1 + CROWDED_SESSIONS);
}

CU_TestInfo tests_sessions[] = {
    {"the oldest of too many is refused", the_oldest_of_too_many_is_refused},
    {"a clash of resources is told in the same words",
     a_clash_of_resources_is_told_in_the_same_words},
    {"one with a resource of the server's comes back",
     one_with_a_resource_of_the_servers_comes_back},
    {"it gives up when others come back as often", it_gives_up_when_others_come_back_as_often},
    {"sessions in a row count, and attempts do not", sessions_in_a_row_count_and_attempts_do_not},
    CU_TEST_INFO_NULL,
};
