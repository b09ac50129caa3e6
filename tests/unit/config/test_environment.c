/* The configuration from the environment: what fills members, what is refused. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char SECRET[] = "s3cr3t-Pa55";

/* Variables set for other tests are put aside, and restored. */
static char *set_aside[64];
static size_t set_aside_count;

static char *find_entry(void)
{
    char **entry;
    for (entry = environ; *entry; entry++)
        if (strncmp(*entry, "SOAP_XMPP_", 10) == 0)
            return *entry;
    return NULL;
}

static void clear_environment(bool keep)
{
    char *entry;
    while ((entry = find_entry()) != NULL) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(entry, "="), entry);
        if (keep && set_aside_count < COUNT(set_aside))
            set_aside[set_aside_count++] = strdup(entry);
        unsetenv(name);
    }
}

static void restore_environment(void)
{
    clear_environment(false);
    while (set_aside_count > 0) {
        char *entry = set_aside[--set_aside_count];
        char *value = strchr(entry, '=');
        *value = '\0';
        setenv(entry, value + 1, 1);
        free(entry);
    }
}

static void check_environment_fills_members(void)
{
    struct soap_xmpp_config config;
    char why[256] = "";
    soap_xmpp_config_init(&config);
    config.timeout_ms = 5;
    config.host = "kept";
    setenv("SOAP_XMPP_JID", "a@b/c", 1);
    setenv("SOAP_XMPP_PASSWORD", SECRET, 1);
    setenv("SOAP_XMPP_PASSWORD_FILE", "/p", 1);
    setenv("SOAP_XMPP_PORT", "65535", 1);
    setenv("SOAP_XMPP_CAFILE", "/ca", 1);
    setenv("SOAP_XMPP_CERTFILE", "/cert", 1);
    setenv("SOAP_XMPP_KEYFILE", "/key", 1);
    setenv("SOAP_XMPP_TLS", "direct", 1);
    setenv("SOAP_XMPP_TRACE", "debug", 1);
    setenv("SOAP_XMPP_MAX_MEMORY_BYTES", "500000000", 1);
    setenv("SOAP_XMPP_MECHANISMS", "SCRAM-SHA-256 PLAIN", 1);
    setenv("SOAP_XMPP_TRACE_TO", "syslog", 1);
    setenv("SOAP_XMPP_GIVE_UP", "after_refusal", 1);
    setenv("SOAP_XMPP_ALLOW_FILE", "/etc/calc.allow", 1);
    setenv("SOAP_XMPP_WSDL", "/etc/calc.wsdl", 1);
    setenv("SOAP_XMPP_TRACE_CONTEXT", "1", 1);
    CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&config, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(config.trace_to, "syslog");
    ASSERT_TEXT(config.allow_file, "/etc/calc.allow");
    ASSERT_TEXT(config.wsdl_file, "/etc/calc.wsdl");
    CU_ASSERT_EQUAL(config.trace_context, 1);
    ASSERT_TEXT(config.jid, "a@b/c");
    ASSERT_TEXT(config.password, SECRET);
    ASSERT_TEXT(config.password_file, "/p");
    ASSERT_TEXT(config.host, "kept");
    CU_ASSERT_EQUAL(config.port, 65535);
    ASSERT_TEXT(config.ca_file, "/ca");
    ASSERT_TEXT(config.cert_file, "/cert");
    ASSERT_TEXT(config.key_file, "/key");
    CU_ASSERT_EQUAL(config.tls, SOAP_XMPP_TLS_DIRECT);
    CU_ASSERT_EQUAL(config.trace, SOAP_XMPP_TRACE_DEBUG);
    CU_ASSERT_EQUAL(config.max_memory_bytes, 500000000);
    ASSERT_TEXT(config.mechanisms, "SCRAM-SHA-256 PLAIN");
    CU_ASSERT_EQUAL(config.give_up, SOAP_XMPP_GIVE_UP_AFTER_REFUSAL);
    CU_ASSERT_EQUAL(config.timeout_ms, 5);
    CU_ASSERT_EQUAL(config.size, sizeof config);
}

static void check_environment_words(void)
{
    static const struct {
        const char *name, *value;
        int tls, trace;
    } rows[] = {
        {"SOAP_XMPP_TLS", "required", SOAP_XMPP_TLS_REQUIRED, 0},
        {"SOAP_XMPP_TLS", "off", SOAP_XMPP_TLS_OFF, 0},
        {"SOAP_XMPP_TRACE", "none", 0, SOAP_XMPP_TRACE_NONE},
        {"SOAP_XMPP_TRACE", "error", 0, SOAP_XMPP_TRACE_ERROR},
        {"SOAP_XMPP_TRACE", "info", 0, SOAP_XMPP_TRACE_INFO},
        {"SOAP_XMPP_TRACE", "stanza", 0, SOAP_XMPP_TRACE_STANZA},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct soap_xmpp_config config;
        soap_xmpp_config_init(&config);
        clear_environment(false);
        setenv(rows[i].name, rows[i].value, 1);
        CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&config, NULL, 0), 0);
        CU_ASSERT_EQUAL((int)config.tls, rows[i].tls);
        CU_ASSERT_EQUAL((int)config.trace, rows[i].trace);
    }
}

static void check_bad_environment_changes_nothing(void)
{
    static const struct {
        const char *name, *value, *why;
    } rows[] = {
        {"SOAP_XMPP_PORT", "0", "SOAP_XMPP_PORT is \"0\"; allowed: 1 to 65535"},
        {"SOAP_XMPP_PORT", "65536", "SOAP_XMPP_PORT is \"65536\"; allowed: 1 to 65535"},
        {"SOAP_XMPP_PORT", "4294972518", "SOAP_XMPP_PORT is \"4294972518\""},
        {"SOAP_XMPP_PORT", "+5222", "SOAP_XMPP_PORT is \"+5222\""},
        {"SOAP_XMPP_PORT", "5222 ", "SOAP_XMPP_PORT is \"5222 \""},
        {"SOAP_XMPP_PORT", "", "SOAP_XMPP_PORT is empty; unset it, or give it 1 to 65535"},
        {"SOAP_XMPP_HOST", "", "SOAP_XMPP_HOST is empty"},
        {"SOAP_XMPP_TLS", "Required",
         "SOAP_XMPP_TLS is \"Required\"; allowed: required, direct or off"},
        {"SOAP_XMPP_TRACE", "al\nl",
         "SOAP_XMPP_TRACE is \"al?l\"; allowed: none, error, info, debug or stanza"},
        {"SOAP_XMPP_PASSWROD", SECRET, "SOAP_XMPP_PASSWROD is no variable of this library"},
        {"SOAP_XMPP_", SECRET, "SOAP_XMPP_ is no variable of this library"},
        {"SOAP_XMPP_jid", SECRET,
         "allowed are SOAP_XMPP_JID, _PASSWORD, _PASSWORD_FILE, _HOST, _PORT, _CAFILE, _CERTFILE, "
         "_KEYFILE, _ALLOW, _TLS, _PACKING, _TRUSTED_HOST, _SHARED_JID, _PRESENCE, _MESSAGES, "
         "_POLICY, _TRACE, _MAX_MEMORY_BYTES, _MECHANISMS, _TRACE_TO, _GIVE_UP, "
         "_ALLOW_FILE, _TRACE_CONTEXT, _WSDL"},
        {"SOAP_XMPP_GIVE_UP", "1", "SOAP_XMPP_GIVE_UP is \"1\"; allowed: never or after_refusal"},
        /* not what Kubernetes writes */
        {"SOAP_XMPP_SERVICE_HOST", "xmpp.example.org", "SOAP_XMPP_SERVICE_HOST is no variable"},
        {"SOAP_XMPP_SERVICE_HOSTS", "10.0.0.1", "SOAP_XMPP_SERVICE_HOSTS is no variable"},
        {"SOAP_XMPP_SERVICE_PORT", "xmpp-client", "SOAP_XMPP_SERVICE_PORT is no variable"},
        {"SOAP_XMPP_PORTS", "tcp://10.0.0.1:5222", "SOAP_XMPP_PORTS is no variable"},
        {"SOAP_XMPP_PORT", "http://10.0.0.1", "SOAP_XMPP_PORT is \"http://10.0.0.1\"; allowed:"},
        {"SOAP_XMPP_PORT_5222_TCP", "5222", "SOAP_XMPP_PORT_5222_TCP is no variable"},
        {"SOAP_XMPP_PORT_5222_tcp", "tcp://1", "SOAP_XMPP_PORT_5222_tcp is no variable"},
        {"SOAP_XMPP_PORT_5222_TCP_HOST", "10.0.0.1", "PORT_5222_TCP_HOST is no variable"},
        {"SOAP_XMPP_MAX_MEMORY_BYTES", "0",
         "SOAP_XMPP_MAX_MEMORY_BYTES is \"0\"; allowed: a number of bytes"},
        {"SOAP_XMPP_MAX_MEMORY_BYTES", "1GB", "SOAP_XMPP_MAX_MEMORY_BYTES is \"1GB\""},
        {"SOAP_XMPP_MAX_MEMORY_BYTES", "12345678901234567890", "allowed: a number of bytes"},
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++) {
        struct soap_xmpp_config config, before;
        char why[400] = "";
        soap_xmpp_config_init(&config);
        config.jid = "kept@example.org";
        before = config;
        clear_environment(false);
        setenv("SOAP_XMPP_CAFILE", "/ca", 1);
        setenv(rows[i].name, rows[i].value, 1);
        CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&config, why, sizeof why), -1);
        ASSERT_CONTAINS(why, rows[i].why);
        ASSERT_LACKS(why, SECRET);
        CU_ASSERT_EQUAL(memcmp(&config, &before, sizeof config), 0);
        CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&config, NULL, 0), -1);
    }
}

/* As Kubernetes 1.31 sets them for the services soap-xmpp and soap-xmpp-calc. */
static void check_services_are_passed_over(void)
{
    static const char *const injected[][2] = {
        {"SOAP_XMPP_SERVICE_HOST", "10.96.0.17"},
        {"SOAP_XMPP_SERVICE_PORT", "5222"},
        {"SOAP_XMPP_SERVICE_PORT_XMPP_CLIENT", "5222"},
        {"SOAP_XMPP_PORT", "tcp://10.96.0.17:5222"},
        {"SOAP_XMPP_PORT_5222_TCP", "tcp://10.96.0.17:5222"},
        {"SOAP_XMPP_PORT_5222_TCP_PROTO", "tcp"},
        {"SOAP_XMPP_PORT_5222_TCP_PORT", "5222"},
        {"SOAP_XMPP_PORT_5222_TCP_ADDR", "10.96.0.17"},
        {"SOAP_XMPP_CALC_SERVICE_HOST", "fd00::17"},
        {"SOAP_XMPP_CALC_PORT", "udp://[fd00::17]:53"},
        {"SOAP_XMPP_CALC_PORT_53_UDP_ADDR", "fd00::17"},
    };
    struct soap_xmpp_config config;
    char why[400] = "";
    size_t i;
    for (i = 0; i < COUNT(injected); i++)
        setenv(injected[i][0], injected[i][1], 1);
    setenv("SOAP_XMPP_JID", "a@b/c", 1);
    soap_xmpp_config_init(&config);
    CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&config, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(config.jid, "a@b/c");
    CU_ASSERT_EQUAL(config.port, 0);
}

static void services_are_passed_over(void)
{
    clear_environment(true);
    check_services_are_passed_over();
    restore_environment();
}

static void check_environment_stays_inside_older_structs(void)
{
    struct {
        struct soap_xmpp_config config;
    } program;
    size_t size = offsetof(struct soap_xmpp_config, max_stanza_bytes);
    memset(&program, 0xA5, sizeof program);
    soap_xmpp_config_init_bytes(&program.config, size);
    setenv("SOAP_XMPP_JID", "a@b", 1);
    setenv("SOAP_XMPP_TRACE", "info", 1);
    CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&program.config, NULL, 0), 0);
    ASSERT_TEXT(program.config.jid, "a@b");
    CU_ASSERT_EQUAL(program.config.size, size);
    CU_ASSERT_EQUAL((unsigned)program.config.trace, 0xA5A5A5A5u);
    program.config.size = 0;
    CU_ASSERT_EQUAL(soap_xmpp_config_from_env(&program.config, NULL, 0), -1);
}

static void members_are_set_by_name(void)
{
    struct soap_xmpp_config config;
    char why[400] = "";
    soap_xmpp_config_init(&config);
    config.host = "kept";
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "jid", "a@b/c", why, sizeof why), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "password", SECRET, NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "port", "5223", NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "tls", "direct", NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "trace", "debug", NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "shared_jid", "1", NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "max_memory_bytes", "500000000", NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "cafile", "/ca", NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "cert_file", "/cert", NULL, 0), 0);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "wsdl_file", "/wsdl", NULL, 0), 0);
    ASSERT_TEXT(why, "");
    ASSERT_TEXT(config.jid, "a@b/c");
    ASSERT_TEXT(config.password, SECRET);
    CU_ASSERT_EQUAL(config.port, 5223);
    CU_ASSERT_EQUAL(config.tls, SOAP_XMPP_TLS_DIRECT);
    CU_ASSERT_EQUAL(config.trace, SOAP_XMPP_TRACE_DEBUG);
    CU_ASSERT_EQUAL(config.shared_jid, 1);
    CU_ASSERT_EQUAL(config.max_memory_bytes, 500000000);
    ASSERT_TEXT(config.ca_file, "/ca");
    ASSERT_TEXT(config.cert_file, "/cert");
    ASSERT_TEXT(config.wsdl_file, "/wsdl");
    ASSERT_TEXT(config.host, "kept");
}

static void a_member_that_is_refused_is_named(void)
{
    static const struct {
        const char *name, *value, *why;
    } rows[] = {
        {"port", "0", "port is \"0\"; allowed: 1 to 65535"},
        {"port", "", "port is empty; leave it out, or give it 1 to 65535"},
        {"jid", NULL, "jid is empty; leave it out, or give it a JID"},
        {"tls", "on", "tls is \"on\"; allowed: required, direct or off"},
        {"max_memory_bytes", "0", "max_memory_bytes is \"0\"; allowed: a number of bytes"},
        {"passwort", SECRET,
         "\"passwort\" is no member that can be set by name; allowed are jid, password, "
         "password_file, host, port, ca_file, cert_file, key_file, allow, tls, packing"},
        {"PASSWORD", SECRET, "\"PASSWORD\" is no member"},
        {"", SECRET, "\"\" is no member"},
        {NULL, SECRET, "\"\" is no member"},
        {"passwor", SECRET, "\"passwor\" is no member"},
        {"timeout_ms", "1", "\"timeout_ms\" is no member"},
    };
    struct soap_xmpp_config config, before;
    size_t i;
    soap_xmpp_config_init(&config);
    config.jid = "kept@example.org";
    before = config;
    for (i = 0; i < COUNT(rows); i++) {
        char why[600] = "";
        CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, rows[i].name, rows[i].value, why, sizeof why),
                        -1);
        ASSERT_CONTAINS(why, rows[i].why);
        ASSERT_LACKS(why, SECRET);
        CU_ASSERT_EQUAL(memcmp(&config, &before, sizeof config), 0);
        CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, rows[i].name, rows[i].value, NULL, 0), -1);
    }
    CU_ASSERT_EQUAL(soap_xmpp_config_set(NULL, "jid", "a@b", NULL, 0), -1);
}

/* A variable that is added without a name to set it by would show here. */
static void every_variable_is_a_member_by_name(void)
{
    struct soap_xmpp_config config;
    char why[1200] = "", *name, *rest;
    unsigned count = 0;
    soap_xmpp_config_init(&config);
    CU_ASSERT_EQUAL(soap_xmpp_config_set(&config, "none", "1", why, sizeof why), -1);
    rest = strstr(why, "allowed are ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
    rest += strlen("allowed are ");
    while ((name = strtok_r(rest, ", ", &rest)) != NULL) {
        char refusal[400] = "";
        soap_xmpp_config_set(&config, name, "", refusal, sizeof refusal);
        ASSERT_CONTAINS(refusal, "is empty; leave it out");
        count++;
    }
    CU_ASSERT(count >= 23);
}

static void with_environment(void (*test)(void))
{
    clear_environment(true);
    test();
    restore_environment();
}

static void environment_fills_members(void)
{
    with_environment(check_environment_fills_members);
}

static void environment_words(void)
{
    with_environment(check_environment_words);
}

static void bad_environment_changes_nothing(void)
{
    with_environment(check_bad_environment_changes_nothing);
}

static void environment_stays_inside_older_structs(void)
{
    with_environment(check_environment_stays_inside_older_structs);
}

CU_TestInfo tests_environment[] = {
    {"the environment fills members and leaves the others alone", environment_fills_members},
    {"every word for tls and trace is known", environment_words},
    {"a bad or unknown variable changes nothing and is named, never its secret",
     bad_environment_changes_nothing},
    {"the environment stays inside the struct of an older program",
     environment_stays_inside_older_structs},
    {"members are set by name", members_are_set_by_name},
    {"a member that is refused is named, and nothing changes", a_member_that_is_refused_is_named},
    {"every variable is a member by name", every_variable_is_a_member_by_name},
    {"what an orchestrator injects for a service is passed over", services_are_passed_over},
    CU_TEST_INFO_NULL,
};
