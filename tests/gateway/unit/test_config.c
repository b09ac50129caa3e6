/* gateway.conf: what it says, and what is made of what it doesn't. */
#include "../../lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"

static char why[512];

static struct gw_config *read_text(const char *text)
{
    struct gw_config *config = config_text_read(text, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

static void test_five_lines_are_enough_for_a_camera(void)
{
    struct gw_config *config;
    const struct gw_serve_config *serve;
    config_text_begin();
    config = read_text("link \"main\" { jid = \"cam1@example.org\" password_file = \"secret\" }\n"
                       "serve \"cam1@example.org\" {\n"
                       "    url = \"http://192.168.1.10/onvif/device_service\"\n"
                       "    allow = { \"nvr@example.org\" }\n"
                       "}\n");
    CU_ASSERT(config->serve_count == 1 && config->route_count == 0 && !config->admin);
    serve = &config->serves[0];
    ASSERT_TEXT(gw_pattern_text(serve->pattern), "cam1@example.org");
    ASSERT_TEXT(serve->url, "http://192.168.1.10/onvif/device_service");
    CU_ASSERT(serve->link == &config->links[0] && !serve->link->is_component);
    CU_ASSERT(serve->path == GW_PATH_HEADER && serve->wsdl == GW_WSDL_URL);
    CU_ASSERT(serve->login == GW_LOGIN_NONE && serve->connections == 4);
    CU_ASSERT(serve->timeout_ms == 30000 && serve->keepalive_ms == 5000);
    CU_ASSERT(serve->rewrite.categories == 7 && !serve->rewrite.of_signed);
    CU_ASSERT(serve->line == 2 && serve->link->line == 1);
    gw_config_release(config);
    config_text_end();
}

static void test_what_isnt_said_has_its_default(void)
{
    struct gw_config *config;
    config_text_begin();
    config = read_text("listen \"127.0.0.1:0\" { }\nlisten \"127.0.0.1:0\" { }\n"
                       "admin \"127.0.0.1:0\" { }\n"
                       "link main { jid = \"gw.example.org\" password_file = \"secret\" }\n"
                       "route \"/a\" { to = \"xmpp:a@example.org\" }\n"
                       "route \"/b\" { to = \"xmpp:a@example.org/soap\" }\n");
    CU_ASSERT(config->routes[0].path == GW_PATH_RESOURCE);
    CU_ASSERT(config->routes[1].path == GW_PATH_NONE);
    CU_ASSERT(config->routes[0].timeout_ms == 60000 && config->routes[0].fault_status == 0);
    CU_ASSERT(config->routes[0].wsdl == GW_WSDL_SERVICE && !config->routes[0].once_by_message_id);
    ASSERT_TEXT(config->routes[0].from, "");
    CU_ASSERT(config->routes[0].users.count == 0 && !config->routes[0].may_message);
    CU_ASSERT(config->limits.body_bytes == 64 << 20 && config->limits.header_bytes == 16 << 10);
    CU_ASSERT(config->limits.memory_bytes == 256 << 20 && config->limits.in_flight == 1000);
    CU_ASSERT(config->limits.connections == 10000 && config->limits.idle_ms == 60000);
    CU_ASSERT(config->drain_ms == 30000 && config->log == GW_LOG_TEXT && !config->has_trial);
    CU_ASSERT(!config->is_ready_by_any && !config->has_operation_metrics);
    ASSERT_TEXT(config->public_url, "");
    CU_ASSERT(config->links[0].is_component);
    gw_config_release(config);
    config_text_end();
}

static const char all[] =
    "# all there is\n"
    "public-url = https://gw.example.org:8443\n"
    "trusted_proxies = { \"127.0.0.1\", \"::1\" } // '_' is '-'\n"
    "drain = 5 log = json /* two\n lines */ ready = any metrics-operations = yes\n"
    "limits { body = \"1MiB\" header = 8KiB memory = \"1GiB\" in-flight = 7 connections = 70\n"
    "         idle = \"2 min\" }\n"
    "auth \"staff\" { type = \"basic\" file = \"secret\" groups = { \"ops=alice,bob\" } }\n"
    "auth certs { type = client-certificate }\n"
    "listen \"[::]:8443\" { cert = \"ca.pem\" key = \"secret\" auth = staff }\n"
    "listen \"0.0.0.0:8444\" { cert = \"ca.pem\" key = \"secret\" client_ca = ca.pem auth = certs "
    "}\n"
    "listen \"192.0.2.1:80\" { insecure = true auth = \"staff\" }\n"
    "admin \"/run/gateway.sock\" { try = true auth = staff }\n"
    "link \"main\" { jid = \"gw.example.org\" password = 'it\\'s \\\\' host = localhost\n"
    "    max-memory-bytes = 1000000 }\n"
    "link \"two\" { jid = \"alice@example.org/desk\" password_file = \"secret\" }\n"
    "route \"/cam/{name}\" { to = \"xmpp:{name}@cams.example.org\" link = main\n"
    "    users = { alice, \"group:ops\" } timeout = 500ms fault-status = 500 wsdl = \"open\"\n"
    "    from = \"{user}@gw.example.org\" rewrite = { } element = { \"{urn:x}Address\" }\n"
    "    rewrite-signed = true once = message-id message = on mtom = \"{urn:x}Photo\"  path = none "
    "}\n"
    "route \"/cam/front\" { to = \"xmpp:front@example.org/soap?message\" link = two path = header "
    "}\n"
    "serve \"{node}@gw.example.org\" { link = main url = \"https://{node}.lan:444/x?y=1\"\n"
    "    path = resource paths = { \"/onvif/*\", \"/x\" } query = true\n"
    "    allow = { \"gw.example.org\", \"*@gw.example.org:{urn:x}GetStatus\" } login = digest\n"
    "    user = admin password_file = secret ca = ca.pem cert = ca.pem key = secret timeout = 1\n"
    "    connections = 9 keepalive = 0 wsdl = none rewrite = xaddr aliases = { \"192.168.1.10\",\n"
    "    \"{node}:81\" } mtom = { \"{}Bare\" } }\n"
    "serve \"alice@example.org\" { link = two url = \"http://[fd00::1]:80/\" allow = \"*\" }\n";

static void test_what_is_said_holds(void)
{
    struct gw_config *config;
    const struct gw_route_config *route;
    const struct gw_serve_config *serve;
    config_text_begin();
    config = read_text(all);
    ASSERT_TEXT(config->public_url, "https://gw.example.org:8443");
    ASSERT_TEXT(config->trusted_proxies.list[1], "::1");
    CU_ASSERT(config->drain_ms == 5000 && config->log == GW_LOG_JSON && config->is_ready_by_any);
    CU_ASSERT(config->limits.body_bytes == 1 << 20 && config->limits.idle_ms == 120000);
    CU_ASSERT(config->limits.memory_bytes == 1 << 30 && config->has_operation_metrics);
    CU_ASSERT(config->listens[0].auth == &config->auths[0] && config->listens[2].is_insecure);
    CU_ASSERT(config->auths[1].type == GW_AUTH_CERTIFICATE && config->has_trial);
    ASSERT_TEXT(config->links[0].values.list[1], "it's \\");
    ASSERT_TEXT(config->links[0].names.list[3], "max_memory_bytes");
    ASSERT_TEXT(gw_pattern_text(config->routes[0].pattern), "/cam/front");
    route = &config->routes[1];
    CU_ASSERT(route->path == GW_PATH_NONE && route->timeout_ms == 500);
    CU_ASSERT(route->fault_status == 500 && route->wsdl == GW_WSDL_FILE);
    CU_ASSERT(route->rewrite.categories == 0 && route->rewrite.of_signed && route->may_message);
    CU_ASSERT(route->once_by_message_id && route->users.count == 2 && !route->users.list[2]);
    serve = &config->serves[1];
    ASSERT_TEXT(gw_pattern_text(serve->pattern), "{node}@gw.example.org");
    CU_ASSERT(serve->login == GW_LOGIN_DIGEST && serve->with_query && serve->keepalive_ms == 0);
    CU_ASSERT(serve->rewrite.categories == GW_REWRITE_XADDR && serve->wsdl == GW_WSDL_NONE);
    gw_config_release(config);
    config_text_end();
}

static void test_a_text_has_variables_of_the_environment(void)
{
    struct gw_config *config;
    config_text_begin();
    CU_ASSERT(setenv("CONFIG_TEST_FOLDER", config_text_folder(), 1) == 0);
    config = read_text("\xEF\xBB\xBF"
                       "link main { jid = 'a@x' password_file = \"${CONFIG_TEST_FOLDER}secret\" }\n"
                       "serve 'a@x' { url = \"http://x\" allow = '${b}' user = \"\\\"\\\\\"\n"
                       "    login = basic password_file = secret wsdl = open }\n");
    ASSERT_CONTAINS(config->links[0].values.list[1], "/secret");
    ASSERT_TEXT(config->serves[0].allow.list[0], "${b}");
    ASSERT_TEXT(config->serves[0].user, "\"\\");
    ASSERT_TEXT(config->serves[0].wsdl_file + strlen(config_text_folder()), "open");
    gw_config_release(config);
    CU_ASSERT(unsetenv("CONFIG_TEST_FOLDER") == 0);
    config_text_end();
}

static void test_what_is_printed_reads_as_the_same(void)
{
    struct gw_config *config, *again;
    char *printed, *once_more, what[256];
    config_text_begin();
    config = read_text(all);
    printed = gw_config_print(config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(printed);
    ASSERT_LACKS(printed, "it's");
    again = read_text(printed);
    once_more = gw_config_print(again);
    CU_ASSERT_FALSE(strcmp(printed, once_more) == 0); /* the password is gone */
    free(printed);
    free(once_more);
    CU_ASSERT(gw_config_needs_restart(config, again, what, sizeof what));
    ASSERT_TEXT(what, "link \"main\" has changed");
    gw_config_release(config);
    printed = gw_config_print(again);
    config = read_text(printed);
    once_more = gw_config_print(config);
    ASSERT_TEXT(once_more, printed);
    CU_ASSERT_FALSE(gw_config_needs_restart(config, again, what, sizeof what));
    free(printed);
    free(once_more);
    gw_config_release(config);
    gw_config_release(again);
    config_text_end();
}

CU_TestInfo gateway_tests_config[] = {
    {"five lines are enough for a camera", test_five_lines_are_enough_for_a_camera},
    {"what isn't said has its default", test_what_isnt_said_has_its_default},
    {"what is said holds", test_what_is_said_holds},
    {"a text has variables of the environment", test_a_text_has_variables_of_the_environment},
    {"what is printed reads as the same", test_what_is_printed_reads_as_the_same},
    CU_TEST_INFO_NULL};
