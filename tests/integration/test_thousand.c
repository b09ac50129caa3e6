/* 1,000 accounts that may call, each as hostile as the rules let it be: envelopes that unpack to
 * hundreds of times their size, large answers that nobody fetches, half transfers, large requests,
 * messages. What the link holds stays under its bound, and who is honest is answered.
 */
#include "soapH.h"
#include "laboratory.h"
#include "siege.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/clock.h"
#include "link/link.h"
#include "soap/pack.h"
#include "../lib/suite.h"

#define SERVICE "alice@" HOSTILE_DOMAIN "/desk"
#define SOAP11  "http://schemas.xmlsoap.org/soap/envelope/"
#define LAB     "urn:soapxmpp:lab"
#define PACKED  "urn:soap-xmpp:packed:1"
#define IBB     "http://jabber.org/protocol/ibb"
#define HASH    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum {
    ACCOUNTS = 1000,
    BATCH = 20, /* accounts; then an honest caller's call is answered */
    BATCHES = ACCOUNTS / BATCH,
    MESSAGE_BYTES = 1 << 20, /* the largest */
    MEMORY_BYTES = 48 << 20,
    LUMP_BYTES = 1000,
    LUMPS = 300,           /* of them an envelope unpacks to */
    NOTE_BYTES = 40000,    /* a large request */
    BLOCK_BYTES = 3000,    /* of a transfer */
    ANSWER_BYTES = 900000, /* more than a stanza has room for */
    /* what isn't counted: gSOAP's data, threads that pack and unpack, the server of this test */
    BESIDE_BYTES = 32 << 20,
    FEATURES_BYTES = 400,
    REST_US = 20000000
};

struct crowd {
    struct soap_xmpp_link *link;
    struct laboratory *laboratory;
    struct hostile *server;
    struct witness witness;
    struct hostile_step script[2 * BATCHES + 8];
    struct sx_buffer batches[BATCHES];
    char honest[BATCHES][40]; /* what its answers hold */
    char *packed, *note, *block, *answer;
    size_t most_rss_bytes;
    unsigned most_descriptors;
};

/* ---- what they send ---- */

static char *finish(struct sx_buffer *out)
{
    size_t len;
    CU_ASSERT_FATAL(!out->failed);
    return sx_buffer_take(out, &len);
}

/* Some 1,300 bytes that unpack to 300 KB, and are answered with more. */
static char *make_packed(void)
{
    struct sx_buffer envelope = {0}, packed = {0}, out = {0};
    char *lump = laboratory_random_text(LUMP_BYTES);
    enum sx_form form;
    int i;
    sx_buffer_add_text(&envelope, "<e:Envelope xmlns:e='" SOAP11
                                  "'><e:Body><l:inspect xmlns:l='" LAB "'><subject><text>");
    for (i = 0; i < LUMPS; i++)
        sx_buffer_add(&envelope, lump, LUMP_BYTES);
    sx_buffer_add_text(&envelope, "</text></subject></l:inspect></e:Body></e:Envelope>");
    CU_ASSERT_EQUAL_FATAL(sx_pack(envelope.bytes, envelope.len, &packed, &form), SX_OK);
    CU_ASSERT_TRUE(packed.len < 3 * LUMP_BYTES);
    sx_buffer_add_text(&out, "<packed xmlns='" PACKED "'>");
    sx_base64_add(&out, packed.bytes, packed.len);
    sx_buffer_add_text(&out, "</packed>");
    sx_buffer_fini(&packed);
    sx_buffer_fini(&envelope);
    free(lump);
    return finish(&out);
}

static char *make_note(void)
{
    struct sx_buffer out = {0};
    char *text = laboratory_random_text(NOTE_BYTES);
    sx_buffer_add_text(&out,
                       "<e:Envelope xmlns:e='" SOAP11 "'><e:Body><l:note xmlns:l='" LAB "'><text>");
    sx_buffer_add_text(&out, text);
    sx_buffer_add_text(&out, "</text></l:note></e:Body></e:Envelope>");
    free(text);
    return finish(&out);
}

static char *make_block(void)
{
    static const char bytes[BLOCK_BYTES];
    struct sx_buffer out = {0};
    sx_base64_add(&out, bytes, sizeof bytes);
    return finish(&out);
}

static char *make_answer(void)
{
    struct sx_buffer out = {0};
    char *text = laboratory_random_text(ANSWER_BYTES);
    sx_buffer_add_text(&out, "<e:Envelope xmlns:e='" SOAP11
                             "'><e:Body><l:inspectResponse xmlns:l='" LAB "'><Inspection><report>");
    sx_buffer_add_text(&out, text);
    sx_buffer_add_text(&out, "</report></Inspection></l:inspectResponse></e:Body></e:Envelope>");
    free(text);
    return finish(&out);
}

#define FROM " to='" SERVICE "' from='u%u@" HOSTILE_DOMAIN "/r'>"

static void add_account(const struct crowd *crowd, struct sx_buffer *out, unsigned account)
{
    sx_buffer_add_format(out, "<iq type='set' id='p'" FROM "%s</iq>", account, crowd->packed);
    sx_buffer_add_format(out, "<iq type='set' id='n'" FROM "%s</iq>", account, crowd->note);
    sx_buffer_add_format(out,
                         "<iq type='set' id='o'" FROM "<open xmlns='" IBB
                         "' sid='s' block-size='%d' stanza='iq'><packed xmlns='" PACKED
                         "' transfer='t' size='100000' sha256='" HASH
                         "' operation='note'/></open></iq>",
                         account, (int)BLOCK_BYTES);
    sx_buffer_add_format(
        out, "<iq type='set' id='d'" FROM "<data xmlns='" IBB "' sid='s' seq='0'>%s</data></iq>",
        account, crowd->block);
    sx_buffer_add_format(out, "<message id='m%u'" FROM "%s</message>", account, account,
                         crowd->note);
    if (account >= 4 * BATCH) /* who has given up makes room for others, at last */
        sx_buffer_add_format(out,
                             "<iq type='set' id='c'" FROM "<close xmlns='" IBB "' sid='s'/></iq>",
                             account - 4 * BATCH);
}

static void add_honest(struct sx_buffer *out, unsigned batch)
{
    sx_buffer_add_format(out,
                         "<iq type='set' to='" SERVICE "' from='honest@" HOSTILE_DOMAIN
                         "/r' id='honest-%u'><e:Envelope xmlns:e='" SOAP11
                         "'><e:Body><l:add xmlns:l='" LAB
                         "'><a>1</a><b>%u</b></l:add></e:Body></e:Envelope></iq>",
                         batch, batch);
}

static void add_closes(struct sx_buffer *out)
{
    unsigned account;
    for (account = ACCOUNTS - 4 * BATCH; account < ACCOUNTS; account++)
        sx_buffer_add_format(
            out, "<iq type='set' id='c'" FROM "<close xmlns='" IBB "' sid='s'/></iq>", account);
}

static void make_script(struct crowd *crowd)
{
    struct hostile_step *step = crowd->script;
    unsigned batch, i;
    *step++ = (struct hostile_step){HOSTILE_PLAY, .steps = hostile_login_plain};
    *step++ = (struct hostile_step){HOSTILE_EXPECT, .text = "<presence"};
    for (batch = 0; batch < BATCHES; batch++) {
        struct sx_buffer *out = &crowd->batches[batch];
        for (i = 0; i < BATCH; i++)
            add_account(crowd, out, batch * BATCH + i);
        if (batch == BATCHES - 1)
            add_closes(out);
        add_honest(out, batch);
        CU_ASSERT_FATAL(!out->failed);
        snprintf(crowd->honest[batch], sizeof crowd->honest[batch], "id='honest-%u'", batch);
        *step++ = (struct hostile_step){HOSTILE_SEND, .text = out->bytes};
        *step++ = (struct hostile_step){HOSTILE_EXPECT, .text = crowd->honest[batch]};
    }
    *step++ = (struct hostile_step){HOSTILE_EXPECT, .text = "disco#info"};
    *step++ = (struct hostile_step){
        HOSTILE_SEND, .text = "<iq type='result' id='$ID' from='$TO' to='$JID'><query "
                              "xmlns='http://jabber.org/protocol/disco#info'/></iq>"};
    *step++ = (struct hostile_step){HOSTILE_EXPECT, .text = LAB};
    *step++ = (struct hostile_step){HOSTILE_PLAY, .steps = siege_answer};
    *step = (struct hostile_step){HOSTILE_END};
}

/* ---- what the process holds ---- */

static size_t rss_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return pages * 4096;
}

/* Sanitizers and valgrind keep what is freed. */
static bool is_plain_process(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    const char *preload = getenv("LD_PRELOAD");
    return !preload || !strstr(preload, "vgpreload");
#endif
}

static unsigned descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static struct sx_memory_counts held(const struct crowd *crowd)
{
    struct sx_memory_counts counts;
    sx_memory_count(sx_link_memory(crowd->link), &counts);
    return counts;
}

static void look(struct crowd *crowd)
{
    size_t rss = rss_bytes();
    unsigned open = descriptors();
    if (crowd->most_rss_bytes < rss)
        crowd->most_rss_bytes = rss;
    if (crowd->most_descriptors < open)
        crowd->most_descriptors = open;
}

/* ---- the siege ---- */

static void crowd_open(struct crowd *crowd)
{
    struct soap_xmpp_config config;
    char why[300] = "";
    memset(crowd, 0, sizeof *crowd);
    crowd->packed = make_packed();
    crowd->note = make_note();
    crowd->block = make_block();
    crowd->answer = make_answer();
    laboratory_recite(crowd->answer);
    make_script(crowd);
    crowd->server = hostile_start(crowd->script, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(crowd->server);
    witness_init(&crowd->witness);
    hostile_link_config(crowd->server, &config);
    witness_watch(&crowd->witness, &config);
    config.plain_delivery = 0;
    config.trace = SOAP_XMPP_TRACE_ERROR;
    config.messages = 1;
    config.allow = "*@" HOSTILE_DOMAIN;
    config.timeout_ms = 2000;
    config.max_message_bytes = MESSAGE_BYTES;
    config.max_memory_bytes = MEMORY_BYTES;
    config.max_queued_bytes = 4 << 20;
    config.max_request_bytes = 64 << 20;
    config.max_remembered_bytes = MESSAGE_BYTES;
    config.max_peers = 100;
    crowd->link = soap_xmpp_open(&config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(crowd->link);
}

static void crowd_close(struct crowd *crowd)
{
    unsigned batch;
    CU_ASSERT_EQUAL(laboratory_stop(crowd->laboratory, 20000), SOAP_OK);
    soap_xmpp_close(crowd->link); /* which asserts that nothing is held */
    hostile_stop(crowd->server);
    laboratory_recite(NULL);
    witness_fini(&crowd->witness);
    for (batch = 0; batch < BATCHES; batch++)
        sx_buffer_fini(&crowd->batches[batch]);
    free(crowd->packed);
    free(crowd->note);
    free(crowd->block);
    free(crowd->answer);
}

/* Until the last honest call is answered: looks now and then. */
static void await_siege(struct crowd *crowd)
{
    unsigned batch;
    for (batch = 0; batch < BATCHES; batch++) {
        bool came = false;
        int64_t deadline = sx_clock_deadline(REST_US);
        while (!came && sx_clock_now_us() < deadline) {
            came = hostile_await(crowd->server, crowd->honest[batch], 20);
            look(crowd);
        }
        CU_ASSERT_TRUE_FATAL(came);
    }
}

/* What is ours goes on while the others hold what they can. */
static void call_ourselves(struct crowd *crowd)
{
    struct soap *soap = laboratory_client(crowd->link, SOAP_IO_DEFAULT);
    siege_assert_adds(soap);
    laboratory_client_free(soap);
}

/* Each honest call was run, or was told that it wasn't; how many ran. */
static unsigned count_honest(struct crowd *crowd)
{
    char *received = hostile_received(crowd->server), *stanza, *end;
    unsigned batch, ran = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(received);
    for (batch = 0; batch < BATCHES; batch++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(stanza = strstr(received, crowd->honest[batch]));
        CU_ASSERT_PTR_NOT_NULL_FATAL(end = strstr(stanza, "</iq>"));
        *end = '\0';
        if (strstr(stanza, "addResponse")) {
            ran++;
        } else {
            ASSERT_CONTAINS(stanza, "<resource-constraint");
        }
        *end = '<';
    }
    free(received);
    return ran;
}

/* Nothing is left once all is answered, given up or closed, but what the service called by us says
 * of itself. */
static void await_rest(struct crowd *crowd)
{
    static const struct timespec pause = {.tv_nsec = 20000000};
    int64_t deadline = sx_clock_deadline(REST_US);
    while (held(crowd).held_bytes > FEATURES_BYTES && sx_clock_now_us() < deadline)
        nanosleep(&pause, NULL);
    CU_ASSERT_TRUE(held(crowd).held_bytes <= FEATURES_BYTES);
    CU_ASSERT_EQUAL(held(crowd).owners, 0);
}

static unsigned count_lines(struct crowd *crowd, const char *text)
{
    char *trace = witness_trace(&crowd->witness), *line = trace;
    unsigned count = 0;
    while (line && (line = strstr(line, text))) {
        count++;
        line++;
    }
    free(trace);
    return count;
}

static void a_thousand_accounts_stay_under_the_bound(void)
{
    static struct crowd crowd;
    size_t rss;
    unsigned open, ran;
    int64_t begun_us;
    crowd_open(&crowd);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(crowd.link, 20000), 0);
    rss = rss_bytes();
    open = descriptors();
    begun_us = sx_clock_now_us();
    crowd.laboratory = laboratory_start(crowd.link, 4); /* the presence tells the server to begin */
    await_siege(&crowd);
    call_ourselves(&crowd);
    ran = count_honest(&crowd);
    await_rest(&crowd);
    CU_ASSERT_TRUE(ran > 0);
    CU_ASSERT_TRUE(held(&crowd).refused > 0);
    CU_ASSERT_TRUE(held(&crowd).most_bytes <= held(&crowd).max_bytes);
    CU_ASSERT_TRUE(held(&crowd).max_bytes < MEMORY_BYTES);
    CU_ASSERT_TRUE(crowd.most_descriptors <= open);
    CU_ASSERT_TRUE(count_lines(&crowd, "no room for") > 0);
    CU_ASSERT_TRUE(count_lines(&crowd, "no room for") <=
                   (sx_clock_now_us() - begun_us) / 1000000 + 1);
    CU_ASSERT_TRUE(!is_plain_process() || crowd.most_rss_bytes < rss + MEMORY_BYTES + BESIDE_BYTES);
    crowd_close(&crowd);
}

CU_TestInfo tests_thousand[] = {
    {"a thousand allowed accounts stay under the bound, and who is honest is answered",
     a_thousand_accounts_stay_under_the_bound},
    CU_TEST_INFO_NULL,
};
