/* Peers that mean harm, behind real servers: as callers of a service, and as the service that was
 * called. An honest caller is served before, during and after each of it.
 *
 * A table's stanza holds $TO, the service's JID; $ID, an id of its own; and $FILL, what makes it
 * large. Where servers differ in what they let pass there is an answer for each.
 */
#include "soapH.h"
#include "laboratory.h"

#include <stdlib.h>
#include <string.h>

#include "../../lib/buffer.h"
#include "../../lib/disco.h"
#include "../../lib/journal.h"
#include "../lib/stranger.h"
#include "../lib/suite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define SOAP11           "http://schemas.xmlsoap.org/soap/envelope/"
#define ENVELOPE(body)   "<e:Envelope xmlns:e='" SOAP11 "'><e:Body>" body "</e:Body></e:Envelope>"
#define LAB(name, inner) "<l:" name " xmlns:l='urn:soapxmpp:lab'>" inner "</l:" name ">"
#define ADD              ENVELOPE(LAB("add", "<a xmlns=''>1</a><b xmlns=''>2</b>"))
#define ADDED            ENVELOPE(LAB("addResponse", "<sum xmlns=''>3</sum>"))
#define TICK             ENVELOPE(LAB("tick", "<number xmlns=''>%d</number>"))

enum { SMALL_STANZA_BYTES = 100000, FEW_REQUESTS = 10, TEXT_BYTES = 400 };

/* Bob's service, alice who calls it, and somebody with bob's password. */
struct scene {
    const struct site *site;
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
    char service_jid[TEXT_BYTES], caller_jid[TEXT_BYTES], evil_jid[TEXT_BYTES];
    struct stranger *evil;
};

static struct soap_xmpp_link *open_small(const struct site *site, const char *user,
                                         const char *resource, int plain_delivery)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.max_stanza_bytes = SMALL_STANZA_BYTES;
    account.config.max_requests = FEW_REQUESTS;
    account.config.plain_delivery = plain_delivery;
    account.config.allow = "*";
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static struct stranger *come_as(const struct site *site, const char *user, const char *resource)
{
    struct site_account account;
    site_account(site, user, resource, &account);
    return stranger_open(site->port, account.jid, account.password);
}

static void scene_open(struct scene *scene, const struct site *site, int threads)
{
    *scene = (struct scene){.site = site};
    scene->service = open_small(site, "bob", "soap", 0);
    scene->caller = open_small(site, "alice", "desk", 1);
    scene->laboratory = laboratory_start(scene->service, threads);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene->laboratory);
    scene->soap = laboratory_client(scene->caller, SOAP_IO_DEFAULT);
    scene->endpoint = site_endpoint(site, "bob", "soap");
    snprintf(scene->service_jid, TEXT_BYTES, "bob@%s/soap", site->domain);
    snprintf(scene->caller_jid, TEXT_BYTES, "alice@%s/desk", site->domain);
    snprintf(scene->evil_jid, TEXT_BYTES, "bob@%s/evil", site->domain);
    scene->evil = come_as(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene->evil);
}

static void scene_close(struct scene *scene)
{
    stranger_close(scene->evil);
    laboratory_client_free(scene->soap);
    CU_ASSERT_EQUAL(laboratory_stop(scene->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(scene->service);
    soap_xmpp_close(scene->caller);
}

static void assert_served(struct scene *scene)
{
    double sum = 0;
    int err = soap_call_lab__add(scene->soap, scene->endpoint, NULL, 1, 2, &sum);
    if (err)
        printf("\n    %s: %s", scene->site->label, laboratory_fault(scene->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

/* ---- stanzas ---- */

/* Both count times; each # in the piece is its number. */
struct filling {
    const char *piece, *closing;
    unsigned count;
};

static void add_piece(struct sx_buffer *out, const char *piece, unsigned number)
{
    for (; *piece; piece++) {
        if (*piece == '#')
            sx_buffer_add_format(out, "%u", number);
        else
            sx_buffer_add(out, piece, 1);
    }
}

static void add_filling(struct sx_buffer *out, const struct filling *filling)
{
    unsigned i;
    for (i = 0; i < filling->count; i++)
        add_piece(out, filling->piece, i);
    for (i = 0; filling->closing && i < filling->count; i++)
        sx_buffer_add_text(out, filling->closing);
}

/* The caller's to free. */
static char *fill_in(const char *text, const char *to, const char *id,
                     const struct filling *filling)
{
    struct sx_buffer out = {0};
    size_t len;
    while (*text) {
        size_t plain = strcspn(text, "$");
        sx_buffer_add(&out, text, plain);
        text += plain;
        if (strncmp(text, "$TO", 3) == 0)
            sx_buffer_add_text(&out, to);
        else if (strncmp(text, "$ID", 3) == 0)
            sx_buffer_add_text(&out, id);
        else if (strncmp(text, "$FILL", 5) == 0)
            add_filling(&out, filling);
        text += !*text ? 0 : strncmp(text, "$FILL", 5) == 0 ? 5 : 3;
    }
    CU_ASSERT_FALSE_FATAL(out.failed);
    return sx_buffer_take(&out, &len);
}

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

#define SET(content)   "<iq type='set' id='$ID' to='$TO'>" content "</iq>"
#define GET(content)   "<iq type='get' id='$ID' to='$TO'>" content "</iq>"
#define TEN_ATTRIBUTES "<c a#='' b#='' c#='' d#='' e#='' f#='' g#='' h#='' i#='' j#=''/>"

static const struct mischief mischiefs[] = {
    /* bound nowhere where ejabberd delivers it */
    {"<iq type='set' id='$ID' to='$TO' xmlns:p='urn:p'>" ENVELOPE(
         "<l:add xmlns:l='urn:soapxmpp:lab' p:x=''/>") "</iq>",
     .answer = "Envelope", .on_ejabberd = "<bad-request"},
    {SET(ENVELOPE("<p:add/>")), .cuts_off = true},
    {SET("<e:Envelope xmlns:e='urn:nothing'><e:Body/></e:Envelope>"),
     .answer = "<service-unavailable"},
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
    {SET(ENVELOPE("<b xmlns=''>$FILL</b>")), {TEN_ATTRIBUTES, .count = 1000}, .answer = "Fault"},
    {"<iq type='set' id='$FILL' to='$TO'>" ADD "</iq>",
     {"long id ", .count = 1280},
     .answer = NULL},
    {"<iq type='get' id='$FILL' to='$TO'><ping xmlns='urn:xmpp:ping'/></iq>",
     {"long id ", .count = 1280},
     .answer = NULL},
};

/* White space behind a stanza: an expat that defers its parsing, as servers have it, looks at a
 * long tag again only when twice as many bytes have come. */
static bool push(struct stranger *stranger)
{
    enum { PUSH_BYTES = 30000 };
    static char blanks[PUSH_BYTES + 1];
    memset(blanks, ' ', PUSH_BYTES);
    return stranger_say(stranger, blanks);
}

/* All that was said is answered when this is. */
static void await_all(struct scene *scene)
{
    CU_ASSERT_TRUE(push(scene->evil));
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
    stanza = fill_in(mischief->stanza, scene->service_jid, id, &mischief->filling);
    CU_ASSERT_TRUE(stranger_say(scene->evil, stanza));
    if (mischief->cuts_off) {
        CU_ASSERT_TRUE(stranger_is_left(scene->evil));
        stranger_close(scene->evil);
        scene->evil = come_as(scene->site, "bob", "evil");
        CU_ASSERT_PTR_NOT_NULL_FATAL(scene->evil);
    } else {
        CU_ASSERT_TRUE(push(scene->evil));
        assert_served(scene);
        if (answer)
            CU_ASSERT_PTR_NOT_NULL(stranger_hear(scene->evil, answer));
        await_all(scene);
    }
    assert_served(scene);
    if (CU_get_number_of_failures() != failures)
        printf("\n    on %s: %.120s", scene->site->label, stanza);
    free(stanza);
}

static void send_mischief(const struct site *site)
{
    struct scene scene;
    unsigned i;
    scene_open(&scene, site, 2);
    assert_served(&scene);
    for (i = 0; i < COUNT(mischiefs); i++)
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
    char body[TEXT_BYTES];
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
    CU_ASSERT_TRUE(sx_journal_is_incarnation(out));
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
    char incarnation[SX_INCARNATION_BYTES], id[TEXT_BYTES];
    unsigned number, heard, i;
    scene_open(&scene, site, 2);
    assert_served(&scene);
    learn_incarnation(&scene, incarnation);
    assert_stale(&scene, "a~0000000000000000.1");
    assert_stale(&scene, "a~ffffffffffffffff.ffffffffffffffff");
    for (i = 0; i < 3; i++) {
        static const char *const epochs[] = {"0", "ffff", "ffffffffffffffff"};
        snprintf(id, sizeof id, "a~%.16s.%s", incarnation, epochs[i]);
        assert_stale(&scene, id);
    }
    assert_served(&scene);
    for (i = 0; i < COUNT(garbage); i++) { /* a foreign caller's: run, and nothing remembered */
        number = next_tick++;
        say_tick(&scene, garbage[i], number, 1);
        await_all(&scene);
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
    assert_served(&scene);
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
    enum { REQUESTS = 300 };
    struct scene scene;
    struct soap *soap;
    int waited_ms, runs = laboratory_runs(), first = (int)next_tick, i, ran = 0;
    scene_open(&scene, site, 1);
    assert_served(&scene);
    /* the only worker is busy */
    soap = laboratory_client(scene.caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_send_lab__delay(soap, scene.endpoint, NULL, 60000), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_runs(runs + 2));
    for (i = 0; i < REQUESTS; i++)
        say_tick(&scene, "same", next_tick++, 1);
    await_all(&scene);
    CU_ASSERT_TRUE(stranger_count(scene.evil, "<resource-constraint") >= REQUESTS - FEW_REQUESTS);
    laboratory_hurry();
    CU_ASSERT_EQUAL(soap_recv_lab__delay(soap, &waited_ms), SOAP_OK);
    laboratory_client_free(soap);
    assert_served(&scene);
    while (stranger_count(scene.evil, "id='same'") < REQUESTS)
        if (!stranger_hear(scene.evil, "</iq>"))
            break;
    CU_ASSERT_EQUAL(stranger_count(scene.evil, "id='same'"), REQUESTS);
    for (i = 0; i < REQUESTS; i++)
        ran += laboratory_ticks(first + i);
    CU_ASSERT_EQUAL(ran + (int)stranger_count(scene.evil, "<resource-constraint"), REQUESTS);
    assert_served(&scene);
    scene_close(&scene);
}

static void requests_beyond_the_queue_are_refused_one_by_one(void)
{
    laboratory_reset_ticks();
    site_each(flood_with_requests);
}

static void flood_with_questions(const struct site *site)
{
    enum { QUESTIONS = 1500 };
    struct scene scene;
    int i;
    scene_open(&scene, site, 1);
    assert_served(&scene);
    for (i = 0; i < QUESTIONS; i++) {
        CU_ASSERT_TRUE(stranger_say_format(
            scene.evil,
            "<iq type='get' id='q' to='%1$s'><ping xmlns='urn:xmpp:ping'/></iq>"
            "<iq type='get' id='q' to='%1$s'><query xmlns='" SX_NS_DISCO_INFO "'/></iq>"
            "<iq type='set' id='q' to='%1$s'><what xmlns='urn:what'/></iq>",
            scene.service_jid));
        if (i % 100 == 0)
            assert_served(&scene);
    }
    while (stranger_count(scene.evil, "id='q'") < 3 * QUESTIONS)
        if (!stranger_hear(scene.evil, "id='q'"))
            break;
    CU_ASSERT_EQUAL(stranger_count(scene.evil, "id='q'"), 3 * QUESTIONS);
    assert_served(&scene);
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
