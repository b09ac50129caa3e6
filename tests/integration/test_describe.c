/* test_describe.c - what a service says of itself through real servers, to whom, and whether tools
 * take its WSDL.
 */
#include "soapH.h"
#include "laboratory.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "link/link.h"
#include "wire/jid.h"
#include "../lib/suite.h"
#include "link.h"
#include "scale.h"

enum { TEXT_BYTES = 400, LONG_MS = 20000, LONG_US = LONG_MS * 1000 };

#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define MEX    "http://schemas.xmlsoap.org/ws/2004/09/mex"
#define GET_METADATA                                                                               \
    "<e:Envelope xmlns:e='" SOAP12 "'><e:Body><GetMetadata xmlns='" MEX "'/></e:Body>"             \
    "</e:Envelope>"

/* As svcutil asks. */
#define TRANSFER_GET                                                                               \
    "<s:Envelope xmlns:a=\"http://www.w3.org/2005/08/addressing\" xmlns:s=\"" SOAP12 "\">"         \
    "<s:Header><a:Action s:mustUnderstand=\"1\">"                                                  \
    "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get</a:Action><a:MessageID>urn:uuid:"          \
    "d3f1</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous"       \
    "</a:Address></a:ReplyTo><a:To s:mustUnderstand=\"1\">xmpp:bob</a:To></s:Header><s:Body/>"     \
    "</s:Envelope>"

/* ---- a service and who asks it ---- */

struct asking {
    const struct site *site;
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    const char *jid; /* of the service */
};

static void open_asking(struct asking *asking, const struct site *site, const char *wsdl_file,
                        const char *allow, enum soap_xmpp_packing packing)
{
    struct site_account bob, alice;
    *asking = (struct asking){.site = site};
    site_account(site, "bob", "soap", &bob);
    site_account(site, "alice", "desk", &alice);
    bob.config.wsdl_file = wsdl_file;
    bob.config.allow = allow;
    alice.config.packing = packing;
    bob.config.plain_delivery = alice.config.plain_delivery = 0; /* who packs is asked */
    asking->service = link_open(&bob.config);
    asking->caller = link_open(&alice.config);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(asking->service, LONG_MS), 0);
    asking->laboratory = laboratory_start(asking->service, 1);
    asking->jid = site_endpoint(site, "bob", "soap") + strlen("xmpp:");
}

static void close_asking(struct asking *asking)
{
    CU_ASSERT_EQUAL(laboratory_stop(asking->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(asking->service);
    soap_xmpp_close(asking->caller);
}

/* The answer's envelope, malloc'ed; NULL: the condition says what came in its place. */
static char *ask(struct soap_xmpp_link *caller, const char *to, const char *envelope,
                 char condition[TEXT_BYTES])
{
    int64_t deadline = sx_clock_deadline(LONG_US);
    struct sx_checker *checker = sx_checker_new(64);
    const struct sx_outgoing out = {.to = to,
                                    .envelope = envelope,
                                    .envelope_len = strlen(envelope),
                                    .checker = checker,
                                    .online_deadline = deadline,
                                    .room_deadline = deadline,
                                    .answer_deadline = deadline};
    struct soap_xmpp_call *call = NULL;
    struct sx_reply reply = {.err = SX_OK};
    struct sx_reader reader = {0};
    struct sx_buffer text = {0};
    char piece[8192], why[TEXT_BYTES] = "";
    size_t got = 1, len;
    condition[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(sx_link_request(caller, &out, &call, why, sizeof why), SX_OK);
    sx_exchange_wait(call, deadline, &reply);
    snprintf(condition, TEXT_BYTES, "%s", reply.err == SX_OK ? "" : reply.condition);
    while (reply.err == SX_OK && reply.envelope.bytes && got) {
        CU_ASSERT_EQUAL_FATAL(sx_reader_next(&reader, &reply.envelope,
                                             sx_link_reader_limits(caller), piece, sizeof piece,
                                             &got, why, sizeof why),
                              SX_OK);
        sx_buffer_add(&text, piece, got);
    }
    sx_reader_fini(&reader);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
    sx_checker_free(checker);
    return text.len ? sx_buffer_take(&text, &len) : NULL;
}

/* The first document in an answer, malloc'ed. */
static char *document_of(const char *envelope)
{
    const char *section = strstr(envelope, "<mex:MetadataSection"), *begin, *end;
    CU_ASSERT_PTR_NOT_NULL_FATAL(section);
    begin = strchr(section, '>') + 1;
    end = strstr(begin, "</mex:MetadataSection>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    return strndup(begin, (size_t)(end - begin));
}

/* ---- files ---- */

/* malloc'ed; a failed assertion if it isn't there. */
static char *read_text(const char *path, size_t *len)
{
    struct sx_buffer text = {0};
    char piece[4096];
    FILE *file = fopen(path, "r");
    size_t got;
    if (!file) {
        CU_FAIL_FATAL(path);
        return NULL;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        sx_buffer_add(&text, piece, got);
    fclose(file);
    return sx_buffer_take(&text, len);
}

static void replace_all(char **text, const char *from, const char *to)
{
    struct sx_buffer out = {0};
    const char *at = *text, *found;
    size_t len;
    for (; (found = strstr(at, from)); at = found + strlen(from)) {
        sx_buffer_add(&out, at, (size_t)(found - at));
        sx_buffer_add_text(&out, to);
    }
    sx_buffer_add_text(&out, at);
    free(*text);
    *text = sx_buffer_take(&out, &len);
}

/* The WSDL that soapcpp2 has made of a contract, beside this program. */
static void find_generated(const char *name, char path[TEXT_BYTES])
{
    char folder[TEXT_BYTES / 2];
    ssize_t len = readlink("/proc/self/exe", folder, sizeof folder - 1);
    CU_ASSERT_FATAL(len > 0);
    folder[len] = '\0';
    *strrchr(folder, '/') = '\0';
    snprintf(path, TEXT_BYTES, "%s/gen/%s/%s.wsdl", folder, name, name);
}

/* ---- what is given away ---- */

static void compare_given(const struct site *site, const char *path)
{
    struct asking asking;
    char condition[TEXT_BYTES], why[TEXT_BYTES] = "", address[TEXT_BYTES], *envelope, *given, *file;
    char *expected;
    size_t len;
    open_asking(&asking, site, path, "*", SOAP_XMPP_PACKING_AUTO);
    envelope = ask(asking.caller, asking.jid, GET_METADATA, condition);
    ASSERT_TEXT(condition, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    given = document_of(envelope);
    file = read_text(path, &len);
    expected = soap_xmpp_clean(file, len, NULL, &len, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    /* as their contracts name it */
    snprintf(address, sizeof address, "location=\"xmpp:%s\"", asking.jid);
    replace_all(&expected, "location=\"xmpp:calc@example.org/soap\"", address);
    replace_all(&expected, "location=\"xmpp:station@example.org/soap\"", address);
    replace_all(&expected, "location=\"xmpp:relay@example.org/soap\"", address);
    replace_all(&expected, "location=\"xmpp:guard@example.org/soap\"", address);
    ASSERT_CONTAINS(given, address);
    ASSERT_TEXT(given, expected);
    free(expected);
    free(file);
    free(given);
    free(envelope);
    close_asking(&asking);
}

static void give_all(const struct site *site)
{
    static const char *const names[] = {"calculator", "station", "relay", "guard"};
    char path[TEXT_BYTES];
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        find_generated(names[i], path);
        compare_given(site, path);
    }
}

static void what_soapcpp2_made_comes_back(void)
{
    site_each(give_all);
}

/* What svcutil asks is the same; a caller that doesn't pack gets it as a server passes it on. */
static void ask_otherwise(const struct site *site)
{
    struct asking asking;
    char condition[TEXT_BYTES], *envelope;
    open_asking(&asking, site, "wsdl/calculator.wsdl", "*", SOAP_XMPP_PACKING_AUTO);
    envelope = ask(asking.caller, asking.jid, TRANSFER_GET, condition);
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    ASSERT_CONTAINS(envelope, "transfer/GetResponse</a:Action>"); /* its very bytes */
    ASSERT_CONTAINS(envelope, "urn:uuid:d3f1</a:RelatesTo>");
    ASSERT_CONTAINS(envelope, "<mex:MetadataSection");
    free(envelope);
    close_asking(&asking);
    open_asking(&asking, site, "wsdl/calculator.wsdl", "*", SOAP_XMPP_PACKING_NEVER);
    envelope = ask(asking.caller, asking.jid, TRANSFER_GET, condition);
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    ASSERT_CONTAINS(envelope, "urn:uuid:d3f1");
    ASSERT_CONTAINS(envelope, "MetadataSection");
    ASSERT_CONTAINS(envelope, "portType");
    free(envelope);
    close_asking(&asking);
}

static void a_get_of_ws_transfer_is_answered(void)
{
    site_each(ask_otherwise);
}

/* ---- who is told ---- */

static char told[20000];

static int note_fact(void *user, const char *kind, const char *name, const char *value)
{
    size_t len = strlen(told);
    (void)user;
    snprintf(told + len, sizeof told - len, "%s|%s|%s\n", kind, name, value);
    return 0;
}

static void ask_facts(struct soap_xmpp_link *caller, const char *jid)
{
    char why[TEXT_BYTES] = "";
    told[0] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_info(caller, jid, LONG_MS, note_fact, NULL, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
}

static void tell_whom_a_rule_names(const struct site *site)
{
    struct asking asking;
    struct soap_xmpp_description description;
    char condition[TEXT_BYTES], rule[TEXT_BYTES], why[TEXT_BYTES] = "", *envelope;
    snprintf(rule, sizeof rule, "alice@%s:add", site->domain);
    open_asking(&asking, site, "wsdl/calculator.wsdl", rule, SOAP_XMPP_PACKING_AUTO);
    soap_xmpp_description_init(&description);
    description.name = "lab \xE2\x82\xAC";
    description.has_statistics = 1;
    CU_ASSERT_EQUAL(soap_xmpp_describe(asking.service, &description, why, sizeof why), 0);
    ask_facts(asking.caller, asking.jid);
    ASSERT_CONTAINS(told, SOAP_XMPP_SERVICE_FORM "|name|lab \xE2\x82\xAC\n");
    ASSERT_CONTAINS(told, SOAP_XMPP_SERVICE_FORM "|operations|{urn:soapxmpp:calculator}add\n");
    ASSERT_CONTAINS(told, "feature|http://jabber.org/protocol/soap|");
    /* the rules are taken from her */
    CU_ASSERT_EQUAL(soap_xmpp_set_rules(asking.service, "nobody@example.org", why, sizeof why), 0);
    ask_facts(asking.caller, asking.jid);
    ASSERT_LACKS(told, SOAP_XMPP_SERVICE_FORM);
    ASSERT_CONTAINS(told, "feature|http://jabber.org/protocol/soap|");
    envelope = ask(asking.caller, asking.jid, GET_METADATA, condition);
    CU_ASSERT_PTR_NULL(envelope);
    ASSERT_TEXT(condition, "forbidden");
    free(envelope);
    close_asking(&asking);
}

static void whom_a_rule_names_is_told(void)
{
    site_each(tell_whom_a_rule_names);
}

/* gSOAP's own answer to an operation that it hasn't. */
static void describe_nothing(const struct site *site)
{
    struct asking asking;
    char condition[TEXT_BYTES], *envelope;
    open_asking(&asking, site, NULL, "*", SOAP_XMPP_PACKING_AUTO);
    ask_facts(asking.caller, asking.jid);
    ASSERT_LACKS(told, "soap-xmpp:service");
    envelope = ask(asking.caller, asking.jid, GET_METADATA, condition);
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    ASSERT_CONTAINS(envelope, "not implemented");
    free(envelope);
    close_asking(&asking);
}

static void without_a_description_the_program_is_asked(void)
{
    site_each(describe_nothing);
}

/* ---- sizes ---- */

/* Of nearly a megabyte that packs badly. */
static void give_much(const struct site *site)
{
    struct asking asking;
    struct soap_xmpp_description description;
    struct sx_buffer wsdl = {0};
    char condition[TEXT_BYTES], why[TEXT_BYTES] = "", *envelope;
    unsigned seed = 1, i;
    sx_buffer_add_text(&wsdl, "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' "
                              "targetNamespace='urn:much'><documentation>");
    for (i = 0; i < scale_bytes(800000) / 8; i++) {
        seed = seed * 1103515245u + 12345u;
        sx_buffer_add_format(&wsdl, "%08x", seed);
    }
    sx_buffer_add_text(&wsdl, "</documentation></definitions>");
    open_asking(&asking, site, NULL, "*", SOAP_XMPP_PACKING_AUTO);
    soap_xmpp_description_init(&description);
    description.wsdl = wsdl.bytes;
    description.wsdl_bytes = wsdl.len;
    CU_ASSERT_EQUAL(soap_xmpp_describe(asking.service, &description, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    envelope = ask(asking.caller, asking.jid, GET_METADATA, condition);
    ASSERT_TEXT(condition, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    CU_ASSERT_PTR_NOT_NULL(strstr(envelope, wsdl.bytes));
    free(envelope);
    sx_buffer_fini(&wsdl);
    close_asking(&asking);
}

static void a_large_wsdl_comes_in_pieces(void)
{
    site_each(give_much);
}

/* ---- a component ---- */

static void tell_devices(void *user, soap_xmpp_fact_fn *each, void *each_user)
{
    const char *domain = user;
    char jid[TEXT_BYTES];
    snprintf(jid, sizeof jid, "cam1@%s", domain);
    each(each_user, "item", jid, "Front <door>");
    snprintf(jid, sizeof jid, "cam2@%s", domain);
    each(each_user, "item", jid, "");
}

static void list_devices(const struct site *site)
{
    struct site_account component, alice;
    struct soap_xmpp_description description;
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    char jid[TEXT_BYTES], why[TEXT_BYTES] = "", expected[TEXT_BYTES], condition[TEXT_BYTES];
    char *envelope;
    site_component(site, &component);
    site_account(site, "alice", "desk", &alice);
    component.config.plain_delivery = alice.config.plain_delivery = 0;
    service = link_open(&component.config);
    caller = link_open(&alice.config);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(service, LONG_MS), 0);
    laboratory = laboratory_start(service, 1);
    soap_xmpp_description_init(&description);
    description.wsdl_file = "wsdl/station.wsdl";
    description.items = tell_devices;
    description.items_user = component.jid;
    CU_ASSERT_EQUAL(soap_xmpp_describe(service, &description, why, sizeof why), 0);
    ASSERT_TEXT(why, "");
    told[0] = '\0';
    CU_ASSERT_EQUAL(
        soap_xmpp_items(caller, component.jid, LONG_MS, note_fact, NULL, why, sizeof why), 0);
    snprintf(expected, sizeof expected, "item|cam1@%.100s|Front <door>\nitem|cam2@%.100s|\n",
             component.jid, component.jid);
    ASSERT_TEXT(told, expected);
    /* each device is described, under its own address */
    snprintf(jid, sizeof jid, "cam2@%.100s/onvif", component.jid);
    envelope = ask(caller, jid, GET_METADATA, condition);
    ASSERT_TEXT(condition, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    snprintf(expected, sizeof expected, "location=\"xmpp:cam2@%.100s/onvif\"", component.jid);
    ASSERT_CONTAINS(envelope, expected);
    free(envelope);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    soap_xmpp_close(service);
    soap_xmpp_close(caller);
}

static void a_component_lists_its_devices(void)
{
    site_each(list_devices);
}

/* ---- tools ---- */

/* What wsdl2h makes of a WSDL, malloc'ed. */
static char *run_wsdl2h(const char *wsdl)
{
    static char *argv[] = {"wsdl2h", "-c", NULL};
    char in[] = "/tmp/test_describe_in_XXXXXX", out[] = "/tmp/test_describe_out_XXXXXX", *header;
    posix_spawn_file_actions_t actions;
    int in_fd = mkstemp(in), out_fd = mkstemp(out), status = -1;
    pid_t pid;
    size_t len;
    CU_ASSERT_FATAL(in_fd >= 0 && out_fd >= 0);
    CU_ASSERT_EQUAL(write(in_fd, wsdl, strlen(wsdl)), (ssize_t)strlen(wsdl));
    close(in_fd);
    close(out_fd);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, in, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out, O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    CU_ASSERT_EQUAL_FATAL(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    waitpid(pid, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
    header = read_text(out, &len);
    unlink(in);
    unlink(out);
    return header;
}

static void give_to_wsdl2h(const struct site *site)
{
    struct asking asking;
    char condition[TEXT_BYTES], *envelope, *wsdl, *header;
    open_asking(&asking, site, "tests/wsdl/shop.wsdl", "*", SOAP_XMPP_PACKING_AUTO);
    envelope = ask(asking.caller, asking.jid, GET_METADATA, condition);
    CU_ASSERT_PTR_NOT_NULL_FATAL(envelope);
    wsdl = document_of(envelope);
    replace_all(&wsdl, "http://jabber.org/protocol/soap", "http://schemas.xmlsoap.org/soap/http");
    header = run_wsdl2h(wsdl);
    ASSERT_CONTAINS(header, "int __ns1__PlaceOrder(");
    ASSERT_CONTAINS(header, "int __ns1__Cancel(");
    /* of each schema, whichever way it belongs to the WSDL */
    ASSERT_CONTAINS(header, "struct ns2__Line");
    ASSERT_CONTAINS(header, "struct ns2__Weight");
    ASSERT_CONTAINS(header, "ns2__Grams");
    ASSERT_CONTAINS(header, "struct ns3__Amount");
    free(header);
    free(wsdl);
    free(envelope);
    close_asking(&asking);
}

static void wsdl2h_takes_the_wsdl(void)
{
    site_each(give_to_wsdl2h);
}

CU_TestInfo tests_describe[] = {
    {"what soapcpp2 made comes back, but for the address", what_soapcpp2_made_comes_back},
    {"a Get of WS-Transfer is answered, packed or not", a_get_of_ws_transfer_is_answered},
    {"whom a rule names is told", whom_a_rule_names_is_told},
    {"without a description the program is asked", without_a_description_the_program_is_asked},
    {"a large WSDL comes in pieces", a_large_wsdl_comes_in_pieces},
    {"a component lists its devices", a_component_lists_its_devices},
    {"wsdl2h takes the WSDL, with schemas that import each other", wsdl2h_takes_the_wsdl},
    CU_TEST_INFO_NULL,
};
