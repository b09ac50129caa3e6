/* One account sends requests that are costly to look into, through real servers: it gets its share
 * of the service's link, and another one is served meanwhile.
 */
#include "soapH.h"
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "request/budget.h"
#include "soap/pack.h"
#include "../lib/suite.h"
#include "scale.h"

enum {
    HEADER_BYTES = 250000, /* just what may stand before an operation */
    LEAST_STEPS = 1000000, /* what a look at it takes, and more */
    PATIENCE_S = 120,      /* a batch may be read before each call, on a loaded machine */
    RULE_BYTES = 200
};

#define FLOOD (unsigned)scale_of(1000, 20)
#define BATCH (FLOOD / 20) /* then alice calls */

struct flood {
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    const char *endpoint;
    struct stranger *evil;
    char *element; /* packed */
};

/* 12 ms of a link's own thread, in some 1,000 bytes. */
static char *pack_costly(void)
{
    struct sx_buffer out = {0}, packed = {0};
    enum sx_form form = SX_FORM_STORED;
    size_t len;
    int i;
    sx_buffer_add_text(&out, "<e:Envelope xmlns:e='" SOAP11 "'><e:Header><h>");
    for (i = 0; i < 200; i++)
        sx_buffer_add_format(&out, "%s xmlns:n%d='u'%s", i % 10 ? "" : "<d", i,
                             i % 10 == 9 ? ">" : "");
    while (out.len < HEADER_BYTES)
        sx_buffer_add_text(&out, "<n0:a n0:b='' n0:c='' n0:d=''/>");
    for (i = 0; i < 20; i++)
        sx_buffer_add_text(&out, "</d>");
    sx_buffer_add_text(&out, "</h></e:Header><e:Body>" LAB("tick", "<number xmlns=''>1</number>") //
                       "</e:Body></e:Envelope>");
    CU_ASSERT_EQUAL_FATAL(sx_pack(out.bytes, out.len, &packed, &form), SX_OK);
    CU_ASSERT_EQUAL(form, SX_FORM_ZSTD);
    sx_buffer_clear(&out);
    sx_buffer_add_text(&out, "<packed xmlns='urn:soap-xmpp:packed:1'>");
    sx_base64_add(&out, packed.bytes, packed.len);
    sx_buffer_add_text(&out, "</packed>");
    sx_buffer_fini(&packed);
    return sx_buffer_take(&out, &len);
}

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, const char *rules)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.allow = rules;
    account.config.plain_delivery = 0; /* packed ones are taken */
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

static void open_flood(struct flood *flood, const struct site *site)
{
    char rules[RULE_BYTES];
    snprintf(rules, sizeof rules, "alice@%s:add bob@%s:tick", site->domain, site->domain);
    flood->service = open_link(site, "bob", "soap", rules);
    flood->laboratory = laboratory_start(flood->service, 2);
    flood->caller = open_link(site, "alice", "desk", NULL);
    flood->soap = laboratory_client(flood->caller, SOAP_IO_DEFAULT);
    flood->soap->send_timeout = flood->soap->recv_timeout = PATIENCE_S;
    flood->endpoint = site_endpoint(site, "bob", "soap");
    flood->evil = scene_open_stranger(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(flood->evil);
    flood->element = pack_costly();
    CU_ASSERT_TRUE(strlen(flood->element) < 1500);
}

static void close_flood(struct flood *flood)
{
    stranger_close(flood->evil);
    laboratory_client_free(flood->soap);
    soap_xmpp_close(flood->caller);
    CU_ASSERT_EQUAL(laboratory_stop(flood->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(flood->service);
    free(flood->element);
}

static void send_flood(const struct site *site)
{
    struct flood flood;
    int64_t begun_us = sx_clock_now_us(), most;
    unsigned i, declined;
    double sum = 0;
    open_flood(&flood, site);
    for (i = 0; i < FLOOD; i++) {
        CU_ASSERT_TRUE(stranger_say_format(flood.evil,
                                           "<iq type='set' id='f%u' to='bob@%s/soap'>%s</iq>", i,
                                           site->domain, flood.element));
        if (i % BATCH == 0)
            CU_ASSERT_EQUAL(soap_call_lab__add(flood.soap, flood.endpoint, NULL, 1, 2, &sum),
                            SOAP_OK);
    }
    for (i = 0; i < FLOOD && stranger_hear(flood.evil, "</iq>"); i++)
        ;
    CU_ASSERT_EQUAL(i, FLOOD); /* each of them is answered */
    declined = stranger_count(flood.evil, "<resource-constraint");
    most = (SX_BUDGET_BURST_STEPS + (sx_clock_now_us() - begun_us) * SX_BUDGET_STEPS_PER_US) /
           LEAST_STEPS;
    CU_ASSERT_TRUE((int)(FLOOD - declined) <= most + 1);
    CU_ASSERT_EQUAL(soap_call_lab__add(flood.soap, flood.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    close_flood(&flood);
}

static void a_costly_flood_gets_its_share_and_others_are_served(void)
{
    site_each(send_flood);
}

CU_TestInfo tests_budget[] = {
    {"a flood of requests that are costly to look into gets its share, and others are served",
     a_costly_flood_gets_its_share_and_others_are_served},
    CU_TEST_INFO_NULL,
};
