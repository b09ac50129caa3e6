/* gSOAP's logging plugin, registered before and behind ours. */
#include "ground.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* gSOAP's plugin/logging.h */
int logging(struct soap *soap, struct soap_plugin *plugin, void *arg);
void soap_set_logging_inbound(struct soap *soap, FILE *file);
void soap_set_logging_outbound(struct soap *soap, FILE *file);

struct logged {
    struct soap *soap;
    FILE *in, *out;
    char *in_text, *out_text;
    size_t in_len, out_len;
};

static void open_log(struct logged *logged, struct soap *soap)
{
    *logged = (struct logged){.soap = soap};
    logged->in = open_memstream(&logged->in_text, &logged->in_len);
    logged->out = open_memstream(&logged->out_text, &logged->out_len);
    soap_set_logging_inbound(soap, logged->in);
    soap_set_logging_outbound(soap, logged->out);
}

static void close_log(struct logged *logged)
{
    soap_set_logging_inbound(logged->soap, NULL);
    soap_set_logging_outbound(logged->soap, NULL);
    fclose(logged->in);
    fclose(logged->out);
    free(logged->in_text);
    free(logged->out_text);
}

static void assert_logged(struct logged *logged, const char *in, const char *out)
{
    fflush(logged->in);
    fflush(logged->out);
    ASSERT_CONTAINS(logged->in_text, in);
    ASSERT_CONTAINS(logged->out_text, out);
}

static void call_logged(struct soap *soap)
{
    struct logged logged;
    open_log(&logged, soap);
    ASSERT_ADD(soap, CALC, 1, 2);
    assert_logged(&logged, "<sum>3</sum>", "<b>2</b>");
    close_log(&logged);
}

static void behind(void)
{
    CU_ASSERT_EQUAL(soap_register_plugin(ground.client, logging), SOAP_OK);
    call_logged(ground.client);
}

static void before(void)
{
    struct soap *soap = soap_new();
    CU_ASSERT_EQUAL(soap_register_plugin(soap, logging), SOAP_OK);
    CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, soap_xmpp, ground.near), SOAP_OK);
    call_logged(soap);
    ground_free(soap);
}

static void remove_nothing(struct soap *soap, struct soap_plugin *plugin)
{
    (void)soap, (void)plugin;
}

/* gSOAP's plugin/wsaapi.h, as far as it matters here */
static int look_like_wsa(struct soap *soap, struct soap_plugin *plugin, void *arg)
{
    (void)soap, (void)arg;
    plugin->id = "SOAP-WSA/1.5";
    plugin->fdelete = remove_nothing;
    return SOAP_OK;
}

static void before_and_another_between(void)
{
    struct soap *soap = soap_new();
    CU_ASSERT_EQUAL(soap_register_plugin(soap, logging), SOAP_OK);
    CU_ASSERT_EQUAL(soap_register_plugin(soap, look_like_wsa), SOAP_OK);
    CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, soap_xmpp, ground.near), SOAP_OK);
    call_logged(soap);
    ground_free(soap);
}

/* The plugin's data is one for all copies: those without ours must be left alone. */
static void before_and_copied(void)
{
    struct soap *base = soap_new(), *one, *other, *copy;
    size_t (*frecv)(struct soap *, char *, size_t) = base->frecv;
    CU_ASSERT_EQUAL(soap_register_plugin(base, logging), SOAP_OK);
    one = soap_copy(base);
    other = soap_copy(base);
    CU_ASSERT_EQUAL(soap_register_plugin_arg(one, soap_xmpp, ground.near), SOAP_OK);
    copy = soap_copy(one);
    call_logged(one);
    call_logged(copy);
    CU_ASSERT_NOT_EQUAL(other->frecv, frecv);
    CU_ASSERT_PTR_NULL(soap_lookup_plugin(other, SOAP_XMPP_ID));
    CU_ASSERT_NOT_EQUAL(soap_call_calc__add(other, "http://127.0.0.1:1", NULL, 1, 2, &(double){0}),
                        SOAP_OK);
    CU_ASSERT_EQUAL(other->error, SOAP_TCP_ERROR);
    ground_free(copy);
    ground_free(one);
    ground_free(other);
    ground_free(base);
}

CU_TestInfo tests_logging[] = {
    {"logging behind ours sees both envelopes", behind},
    {"logging before ours sees them, too", before},
    {"so it does with WS-Addressing between them", before_and_another_between},
    {"logging that copies share is left alone where ours isn't registered", before_and_copied},
    CU_TEST_INFO_NULL,
};
