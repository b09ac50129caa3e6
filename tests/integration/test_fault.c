/* What a request that is wrong gets, beside what the same bytes get from gSOAP's own service over
 * HTTP: the fault's code; through servers that parse it, and packed, where they don't.
 *
 * Invariant: what HTTP refuses runs here neither. The service lives on.
 */
#include "soapH.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "../lib/suite.h"
#include "../lib/tcp.h"
#include "scene.h"

extern CU_TestInfo tests_fault[];

enum { SAID_BYTES = 100 };

/* ---- three ways to one service ---- */

struct ways {
    const struct site *site;
    struct soap_xmpp_link *service;
    struct laboratory *laboratory;
    struct http_laboratory *http;
    struct stranger *sender; /* NULL: the server has ended its stream */
    char service_jid[SCENE_TEXT_BYTES];
    int http_port;
    unsigned senders, requests; /* so far */
};

static void open_ways(struct ways *ways, const struct site *site)
{
    struct site_account account;
    *ways = (struct ways){.site = site};
    site_account(site, "bob", "soap", &account);
    account.config.allow = "*";
    account.config.messages = 1;
    account.config.plain_delivery = 0;
    ways->service = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ways->service);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(ways->service, -1), 0);
    ways->laboratory = laboratory_start(ways->service, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ways->laboratory);
    ways->http = laboratory_start_http(SOAP_IO_DEFAULT, &ways->http_port);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ways->http);
    snprintf(ways->service_jid, sizeof ways->service_jid, "bob@%s/soap", site->domain);
}

static void close_ways(struct ways *ways)
{
    stranger_close(ways->sender);
    laboratory_stop_http(ways->http);
    CU_ASSERT_EQUAL(laboratory_stop(ways->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(ways->service);
}

/* The name that begins behind mark, "" without it; SOAP 1.1's Client is 1.2's Sender. */
static void copy_name(const char *heard, const char *mark, char said[SAID_BYTES])
{
    const char *name = strstr(heard, mark);
    said[0] = '\0';
    if (!name)
        return;
    name += strlen(mark);
    snprintf(said, SAID_BYTES, "%.*s", (int)strcspn(name, "< />"), name);
    if (strcmp(said, "Client") == 0)
        snprintf(said, SAID_BYTES, "Sender");
}

static void read_http(const char *heard, char said[SAID_BYTES])
{
    ASSERT_LACKS(heard, "Upgrade");
    copy_name(heard, "<faultcode>SOAP-ENV:", said);
    if (!*said)
        copy_name(heard, "<SOAP-ENV:Value>SOAP-ENV:", said);
    if (!*said)
        snprintf(said, SAID_BYTES, "%s",
                 !*heard                              ? "nothing"
                 : strncmp(heard, "HTTP/1.1 200", 12) ? "no SOAP"
                                                      : "result");
}

static void ask_by_http(struct ways *ways, const char *xml, char said[SAID_BYTES])
{
    char *request = NULL;
    int len = asprintf(&request,
                       "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml; "
                       "charset=utf-8\r\nSOAPAction: \"\"\r\nConnection: close\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       strlen(xml), xml);
    int fd = tcp_connect(ways->http_port);
    CU_ASSERT_FATAL(len > 0 && fd >= 0);
    tcp_say(fd, request);
    read_http(tcp_hear_until(fd, "all of it, until the end"), said);
    close(fd);
    free(request);
}

/* The name of the element with this namespace, as both servers write it. */
static void copy_element(const char *heard, const char *ns, char said[SAID_BYTES])
{
    char mark[SCENE_TEXT_BYTES], name[SAID_BYTES];
    const char *end, *begin;
    snprintf(mark, sizeof mark, " xmlns='%s'", ns);
    end = strstr(heard, mark);
    for (begin = end; begin && begin > heard && begin[-1] != '<';)
        begin--;
    snprintf(name, sizeof name, "%.*s", end ? (int)(end - begin) : 0, end ? begin : "");
    copy_name(name, "", said);
}

static void read_stanza(const char *heard, char said[SAID_BYTES])
{
    copy_element(heard, "http://jabber.org/protocol/soap#fault", said);
    if (!*said)
        copy_element(heard, "urn:ietf:params:xml:ns:xmpp-stanzas", said);
    if (!*said && strstr(heard, "<stream:error"))
        snprintf(said, SAID_BYTES, "cut off");
    if (!*said)
        snprintf(said, SAID_BYTES, "%s", strstr(heard, "type='error'") ? "an error" : "result");
}

enum way { PLAIN, PACKED, MESSAGE };

static void send_request(struct ways *ways, enum way way, const char *xml, unsigned number)
{
    const char *name = way == MESSAGE ? "message" : "iq type='set'";
    struct sx_buffer out = {0};
    sx_buffer_add_format(&out, "<%s id='f%u' to='%s'>", name, number, ways->service_jid);
    if (way == PACKED) {
        sx_buffer_add_text(&out, "<packed xmlns='urn:soap-xmpp:packed:1' form='stored'>");
        sx_base64_add(&out, xml, strlen(xml));
        sx_buffer_add_text(&out, "</packed>");
    } else {
        sx_buffer_add_text(&out, xml);
    }
    sx_buffer_add_format(&out, "</%.*s>", (int)strcspn(name, " "), name);
    CU_ASSERT_FALSE_FATAL(out.failed);
    (void)stranger_say(ways->sender, out.bytes);
    sx_buffer_fini(&out);
}

/* What is never answered is followed by a question whose answer is awaited. */
static void ask_by_xmpp(struct ways *ways, enum way way, const char *xml, const char *expected,
                        char said[SAID_BYTES])
{
    bool is_cut = strcmp(expected, "cut off") == 0, is_silent = strcmp(expected, "nothing") == 0;
    char resource[20];
    const char *heard;
    snprintf(said, SAID_BYTES, "nothing that was expected");
    if (!ways->sender) {
        snprintf(resource, sizeof resource, "evil%u", ways->senders++);
        ways->sender = scene_open_stranger(ways->site, "alice", resource);
        CU_ASSERT_PTR_NOT_NULL_FATAL(ways->sender);
    }
    send_request(ways, way, xml, ways->requests++);
    if (is_silent)
        (void)stranger_say_format(
            ways->sender, "<iq type='get' id='ping' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>",
            ways->service_jid);
    heard = stranger_hear(ways->sender, is_cut           ? "</stream:error>"
                                        : is_silent      ? "id='ping'"
                                        : way == MESSAGE ? "</message>"
                                                         : "</iq>");
    if (heard && is_silent && !strstr(heard, "<message"))
        snprintf(said, SAID_BYTES, "nothing");
    else if (heard)
        read_stanza(heard, said);
    if (!heard || is_cut) {
        stranger_close(ways->sender);
        ways->sender = NULL;
    }
}

/* ---- requests ---- */

#define SOAP12        "http://www.w3.org/2003/05/soap-envelope"
#define IN(ns, inner) "<e:Envelope xmlns:e='" ns "'>" inner "</e:Envelope>"
#define BODY(inner)   "<e:Body>" inner "</e:Body>"
#define SAY(text)     LAB("say", "<text xmlns=''>" text "</text>")
#define FINE          BODY(SAY("a"))
#define MUST(value)   "<e:Header><s xmlns='urn:s' e:mustUnderstand='" value "'/></e:Header>"

/* gSOAP 2.8.124 says nothing over HTTP to what is no SOAP, 2.8.135 does. */
#if GSOAP_VERSION < 208135
#define FOREIGN_ENVELOPE "nothing"
#define FOREIGN_ELEMENT  "nothing"
#else
#define FOREIGN_ENVELOPE "VersionMismatch"
#define FOREIGN_ELEMENT  "Sender"
#endif

/* The first name in plain is Prosody's answer, the second, if there is one, ejabberd's. */
struct row {
    const char *label, *xml;
    const char *http, *plain, *packed;
};

static const struct row rows[] = {
    {"SOAP 1.1", IN(SOAP11, FINE), "result", "result", "result"},
    {"SOAP 1.2", IN(SOAP12, FINE), "result", "result", "result"},
    {"an Envelope in a foreign namespace", IN("urn:other", FINE), FOREIGN_ENVELOPE,
     "VersionMismatch", "VersionMismatch"},
    {"an Envelope of a draft of SOAP 1.2", IN("http://www.w3.org/2001/12/soap-envelope", FINE),
     "no SOAP", "VersionMismatch", "VersionMismatch"},
    {"an Envelope in no namespace", "<Envelope xmlns=''><Body/></Envelope>", FOREIGN_ENVELOPE,
     "VersionMismatch", "VersionMismatch"},
    {"another element of SOAP's", "<e:Letter xmlns:e='" SOAP11 "'>" FINE "</e:Letter>",
     FOREIGN_ELEMENT, "service-unavailable", "bad-request"},
    {"no Body", IN(SOAP11, ""), "Sender", "bad-request", "bad-request"},
    {"a Header alone", IN(SOAP12, "<e:Header/>"), "Sender", "bad-request", "bad-request"},
    {"an empty Body", IN(SOAP11, "<e:Body/>"), "Sender", "Sender", "Sender"},
    {"two Bodies", IN(SOAP11, FINE FINE), "result", "result", "result"},
    {"two Bodies, the first one empty", IN(SOAP11, "<e:Body/>" FINE), "Sender", "Sender", "Sender"},
    {"a Body before the Header", IN(SOAP11, FINE MUST("1")), "result", "result", "result"},
    {"two Headers", IN(SOAP11, "<e:Header/>" MUST("1") FINE), "Sender", "Sender", "Sender"},
    {"a Body of the other version",
     IN(SOAP11, "<f:Body xmlns:f='" SOAP12 "'>" SAY("a") "</f:Body>"), "result", "bad-request",
     "bad-request"},
    {"a Body in a foreign namespace", IN(SOAP11, "<Body xmlns='urn:x'>" SAY("a") "</Body>"),
     "Sender", "bad-request", "bad-request"},
    {"an unknown block that must be understood", IN(SOAP11, MUST("1") FINE), "MustUnderstand",
     "MustUnderstand", "MustUnderstand"},
    {"the same in SOAP 1.2", IN(SOAP12, MUST("true") FINE), "MustUnderstand", "MustUnderstand",
     "MustUnderstand"},
    {"an unknown block that needn't be", IN(SOAP11, MUST("0") FINE), "result", "result", "result"},
    {"an unknown operation", IN(SOAP12, BODY("<x xmlns='urn:x'/>")), "Sender", "Sender", "Sender"},
    {"an unbound prefix", IN(SOAP11, BODY("<u:say/>")), "Sender", "cut off", "bad-request"},
    {"an undefined entity before the operation", IN(SOAP11, BODY("&foo;" SAY("a"))), "Sender",
     "cut off", "bad-request"},
    {"an entity that refers to itself",
     "<!DOCTYPE e [<!ENTITY a '&a;'>]>" IN(SOAP11, BODY(SAY("&a;"))), "result", "cut off",
     "bad-request"},
    {"a DOCTYPE with a file", "<!DOCTYPE e SYSTEM 'file:///etc/passwd'>" IN(SOAP11, FINE), "result",
     "cut off", "bad-request"},
    {"a DOCTYPE inside", IN(SOAP11, "<!DOCTYPE e>" FINE), "result", "cut off", "bad-request"},
    {"a comment", IN(SOAP11, "<!-- c -->" FINE), "result", "cut off result", "bad-request"},
    {"a processing instruction", IN(SOAP11, "<?p i?>" FINE), "result", "cut off result",
     "bad-request"},
    {"an undefined entity in a value", IN(SOAP11, BODY(SAY("&foo;"))), "result", "cut off",
     "result"},
    {"a character that XML hasn't", IN(SOAP11, BODY(SAY("&#0;"))), "result", "cut off", "result"},
    {"bytes that aren't UTF-8", IN(SOAP11, BODY(SAY("\xFF"))), "result", "cut off", "Sender"},
    {"bytes that aren't UTF-8, in a name", IN(SOAP11, BODY("<x\xFF/>")), "Sender", "cut off",
     "bad-request"},
    {"no XML", "hello", "nothing", "bad-request", "bad-request"},
    {"SOAP 1.1 at the end", IN(SOAP11, FINE), "result", "result", "result"},
};

static void expect(const struct ways *ways, const struct row *row, const char *way, int runs,
                   const char *said, const char *expected)
{
    int ran = laboratory_runs() - runs;
    if (strcmp(said, expected) != 0 || ran != (strcmp(expected, "result") == 0))
        printf("\n    %s, %s, %s: %s, run %d times", ways->site->label, row->label, way, said, ran);
    ASSERT_TEXT(said, expected);
    CU_ASSERT_EQUAL(ran, strcmp(expected, "result") == 0);
}

/* Of this site's server. */
static const char *expected_plain(const struct ways *ways, const struct row *row)
{
    static const char both[] = "cut off result";
    if (strcmp(row->plain, both) != 0)
        return row->plain;
    return strstr(ways->site->label, "ejabberd") ? "result" : "cut off";
}

static void compare(const struct site *site)
{
    struct ways ways;
    char said[SAID_BYTES];
    size_t i;
    open_ways(&ways, site);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        const char *plain = expected_plain(&ways, row);
        int runs = laboratory_runs();
        ask_by_http(&ways, row->xml, said);
        expect(&ways, row, "HTTP", runs, said, row->http);
        runs = laboratory_runs();
        ask_by_xmpp(&ways, PLAIN, row->xml, plain, said);
        expect(&ways, row, "plain", runs, said, plain);
        runs = laboratory_runs();
        ask_by_xmpp(&ways, PACKED, row->xml, row->packed, said);
        expect(&ways, row, "packed", runs, said, row->packed);
    }
    close_ways(&ways);
}

static void test_iqs(void)
{
    site_each(compare);
}

/* As an iq, but that what is no attempt at SOAP is noise. */
static void send_messages(const struct site *site)
{
    struct ways ways;
    char said[SAID_BYTES];
    size_t i;
    open_ways(&ways, site);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        bool is_noise = strcmp(row->plain, "service-unavailable") == 0 || *row->xml != '<';
        const char *expected = is_noise ? "nothing" : row->plain;
        int runs = laboratory_runs();
        if (strncmp(row->plain, "cut off", 7) == 0)
            continue; /* its stanza comes nowhere, whatever it is */
        ask_by_xmpp(&ways, MESSAGE, row->xml, expected, said);
        expect(&ways, row, "message", runs, said, expected);
    }
    close_ways(&ways);
}

static void test_messages(void)
{
    site_each(send_messages);
}

CU_TestInfo tests_fault[] = {
    {"what is wrong gets the fault that it gets over HTTP, or a stanza error", test_iqs},
    {"and so it does in a message", test_messages},
    CU_TEST_INFO_NULL,
};
