/* test_foreign.c - callers and services that know nothing of this library.
 *
 * foreign_client.py and foreign_service.py speak XEP-0072 by hand over slixmpp; each test starts
 * one of them and looks at what both sides saw. A script ends by itself, at its own deadline at the
 * latest; one that doesn't is killed by its pid, so no test waits for ever.
 */
#include "soapH.h"

#include <CUnit/CUnit.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "../lib/suite.h"
#include "laboratory.h"

extern CU_TestInfo tests_foreign[];

#define NS_SOAP11  "{http://schemas.xmlsoap.org/soap/envelope/}"
#define NS_SOAP12  "{http://www.w3.org/2003/05/soap-envelope}"
#define NS_STANZAS "{urn:ietf:params:xml:ns:xmpp-stanzas}"
#define NS_FAULT   "{http://jabber.org/protocol/soap#fault}"

enum { QUIET_MS = 90000, MAX_STEPS = 20 };

/* ---- scripts ---- */

struct script {
    pid_t pid;
    int to, from;          /* its standard input and output */
    struct sx_buffer said; /* all of its output so far */
};

static int spawn_script(struct script *script, char *const argv[])
{
    int in[2], out[2], err;
    posix_spawn_file_actions_t actions;
    if (pipe2(in, O_CLOEXEC))
        return -1;
    if (pipe2(out, O_CLOEXEC)) {
        close(in[0]);
        close(in[1]);
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    /* Debian's python3-slixmpp belongs to this Python, whatever comes first in PATH. */
    err = posix_spawn(&script->pid, "/usr/bin/python3", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    script->to = in[1];
    script->from = out[0];
    if (err) {
        close(script->to);
        close(script->from);
    }
    return err ? -1 : 0;
}

/* Starts NAME ADDRESS PORT CA_FILE JID PASSWORD, then the words of more up to NULL. */
static int start_script(struct script *script, const struct site *site, const char *name,
                        const char *user, char *const *more)
{
    char path[128], port[16];
    struct site_account account;
    char *argv[8 + MAX_STEPS] = {"python3", path, "127.0.0.1", port};
    size_t count = 4;
    memset(script, 0, sizeof *script);
    site_account(site, user, "foreign", &account);
    snprintf(path, sizeof path, "tests/integration/%s", name);
    snprintf(port, sizeof port, "%d", site->port);
    argv[count++] = (char *)site->ca_file;
    argv[count++] = account.jid;
    argv[count++] = account.password;
    while (more && *more && count + 1 < sizeof argv / sizeof *argv)
        argv[count++] = *more++;
    if (spawn_script(script, argv) == 0)
        return 0;
    CU_FAIL("the script doesn't start");
    return -1;
}

/* Waits for more of its output: 1; 0 at its end, -1 when it is quiet for too long. */
static int hear(struct script *script)
{
    struct pollfd ready = {.fd = script->from, .events = POLLIN};
    char bytes[4096];
    ssize_t len;
    if (poll(&ready, 1, QUIET_MS) <= 0)
        return -1;
    len = read(script->from, bytes, sizeof bytes);
    if (len <= 0)
        return 0;
    sx_buffer_add(&script->said, bytes, (size_t)len);
    return 1;
}

static int await_text(struct script *script, const char *text)
{
    while (!script->said.bytes || !strstr(script->said.bytes, text))
        if (hear(script) <= 0)
            break;
    ASSERT_CONTAINS(script->said.bytes ? script->said.bytes : "", text);
    return script->said.bytes && strstr(script->said.bytes, text) ? 0 : -1;
}

/* Hears it out and ends it; 0 if it was content. Its output ends when it does. */
static int end_script(struct script *script)
{
    int status = -1, heard;
    close(script->to);
    while ((heard = hear(script)) > 0) {
    }
    close(script->from);
    if (heard < 0)
        kill(script->pid, SIGKILL);
    waitpid(script->pid, &status, 0);
    if (!script->said.bytes)
        sx_buffer_add_text(&script->said, "");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- a foreign caller ---- */

/* Has the caller do the steps (words up to NULL) and compares what it printed. */
static void assert_replies(const struct site *site, char *const *steps, const char *expected)
{
    char service[160];
    char *words[MAX_STEPS] = {service};
    struct script script;
    size_t count = 1;
    snprintf(service, sizeof service, "bob@%s/soap", site->domain);
    while (*steps && count + 1 < MAX_STEPS)
        words[count++] = *steps++;
    if (start_script(&script, site, "foreign_client.py", "alice", words))
        return;
    CU_ASSERT_EQUAL(end_script(&script), 0);
    ASSERT_TEXT(script.said.bytes, expected);
    sx_buffer_fini(&script.said);
}

static void assert_served(const struct site *site, char *const *steps, const char *expected)
{
    struct soap_xmpp_link *link = site_open(site, "bob", "soap");
    struct laboratory *laboratory;
    if (!link)
        return;
    laboratory = laboratory_start_mode(link, 2, SOAP_C_UTFSTRING);
    if (laboratory) {
        assert_replies(site, steps, expected);
        CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    }
    soap_xmpp_close(link);
}

static void answer_foreign_caller(const struct site *site)
{
    static char *steps[] = {"add12", "add11", "say", NULL};
    assert_served(site, steps,
                  "ready\n"
                  "add12: type=result children=" NS_SOAP12 "Envelope sum=5\n"
                  "add11: type=result children=" NS_SOAP11 "Envelope sum=6.5\n"
                  "say: type=result children=" NS_SOAP12 "Envelope said=a <b> \\U0001f600\n");
}

static void test_answers(void)
{
    site_each(answer_foreign_caller);
}

/* ejabberd drops what the iq declares, and uses the prefix. */
static void inspect_for_foreign_caller(const struct site *site)
{
    static char *steps[] = {"outer-xsi", NULL};
    assert_served(site, steps,
                  "ready\nouter-xsi: type=result children=" NS_SOAP11
                  "Envelope report=items=0\\nvalue=int 4\\n value=4\n");
}

static void test_outer_xsi(void)
{
    site_each(inspect_for_foreign_caller);
}

static void take_foreign_note(const struct site *site)
{
    static char *steps[] = {"note", NULL};
    int notes = laboratory_notes();
    assert_served(site, steps, "ready\nnote: type=result children=\n");
    CU_ASSERT_EQUAL(laboratory_notes(), notes + 1);
}

static void test_one_way(void)
{
    site_each(take_foreign_note);
}

/* A SOAP fault: the envelope, beside it the error with the fault's own condition. */
#define FAULT(version, type, code, name)                                                           \
    "type=error children=" version "Envelope,{jabber:client}error error=" type "/" code            \
    " conditions=" NS_STANZAS "undefined-condition," NS_FAULT name " "

static void fault_foreign_caller(const struct site *site)
{
    static char *steps[] = {"divide12", "divide11", "receiver12", "demanding", "nonsense", NULL};
    assert_served(
        site, steps,
        "ready\n"
        "divide12: " FAULT(
            NS_SOAP12, "modify", "400",
            "Sender") "Value=SOAP-ENV:Sender Text=division by zero divisor=b\n"
                      "divide11: " FAULT(
                          NS_SOAP11, "modify", "400",
                          "Sender") "faultcode=SOAP-ENV:Client faultstring=division by zero "
                                    "divisor=b\n"
                                    "receiver12: " FAULT(
                                        NS_SOAP12, "wait", "500",
                                        "Receiver") "Value=SOAP-ENV:Receiver Text=mine "
                                                    "why=because\n"
                                                    "demanding: " FAULT(
                                                        NS_SOAP12, "modify", "500",
                                                        "MustUnderstand") "Value=SOAP-ENV:"
                                                                          "MustUnderstand Text=The "
                                                                          "data in element "
                                                                          "'secret' must be "
                                                                          "understood but "
                                                                          "cannot be processed\n"
                                                                          "nonsense: " FAULT(
                                                                              NS_SOAP12, "modify",
                                                                              "400",
                                                                              "Sender") "Value="
                                                                                        "SOAP-ENV:"
                                                                                        "Sender "
                                                                                        "Text="
                                                                                        "Method "
                                                                                        "'nonsense'"
                                                                                        " not "
                                                                                        "implemente"
                                                                                        "d: method "
                                                                                        "name or "
                                                                                        "namespace "
                                                                                        "not "
                                                                                        "recognized"
                                                                                        "\n");
}

static void test_faults(void)
{
    site_each(fault_foreign_caller);
}

/* A stanza error: no envelope, and nothing of SOAP's in the error. */
#define REFUSAL(type, code)                                                                        \
    "type=error children={jabber:client}error error=" type "/" code " conditions=" NS_STANZAS

#define BAD_REQUEST(code) REFUSAL("modify", code) "bad-request," NS_STANZAS "text\n"

static void refuse_foreign_caller(const struct site *site)
{
    static char *steps[] = {"unknown-set", "unknown-get", "get-envelope", "bodyless", NULL};
    assert_served(
        site, steps,
        "ready\n"
        "unknown-set: " REFUSAL(
            "cancel", "503") "service-unavailable\n"
                             "unknown-get: " REFUSAL(
                                 "cancel", "503") "service-unavailable\n"
                                                  "get-envelope: " BAD_REQUEST(
                                                      "400") "bodyless: " BAD_REQUEST("400"));
}

static void test_refusals(void)
{
    site_each(refuse_foreign_caller);
}

/* Prosody itself refuses them, without a code. */
static void refuse_two_payloads(const struct site *site)
{
    static char *steps[] = {"two-envelopes", "two-payloads", NULL};
    assert_served(
        site, steps,
        strcmp(site->label, "prosody") == 0
            ? "ready\ntwo-envelopes: " BAD_REQUEST("None") "two-payloads: " BAD_REQUEST("None")
            : "ready\ntwo-envelopes: " BAD_REQUEST("400") "two-payloads: " BAD_REQUEST("400"));
}

static void test_two_payloads(void)
{
    site_each(refuse_two_payloads);
}

#define NS_INFO "http://jabber.org/protocol/disco#info"
#define DISCO   "type=result children={" NS_INFO "}query "

static void be_discovered(const struct site *site)
{
    static char *steps[] = {"disco", NULL};
    assert_served(site, steps,
                  "ready\n"
                  "disco: " DISCO "category:automation type:soap var:" NS_INFO
                  " var:http://jabber.org/protocol/soap var:urn:xmpp:ping\n");
}

static void test_disco(void)
{
    site_each(be_discovered);
}

static void serve_nothing(const struct site *site)
{
    static char *steps[] = {"disco", "add12", NULL};
    struct soap_xmpp_link *link = site_open(site, "bob", "soap");
    if (!link)
        return;
    assert_replies(site, steps,
                   "ready\n"
                   "disco: " DISCO "category:client type:bot var:" NS_INFO " var:urn:xmpp:ping\n"
                   "add12: " REFUSAL("cancel", "503") "service-unavailable\n");
    soap_xmpp_close(link);
}

static void test_no_service(void)
{
    site_each(serve_nothing);
}

/* ---- a foreign service ---- */

struct scene {
    struct script script;
    struct soap_xmpp_link *link;
    struct soap *soap;
    const char *endpoint;
};

static int open_scene(struct scene *scene, const struct site *site)
{
    if (start_script(&scene->script, site, "foreign_service.py", "bob", NULL))
        return -1;
    scene->link = await_text(&scene->script, "ready\n") ? NULL : site_open(site, "alice", "desk");
    if (!scene->link) {
        end_script(&scene->script);
        sx_buffer_fini(&scene->script.said);
        return -1;
    }
    scene->soap = laboratory_client(scene->link, SOAP_C_UTFSTRING);
    scene->endpoint = site_endpoint(site, "bob", "foreign");
    return 0;
}

static void close_scene(struct scene *scene)
{
    laboratory_client_free(scene->soap);
    soap_xmpp_close(scene->link);
    CU_ASSERT_EQUAL(end_script(&scene->script), 0);
    sx_buffer_fini(&scene->script.said);
}

static void assert_sum(struct scene *scene, double a, double expected)
{
    double sum = 0;
    CU_ASSERT_EQUAL(soap_call_lab__add(scene->soap, scene->endpoint, NULL, a, 0, &sum), SOAP_OK);
    CU_ASSERT_DOUBLE_EQUAL(sum, expected, 0);
}

/* The call fails with this soap->error; what soap_sprint_fault says has the text in it. */
static void assert_failure(struct scene *scene, double a, int error, const char *condition,
                           const char *text)
{
    double sum = 7;
    CU_ASSERT_EQUAL(soap_call_lab__add(scene->soap, scene->endpoint, NULL, a, 0, &sum), error);
    ASSERT_TEXT(soap_xmpp_condition(scene->soap), condition);
    ASSERT_CONTAINS(laboratory_fault(scene->soap), text);
}

static void call_foreign_service(const struct site *site)
{
    struct scene scene;
    if (open_scene(&scene, site))
        return;
    assert_sum(&scene, 1, 11.5);
    assert_sum(&scene, 2, 12.5);
    close_scene(&scene);
}

static void test_results(void)
{
    site_each(call_foreign_service);
}

static void get_foreign_faults(const struct site *site)
{
    struct scene scene;
    if (open_scene(&scene, site))
        return;
    /* SOAP_FAULT: gSOAP knows Sender and Receiver by the prefix SOAP-ENV alone, over HTTP too. */
    assert_failure(&scene, 3, SOAP_FAULT, "", "SOAP-ENV:Client [no subcode]\n\"not like this\"");
    ASSERT_CONTAINS(soap_fault_detail(scene.soap), "because");
    assert_failure(&scene, 4, SOAP_FAULT, "", "SOAP-ENV:Receiver [no subcode]\n\"not today\"");
    assert_failure(&scene, 9, SOAP_FAULT, "", "SOAP-ENV:Receiver [no subcode]\n\"not today\"");
    assert_sum(&scene, 1, 11.5);
    close_scene(&scene);
}

static void test_foreign_faults(void)
{
    site_each(get_foreign_faults);
}

static void get_foreign_errors(const struct site *site)
{
    struct scene scene;
    if (open_scene(&scene, site))
        return;
    assert_failure(&scene, 5, 202, "", "add: accepted, without an answer");
    assert_failure(&scene, 6, 404, "item-not-found", ": item-not-found (404): it moved");
    assert_failure(&scene, 7, SOAP_NO_DATA, "", "add: it holds <banana xmlns='urn:fruit'>");
    assert_failure(&scene, 8, 503, "service-unavailable",
                   ", or it serves no SOAP: service-unavailable (503)");
    assert_sum(&scene, 1, 11.5);
    close_scene(&scene);
}

static void test_foreign_errors(void)
{
    site_each(get_foreign_errors);
}

/* A service whose XML reader is not gSOAP's. */
static void tell_foreign_service(const struct site *site)
{
    struct scene scene;
    char *said = NULL;
    if (open_scene(&scene, site))
        return;
    CU_ASSERT_EQUAL(soap_call_lab__say(scene.soap, scene.endpoint, NULL,
                                       "\t<a> & \xE2\x82\xAC \xF0\x9F\x98\x80\n ", &said),
                    SOAP_OK);
    ASSERT_TEXT(said, "\t<a> & \xE2\x82\xAC \xF0\x9F\x98\x80\n ");
    await_text(&scene.script, "said: '\\t<a> & \\u20ac \\U0001f600\\n '\n");
    CU_ASSERT_EQUAL(soap_call_lab__say(scene.soap, scene.endpoint, NULL, "a\rb\r\nc", &said),
                    SOAP_OK);
    ASSERT_TEXT(said, "a\nb\nc");
    await_text(&scene.script, "said: 'a\\nb\\nc'\n");
    close_scene(&scene);
}

static void test_texts(void)
{
    site_each(tell_foreign_service);
}

CU_TestInfo tests_foreign[] = {
    {"a foreign caller gets its answers, in SOAP 1.1 and 1.2", test_answers},
    {"a foreign caller's xsi may be declared on the iq", test_outer_xsi},
    {"a foreign caller's one-way message gets an empty result", test_one_way},
    {"a foreign caller gets faults as XEP-0072 shapes them", test_faults},
    {"a foreign caller gets stanza errors without SOAP's for what is no SOAP call", test_refusals},
    {"an iq with two payloads is refused as a whole", test_two_payloads},
    {"a foreign caller discovers the service", test_disco},
    {"a link that serves nothing is no SOAP entity to a foreign caller", test_no_service},
    {"a foreign service's answers are understood, whatever its prefixes", test_results},
    {"a foreign service's faults are SOAP faults to the caller", test_foreign_faults},
    {"a foreign service that doesn't answer with SOAP gives an error that says so",
     test_foreign_errors},
    {"a foreign service reads texts as they were written, but for carriage returns", test_texts},
    CU_TEST_INFO_NULL,
};
