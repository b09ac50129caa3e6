/* SASL mechanisms by name, and sets of them. */
#include "config/mechanism.h"

#include <string.h>

#include "config/config.h"
#include "../../lib/suite.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ALL                                                                                        \
    "EXTERNAL, SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-512, "          \
    "SCRAM-SHA-256, SCRAM-SHA-1, PLAIN"

static void test_names(void)
{
    unsigned i;
    for (i = 0; i < SX_MECHANISMS; i++) {
        const char *name = sx_mechanism_name((enum sx_mechanism)i);
        CU_ASSERT_EQUAL(sx_mechanism_find(name, strlen(name)),
                        sx_mechanism_set((enum sx_mechanism)i));
        CU_ASSERT_EQUAL(sx_mechanism_find(name, strlen(name) - 1) & 1U << i, 0);
    }
    CU_ASSERT_EQUAL(sx_mechanism_find("scram-sha-1", 11), 0);
    CU_ASSERT_EQUAL(sx_mechanism_find("", 0), 0);
}

static void test_lists(void)
{
    char list[SX_MECHANISM_LIST_BYTES];
    sx_mechanism_list(SX_MECHANISM_ALL, list, sizeof list);
    ASSERT_TEXT(list, ALL);
    sx_mechanism_list(0, list, sizeof list);
    ASSERT_TEXT(list, "none");
    sx_mechanism_list(SX_MECHANISM_ALL, list, 20);
    ASSERT_TEXT(list, "EXTERNAL");
}

static void test_reading(void)
{
    const char *wrong = NULL, *text = "SCRAM-SHA-256  FOO,PLAIN";
    size_t wrong_len = 0;
    CU_ASSERT_EQUAL(sx_mechanism_read(ALL, &wrong, &wrong_len), SX_MECHANISM_ALL);
    CU_ASSERT_EQUAL(sx_mechanism_read(" PLAIN\tEXTERNAL PLAIN ", &wrong, &wrong_len),
                    sx_mechanism_set(SX_MECHANISM_PLAIN) | sx_mechanism_set(SX_MECHANISM_EXTERNAL));
    CU_ASSERT_EQUAL(sx_mechanism_read(text, &wrong, &wrong_len), 0);
    CU_ASSERT_PTR_EQUAL(wrong, text + 15);
    CU_ASSERT_EQUAL(wrong_len, 3);
    CU_ASSERT_EQUAL(sx_mechanism_read(" ", &wrong, &wrong_len), 0);
}

static struct soap_xmpp_config account(const char *mechanisms)
{
    struct soap_xmpp_config in;
    soap_xmpp_config_init(&in);
    in.jid = "alice@localhost";
    in.password = "secret";
    in.mechanisms = mechanisms;
    return in;
}

static void test_member(void)
{
    static const struct {
        const char *text;
        unsigned set;
    } rows[] = {
        {NULL, SX_MECHANISM_ALL},
        {"SCRAM-SHA-256 SCRAM-SHA-512-PLUS",
         1U << SX_MECHANISM_SCRAM_SHA_256 | 1U << SX_MECHANISM_SCRAM_SHA_512_PLUS},
        {"EXTERNAL, PLAIN", 1U << SX_MECHANISM_EXTERNAL | 1U << SX_MECHANISM_PLAIN},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct soap_xmpp_config in = account(rows[i].text);
        struct sx_config out;
        char why[400] = "";
        CU_ASSERT_EQUAL(sx_config_make(&in, &out, why, sizeof why), SX_OK);
        ASSERT_TEXT(why, "");
        CU_ASSERT_EQUAL(out.mechanisms, rows[i].set);
        sx_config_fini(&out);
    }
}

static void test_refused_member(void)
{
    static const struct {
        const char *text;
        enum soap_xmpp_tls tls;
        const char *jid, *why;
    } rows[] = {
        {"SCRAM-SHA-256 CRAM-MD5", SOAP_XMPP_TLS_REQUIRED, "a@localhost",
         "mechanisms (SOAP_XMPP_MECHANISMS) is \"SCRAM-SHA-256 CRAM-MD5\", and \"CRAM-MD5\" is no "
         "name of one; allowed: " ALL},
        {"plain", SOAP_XMPP_TLS_REQUIRED, "a@localhost", "and \"plain\" is no name of one"},
        {" ", SOAP_XMPP_TLS_REQUIRED, "a@localhost",
         "mechanisms (SOAP_XMPP_MECHANISMS) names none; allowed: " ALL},
        {"EXTERNAL", SOAP_XMPP_TLS_REQUIRED, "a@localhost",
         "for which there is no client certificate (cert_file, key_file)"},
        {"SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS", SOAP_XMPP_TLS_OFF, "a@localhost",
         "for which there is no TLS"},
        {"PLAIN", SOAP_XMPP_TLS_REQUIRED, "localhost",
         "is set, but localhost is a component, which logs in by its secret (XEP-0114)"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct soap_xmpp_config in = account(rows[i].text);
        struct sx_config out;
        char why[400] = "";
        in.jid = rows[i].jid;
        in.tls = rows[i].tls;
        CU_ASSERT_EQUAL(sx_config_make(&in, &out, why, sizeof why), SX_ECONFIG);
        ASSERT_CONTAINS(why, rows[i].why);
    }
}

CU_TestInfo tests_mechanism[] = {
    {"each has a name, by which it is found", test_names},
    {"a set is listed in the order of preference", test_lists},
    {"names with spaces or commas between them are read", test_reading},
    {"a configuration allows all, or those that it names", test_member},
    {"names that there are not, or that can't log in, are refused", test_refused_member},
    CU_TEST_INFO_NULL,
};
