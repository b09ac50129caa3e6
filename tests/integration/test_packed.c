/* Envelopes that travel packed between two peers of this library: what goes over the wire, that it
 * arrives byte for byte where plain XEP-0072 can't bring it, and what a stranger can do with it.
 */
#include "soapH.h"
#include "parley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "soap/dictionary.h"
#include "request/queue.h"
#include "link/link.h"
#include "soap/pack.h"
#include "../lib/suite.h"
#include "scene.h"
#include "scale.h"

extern CU_TestInfo tests_packed[];

#define PACKED "<packed xmlns='urn:soap-xmpp:packed:1'"
#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"

enum { LONG_US = 20000000, MAGIC_BYTES = 4 };

/* ---- calls ---- */

static void never_pack(struct soap_xmpp_config *config)
{
    config->packing = SOAP_XMPP_PACKING_NEVER;
}

static void call_packed(const struct site *site)
{
    struct parley parley;
    double sum = 0;
    parley_open(&parley, site, 2, NULL, NULL);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", PACKED), 1);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <iq type='result'", PACKED), 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", "Envelope"), 0);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent", "Envelope"), 0);
    parley_close(&parley);
}

static void a_call_and_its_answer_go_packed(void)
{
    site_each(call_packed);
}

static void fail_packed(const struct site *site)
{
    struct parley parley;
    char *never;
    int version;
    parley_open(&parley, site, 2, NULL, NULL);
    for (version = 1; version <= 2; version++) {
        soap_set_version(parley.soap, (short)version);
        CU_ASSERT_NOT_EQUAL(
            soap_call_lab__fail(parley.soap, parley.endpoint, NULL, LABORATORY_OVERDRAWN, &never),
            SOAP_OK);
        ASSERT_CONTAINS(laboratory_describe_fault(parley.soap),
                        "string=[the account is overdrawn]");
        ASSERT_CONTAINS(laboratory_describe_fault(parley.soap), "kind=[lab:Overdrawn]");
        CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_EXECUTED);
    }
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <iq type='error'", PACKED), 2);
    CU_ASSERT_EQUAL(
        parley_count(&parley.far, PACKED, "xmlns='http://jabber.org/protocol/soap#fault'"), 2);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent", "Envelope"), 0);
    parley_close(&parley);
}

static void a_fault_goes_packed_in_an_error(void)
{
    site_each(fail_packed);
}

static void note_packed(const struct site *site)
{
    struct parley parley;
    int notes = laboratory_notes();
    parley_open(&parley, site, 2, NULL, NULL);
    CU_ASSERT_EQUAL(soap_send_lab__note(parley.soap, parley.endpoint, NULL, "psst"), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(parley.soap), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_notes(), notes + 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", PACKED), 1);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <iq type='result'", PACKED), 0);
    parley_close(&parley);
}

static void a_one_way_goes_packed_and_is_answered_by_nothing(void)
{
    site_each(note_packed);
}

static void see_action(const struct site *site)
{
    struct parley parley;
    struct lab__Seen seen;
    const char *action = "urn:x y'\"<&>\xE2\x82\xAC";
    parley_open(&parley, site, 2, NULL, NULL);
    CU_ASSERT_EQUAL_FATAL(soap_call_lab__whoami(parley.soap, parley.endpoint, action, &seen),
                          SOAP_OK);
    ASSERT_TEXT(seen.action ? seen.action : "none", action);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", PACKED " action='urn:x"), 1);
    CU_ASSERT_EQUAL_FATAL(soap_call_lab__whoami(parley.soap, parley.endpoint, "", &seen), SOAP_OK);
    CU_ASSERT_PTR_NULL(seen.action);
    /* What no stanza can hold is replaced, and the stream lives on. */
    CU_ASSERT_EQUAL_FATAL(soap_call_lab__whoami(parley.soap, parley.endpoint,
                                                "a\x01\xFF"
                                                "b",
                                                &seen),
                          SOAP_OK);
    ASSERT_TEXT(seen.action ? seen.action : "none", "a\xEF\xBF\xBD\xEF\xBF\xBD"
                                                    "b");
    parley_close(&parley);
}

static void the_action_arrives_without_a_header_block(void)
{
    site_each(see_action);
}

/* ---- who packs ---- */

static void call_plain(const struct site *site, parley_change_fn *caller, parley_change_fn *service)
{
    struct parley parley;
    double sum = 0;
    char why[200];
    parley_open(&parley, site, 2, caller, service);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_EQUAL(soap_xmpp_discover(parley.caller, parley.endpoint, "urn:soap-xmpp:packed:1", -1,
                                       why, sizeof why),
                    service ? 0 : 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent", PACKED), 0);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent", PACKED), 0);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent", "<feature var='urn:soap-xmpp:packed:1'/>"),
                    service ? 0 : 1);
    parley_close(&parley);
}

static void pack_nowhere(const struct site *site)
{
    call_plain(site, NULL, never_pack);
    call_plain(site, never_pack, NULL);
}

static void without_packing_on_both_sides_calls_go_plain(void)
{
    site_each(pack_nowhere);
}

/* ---- exactness ---- */

/* Every byte of these matters. */
static const char *const exact[] = {
    "<e:Envelope xmlns:e=\"" SOAP11 "\"><e:Body><l:add xmlns:l='urn:l'\n\ta='&#9;&#10;&#13; \"'   "
    "b=\"'\" >&#13;\r\n\t<a>]]&gt;</a ></l:add></e:Body></e:Envelope>",
    "<S:Envelope xmlns:S='" SOAP12 "' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
    "xmlns:t='urn:t'><S:Body><t:add z=\"1\" a=\"2\"><x xsi:type='t:deep' xmlns:q='urn:q' "
    "y='q:name'>q:value</x><![CDATA[<&>]]><empty></empty><empty/></t:add></S:Body></S:Envelope>",
    "\n <e:Envelope xmlns:e='" SOAP11 "'>\n <e:Header/>\n <e:Body>\n  <add xmlns=''>"
    "<!-- a comment --><?an instruction?>\xE2\x82\xAC\xF0\x9F\x98\x80 &#x1F600;&lt;</add>\n"
    " </e:Body>\n</e:Envelope>\n\n",
};

static void answer_with(struct soap_xmpp_link *service, struct sx_request *request,
                        const char *bytes)
{
    struct sx_checker *checker = sx_checker_new(64);
    char why[200] = "";
    CU_ASSERT_EQUAL(
        sx_link_answer(service, request, checker, bytes, strlen(bytes), why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
    sx_checker_free(checker);
}

/* The bytes as gSOAP would read them, malloc'ed. */
static char *read_all(const struct sx_envelope *envelope, struct soap_xmpp_link *link)
{
    struct sx_reader reading = {0};
    struct sx_buffer out = {0};
    char piece[100], why[160] = "";
    size_t len;
    enum sx_err err;
    do {
        err = sx_reader_next(&reading, envelope, sx_link_reader_limits(link), piece, sizeof piece,
                             &len, why, sizeof why);
        sx_buffer_add(&out, piece, len);
    } while (!err && len);
    CU_ASSERT_EQUAL(err, SX_OK);
    ASSERT_TEXT(why, "");
    sx_reader_fini(&reading);
    return sx_buffer_take(&out, &len);
}

static struct soap_xmpp_call *send_bytes(struct parley *parley, struct sx_checker *checker,
                                         const char *bytes, size_t len)
{
    struct sx_outgoing out = {.to = parley->service_jid,
                              .envelope = bytes,
                              .envelope_len = len,
                              .checker = checker,
                              .online_deadline = sx_clock_deadline(LONG_US),
                              .room_deadline = sx_clock_deadline(LONG_US)};
    struct soap_xmpp_call *call = NULL;
    char why[400] = "";
    CU_ASSERT_EQUAL(sx_link_request(parley->caller, &out, &call, why, sizeof why), SX_OK);
    ASSERT_TEXT(why, "");
    return call;
}

/* What of these bytes arrives at the service, and back at the caller: malloc'ed. */
static void carry(struct parley *parley, const char *bytes, char **there, char **back)
{
    struct sx_checker *checker = sx_checker_new(64);
    struct soap_xmpp_call *call = send_bytes(parley, checker, bytes, strlen(bytes));
    struct sx_request *request;
    struct sx_reply reply;
    bool closed;
    request = sx_queue_take(sx_link_queue(parley->service), sx_clock_deadline(LONG_US), &closed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    ASSERT_TEXT(request->envelope.operation, "add");
    *there = read_all(&request->envelope, parley->service);
    answer_with(parley->service, request, bytes);
    sx_request_free(request);
    sx_exchange_wait(call, sx_clock_deadline(LONG_US), &reply);
    CU_ASSERT_EQUAL_FATAL(reply.err, SX_OK);
    *back = read_all(&reply.envelope, parley->caller);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_checker_free(checker);
}

static void carry_exactly(const struct site *site)
{
    struct parley parley;
    char *there, *back;
    size_t i;
    parley_open(&parley, site, 0, NULL, NULL);
    for (i = 0; i < sizeof exact / sizeof *exact; i++) {
        carry(&parley, exact[i], &there, &back);
        ASSERT_TEXT(there, exact[i]);
        ASSERT_TEXT(back, exact[i]);
        free(there);
        free(back);
    }
    parley_close(&parley);
}

static void what_is_packed_arrives_byte_for_byte(void)
{
    site_each(carry_exactly);
}

static void carry_roughly(const struct site *site)
{
    struct parley parley;
    char *there, *back;
    size_t i;
    parley_open(&parley, site, 0, NULL, never_pack);
    for (i = 0; i < 2; i++) {
        carry(&parley, exact[i], &there, &back);
        CU_ASSERT_NOT_EQUAL(strcmp(there, exact[i]), 0);
        CU_ASSERT_NOT_EQUAL(strcmp(back, exact[i]), 0);
        free(there);
        free(back);
    }
    parley_close(&parley);
}

static void what_is_plain_does_not(void)
{
    site_each(carry_roughly);
}

/* ---- size ---- */

enum { SMALL_BYTES = 20000 };

static void take_little(struct soap_xmpp_config *config)
{
    config->max_message_bytes = SMALL_BYTES;
}

static void say_much(const struct site *site)
{
    struct parley parley;
    char text[2 * SMALL_BYTES + 1], *said = NULL;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    parley_open(&parley, site, 1, take_little, NULL);
    CU_ASSERT_EQUAL(soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said),
                    SOAP_LENGTH);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "the envelope is 40");
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "the limit is 20000 (max_message_bytes)");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    text[SMALL_BYTES - 1000] = '\0';
    CU_ASSERT_EQUAL(soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said), SOAP_OK);
    ASSERT_TEXT(said, text);
    parley_close(&parley);
}

static void a_message_over_max_message_bytes_is_not_sent(void)
{
    site_each(say_much);
}

static void hear_much(const struct site *site)
{
    struct parley parley;
    char text[2 * SMALL_BYTES + 1], *said = NULL;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    parley_open(&parley, site, 1, NULL, take_little);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__say(parley.soap, parley.endpoint, NULL, text, &said),
                        SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "policy-violation");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    parley_close(&parley);
}

static void a_message_over_the_services_limit_is_refused_and_not_executed(void)
{
    site_each(hear_much);
}

/* ---- bombs ---- */

#define HEAD  "<e:Envelope xmlns:e='" SOAP11 "'>"
#define CALL  HEAD "<e:Body><l:say xmlns:l='urn:soapxmpp:lab'>"
#define CLOSE "</l:say></e:Body></e:Envelope>"

/* As sx_pack() does, but over the ratio too. */
static struct sx_buffer pack_text(const struct sx_buffer *envelope)
{
    struct sx_buffer packed = {0}, text = {0};
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t len;
    CU_ASSERT_FATAL(sx_buffer_reserve(&packed, ZSTD_compressBound(envelope->len)));
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 20);
    ZSTD_CCtx_loadDictionary(context, sx_dictionary, sx_dictionary_len);
    len = ZSTD_compress2(context, packed.bytes, packed.capacity, envelope->bytes, envelope->len);
    CU_ASSERT_FALSE_FATAL(ZSTD_isError(len));
    sx_base64_add(&text, packed.bytes + MAGIC_BYTES, len - MAGIC_BYTES);
    ZSTD_freeCCtx(context);
    sx_buffer_fini(&packed);
    return text;
}

/* Says it in a stanza; waits for the answer, which is returned. */
static const char *drop(struct scene *scene, const char *text, enum sx_form form)
{
    struct sx_buffer iq = {0};
    const char *heard;
    sx_buffer_add_format(&iq, "<iq type='set' id='bomb' to='%s'>" PACKED "%s>", scene->service_jid,
                         form == SX_FORM_STORED ? " form='stored'" : "");
    sx_buffer_add_text(&iq, text);
    sx_buffer_add_text(&iq, "</packed></iq>");
    CU_ASSERT_FALSE_FATAL(iq.failed);
    CU_ASSERT_TRUE(stranger_say(scene->evil, iq.bytes));
    CU_ASSERT_TRUE(scene_push(scene->evil));
    sx_buffer_fini(&iq);
    heard = stranger_hear(scene->evil, "</iq>");
    CU_ASSERT_PTR_NOT_NULL(heard);
    return heard ? heard : "";
}

/* An envelope of these parts, where piece is repeated. */
static const char *drop_envelope(struct scene *scene, const char *head, const struct filling *fill,
                                 const char *tail)
{
    struct sx_buffer envelope = {0}, text;
    char *filling = scene_fill_in("$FILL", "", "", fill);
    const char *heard;
    sx_buffer_add_text(&envelope, head);
    sx_buffer_add_text(&envelope, filling);
    sx_buffer_add_text(&envelope, tail);
    text = pack_text(&envelope);
    heard = drop(scene, text.bytes, SX_FORM_ZSTD);
    free(filling);
    sx_buffer_fini(&envelope);
    sx_buffer_fini(&text);
    return heard;
}

static const struct bomb {
    const char *label, *head;
    struct filling filling;
    const char *tail;
} bombs[] = {
    {"more than max_message_bytes",
     CALL "<text>",
     {"0123456789", .count = 6800000},
     "</text>" CLOSE},
    {"nested deeply behind the operation", CALL, {"<a>", "</a>", 100000}, CLOSE},
    {"nested deeply before the operation",
     HEAD "<e:Header>",
     {"<a>", "</a>", 2000},
     "</e:Header><e:Body><x/></e:Body></e:Envelope>"},
    {"200,000 attributes in an element", CALL "<text", {" a=''", .count = 200000}, "/>" CLOSE},
    {"200,000 attributes in as many", CALL, {"<a b=''/>", .count = 200000}, CLOSE},
    {"200,000 declarations", CALL, {"<a xmlns:b='u'/>", .count = 200000}, CLOSE},
    {"much before the operation",
     HEAD "<e:Header>",
     {"<a/>", .count = 100000},
     "</e:Header><e:Body><x/></e:Body></e:Envelope>"},
    {"a document type behind the operation", CALL, {"<!DOCTYPE a>", .count = 1}, CLOSE},
    {"cut off", CALL, {"<a/>", .count = 10}, ""},
};

static long resident_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    long kib = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(status);
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    fclose(status);
    return kib;
}

static void drop_bombs(const struct site *site)
{
    enum { GROWTH_KIB = 65536 };
    const int rounds = (int)scale_of(3, 2);
    struct scene scene;
    long before = 0;
    int round, runs;
    size_t i;
    scene_open(&scene, site, 2);
    runs = laboratory_runs();
    for (round = 0; round < rounds; round++) {
        for (i = 0; i < sizeof bombs / sizeof *bombs; i++) {
            const struct bomb *bomb = &bombs[i];
            const char *heard = drop_envelope(&scene, bomb->head, &bomb->filling, bomb->tail);
            if (!strstr(heard, "error"))
                printf("\n    %s: %s", bomb->label, heard);
            ASSERT_CONTAINS(heard, "error");
        }
        scene_assert_served(&scene);
        CU_ASSERT_EQUAL(laboratory_runs(), runs + round + 1);
        if (round == 0)
            before = resident_kib();
    }
    CU_ASSERT_TRUE(resident_kib() - before < GROWTH_KIB);
    scene_close(&scene);
}

static void a_bomb_costs_its_sender_an_error_and_nobody_else_anything(void)
{
    site_each(drop_bombs);
}

static void say_rubbish(const struct site *site)
{
    static const struct {
        const char *text;
        enum sx_form form;
        const char *condition;
    } rubbish[] = {
        {"", SX_FORM_ZSTD, "bad-request"},
        {"AAA", SX_FORM_ZSTD, "bad-request"},
        {"!!!!", SX_FORM_ZSTD, "bad-request"},
        {"AAAA", SX_FORM_ZSTD, "bad-request"},
        {"AAAA", SX_FORM_STORED, "bad-request"},
        {"PGEvPg==", SX_FORM_STORED, "bad-request"},
        /* a frame of this dictionary that claims 4 GiB less one byte */
        {"oQH/////", SX_FORM_ZSTD, "</error>"},
    };
    struct scene scene;
    size_t i;
    scene_open(&scene, site, 2);
    for (i = 0; i < sizeof rubbish / sizeof *rubbish; i++)
        ASSERT_CONTAINS(drop(&scene, rubbish[i].text, rubbish[i].form), rubbish[i].condition);
    scene_assert_served(&scene);
    scene_close(&scene);
}

static void rubbish_is_refused(void)
{
    site_each(say_rubbish);
}

/* ---- who may call what ---- */

/* No rule allows tick. In each of these it stands where somebody might look for the operation;
 * $FILL makes a name longer than gSOAP keeps it. */
#define TICK          "<l:tick xmlns:l='urn:soapxmpp:lab'><number xmlns=''>9</number></l:tick>"
#define ALLOWED       "<l:add xmlns:l='urn:soapxmpp:lab'><a xmlns=''>1</a><b xmlns=''>2</b></l:add>"
#define BODY(content) "<e:Body>" content "</e:Body>"
#define END           "</e:Envelope>"

static const char *const forgeries[] = {
    HEAD BODY(TICK) END,
    HEAD BODY(TICK) BODY(ALLOWED) END,
    HEAD "<f:Body xmlns:f='" SOAP12 "'>" TICK "</f:Body>" BODY(ALLOWED) END,
    HEAD "<Body>" TICK "</Body>" BODY(ALLOWED) END,
    HEAD "<Body xmlns='urn:x'>" TICK "</Body>" BODY(ALLOWED) END,
    HEAD "<:Body>" TICK "</:Body>" BODY(ALLOWED) END,
    HEAD "<e:Header>" BODY(TICK) "</e:Header>" BODY(ALLOWED) END,
    HEAD "<e:Header><x xmlns='urn:x'><y>" BODY(TICK) "</y></x></e:Header>" BODY(ALLOWED) END,
    HEAD "<e:Header><l:token xmlns:l='urn:soapxmpp:lab'>" BODY(TICK) "</l:token></e:Header>" BODY(
        ALLOWED) END,
    HEAD "<e:Header><Body>" TICK "</Body></e:Header>" BODY(ALLOWED) END,
    HEAD "<e:Header><f:Body xmlns:f='http://www.w3.org/ANY/soap-envelope'>" TICK
         "</f:Body></e:Header>" BODY(ALLOWED) END,
    HEAD "<e:Header><f:Body xmlns:f='HTTP://WWW.w3.org/ANY/SOAP-envelope'>" TICK
         "</f:Body></e:Header>" BODY(ALLOWED) END,
    HEAD "<e:Header><$FILL:BodyX xmlns:$FILL='" SOAP11 "'>" TICK
         "</$FILL:BodyX></e:Header>" BODY(ALLOWED) END,
    HEAD "<e:Header href='#1'>" BODY(TICK) "</e:Header>" BODY(ALLOWED) END,
    HEAD "<e:Body/>" BODY(TICK) END,
    HEAD "<e:Header href='#1'/>" BODY(TICK) BODY(ALLOWED) END,
    HEAD "<e:Header/><e:Header>" TICK "</e:Header>" BODY(ALLOWED) END,
    HEAD "<!-- " BODY(ALLOWED) " -->" BODY(TICK) END,
    HEAD "<!--><e:Body>" TICK "</e:Body><!-- -->" BODY(ALLOWED) END,
    HEAD "<![CDATA[" BODY(ALLOWED) "]]>" BODY(TICK) END,
    HEAD "<?x <e:Body>" TICK "</e:Body>?>" BODY(ALLOWED) END,
    HEAD "<e:Body><![CDATA[<l:add>]]>" TICK "</e:Body>" END,
    HEAD "<e:Body>&lt;l:add/>" TICK "</e:Body>" END,
    HEAD "<e:Body><a:add xmlns:a='urn:a'/>" TICK "</e:Body>" END,
    "<!DOCTYPE e [<!ENTITY a '" BODY(TICK) "'>]>" HEAD "&a;" BODY(ALLOWED) END,
    "<?xml version='1.0' encoding='UTF-7'?>" HEAD BODY(TICK) END,
    "\xEF\xBB\xBF" HEAD BODY(TICK) END,
    "POST / HTTP/1.1\r\n\r\n" HEAD BODY(TICK) END,
    "<e:Envelope xmlns:e='" SOAP11 "' xmlns:$FILL='" SOAP11 "'><$FILL:BodyX>" TICK
    "</$FILL:BodyX>" BODY(ALLOWED) END,
    HEAD "<e:Body><$FILL:tick:add xmlns:$FILL='urn:soapxmpp:lab'><number "
         "xmlns=''>9</number></$FILL:tick:add></e:Body>" END,
};

static void allow_add(struct soap_xmpp_config *config)
{
    config->allow = "*:add+BodyX";
}

static void drop_forgery(struct parley *parley, struct stranger *evil, const char *forgery,
                         unsigned prefix_bytes)
{
    const struct filling prefix = {"p", .count = prefix_bytes};
    char *envelope = scene_fill_in(forgery, "", "", &prefix);
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='set' id='f' to='%s'>" PACKED " form='stored'>",
                         parley->service_jid);
    sx_base64_add(&iq, envelope, strlen(envelope));
    sx_buffer_add_text(&iq, "</packed></iq>");
    CU_ASSERT_TRUE(stranger_say(evil, iq.bytes));
    CU_ASSERT_TRUE(scene_push(evil));
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(evil, "</iq>"));
    if (laboratory_ticks(9))
        printf("\n    %.300s", envelope);
    CU_ASSERT_EQUAL(laboratory_ticks(9), 0);
    laboratory_reset_ticks();
    sx_buffer_fini(&iq);
    free(envelope);
}

static void drop_forgeries(const struct site *site)
{
    struct parley parley;
    struct stranger *evil;
    unsigned prefix_bytes;
    size_t i;
    parley_open(&parley, site, 1, NULL, allow_add);
    evil = scene_open_stranger(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(evil);
    laboratory_reset_ticks();
    for (i = 0; i < sizeof forgeries / sizeof *forgeries; i++)
        for (prefix_bytes = 1014; prefix_bytes < 1024; prefix_bytes += (unsigned)scale_of(1, 5)) {
            drop_forgery(&parley, evil, forgeries[i], prefix_bytes);
            if (!strstr(forgeries[i], "$FILL"))
                break;
        }
    stranger_close(evil);
    parley_close(&parley);
}

static void what_runs_is_what_the_rules_were_asked_about(void)
{
    site_each(drop_forgeries);
}

CU_TestInfo tests_packed[] = {
    {"a call and its answer go packed", a_call_and_its_answer_go_packed},
    {"a fault goes packed in an error that tells its code", a_fault_goes_packed_in_an_error},
    {"a one-way goes packed and is answered by nothing",
     a_one_way_goes_packed_and_is_answered_by_nothing},
    {"the action arrives without a header block", the_action_arrives_without_a_header_block},
    {"without packing on both sides calls go plain, and disco#info tells",
     without_packing_on_both_sides_calls_go_plain},
    {"what is packed arrives byte for byte, there and back", what_is_packed_arrives_byte_for_byte},
    {"what is plain does not", what_is_plain_does_not},
    {"a message over max_message_bytes is not sent, and the fault tells sizes",
     a_message_over_max_message_bytes_is_not_sent},
    {"a message over the service's limit is refused and not executed",
     a_message_over_the_services_limit_is_refused_and_not_executed},
    {"a bomb costs its sender an error and nobody else anything",
     a_bomb_costs_its_sender_an_error_and_nobody_else_anything},
    {"rubbish is refused", rubbish_is_refused},
    {"what runs is what the rules were asked about, whatever is written",
     what_runs_is_what_the_rules_were_asked_about},
    CU_TEST_INFO_NULL,
};
