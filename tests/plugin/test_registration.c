/* The plugin comes, is copied, chained and goes. */
#include "ground.h"

#include <string.h>

static const struct soap_xmpp_layout ours = {GSOAP_VERSION,
                                             sizeof(struct soap),
                                             SOAP_BUFLEN,
                                             offsetof(struct soap, fsend),
                                             offsetof(struct soap, fprepareinitrecv),
                                             offsetof(struct soap, buf),
                                             offsetof(struct soap, error),
                                             offsetof(struct soap, namespaces)};

static struct soap_xmpp_layout theirs;

static int register_alien(struct soap *soap, struct soap_plugin *plugin, void *link)
{
    return soap_xmpp_register(soap, plugin, link, &theirs);
}

/* What the trace said last. */
static char told[400];

static void keep_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    if (level == SOAP_XMPP_TRACE_ERROR && strstr(line, "registered"))
        snprintf(told, sizeof told, "%s", line);
}

static void assert_refused(struct soap_xmpp_link *link)
{
    struct soap *soap = soap_new();
    int (*before)(struct soap *, const char *, size_t) = soap->fsend;
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, register_alien, link), SOAP_PLUGIN_ERROR);
    CU_ASSERT(soap->fsend == before);
    ground_free(soap);
}

/* By the trace: what the library knows of soap is wrong. */
static void refuses_layout(void)
{
    char expected[200];
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    soap_xmpp_config_init(&config);
    config.jid = "x@example.org/x";
    config.password = "secret";
    config.host = "127.0.0.1";
    config.port = 1; /* nobody is there */
    config.tls = SOAP_XMPP_TLS_OFF;
    config.trace_callback = keep_line;
    link = soap_xmpp_open(&config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    theirs = ours;
    theirs.offset_namespaces += 8;
    assert_refused(link);
    ASSERT_CONTAINS(told, ": struct soap's members have other places");
    theirs = ours;
    theirs.gsoap_version = 208009;
    theirs.soap_bytes = 4711;
    assert_refused(link);
    ASSERT_CONTAINS(told, "the program was built with gSOAP 2.8.9 (struct soap: 4711 bytes, "
                          "SOAP_BUFLEN ");
    snprintf(expected, sizeof expected, "the library with gSOAP %d.%d.%d (struct soap: %zu bytes, ",
             GSOAP_VERSION / 100000, GSOAP_VERSION / 1000 % 100, GSOAP_VERSION % 1000,
             sizeof(struct soap));
    ASSERT_CONTAINS(told, expected);
    assert_refused(NULL);
    ASSERT_TEXT(told, "");
    soap_xmpp_close(link);
}

static void needs_link(void)
{
    struct soap *soap = soap_new();
    CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, soap_xmpp, NULL), SOAP_USER_ERROR);
    ASSERT_TEXT(ground_fault(soap), "the plugin soap_xmpp wants a link: has soap_xmpp_open() "
                                    "given one?");
    ground_free(soap);
}

static void twice(void)
{
    CU_ASSERT_EQUAL(soap_register_plugin_arg(ground.client, soap_xmpp, ground.near), SOAP_OK);
    ASSERT_ADD(ground.client, CALC, 1, 2);
    CU_ASSERT_EQUAL(soap_register_plugin_arg(ground.client, soap_xmpp, ground.far),
                    SOAP_PLUGIN_ERROR);
    ASSERT_TEXT(ground_fault(ground.client), "the plugin soap_xmpp is registered with another link "
                                             "already");
    ASSERT_ADD(ground.client, CALC, 1, 2);
}

static void closed_link(void)
{
    struct soap_xmpp_link *link = loopback_new("x@example.org/x");
    struct soap *soap = ground_context(link, SOAP_IO_DEFAULT);
    double sum;
    soap_xmpp_close(link);
    CU_ASSERT_EQUAL(soap_call_calc__add(soap, CALC, NULL, 1, 2, &sum), SOAP_TCP_ERROR);
    ASSERT_TEXT(ground_fault(soap), CALC ": the link was stopped");
    ground_free(soap);
}

/* Another plugin, which counts what goes through it. */
struct counter {
    int (*fsend)(struct soap *, const char *, size_t);
    int sends;
};
static const char counter_id[] = "counter";

static int count_send(struct soap *soap, const char *bytes, size_t len)
{
    struct counter *counter = soap_lookup_plugin(soap, counter_id);
    counter->sends++;
    return counter->fsend(soap, bytes, len);
}

static void delete_counter(struct soap *soap, struct soap_plugin *plugin)
{
    struct counter *counter = plugin->data;
    soap->fsend = counter->fsend; /* blindly, as gSOAP's own plugins do */
    SOAP_FREE(soap, counter);
}

static int copy_counter(struct soap *soap, struct soap_plugin *to, struct soap_plugin *from)
{
    (void)soap;
    to->data = SOAP_MALLOC(soap, sizeof(struct counter));
    if (!to->data)
        return SOAP_EOM;
    memcpy(to->data, from->data, sizeof(struct counter));
    return SOAP_OK;
}

static int register_counter(struct soap *soap, struct soap_plugin *plugin, void *arg)
{
    struct counter *counter = SOAP_MALLOC(soap, sizeof *counter);
    (void)arg;
    if (!counter)
        return SOAP_EOM;
    counter->fsend = soap->fsend;
    counter->sends = 0;
    soap->fsend = count_send;
    plugin->id = counter_id;
    plugin->data = counter;
    plugin->fcopy = copy_counter;
    plugin->fdelete = delete_counter;
    return SOAP_OK;
}

static void chains(void)
{
    struct soap *before = soap_new(), *copy, *copy_of_copy;
    const struct counter *counter;
    soap_register_plugin_arg(before, register_counter, NULL);
    soap_register_plugin_arg(before, soap_xmpp, ground.near);
    soap_register_plugin_arg(ground.client, register_counter, NULL);
    copy = soap_copy(ground.client);
    copy_of_copy = soap_copy(copy);
    ASSERT_ADD(before, CALC, 1, 2);
    ASSERT_ADD(ground.client, CALC, 1, 2);
    ASSERT_ADD(copy, CALC, 1, 2);
    ASSERT_ADD(copy_of_copy, CALC, 1, 2);
    counter = soap_lookup_plugin(copy_of_copy, counter_id);
    CU_ASSERT_EQUAL(counter->sends, 1);
    ground_free(copy);
    ASSERT_ADD(copy_of_copy, CALC, 1, 2);
    ground_free(copy_of_copy);
    ground_free(before);
}

static void fault_table(void)
{
    int err;
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ENOMEM), SOAP_EOM);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_EENDPOINT), SOAP_USER_ERROR);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ELOST), SOAP_EOF);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ETIMEOUT), SOAP_EOF);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ENOTSOAP), SOAP_NO_DATA);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_EMALFORMED), SOAP_SYNTAX_ERROR);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_ETOOBIG), SOAP_LENGTH);
    CU_ASSERT_EQUAL(sx_fault_soap_code(SX_EDEPTH), SOAP_LEVEL);
    for (err = SX_EOFFLINE; err <= SX_EROOM; err++)
        CU_ASSERT_EQUAL(sx_fault_soap_code((enum sx_err)err), SOAP_TCP_ERROR);
}

CU_TestInfo tests_registration[] = {
    {"a program with another layout of struct soap is refused, and told both versions",
     refuses_layout},
    {"the plugin needs a link", needs_link},
    {"registering twice is harmless, with another link refused", twice},
    {"a context outlives the program's hold on its link", closed_link},
    {"other plugins before and behind, copied and deleted in any order, see each send", chains},
    {"the error table's codes are those of stdsoap2.h", fault_table},
    CU_TEST_INFO_NULL,
};
