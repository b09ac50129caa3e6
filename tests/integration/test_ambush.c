/* Services that mean harm, behind real servers: what they answer costs the call at most, and only
 * the one who was asked can answer. An honest service is of use before, during and after it.
 */
#include "soapH.h"
#include "scene.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "peers/features.h"
#include "wire/request_id.h"
#include "wire/namespaces.h"
#include "../lib/suite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- an evil service ---- */

/* A call of alice's to the evil one, whose request has arrived there; somebody else, a friend of
 * the evil one, has been told its id. */
struct ambush {
    struct scene scene;
    struct stranger *friend;
    struct soap *soap;
    char id[SCENE_TEXT_BYTES];
};

static void ambush_open(struct ambush *ambush, const struct site *site)
{
    scene_open(&ambush->scene, site, 2);
    ambush->friend = scene_open_stranger(site, "alice", "friend");
    CU_ASSERT_PTR_NOT_NULL_FATAL(ambush->friend);
    ambush->soap = laboratory_client(ambush->scene.caller, SOAP_IO_DEFAULT);
}

static void ambush_close(struct ambush *ambush)
{
    laboratory_client_free(ambush->soap);
    stranger_close(ambush->friend);
    scene_close(&ambush->scene);
}

/* The next request, which holds this, has arrived at the evil one. */
static void hear_request(struct ambush *ambush, const char *part)
{
    const char *heard = stranger_hear(ambush->scene.evil, "</iq>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    ASSERT_CONTAINS(heard, part);
    snprintf(ambush->id, SCENE_TEXT_BYTES, "%s", stranger_attribute(heard, "id"));
    CU_ASSERT_NOT_EQUAL(ambush->id[0], '\0');
}

static void send_call(struct ambush *ambush)
{
    CU_ASSERT_EQUAL(soap_send_lab__add(ambush->soap, ambush->scene.evil_endpoint, NULL, 1, 2),
                    SOAP_OK);
    hear_request(ambush, "Envelope");
}

/* text as in the tables, $TO being the caller. */
static void say_as(struct ambush *ambush, struct stranger *stranger, const char *text,
                   const struct filling *filling)
{
    char *stanza = scene_fill_in(text, ambush->scene.caller_jid, ambush->id, filling);
    CU_ASSERT_TRUE(stranger_say(stranger, stanza));
    CU_ASSERT_TRUE(scene_push(stranger));
    free(stanza);
}

/* What it answers, and what the caller makes of that: the words of its fault, NULL for success. */
struct reply {
    const char *stanza;
    struct filling filling;
    const char *fault;
};

#define RESULT(content) "<iq type='result' id='$ID' to='$TO'>" content "</iq>"
#define ERROR(content)  "<iq type='error' id='$ID' to='$TO'>" content "</iq>"
#define CONDITION(name) "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
#define STALE(number)   "<stale xmlns='" SX_NS_DELIVERY "' incarnation='" number "'/>"

static const struct reply replies[] = {
    {.stanza = RESULT(ADDED)},
    {.stanza = RESULT(ADDED) RESULT(ADDED) ERROR("<error type='cancel'/>")},
    {RESULT("<b xmlns='urn:b'/>"), .fault = "it holds <b"},
    {RESULT(ADDED "<b xmlns='urn:b'/>"), .fault = NULL},
    {RESULT(ADDED ADDED), .fault = "two envelopes"},
    {RESULT(ENVELOPE("$FILL")), {"<a xmlns=''>", "</a>", 300}, .fault = "deeper than"},
    {RESULT(ENVELOPE(LAB("addResponse", "<sum xmlns=''>$FILL</sum>"))),
     {"too long", .count = 20000},
     .fault = "larger than"},
    {RESULT("<b xmlns='urn:b'>$FILL</b>"), {TEN_ATTRIBUTES, .count = 1000}, .fault = "nodes"},
    {ERROR("<error type='cancel'>" CONDITION("item-not-found") "</error>"),
     .fault = "item-not-found"},
    {ERROR("<error type='cancel'>" CONDITION("gone") "<text xmlns='urn:ietf:params:xml:ns:xmpp-"
                                                     "stanzas'>$FILL</text></error>"),
     {"on and on", .count = 10000},
     .fault = "gone"},
    {ERROR("<error type='cancel'><b xmlns='urn:b'/></error>"), .fault = "undefined-condition"},
    {ERROR("<error type='wait'>" CONDITION("conflict") "<refused xmlns='" SX_NS_DELIVERY
                                                       "'/></error>"),
     .fault = "conflict"},
    {ERROR("<error type='cancel'>" CONDITION("gone") STALE("0123456789abcdef.1") "</error>"),
     .fault = "gone"},
    {ERROR("<error type='cancel'>" CONDITION("gone") STALE("not one") "</error>"), .fault = "gone"},
};

static void answer_evilly(struct ambush *ambush, const struct reply *reply)
{
    unsigned failures = CU_get_number_of_failures();
    double sum = 0;
    int err;
    send_call(ambush);
    say_as(ambush, ambush->scene.evil, reply->stanza, &reply->filling);
    scene_assert_served(&ambush->scene);
    err = soap_recv_lab__add(ambush->soap, &sum);
    if (reply->fault)
        ASSERT_CONTAINS(laboratory_fault(ambush->soap), reply->fault);
    CU_ASSERT_EQUAL(err != SOAP_OK, reply->fault != NULL);
    CU_ASSERT_TRUE(reply->fault || sum == 3);
    scene_assert_served(&ambush->scene);
    if (CU_get_number_of_failures() != failures)
        printf("\n    on %s: %.100s", ambush->scene.site->label, reply->stanza);
}

static void get_evil_answers(const struct site *site)
{
    struct ambush ambush;
    size_t i;
    ambush_open(&ambush, site);
    scene_assert_served(&ambush.scene);
    for (i = 0; i < COUNT(replies); i++)
        if (!scene_is_too_much(&replies[i].filling))
            answer_evilly(&ambush, &replies[i]);
    ambush_close(&ambush);
}

static void an_evil_answer_costs_its_call_alone(void)
{
    site_each(get_evil_answers);
}

/* ---- answers of others ---- */

static void answer_for_others(const struct site *site)
{
    static const char *const forged[] = {
        RESULT(ADDED),
        RESULT(""),
        ERROR("<error type='cancel'>" CONDITION("service-unavailable") "</error>"),
        ERROR("<error type='wait'>" CONDITION("conflict") "<refused xmlns='" SX_NS_DELIVERY
                                                          "'/></error>"),
        ERROR("<error type='cancel'>" CONDITION("gone") STALE("0123456789abcdef.1") "</error>"),
    };
    static const struct filling nothing = {"", NULL, 0};
    struct ambush ambush;
    char true_id[SCENE_TEXT_BYTES];
    double sum = 0;
    size_t i;
    ambush_open(&ambush, site);
    scene_assert_served(&ambush.scene);
    send_call(&ambush);
    strcpy(true_id, ambush.id);
    for (i = 0; i < COUNT(forged); i++) {
        /* from the wrong one with the right id, and from the right one with wrong ones */
        say_as(&ambush, ambush.friend, forged[i], &nothing);
        ambush.id[strlen(ambush.id) - 1] ^= 1;
        say_as(&ambush, ambush.scene.evil, forged[i], &nothing);
        snprintf(ambush.id, SCENE_TEXT_BYTES, "%.300s~0123456789abcdef.1", true_id);
        say_as(&ambush, ambush.scene.evil, forged[i], &nothing);
        snprintf(ambush.id, SCENE_TEXT_BYTES, "bind");
        say_as(&ambush, ambush.friend, forged[i], &nothing);
        strcpy(ambush.id, true_id);
        scene_assert_served(&ambush.scene);
    }
    /* What the friend has said is dealt with when what it says now is answered. */
    CU_ASSERT_TRUE(stranger_say_format(
        ambush.friend, "<iq type='get' id='done' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>",
        ambush.scene.caller_jid));
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(ambush.friend, "done"));
    say_as(&ambush, ambush.scene.evil, RESULT(ADDED), &nothing);
    CU_ASSERT_EQUAL(soap_recv_lab__add(ambush.soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    scene_assert_served(&ambush.scene);
    ambush_close(&ambush);
}

static void an_answer_counts_from_the_one_who_was_asked_and_with_its_id_alone(void)
{
    site_each(answer_for_others);
}

/* ---- a service that says it delivers once ---- */

/* What it lists in disco#info; whether the caller then believes that it may be sent to again. */
struct claim {
    const char *features;
    struct filling filling;
    bool is_believed;
};

#define INFO(features) RESULT("<query xmlns='" SX_NS_DISCO_INFO "'>" features "</query>")
#define FEATURE(name)  "<feature var='" name "'/>"

static const struct claim claims[] = {
    {INFO(FEATURE(SX_NS_DELIVERY) FEATURE(SX_NS_DELIVERY "#0123456789abcdef.1")),
     .is_believed = true},
    {INFO(FEATURE(SX_NS_DELIVERY "#$FILL.1")), {"0123456789abcdef", .count = 600}, false},
    {INFO(FEATURE(SX_NS_DELIVERY "#$FILL")), {"garbage", .count = 20}, false},
    {INFO(FEATURE(SX_NS_DELIVERY "#~.~")), .is_believed = false},
    {INFO("$FILL"), {FEATURE("urn:#"), .count = 1500}, false},
    {INFO("$FILL"), {FEATURE("urn:#"), .count = 9000}, false},
    {ERROR("<error type='cancel'>" CONDITION("service-unavailable") "</error>"),
     .is_believed = false},
};

static void *call_evil(void *arg)
{
    struct ambush *ambush = arg;
    double sum = 0;
    int err = soap_call_lab__add(ambush->soap, ambush->scene.evil_endpoint, NULL, 1, 2, &sum);
    return err == SOAP_OK && sum == 3 ? ambush : NULL;
}

/* The caller's link is new each time: it knows nothing of the evil one. */
static void claim_once(struct scene *scene, const struct claim *claim)
{
    static const struct filling nothing = {"", NULL, 0};
    struct ambush ambush = {.scene = *scene};
    unsigned failures = CU_get_number_of_failures();
    pthread_t thread;
    void *served = NULL;
    ambush.scene.caller = scene_open_link(scene->site, "alice", "other", 0);
    snprintf(ambush.scene.caller_jid, SCENE_TEXT_BYTES, "alice@%s/other", scene->site->domain);
    ambush.soap = laboratory_client(ambush.scene.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, call_evil, &ambush), 0);
    hear_request(&ambush, "<query");
    say_as(&ambush, scene->evil, claim->features, &claim->filling);
    hear_request(&ambush, "Envelope");
    CU_ASSERT_EQUAL(strchr(ambush.id, *SX_REQUEST_ID_MARK) != NULL, claim->is_believed);
    say_as(&ambush, scene->evil, RESULT(ADDED), &nothing);
    pthread_join(thread, &served);
    CU_ASSERT_PTR_NOT_NULL(served);
    scene_assert_served(scene);
    laboratory_client_free(ambush.soap);
    soap_xmpp_close(ambush.scene.caller);
    if (CU_get_number_of_failures() != failures)
        printf("\n    on %s: %.200s, id %s", scene->site->label, claim->features, ambush.id);
}

static void hear_claims(const struct site *site)
{
    struct scene scene;
    size_t i;
    scene_open(&scene, site, 2);
    for (i = 0; i < COUNT(claims); i++)
        if (!scene_is_too_much(&claims[i].filling))
            claim_once(&scene, &claims[i]);
    scene_close(&scene);
}

static void an_incarnation_beyond_reason_is_none(void)
{
    site_each(hear_claims);
}

/* Each answer says that the request was meant for another process, and names a new one. */
static void restart_for_ever(const struct site *site)
{
    enum { RENEWALS = 5 };
    struct ambush ambush;
    pthread_t thread;
    void *served = &ambush;
    unsigned i;
    ambush_open(&ambush, site);
    laboratory_client_free(ambush.soap);
    laboratory_client_free(ambush.scene.soap);
    soap_xmpp_close(ambush.scene.caller);
    ambush.scene.caller = scene_open_link(site, "alice", "desk", 0);
    ambush.scene.soap = laboratory_client(ambush.scene.caller, SOAP_IO_DEFAULT);
    ambush.soap = laboratory_client(ambush.scene.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, call_evil, &ambush), 0);
    hear_request(&ambush, "<query");
    say_as(&ambush, ambush.scene.evil, claims[0].features, &claims[0].filling);
    for (i = 0; i <= RENEWALS; i++) {
        const struct filling number = {"1", NULL, i + 1};
        hear_request(&ambush, "Envelope");
        CU_ASSERT_PTR_NOT_NULL(strchr(ambush.id, *SX_REQUEST_ID_MARK));
        say_as(&ambush, ambush.scene.evil,
               ERROR("<error type='cancel'>" CONDITION("gone") STALE("$FILL.1") "</error>"),
               &number);
    }
    pthread_join(thread, &served);
    CU_ASSERT_PTR_NULL(served);
    scene_assert_served(&ambush.scene);
    ambush_close(&ambush);
}

static void a_service_that_claims_to_restart_for_ever_is_given_up(void)
{
    site_each(restart_for_ever);
}

CU_TestInfo tests_ambush[] = {
    {"an evil answer costs its call alone", an_evil_answer_costs_its_call_alone},
    {"an answer counts from the one who was asked, and with its id, alone",
     an_answer_counts_from_the_one_who_was_asked_and_with_its_id_alone},
    {"an incarnation beyond reason is none", an_incarnation_beyond_reason_is_none},
    {"a service that claims to restart for ever is given up",
     a_service_that_claims_to_restart_for_ever_is_given_up},
    CU_TEST_INFO_NULL,
};
