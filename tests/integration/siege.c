#include "soapH.h"
#include "laboratory.h"

#include <stdlib.h>

#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "siege.h"

/* ---- scripts ---- */

const struct hostile_step siege_answer[] = {
    {HOSTILE_SEND, .text = "<iq type='result' id='$ID' from='$TO' to='$JID'><e:Envelope "
                           "xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
                           "<l:addResponse xmlns:l='urn:soapxmpp:lab'><sum>3</sum>"
                           "</l:addResponse></e:Body></e:Envelope></iq>"},
    {HOSTILE_END},
};

static const struct hostile_step one_answer[] = {
    {HOSTILE_EXPECT, .text = "</iq>"},
    {HOSTILE_PLAY, .steps = siege_answer},
    {HOSTILE_END},
};

#define EIGHT_OF(what)                                                                             \
    {                                                                                              \
        {HOSTILE_PLAY, .steps = what}, {HOSTILE_PLAY, .steps = what},                              \
            {HOSTILE_PLAY, .steps = what}, {HOSTILE_PLAY, .steps = what},                          \
            {HOSTILE_PLAY, .steps = what}, {HOSTILE_PLAY, .steps = what},                          \
            {HOSTILE_PLAY, .steps = what}, {HOSTILE_PLAY, .steps = what},                          \
        {                                                                                          \
            HOSTILE_END                                                                            \
        }                                                                                          \
    }

static const struct hostile_step eight_answers[] = EIGHT_OF(one_answer);
static const struct hostile_step many_answers[] = EIGHT_OF(eight_answers);
const struct hostile_step siege_answers[] = EIGHT_OF(many_answers);

/* ---- calls ---- */

void siege_assert_adds(struct soap *soap)
{
    double sum = 0;
    int err = soap_call_lab__add(soap, SIEGE_ENDPOINT, NULL, 1, 2, &sum);
    if (err)
        printf("\n    %s", laboratory_fault(soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    soap_destroy(soap);
    soap_end(soap);
}

void bystander_open(struct bystander *bystander)
{
    static const struct hostile_step script[] = {
        {HOSTILE_PLAY, .steps = hostile_login_plain},
        {HOSTILE_PLAY, .steps = siege_answers},
        {HOSTILE_END},
    };
    bystander->server = hostile_start(script, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bystander->server);
    bystander->link = hostile_link_open(bystander->server, SOAP_XMPP_TLS_OFF, NULL);
    bystander->soap = laboratory_client(bystander->link, SOAP_IO_DEFAULT);
    siege_assert_adds(bystander->soap);
}

void bystander_close(struct bystander *bystander)
{
    CU_ASSERT_FALSE(hostile_await_connections(bystander->server, 2, 0));
    laboratory_client_free(bystander->soap);
    hostile_stop(bystander->server);
    soap_xmpp_close(bystander->link);
}

/* ---- the siege ---- */

void siege_prepare(struct siege *siege, struct bystander *bystander,
                   const struct hostile_step *script, const char *pem,
                   struct soap_xmpp_config *config)
{
    *siege = (struct siege){.bystander = bystander};
    witness_init(&siege->witness);
    siege->server = hostile_start(script, pem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(siege->server);
    snprintf(siege->place, sizeof siege->place, "127.0.0.1 port %d", hostile_port(siege->server));
    hostile_link_config(siege->server, config);
    config->tls = pem ? SOAP_XMPP_TLS_REQUIRED : SOAP_XMPP_TLS_OFF;
    witness_watch(&siege->witness, config);
    siege_assert_unharmed(siege);
}

void siege_begin(struct siege *siege, struct soap_xmpp_config *config)
{
    char why[300] = "";
    siege->link = soap_xmpp_open(config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(siege->link);
    siege->soap = laboratory_client(siege->link, SOAP_IO_DEFAULT);
}

void siege_end(struct siege *siege)
{
    laboratory_client_free(siege->soap);
    hostile_stop(siege->server); /* first: its script may not be where a good-bye is expected */
    soap_xmpp_close(siege->link);
    siege_assert_unharmed(siege);
    witness_fini(&siege->witness);
}

void siege_assert_told(struct siege *siege, const char *server, const char *reason)
{
    bool told = witness_await_trace(&siege->witness, server, reason);
    if (!told) {
        char *trace = witness_trace(&siege->witness);
        printf("\n    no line with \"%s\" and \"%s\" in:\n%s", server, reason, trace);
        free(trace);
    }
    CU_ASSERT_TRUE(told);
}

/* Before a link has been online for the first time wait_online may tell at once what is wrong. */
void siege_assert_usable(struct siege *siege)
{
    CU_ASSERT_TRUE(witness_await(&siege->witness, SOAP_XMPP_ONLINE));
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(siege->link, -1), 0);
    siege_assert_adds(siege->soap);
}

void siege_assert_unharmed(struct siege *siege)
{
    siege_assert_adds(siege->bystander->soap);
}
