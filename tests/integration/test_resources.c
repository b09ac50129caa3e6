/* Several processes of one account: calls to its bare JID go to one that is there and serves, move
 * on when nothing of them was run, and never run twice.
 *
 * The processes are links of bob's, each with a resource of its own; alice sees their presence. The
 * caller's trace tells when it knows who is there.
 */
#include "soapH.h"
#include "laboratory.h"
#include "witness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exchange/exchange.h"
#include "../lib/child.h"
#include "../lib/stranger.h"
#include "../lib/suite.h"
#include "scale.h"

enum { MOST_SERVICES = 4, NAME_BYTES = 200 };

struct service {
    struct soap_xmpp_link *link;
    struct laboratory *laboratory;
    char resource[16];
};

struct scene {
    const struct site *site;
    struct service services[MOST_SERVICES];
    struct soap_xmpp_link *caller;
    struct witness witness; /* the caller's */
    struct soap *soap;
    const char *endpoint; /* without a resource */
};

/* ---- scenes ---- */

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, int presence,
                                        enum soap_xmpp_policy policy, struct witness *witness)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.presence = presence;
    account.config.policy = policy;
    account.config.plain_delivery = 0;
    if (witness)
        witness_watch(witness, &account.config);
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void jid_of(const struct scene *scene, const char *resource, char jid[NAME_BYTES])
{
    snprintf(jid, NAME_BYTES, ": bob@%s/%s ", scene->site->domain, resource);
}

static void await_there(struct scene *scene, const char *resource)
{
    char jid[NAME_BYTES];
    jid_of(scene, resource, jid);
    CU_ASSERT_TRUE(witness_await_trace(&scene->witness, jid, "is there, and serves"));
}

static void await_gone(struct scene *scene, const char *resource)
{
    char jid[NAME_BYTES];
    jid_of(scene, resource, jid);
    CU_ASSERT_TRUE(witness_await_trace(&scene->witness, jid, "is gone"));
}

static void start_service(struct scene *scene, int number, const char *resource)
{
    struct service *service = &scene->services[number];
    snprintf(service->resource, sizeof service->resource, "%s", resource);
    service->link = open_link(scene->site, "bob", resource, 1, SOAP_XMPP_POLICY_STICKY, NULL);
    service->laboratory = laboratory_start(service->link, 4);
}

static void stop_service(struct scene *scene, int number)
{
    struct service *service = &scene->services[number];
    if (!service->link)
        return;
    CU_ASSERT_EQUAL(laboratory_stop(service->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(service->link);
    *service = (struct service){0};
}

/* Once for all, as the servers remember it; it is asked for again in vain. */
static void subscribe(const struct site *site)
{
    struct witness witness;
    struct soap_xmpp_link *approver, *link;
    char why[400] = "", endpoint[NAME_BYTES];
    witness_init(&witness);
    approver = open_link(site, "bob", "approver", 1, SOAP_XMPP_POLICY_STICKY, NULL);
    link = open_link(site, "alice", "subscriber", 1, SOAP_XMPP_POLICY_STICKY, &witness);
    snprintf(endpoint, sizeof endpoint, "%s", site_endpoint(site, "bob", NULL));
    CU_ASSERT_EQUAL(soap_xmpp_subscribe(link, endpoint, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    CU_ASSERT_TRUE(witness_await_trace(&witness, "/approver", "is there"));
    soap_xmpp_close(link);
    soap_xmpp_close(approver);
    witness_fini(&witness);
}

/* The services one, two, ... are there, and the caller knows it. */
static void scene_open(struct scene *scene, const struct site *site, int services,
                       enum soap_xmpp_policy policy)
{
    static const char *const names[MOST_SERVICES] = {"one", "two", "three", "four"};
    int i;
    memset(scene, 0, sizeof *scene);
    scene->site = site;
    subscribe(site);
    witness_init(&scene->witness);
    for (i = 0; i < services; i++)
        start_service(scene, i, names[i]);
    scene->caller = open_link(site, "alice", "desk", 1, policy, &scene->witness);
    for (i = 0; i < services; i++)
        await_there(scene, names[i]);
    scene->soap = laboratory_client(scene->caller, SOAP_IO_DEFAULT);
    scene->endpoint = site_endpoint(site, "bob", NULL);
}

static void scene_close(struct scene *scene)
{
    int i;
    laboratory_client_free(scene->soap);
    soap_xmpp_close(scene->caller);
    for (i = 0; i < MOST_SERVICES; i++)
        stop_service(scene, i);
    witness_fini(&scene->witness);
}

/* The resource that a call has reached; "" with a failed assertion. */
static const char *reach(struct scene *scene)
{
    static char resource[NAME_BYTES];
    struct lab__Seen seen = {0};
    int err = soap_call_lab__whoami(scene->soap, scene->endpoint, NULL, &seen);
    const char *slash;
    if (err)
        printf("\n    %s", laboratory_fault(scene->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    slash = seen.to ? strchr(seen.to, '/') : NULL;
    snprintf(resource, sizeof resource, "%s", slash ? slash + 1 : "");
    soap_destroy(scene->soap);
    soap_end(scene->soap);
    return resource;
}

/* ---- policies ---- */

static void stick(const struct site *site)
{
    struct scene scene;
    char first[NAME_BYTES], second[NAME_BYTES];
    int i, number;
    scene_open(&scene, site, 3, SOAP_XMPP_POLICY_STICKY);
    snprintf(first, sizeof first, "%s", reach(&scene));
    for (i = 0; i < 10; i++)
        ASSERT_TEXT(reach(&scene), first);
    for (number = 0; strcmp(scene.services[number].resource, first) != 0; number++)
        ;
    stop_service(&scene, number);
    await_gone(&scene, first);
    snprintf(second, sizeof second, "%s", reach(&scene));
    CU_ASSERT_NOT_EQUAL(strcmp(first, second), 0);
    start_service(&scene, number, first);
    await_there(&scene, first);
    for (i = 0; i < 10; i++)
        ASSERT_TEXT(reach(&scene), second);
    scene_close(&scene);
}

static void take_turns(const struct site *site)
{
    static const char *const turns[] = {"one", "three", "two"}; /* by name */
    struct scene scene;
    const char *reached;
    unsigned i, turn = 0;
    scene_open(&scene, site, 3, SOAP_XMPP_POLICY_ROUND_ROBIN);
    reached = reach(&scene);
    while (turn < 2 && strcmp(turns[turn], reached) != 0)
        turn++;
    for (i = 1; i < 10; i++)
        ASSERT_TEXT(reach(&scene), turns[(turn + i) % 3]);
    stop_service(&scene, 1);
    await_gone(&scene, "two");
    for (i = 0; i < 4; i++)
        CU_ASSERT_NOT_EQUAL(strcmp(reach(&scene), "two"), 0);
    scene_close(&scene);
}

static void spread_load(const struct site *site)
{
    struct scene scene;
    struct soap_xmpp_call *calls[6];
    unsigned counts[3] = {0}, i, k;
    int waited_ms, runs = laboratory_runs();
    scene_open(&scene, site, 3, SOAP_XMPP_POLICY_LEAST_OUTSTANDING);
    for (i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(soap_send_lab__delay(scene.soap, scene.endpoint, NULL, 60000), SOAP_OK);
        calls[i] = soap_xmpp_detach(scene.soap);
        CU_ASSERT_PTR_NOT_NULL_FATAL(calls[i]);
        for (k = 0; k < 3; k++)
            counts[k] += strcmp(strchr(sx_exchange_peer(calls[i]), '/') + 1,
                                scene.services[k].resource) == 0;
    }
    for (k = 0; k < 3; k++)
        CU_ASSERT_EQUAL(counts[k], 2);
    /* Those whose calls have ended have the fewest. */
    soap_xmpp_cancel(calls[0]);
    soap_xmpp_cancel(calls[1]);
    for (i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(soap_send_lab__delay(scene.soap, scene.endpoint, NULL, 60000), SOAP_OK);
        calls[i] = soap_xmpp_detach(scene.soap);
        CU_ASSERT_PTR_NOT_NULL_FATAL(calls[i]);
    }
    memset(counts, 0, sizeof counts);
    for (i = 0; i < 6; i++)
        for (k = 0; k < 3; k++)
            counts[k] += strcmp(strchr(sx_exchange_peer(calls[i]), '/') + 1,
                                scene.services[k].resource) == 0;
    for (k = 0; k < 3; k++)
        CU_ASSERT_EQUAL(counts[k], 2);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 8)); /* the cancelled ones run as well */
    laboratory_hurry();
    for (i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(soap_xmpp_attach(scene.soap, calls[i]), SOAP_OK);
        CU_ASSERT_EQUAL(soap_recv_lab__delay(scene.soap, &waited_ms), SOAP_OK);
    }
    scene_close(&scene);
}

/* ---- who is chosen ---- */

static void skip_clients(const struct site *site)
{
    struct scene scene;
    struct soap_xmpp_link *idle;
    struct stranger *person;
    struct site_account account;
    int i;
    site_account(site, "bob", "phone", &account);
    scene_open(&scene, site, 2, SOAP_XMPP_POLICY_ROUND_ROBIN);
    person = stranger_open(site->port, account.jid, account.password);
    CU_ASSERT_PTR_NOT_NULL_FATAL(person);
    idle = open_link(site, "bob", "idle", 1, SOAP_XMPP_POLICY_STICKY, NULL);
    CU_ASSERT_TRUE(stranger_say(person, "<presence><priority>5</priority></presence>"));
    CU_ASSERT_TRUE(witness_await_trace(&scene.witness, "/phone ", "is there"));
    CU_ASSERT_TRUE(witness_await_trace(&scene.witness, "/idle ", "is there"));
    for (i = 0; i < 8; i++) {
        const char *reached = reach(&scene);
        CU_ASSERT_TRUE(strcmp(reached, "one") == 0 || strcmp(reached, "two") == 0);
    }
    stranger_close(person);
    soap_xmpp_close(idle);
    scene_close(&scene);
}

static int count_lines(struct witness *witness, const char *words)
{
    char *trace = witness_trace(witness);
    const char *found = trace;
    int count = 0;
    for (; found && (found = strstr(found, words)) != NULL; found++)
        count++;
    free(trace);
    return count;
}

/* Nobody says that he serves: a client that doesn't, asked, and nobody under the default name. */
static void find_nobody(const struct site *site)
{
    struct scene scene;
    struct soap_xmpp_link *idle;
    double sum;
    scene_open(&scene, site, 1, SOAP_XMPP_POLICY_STICKY);
    idle = open_link(site, "bob", "idle", 1, SOAP_XMPP_POLICY_STICKY, NULL);
    CU_ASSERT_TRUE(witness_await_trace(&scene.witness, "/idle ", "is there"));
    ASSERT_TEXT(reach(&scene), "one");
    stop_service(&scene, 0);
    await_gone(&scene, "one");
    witness_clear(&scene.witness);
    CU_ASSERT_EQUAL(soap_call_lab__add(scene.soap, scene.endpoint, NULL, 1, 2, &sum), 503);
    CU_ASSERT_TRUE(count_lines(&scene.witness, ": disco#info\n") <= 4);
    ASSERT_TEXT(soap_xmpp_condition(scene.soap), "service-unavailable");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(scene.soap), SOAP_XMPP_NOT_EXECUTED);
    ASSERT_CONTAINS(laboratory_fault(scene.soap), scene.endpoint);
    ASSERT_CONTAINS(laboratory_fault(scene.soap), "(resource soap): add: nobody is online as bob@");
    soap_xmpp_close(idle);
    scene_close(&scene);
}

static void ask_a_bare_jid(const struct site *site)
{
    struct scene scene;
    char why[400] = "";
    scene_open(&scene, site, 1, SOAP_XMPP_POLICY_STICKY);
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(scene.caller, scene.endpoint, SOAP_XMPP_FEATURE, -1, why, sizeof why),
        1);
    ASSERT_TEXT(why, "");
    CU_ASSERT_EQUAL(soap_xmpp_discover(scene.caller, site_endpoint(site, "bob", "soap"),
                                       SOAP_XMPP_FEATURE, -1, why, sizeof why),
                    -1);
    scene_close(&scene);
}

static void use_the_default(const struct site *site)
{
    struct pair pair;
    struct lab__Seen seen = {0};
    char why[400] = "";
    if (pair_open(&pair, site, 2) != 0)
        return;
    CU_ASSERT_EQUAL(soap_call_lab__whoami(pair.soap, site_endpoint(site, "bob", NULL), NULL, &seen),
                    SOAP_OK);
    ASSERT_CONTAINS(seen.to, "/soap");
    CU_ASSERT_EQUAL(
        soap_xmpp_subscribe(pair.caller, site_endpoint(site, "bob", NULL), why, sizeof why), -1);
    ASSERT_CONTAINS(why, "SOAP_XMPP_PRESENCE");
    pair_close(&pair);
}

/* ---- calls that move on ---- */

#define INCARNATION "0123456789abcdef.1"

/* Somebody who says that he serves, and a call that has reached him. */
struct pretence {
    struct scene scene;
    struct stranger *pretender;
    char id[NAME_BYTES], from[NAME_BYTES];
    pthread_t thread;
    char reached[NAME_BYTES];
    int err;
    enum soap_xmpp_outcome_value outcome;
};

static void *call_aside(void *arg)
{
    struct pretence *pretence = arg;
    struct lab__Seen seen = {0};
    pretence->err =
        soap_call_lab__whoami(pretence->scene.soap, pretence->scene.endpoint, NULL, &seen);
    pretence->outcome = soap_xmpp_outcome(pretence->scene.soap);
    if (!pretence->err)
        snprintf(pretence->reached, sizeof pretence->reached, "%s", seen.to);
    return NULL;
}

static void hear_iq(struct pretence *pretence)
{
    const char *heard = stranger_hear(pretence->pretender, "</iq>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    snprintf(pretence->id, NAME_BYTES, "%s", stranger_attribute(heard, "id"));
    snprintf(pretence->from, NAME_BYTES, "%s", stranger_attribute(heard, "from"));
}

/* closing: what is said in the same breath. */
static void bounce_and(struct pretence *pretence, const char *closing)
{
    CU_ASSERT_TRUE(stranger_say_format(
        pretence->pretender,
        "<iq type='error' id='%s' to='%s'><error type='cancel'><service-unavailable "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>%s",
        pretence->id, pretence->from, closing));
}

static void bounce(struct pretence *pretence)
{
    bounce_and(pretence, "");
}

static void pretence_open(struct pretence *pretence, const struct site *site, int recv_timeout_s)
{
    struct site_account account;
    memset(pretence, 0, sizeof *pretence);
    scene_open(&pretence->scene, site, 0, SOAP_XMPP_POLICY_STICKY);
    pretence->scene.soap->recv_timeout = recv_timeout_s;
    site_account(site, "bob", "pretender", &account);
    pretence->pretender = stranger_open(site->port, account.jid, account.password);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pretence->pretender);
    CU_ASSERT_TRUE(stranger_say(pretence->pretender,
                                "<presence><priority>-1</priority><soap "
                                "xmlns='urn:soap-xmpp:presence:1' incarnation='" INCARNATION
                                "' packed='true'/></presence>"));
    await_there(&pretence->scene, "pretender");
    CU_ASSERT_EQUAL_FATAL(pthread_create(&pretence->thread, NULL, call_aside, pretence), 0);
    hear_iq(pretence);
    CU_ASSERT_TRUE(stranger_say_format(pretence->pretender,
                                       "<iq type='result' id='%s' to='%s'><query "
                                       "xmlns='http://jabber.org/protocol/disco#info'>"
                                       "<feature var='http://jabber.org/protocol/soap'/>"
                                       "<feature var='urn:soap-xmpp:delivery:1'/>"
                                       "<feature var='urn:soap-xmpp:delivery:1#" INCARNATION
                                       "'/></query></iq>",
                                       pretence->id, pretence->from));
    hear_iq(pretence); /* the request */
    ASSERT_CONTAINS(pretence->id, "~" INCARNATION);
}

static void pretence_close(struct pretence *pretence)
{
    stranger_close(pretence->pretender);
    scene_close(&pretence->scene);
}

static void join(struct pretence *pretence)
{
    pthread_join(pretence->thread, NULL);
    if (pretence->err)
        printf("\n    %s", laboratory_fault(pretence->scene.soap));
}

static void move_at_once(const struct site *site)
{
    struct pretence pretence;
    int runs = laboratory_runs();
    pretence_open(&pretence, site, 20);
    start_service(&pretence.scene, 0, "two");
    await_there(&pretence.scene, "two");
    bounce(&pretence);
    join(&pretence);
    CU_ASSERT_EQUAL(pretence.err, SOAP_OK);
    ASSERT_CONTAINS(pretence.reached, "/two");
    CU_ASSERT_EQUAL(laboratory_runs(), runs + 1);
    ASSERT_TEXT(reach(&pretence.scene), "two"); /* who bounces isn't chosen again */
    pretence_close(&pretence);
}

static void move_when_somebody_comes(const struct site *site)
{
    struct pretence pretence;
    pretence_open(&pretence, site, 20);
    bounce_and(&pretence, "</stream:stream>"); /* further copies bounce from the server */
    CU_ASSERT_TRUE(
        witness_await_trace(&pretence.scene.witness, "to be sent again", "service-unavailable"));
    start_service(&pretence.scene, 0, "two");
    join(&pretence);
    CU_ASSERT_EQUAL(pretence.err, SOAP_OK);
    ASSERT_CONTAINS(pretence.reached, "/two");
    pretence_close(&pretence);
}

/* The first copy got no answer, and may have been run; that the second one bounces says nothing. */
static void stay_with_doubt(const struct site *site)
{
    struct pretence pretence;
    char first_id[NAME_BYTES];
    int runs = laboratory_runs();
    pretence_open(&pretence, site, 6);
    snprintf(first_id, sizeof first_id, "%s", pretence.id);
    start_service(&pretence.scene, 0, "two");
    await_there(&pretence.scene, "two");
    hear_iq(&pretence);
    ASSERT_TEXT(pretence.id, first_id);
    bounce(&pretence);
    join(&pretence);
    CU_ASSERT_NOT_EQUAL(pretence.err, SOAP_OK);
    CU_ASSERT_EQUAL(pretence.outcome, SOAP_XMPP_UNKNOWN);
    ASSERT_CONTAINS(laboratory_fault(pretence.scene.soap), "(resource pretender)");
    CU_ASSERT_EQUAL(laboratory_runs(), runs);
    pretence_close(&pretence);
}

/* ---- processes that stop ---- */

#define STEADY_CALLS scale_calls(300)

struct steady {
    struct scene *scene;
    int answered, unknown;
};

static void *call_steadily(void *arg)
{
    struct steady *steady = arg;
    struct soap *soap = laboratory_client(steady->scene->caller, SOAP_IO_DEFAULT);
    int i;
    for (i = 0; i < STEADY_CALLS; i++) {
        double sum;
        if (soap_call_lab__add(soap, steady->scene->endpoint, NULL, i, 1, &sum) == SOAP_OK)
            steady->answered += sum == i + 1;
        else if (soap_xmpp_outcome(soap) == SOAP_XMPP_UNKNOWN)
            steady->unknown++;
        else
            printf("\n    %s", laboratory_fault(soap));
        soap_destroy(soap);
        soap_end(soap);
    }
    laboratory_client_free(soap);
    return NULL;
}

/* One service after the other is replaced, while calls come all the time. A request that comes in
 * the instant in which a service closes its stream is lost with it, and nobody can know. */
static void replace_all(const struct site *site)
{
    struct scene scene;
    struct steady steady = {.scene = &scene};
    pthread_t thread;
    int i, runs;
    scene_open(&scene, site, 2, SOAP_XMPP_POLICY_ROUND_ROBIN);
    runs = laboratory_runs();
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, call_steadily, &steady), 0);
    for (i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(laboratory_await_runs(runs + scale_calls(50) * (i + 1)));
        witness_clear(&scene.witness);
        stop_service(&scene, i);
        start_service(&scene, i, i ? "two" : "one");
        await_there(&scene, i ? "two" : "one");
    }
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(steady.answered + steady.unknown, STEADY_CALLS);
    CU_ASSERT_TRUE(steady.unknown <= 2);
    CU_ASSERT_TRUE(laboratory_runs() >= runs + steady.answered);
    CU_ASSERT_TRUE(laboratory_runs() <= runs + STEADY_CALLS);
    scene_close(&scene);
}

/* ---- processes that are killed ---- */

static struct child *birth(const struct site *site, const char *ledger, const char *user,
                           const char *resource)
{
    struct site_account account;
    struct child *child;
    char port[16];
    site_account(site, user, resource, &account);
    snprintf(port, sizeof port, "%d", site->port);
    child = child_start("mortal", (const char *[]){"mortal", ledger, account.jid, account.password,
                                                   port, account.config.ca_file, "presence", NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(child);
    CU_ASSERT_PTR_NOT_NULL_FATAL(child_await(child, "online", 20000));
    return child;
}

static int count_in_ledger(const char *ledger, int number)
{
    FILE *file = fopen(ledger, "r");
    int written, count = 0;
    while (file && fscanf(file, "%d", &written) == 1)
        count += written == number;
    if (file)
        fclose(file);
    return count;
}

static void expect_end(struct child *caller, int number, const char *how)
{
    char words[32];
    const char *end;
    snprintf(words, sizeof words, "end %d", number);
    end = child_await(caller, words, 40000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    ASSERT_CONTAINS(end, how);
}

static void kill_the_sticky_one(const struct site *site)
{
    static int number;
    char ledger[SITE_PATH_BYTES + 32], words[NAME_BYTES];
    const char *bare = site_endpoint(site, "bob", NULL);
    struct child *caller, *services[2];
    int i, sticky;
    subscribe(site);
    snprintf(ledger, sizeof ledger, "%s/shared%d-%d", site->folder, (int)getpid(), ++number);
    services[0] = birth(site, ledger, "bob", "first");
    services[1] = birth(site, ledger, "bob", "second");
    caller = birth(site, ledger, "alice", "desk");
    for (i = 0; i < 2; i++) {
        snprintf(words, sizeof words, "there bob@%s/%s", site->domain, i ? "second" : "first");
        CU_ASSERT_PTR_NOT_NULL(child_await(caller, words, 20000));
    }
    child_tell(caller, "call 0 %s 20 0", bare);
    expect_end(caller, 0, "answer executed");
    sticky = child_await(services[1], "run 0", 1000) != NULL;
    child_tell(caller, "call 1 %s 6 1", bare); /* held */
    CU_ASSERT_PTR_NOT_NULL(child_await(services[sticky], "run 1", 20000));
    child_kill(services[sticky]);
    snprintf(words, sizeof words, "gone bob@%s/%s", site->domain, sticky ? "second" : "first");
    CU_ASSERT_PTR_NOT_NULL(child_await(caller, words, 20000));
    child_tell(caller, "call 2 %s 20 0", bare);
    expect_end(caller, 2, "answer executed");
    CU_ASSERT_PTR_NOT_NULL(child_await(services[!sticky], "run 2", 1000));
    expect_end(caller, 1, "error unknown");
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(count_in_ledger(ledger, i), 1);
    CU_ASSERT_EQUAL(child_stop(services[sticky]), 128 + 9);
    CU_ASSERT_EQUAL(child_stop(services[!sticky]), 0);
    CU_ASSERT_EQUAL(child_stop(caller), 0);
}

/* ---- the suite ---- */

#define EACH(name, run)                                                                            \
    static void name(void)                                                                         \
    {                                                                                              \
        site_each(run);                                                                            \
    }

EACH(sticky_calls_stick, stick)
EACH(turns_are_taken, take_turns)
EACH(load_is_spread, spread_load)
EACH(clients_are_skipped, skip_clients)
EACH(nobody_is_an_error, find_nobody)
EACH(bare_jids_are_asked, ask_a_bare_jid)
EACH(the_default_is_used, use_the_default)
EACH(bounced_calls_move, move_at_once)
EACH(stranded_calls_move, move_when_somebody_comes)
EACH(doubtful_calls_stay, stay_with_doubt)
EACH(no_call_is_lost, replace_all)
EACH(survivors_take_over, kill_the_sticky_one)

CU_TestInfo tests_resources[] = {
    {"sticky: calls go to one resource as long as it is there", sticky_calls_stick},
    {"round robin: resources take turns, and one that has gone has none", turns_are_taken},
    {"least outstanding: the resource with the fewest calls gets the next", load_is_spread},
    {"clients that don't serve aren't chosen", clients_are_skipped},
    {"when nobody serves, the error names endpoint and resource", nobody_is_an_error},
    {"discovery of a bare JID asks a live resource", bare_jids_are_asked},
    {"without presence a bare JID means the default resource", the_default_is_used},
    {"a call that bounces moves on to another resource", bounced_calls_move},
    {"a call that bounced moves as soon as somebody comes", stranded_calls_move},
    {"a call of which a copy may have run stays, and no other resource runs it",
     doubtful_calls_stay},
    {"services that are replaced one by one refuse no call, and run none twice", no_call_is_lost},
    {"a process that is killed takes no call to another, and the next ones go to the survivor",
     survivors_take_over},
    CU_TEST_INFO_NULL,
};
