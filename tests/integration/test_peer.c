/* Callers that mean harm, behind real servers: what they send is refused, runs once at most, and an
 * honest caller is served before, during and after it.
 */
#include "soapH.h"
#include "scene.h"

#include <stdlib.h>
#include <string.h>

#include "peers/features.h"
#include "wire/request_id.h"
#include "wire/namespaces.h"
#include "../lib/suite.h"
#include "scale.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define TICK ENVELOPE(LAB("tick", "<number xmlns=''>%d</number>"))

static bool is_prosody(const struct site *site)
{
    return strcmp(site->label, "prosody") == 0;
}

/* ---- an evil caller ---- */

/* What becomes of a stanza: an answer that holds this text (on ejabberd another one, unless NULL),
 * silence, or the server ends its sender's stream. */
struct mischief {
    const char *stanza;
    struct filling filling;
    const char *answer, *on_ejabberd;
    bool cuts_off;
};

#define SET(content) "<iq type='set' id='$ID' to='$TO'>" content "</iq>"
#define GET(content) "<iq type='get' id='$ID' to='$TO'>" content "</iq>"

static const struct mischief mischiefs[] = {
    /* bound nowhere where ejabberd delivers it */
    {"<iq type='set' id='$ID' to='$TO' xmlns:p='urn:p'>" ENVELOPE(
         "<l:add xmlns:l='urn:soapxmpp:lab' p:x=''/>") "</iq>",
     .answer = "Envelope", .on_ejabberd = "<bad-request"},
    {SET(ENVELOPE("<p:add/>")), .cuts_off = true},
    {SET("<e:Envelope xmlns:e='urn:nothing'><e:Body/></e:Envelope>"), .answer = "VersionMismatch"},
    {SET("<e:Envelope xmlns:e='" SOAP11 "'/>"), .answer = "<bad-request"},
    {SET("<a xmlns='urn:a'>" ADD "</a>"), .answer = "<service-unavailable"},
    {SET(ADD "<a xmlns='urn:a'/>"), .answer = "<bad-request"},
    {SET(ADD ADD), .answer = "<bad-request"},
    {GET(ADD), .answer = "<bad-request"},
    {SET(ENVELOPE("$FILL")), {"<a xmlns=''>", "</a>", 300}, .answer = "<policy-violation"},
    {SET("<b xmlns='urn:b'>$FILL</b>"), {"<a>", "</a>", 300}, .answer = "<policy-violation"},
    {SET("<b xmlns='urn:b'>$FILL</b>"),
     {TEN_ATTRIBUTES, .count = 1000},
     .answer = "<policy-violation"},
    {SET("<b xmlns='urn:b'>$FILL</b>"), {"<a/>", .count = 9999}, .answer = "<policy-violation"},
    {SET(ENVELOPE(LAB("say", "<text xmlns=''>$FILL</text>"))),
     {"too long", .count = 20000},
     .answer = "<policy-violation"},
    {SET(ENVELOPE("<b xmlns=''>$FILL</b>")), {TEN_ATTRIBUTES, .count = 90}, .answer = "Fault"},
    {SET(ENVELOPE("<b xmlns=''>$FILL</b>")),
     {TEN_ATTRIBUTES, .count = 1000},
     .answer = "<policy-violation"},
    {"<iq type='set' id='$FILL' to='$TO'>" ADD "</iq>",
     {"long id ", .count = 1280},
     .answer = NULL},
    {"<iq type='get' id='$FILL' to='$TO'><ping xmlns='urn:xmpp:ping'/></iq>",
     {"long id ", .count = 1280},
     .answer = NULL},
};

/* All that was said is answered when this is. */
static void await_all(struct scene *scene)
{
    CU_ASSERT_TRUE(scene_push(scene->evil));
    CU_ASSERT_TRUE(stranger_say_format(scene->evil,
                                       "<iq type='set' id='last' to='%s'><a xmlns='urn:a'/></iq>",
                                       scene->service_jid));
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(scene->evil, "<service-unavailable"));
}

static void do_mischief(struct scene *scene, const struct mischief *mischief, unsigned number)
{
    const char *answer = mischief->answer;
    char id[20], *stanza;
    unsigned failures = CU_get_number_of_failures();
    if (mischief->on_ejabberd && !is_prosody(scene->site))
        answer = mischief->on_ejabberd;
    snprintf(id, sizeof id, "evil-%u", number);
    stanza = scene_fill_in(mischief->stanza, scene->service_jid, id, &mischief->filling);
    CU_ASSERT_TRUE(stranger_say(scene->evil, stanza));
    if (mischief->cuts_off) {
        CU_ASSERT_TRUE(stranger_is_left(scene->evil));
        stranger_close(scene->evil);
        scene->evil = scene_open_stranger(scene->site, "bob", "evil");
        CU_ASSERT_PTR_NOT_NULL_FATAL(scene->evil);
    } else {
        CU_ASSERT_TRUE(scene_push(scene->evil));
        scene_assert_served(scene);
        if (answer)
            CU_ASSERT_PTR_NOT_NULL(stranger_hear(scene->evil, answer));
        await_all(scene);
    }
    scene_assert_served(scene);
    if (CU_get_number_of_failures() != failures)
        printf("\n    on %s: %.120s", scene->site->label, stanza);
    free(stanza);
}

static void send_mischief(const struct site *site)
{
    struct scene scene;
    unsigned i;
    scene_open(&scene, site, 2);
    scene_assert_served(&scene);
    for (i = 0; i < COUNT(mischiefs); i++)
        if (!scene_is_too_much(&mischiefs[i].filling))
            do_mischief(&scene, &mischiefs[i], i);
    scene_close(&scene);
}

static void an_evil_request_is_refused_and_nobody_else_notices(void)
{
    site_each(send_mischief);
}

/* ---- requests that pretend to be copies ---- */

static unsigned next_tick = 1; /* every request of this file has a number of its own */

/* Sends the same request so many times. */
static void say_tick(struct scene *scene, const char *id, unsigned number, unsigned times)
{
    char body[SCENE_TEXT_BYTES];
    snprintf(body, sizeof body, TICK, (int)number);
    while (times--)
        CU_ASSERT_TRUE(stranger_say_format(scene->evil, "<iq type='set' id='%s' to='%s'>%s</iq>",
                                           id, scene->service_jid, body));
}

static void learn_incarnation(struct scene *scene, char out[SX_INCARNATION_BYTES])
{
    static const char mark[] = SX_NS_DELIVERY "#";
    const char *heard, *found;
    CU_ASSERT_TRUE(stranger_say_format(scene->evil,
                                       "<iq type='get' id='who' to='%s'><query xmlns='" //
                                       SX_NS_DISCO_INFO "'/></iq>",
                                       scene->service_jid));
    heard = stranger_hear(scene->evil, mark);
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    found = strstr(heard, mark) + sizeof mark - 1;
    snprintf(out, SX_INCARNATION_BYTES, "%.*s", (int)strcspn(found, "'\""), found);
    CU_ASSERT_TRUE(sx_request_id_is_incarnation(out));
}

/* Ids that carry what another process, another time or nobody has given out. */
static void assert_stale(struct scene *scene, const char *id)
{
    unsigned number = next_tick++;
    say_tick(scene, id, number, 2);
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(scene->evil, "<stale"));
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(scene->evil, "<stale"));
    CU_ASSERT_EQUAL(laboratory_ticks((int)number), 0);
}

static void forge_ids(const struct site *site)
{
    static const char *const garbage[] = {"~",
                                          "~~",
                                          "a~",
                                          "~.",
                                          "~1.",
                                          "~.1",
                                          "~1.1.1",
                                          "~g.1",
                                          "~-1.1",
                                          "~ 1.1",
                                          "~0x1.1",
                                          "~11111111111111111.1",
                                          "~1.11111111111111111"};
    struct scene scene;
    char incarnation[SX_INCARNATION_BYTES], id[SCENE_TEXT_BYTES];
    unsigned number, heard, i;
    scene_open(&scene, site, 2);
    scene_assert_served(&scene);
    learn_incarnation(&scene, incarnation);
    assert_stale(&scene, "a~0000000000000000.1");
    assert_stale(&scene, "a~ffffffffffffffff.ffffffffffffffff");
    for (i = 0; i < 3; i++) {
        static const char *const epochs[] = {"0", "ffff", "ffffffffffffffff"};
        snprintf(id, sizeof id, "a~%.16s.%s", incarnation, epochs[i]);
        assert_stale(&scene, id);
    }
    scene_assert_served(&scene);
    for (i = 0; i < COUNT(garbage); i++) { /* a foreign caller's: run, and nothing remembered */
        number = next_tick++;
        say_tick(&scene, garbage[i], number, 1);
        CU_ASSERT_PTR_NOT_NULL(stranger_hear(scene.evil, "</tickResponse>"));
        CU_ASSERT_EQUAL(laboratory_ticks((int)number), 1);
    }
    number = next_tick++;
    snprintf(id, sizeof id, "a~%s", incarnation);
    say_tick(&scene, id, number, 20);
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(scene.evil, "</tickResponse>"));
    await_all(&scene);
    heard = stranger_count(scene.evil, "</tickResponse>");
    say_tick(&scene, id, number, 5);
    await_all(&scene);
    CU_ASSERT_EQUAL(stranger_count(scene.evil, "</tickResponse>"), heard + 5);
    CU_ASSERT_EQUAL(laboratory_ticks((int)number), 1);
    scene_assert_served(&scene);
    scene_close(&scene);
}

static void a_forged_id_neither_runs_a_request_twice_nor_an_old_one(void)
{
    laboratory_reset_ticks();
    site_each(forge_ids);
}

/* ---- floods ---- */

static void flood_with_requests(const struct site *site)
{
    const int requests = scale_calls(300);
    struct scene scene;
    struct soap *soap;
    int waited_ms, runs = laboratory_runs(), first = (int)next_tick, i, ran = 0;
    scene_open(&scene, site, 1);
    scene_assert_served(&scene);
    /* the only worker is busy */
    soap = laboratory_client(scene.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_send_lab__delay(soap, scene.endpoint, NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 2));
    for (i = 0; i < requests; i++)
        say_tick(&scene, "same", next_tick++, 1);
    await_all(&scene);
    CU_ASSERT_TRUE(stranger_count(scene.evil, "<resource-constraint") >=
                   (unsigned)requests - SCENE_REQUESTS);
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_recv_lab__delay(soap, &waited_ms), SOAP_OK);
    laboratory_client_free(soap);
    scene_assert_served(&scene);
    while (stranger_count(scene.evil, "id='same'") < (unsigned)requests)
        if (!stranger_hear(scene.evil, "</iq>"))
            break;
    CU_ASSERT_EQUAL(stranger_count(scene.evil, "id='same'"), requests);
    for (i = 0; i < requests; i++)
        ran += laboratory_ticks(first + i);
    CU_ASSERT_EQUAL(ran + (int)stranger_count(scene.evil, "<resource-constraint"), requests);
    scene_assert_served(&scene);
    scene_close(&scene);
}

static void requests_beyond_the_queue_are_refused_one_by_one(void)
{
    laboratory_reset_ticks();
    site_each(flood_with_requests);
}

static void flood_with_questions(const struct site *site)
{
    const int questions = (int)scale_of(1500, 50);
    struct scene scene;
    int i;
    scene_open(&scene, site, 1);
    scene_assert_served(&scene);
    for (i = 0; i < questions; i++) {
        CU_ASSERT_TRUE(stranger_say_format(
            scene.evil,
            "<iq type='get' id='q' to='%1$s'><ping xmlns='urn:xmpp:ping'/></iq>"
            "<iq type='get' id='q' to='%1$s'><query xmlns='" SX_NS_DISCO_INFO "'/></iq>"
            "<iq type='set' id='q' to='%1$s'><what xmlns='urn:what'/></iq>",
            scene.service_jid));
        if (i % (questions / 15) == 0)
            scene_assert_served(&scene);
    }
    for (i = 0; i < 3 * questions && stranger_hear(scene.evil, "id='q'"); i++)
        ;
    CU_ASSERT_EQUAL(stranger_count(scene.evil, "id='q'"), 3 * questions);
    scene_assert_served(&scene);
    scene_close(&scene);
}

static void each_question_of_a_flood_is_answered_and_calls_go_on(void)
{
    site_each(flood_with_questions);
}

CU_TestInfo tests_peer[] = {
    {"an evil request is refused, and nobody else notices",
     an_evil_request_is_refused_and_nobody_else_notices},
    {"a forged id neither runs a request twice nor an old one",
     a_forged_id_neither_runs_a_request_twice_nor_an_old_one},
    {"requests beyond the queue are refused one by one",
     requests_beyond_the_queue_are_refused_one_by_one},
    {"each question of a flood is answered, and calls go on",
     each_question_of_a_flood_is_answered_and_calls_go_on},
    CU_TEST_INFO_NULL,
};
