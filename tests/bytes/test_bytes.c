/* test_bytes.c - bytes that arrive: packed, as they are; plain, as the same document; big, in
 * pieces.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/proxy.h"
#include "../lib/suite.h"
#include "envelope.h"
#include "pair.h"

extern CU_TestInfo tests_bytes[];

/* ---- packed ---- */

/* What servers change, or what many readers do. */
static const char *const kept[] = {
    "<t>a&#13;b&#10;c&#9;d&#x1F600;</t>",
    "<t a='it&apos;s &quot;quoted&quot;' b=\"1\" />",
    "<t><![CDATA[ < b && \"c\" ]]> <![CDATA[]]></t>",
    "<t xmlns:z='urn:z' xmlns:xsi='urn:xsi' xsi:type='z:q'>z:v</t>",
    "<t xmlns=''  ><u xmlns = 'urn:u'\n/></t>",
    "  <t>  \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80  </t>\n\n<u></u><u/>",
};

static void try_kept(const struct site *site)
{
    struct bytes_pair pair;
    size_t i;
    int version;
    bytes_pair_open(&pair, site, bytes_tweak_full);
    for (i = 0; i < sizeof kept / sizeof *kept; i++)
        for (version = 11; version <= 12; version++) {
            char *envelope = envelope_write(version, "echo", kept[i]);
            struct reply reply;
            reply_to(pair.caller, reply_begin(pair.caller, pair.endpoint, envelope), &reply);
            reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
            CU_ASSERT_TRUE(reply.is_packed);
            ASSERT_TEXT(reply.envelope, envelope);
            reply_free(&reply);
            free(envelope);
        }
    bytes_pair_close(&pair);
}

static void what_is_packed_arrives_byte_for_byte(void)
{
    site_each(try_kept);
}

static void try_trace(const struct site *site)
{
    static const char parent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    bytes_tweak_fn *const tweaks[] = {bytes_tweak_full, NULL};
    char *envelope = envelope_write(12, "echo", "");
    size_t i;
    for (i = 0; i < 2; i++) {
        struct bytes_pair pair;
        struct soap_xmpp_post post;
        struct reply reply;
        bytes_pair_open(&pair, site, tweaks[i]);
        soap_xmpp_post_init(&post);
        post.endpoint = pair.endpoint;
        post.envelope = envelope;
        post.envelope_bytes = strlen(envelope);
        post.traceparent = parent;
        reply_to(pair.caller, reply_post(pair.caller, &post), &reply);
        reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
        ASSERT_TEXT(desk_last(pair.desk).traceparent, reply.is_packed ? parent : "");
        CU_ASSERT_EQUAL(reply.is_packed, i == 0);
        reply_free(&reply);
        bytes_pair_close(&pair);
    }
    free(envelope);
}

static void a_trace_context_goes_along_with_what_is_packed(void)
{
    site_each(try_trace);
}

/* ---- plain ---- */

static void leave_plain(struct soap_xmpp_config *config)
{
    config->packing = SOAP_XMPP_PACKING_NEVER;
}

/* Servers may write the same otherwise; what a reader makes of it stays. */
static void try_plain(const struct site *site)
{
    static const char *const rows[][2] = {
        {"<t>a &amp; b &lt; c &#228;</t>", "a &amp; b &lt; c \xC3\xA4"},
        {"<t>\xF0\x9F\x98\x80 \xE2\x82\xAC</t>", ">\xF0\x9F\x98\x80 \xE2\x82\xAC<"},
        {"<t><![CDATA[<x>]]></t>", "&lt;x"},
        {"<t xmlns='urn:t' a='1'>v</t>", "urn:t"},
    };
    struct bytes_pair pair;
    size_t i;
    bytes_pair_open(&pair, site, leave_plain);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply reply;
        reply_ask(pair.caller, pair.endpoint, envelope_write(12, "echo", rows[i][0]), &reply);
        reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
        CU_ASSERT_FALSE(reply.is_packed);
        CU_ASSERT_EQUAL(reply.version, 12);
        ASSERT_CONTAINS(reply.envelope, rows[i][1]);
        CU_ASSERT_EQUAL(strncmp(reply.envelope, "<", 1), 0);
        reply_free(&reply);
    }
    bytes_pair_close(&pair);
}

static void what_is_plain_arrives_as_the_same_document(void)
{
    site_each(try_plain);
}

/* Prosody drops the declaration of a prefix that only a value uses. */
static void try_type(const struct site *site)
{
    static const char typed[] =
        "<t xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='q:int' "
        "xmlns:q='http://www.w3.org/2001/XMLSchema'>1</t>";
    struct bytes_pair pair;
    struct reply reply;
    const char *bound;
    bytes_pair_open(&pair, site, leave_plain);
    reply_ask(pair.caller, pair.endpoint, envelope_write(12, "echo", typed), &reply);
    reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
    bound = strstr(reply.envelope, ":q=");
    ASSERT_CONTAINS(reply.envelope, "type=");
    ASSERT_CONTAINS(reply.envelope, "q:int");
    CU_ASSERT_TRUE(bound && strncmp(bound + 4, "http://www.w3.org/2001/XMLSchema", 32) == 0);
    reply_free(&reply);
    bytes_pair_close(&pair);
}

static void a_type_in_a_value_keeps_its_meaning(void)
{
    site_each(try_type);
}

/* ---- big ---- */

/* Over what is sent as one stanza. */
enum { BIG_BYTES = 400000, LIMIT_BYTES = 100000 /* and half of it plain */ };

static void try_big(const struct site *site)
{
    struct bytes_pair pair;
    struct reply reply;
    char *envelope = envelope_write_big(12, "echo", BIG_BYTES), number[40];
    bytes_pair_open(&pair, site, bytes_tweak_full);
    reply_to(pair.caller, reply_begin(pair.caller, pair.endpoint, envelope), &reply);
    reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
    CU_ASSERT_TRUE(reply.envelope && strcmp(reply.envelope, envelope) == 0);
    reply_free(&reply);
    free(envelope);
    snprintf(number, sizeof number, "<number>%d</number>", BIG_BYTES);
    reply_ask(pair.caller, pair.endpoint, envelope_write(11, "grow", number), &reply);
    reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(reply.version, 11);
    CU_ASSERT_TRUE(reply.envelope_bytes > BIG_BYTES);
    reply_free(&reply);
    bytes_pair_close(&pair);
}

static void a_call_and_its_answer_travel_in_pieces(void)
{
    site_each(try_big);
}

/* ---- big, and cut off ---- */

static int proxied_port;
static atomic_size_t sent_bytes;

static void note_progress(void *user, const struct soap_xmpp_progress *progress)
{
    (void)user;
    if (progress->is_outgoing && progress->done_bytes < progress->size_bytes)
        atomic_store(&sent_bytes, progress->done_bytes);
}

static void go_by_the_proxy(struct soap_xmpp_config *config)
{
    config->plain_delivery = 0;
    config->trace = SOAP_XMPP_TRACE_NONE;
    config->port = proxied_port;
    config->progress_callback = note_progress;
}

static void try_cut(const struct site *site)
{
    struct proxy *proxy = proxy_start(site->port, NULL);
    char *envelope = envelope_write_big(12, "echo", BIG_BYTES);
    struct soap_xmpp_call *call;
    struct bytes_pair pair;
    struct reply reply;
    int i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    proxied_port = proxy_port(proxy);
    bytes_pair_open(&pair, site, go_by_the_proxy);
    for (i = 0; i < 2; i++) {
        atomic_store(&sent_bytes, 0);
        call = reply_begin(pair.caller, pair.endpoint, envelope);
        while (atomic_load(&sent_bytes) == 0 && !soap_xmpp_wait(pair.caller, 1))
            ;
        CU_ASSERT_TRUE(proxy_cut_now(proxy) > 0); /* on its way, there or back */
        reply_to(pair.caller, call, &reply);
        reply_expect(&reply, SOAP_XMPP_END_ANSWER, SOAP_XMPP_EXECUTED);
        CU_ASSERT_TRUE(reply.envelope && strcmp(reply.envelope, envelope) == 0);
        reply_free(&reply);
    }
    CU_ASSERT_EQUAL(desk_runs(pair.desk), 2);
    free(envelope);
    bytes_pair_close(&pair);
    proxy_stop(proxy);
}

static void a_big_call_outlives_both_connections(void)
{
    site_each(try_cut);
}

/* ---- too big ---- */

static void limit(struct soap_xmpp_config *config)
{
    config->plain_delivery = 0;
    config->max_message_bytes = LIMIT_BYTES;
    config->max_outgoing_bytes = LIMIT_BYTES / 2;
}

static void try_limit(const struct site *site)
{
    struct bytes_pair pair;
    struct soap_xmpp_post post;
    struct reply reply;
    char *envelope = envelope_write_big(12, "echo", LIMIT_BYTES), why[600] = "";
    bytes_pair_open(&pair, site, limit);
    soap_xmpp_post_init(&post);
    post.endpoint = pair.endpoint;
    post.envelope = envelope;
    post.envelope_bytes = strlen(envelope);
    /* Before or behind the question whether the peer takes it packed, but never sent. */
    if (!soap_xmpp_post(pair.caller, &post, why, sizeof why)) {
        CU_ASSERT_TRUE(why[0] != '\0');
    } else {
        reply_await(pair.caller, &reply);
        CU_ASSERT_EQUAL(reply.outcome, SOAP_XMPP_NOT_EXECUTED);
        CU_ASSERT_TRUE(reply.text[0] != '\0');
        reply_free(&reply);
    }
    CU_ASSERT_EQUAL(desk_runs(pair.desk), 0);
    free(envelope);
    bytes_pair_close(&pair);
}

static void what_goes_over_the_limit_isnt_sent(void)
{
    site_each(try_limit);
}

CU_TestInfo tests_bytes[] = {
    {"what is packed arrives byte for byte", what_is_packed_arrives_byte_for_byte},
    {"a trace context goes along with what is packed",
     a_trace_context_goes_along_with_what_is_packed},
    {"what is plain arrives as the same document", what_is_plain_arrives_as_the_same_document},
    {"a type in a value keeps its meaning", a_type_in_a_value_keeps_its_meaning},
    {"a call and its answer travel in pieces", a_call_and_its_answer_travel_in_pieces},
    {"a big call outlives both connections", a_big_call_outlives_both_connections},
    {"what goes over the limit isn't sent", what_goes_over_the_limit_isnt_sent},
    CU_TEST_INFO_NULL,
};
