/* Short memory: allocation number N of the stream and of the link fails, for every N.
 *
 * Like test_shortage.c.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers/features.h"
#include "link/link.h"
#include "wire/stanza.h"
#include "net/stream.h"
#include "wire/namespaces.h"
#include "wire/disco.h"
#include "../lib/shortage.h"
#include "../lib/suite.h"
#include "link/responder.h"
#include "stream_peer.h"

extern CU_TestInfo tests_shortage_link[];

#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define NAMESPACES                                                                                 \
    " xmlns:a='urn:a' xmlns:b='urn:b' xmlns:c='urn:c' xmlns:d='urn:d' xmlns:f='urn:f' "            \
    "xmlns:g='urn:g' xmlns:h='urn:h' xmlns:i='urn:i' xmlns:j='urn:j' xmlns:k='urn:k' "             \
    "xmlns:l='urn:l' xmlns:m='urn:m' xmlns:n='urn:n' xmlns:o='urn:o' xmlns:p='urn:p' "             \
    "xmlns:q='urn:q'"
#define PEER "calc@example.org/soap"

static const int64_t PAST = 1; /* microseconds after boot */

/* ---- the stream ---- */

#define OPEN                                                                                       \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                                   \
    "xmlns:stream='http://etherx.jabber.org/streams' xmlns:z='urn:z' id='s1' version='1.0'>"
#define REQUEST                                                                                    \
    "<iq type='set' id='1' from='a@b/c' to='me@b/x'><e:Envelope xmlns:e='" SOAP12 "'" NAMESPACES   \
    "><e:Body><q:add z:t='q:int'><one>1</one></q:add></e:Body></e:Envelope></iq>"
#define PLAIN                                                                                      \
    "<iq type='result' id='2' from='a@b/c'><query xmlns='urn:d'><f var='x'>text</f>tail"           \
    "<g xml:lang='en' one='1' two='2'/></query></iq>"
#define UNBOUND "<iq type='get' id='3' from='a@b/c'><query><x:y/></query></iq>"
#define FAILURE                                                                                    \
    "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>no</text></failure>"
#define DOCUMENT OPEN FAILURE "<presence from='a@b/c'/>\n" REQUEST PLAIN UNBOUND REQUEST PLAIN

enum { CHUNK_BYTES = 200 };

/* What one parser has delivered. */
struct listener {
    struct sx_stream stream;
    parser_t *parser;
    struct sx_buffer log;
};

static void on_stanza(xmpp_stanza_t *stanza, void *user)
{
    struct listener *listener = user;
    struct sx_envelope envelope;

    shortage_pause();
    peer_log_stanza(&listener->log, stanza);
    if (sx_stream_envelope(&listener->stream, &envelope)) {
        sx_buffer_add_format(&listener->log, "{%s}", envelope.bytes ? envelope.bytes : "");
        sx_envelope_fini(&envelope);
    }
    sx_buffer_add_format(&listener->log, "%s\n", listener->stream.verdict_why);
    shortage_resume();
}

static void on_start(char *name, char **attributes, void *user)
{
    (void)name;
    (void)attributes;
    (void)user;
}

static void on_end(char *name, void *user)
{
    (void)name;
    (void)user;
}

static parser_t *listen_to(struct listener *listener)
{
    sx_stream_arm(&listener->stream);
    return parser_new(peer_ctx, on_start, on_end, on_stanza, listener);
}

static bool feed_document(parser_t *parser)
{
    static const char document[] = DOCUMENT;
    size_t at, len = sizeof document - 1;

    for (at = 0; at < len; at += CHUNK_BYTES) {
        char chunk[CHUNK_BYTES];
        size_t chunk_len = len - at < CHUNK_BYTES ? len - at : CHUNK_BYTES;
        memcpy(chunk, document + at, chunk_len);
        if (!parser_feed(parser, chunk, (int)chunk_len))
            return false;
    }
    return true;
}

/* Each stanza that arrived is whole, and none is left out. */
static void assert_heard(const struct sx_buffer *log, bool everything)
{
    struct listener reference = {.stream.limits = {1 << 20, 64, 1000, 700}};

    CU_ASSERT_PTR_NOT_NULL_FATAL(reference.parser = listen_to(&reference));
    CU_ASSERT(feed_document(reference.parser));
    CU_ASSERT(reference.stream.recycled > 0);
    if (everything)
        ASSERT_TEXT(log->bytes, reference.log.bytes);
    else if (log->len)
        CU_ASSERT(strncmp(reference.log.bytes, log->bytes, log->len) == 0);
    parser_free(reference.parser);
    sx_buffer_fini(&reference.log);
}

static bool attempt_stream(struct shortage shortage)
{
    struct listener listener = {.stream.limits = {1 << 20, 64, 1000, 700}};
    bool has_failed, all = false;

    listener.parser = listen_to(&listener);
    CU_ASSERT_PTR_NOT_NULL_FATAL(listener.parser);
    shortage_begin(shortage);
    all = feed_document(listener.parser);
    has_failed = shortage_end();
    CU_ASSERT(all || (has_failed && listener.stream.err == SX_ENOMEM));
    CU_ASSERT(!all || listener.stream.err == SX_OK);
    assert_heard(&listener.log, all);
    sx_buffer_clear(&listener.log);
    CU_ASSERT(parser_reset(listener.parser) == 1);
    CU_ASSERT(feed_document(listener.parser));
    assert_heard(&listener.log, true);
    parser_free(listener.parser);
    sx_buffer_fini(&listener.log);
    return has_failed;
}

TEST(test_stream)
{
    CU_ASSERT(shortage_sweep(attempt_stream) > 100);
}

/* A string that is parsed later must not be taken for this stream. */
static bool attempt_parser(struct shortage shortage)
{
    struct listener listener = {.stream.limits = {1 << 20, 64, 1000, 700}};
    xmpp_stanza_t *string;
    bool has_failed;

    shortage_begin(shortage);
    listener.parser = listen_to(&listener);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(listener.parser == NULL, has_failed);
    string = xmpp_stanza_new_from_string(peer_ctx, "<a/>");
    CU_ASSERT_PTR_NOT_NULL(string);
    CU_ASSERT_EQUAL(listener.stream.fed_bytes, 0);
    if (string)
        xmpp_stanza_release(string);
    if (listener.parser)
        parser_free(listener.parser);
    return has_failed;
}

TEST(test_parser)
{
    CU_ASSERT(shortage_sweep(attempt_parser) >= 5);
}

static bool attempt_reset(struct shortage shortage)
{
    struct listener listener = {.stream.limits = {1 << 20, 64, 1000, 700}};
    bool has_failed, has_reset;

    listener.parser = listen_to(&listener);
    CU_ASSERT_PTR_NOT_NULL_FATAL(listener.parser);
    CU_ASSERT(feed_document(listener.parser));
    shortage_begin(shortage);
    has_reset = parser_reset(listener.parser);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(has_reset, !has_failed);
    sx_buffer_clear(&listener.log);
    CU_ASSERT_EQUAL(feed_document(listener.parser), has_reset);
    assert_heard(&listener.log, has_reset);
    sx_buffer_clear(&listener.log);
    CU_ASSERT(parser_reset(listener.parser) == 1);
    CU_ASSERT(feed_document(listener.parser));
    assert_heard(&listener.log, true);
    parser_free(listener.parser);
    sx_buffer_fini(&listener.log);
    return has_failed;
}

TEST(test_reset)
{
    CU_ASSERT(shortage_sweep(attempt_reset) >= 5);
}

/* ---- replies ---- */

/* Calls under way, and the stream in which their replies come. */
struct asker {
    struct responder responder;
    struct soap_xmpp_call *calls[3];
};

/* Each with its error, or SX_ENOMEM, or still under way when the stream has ended. */
static void assert_replies(struct asker *asker, bool has_failed)
{
    static const enum sx_err expected[] = {SX_OK, SX_ESTANZA, SX_OK};
    struct sx_reply replies[3];
    int i;

    sx_exchange_fail_all(asker->responder.link->exchange, SX_ELOST, "the stream has ended");
    for (i = 0; i < 3; i++) {
        sx_exchange_wait(asker->calls[i], PAST, &replies[i]);
        if (replies[i].err == SX_ELOST)
            CU_ASSERT(has_failed && asker->responder.stream.err == SX_ENOMEM)
        else
            CU_ASSERT(replies[i].err == expected[i] || (has_failed && replies[i].err == SX_ENOMEM));
        sx_exchange_release(asker->calls[i]);
    }
    if (replies[0].err == SX_OK)
        ASSERT_CONTAINS(replies[0].envelope.bytes, "<e:Body>42</e:Body></e:Envelope>");
    if (replies[1].err == SX_ESTANZA)
        ASSERT_TEXT(replies[1].condition, "gone");
    if (replies[1].err == SX_ESTANZA && !has_failed)
        ASSERT_TEXT(replies[1].text, "moved");
    if (replies[2].err == SX_OK)
        CU_ASSERT(sx_disco_list_has(replies[2].features, "urn:x"));
    for (i = 0; i < 3; i++)
        sx_reply_fini(&replies[i]);
}

static void format_replies(const struct asker *asker, struct sx_buffer *out)
{
    sx_buffer_add_format(out,
                         "<iq type='result' id='%s' from='" PEER "'><e:Envelope xmlns:e='" SOAP12
                         "'><e:Body>42</e:Body></e:Envelope></iq>",
                         sx_exchange_id(asker->calls[0]));
    sx_buffer_add_format(out,
                         "<iq type='error' id='%s' from='" PEER "'><error type='cancel'>"
                         "<gone xmlns='" SX_NS_STANZAS "'/><text xmlns='" SX_NS_STANZAS
                         "'>moved</text></error></iq>",
                         sx_exchange_id(asker->calls[1]));
    sx_buffer_add_format(out,
                         "<iq type='result' id='%s' from='" PEER "'><query xmlns='" SX_NS_DISCO_INFO
                         "'><feature var='urn:x'/></query></iq>",
                         sx_exchange_id(asker->calls[2]));
    CU_ASSERT_FATAL(!out->failed);
}

static bool attempt_replies(struct shortage shortage)
{
    struct asker asker;
    struct soap_xmpp_config config;
    struct sx_buffer replies = {0};
    bool has_failed;
    int i;

    responder_configure(&config);
    config.jid = "me@b/x";
    config.max_calls = 3;
    responder_start(&asker.responder, &config);
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL_FATAL(
            sx_exchange_begin(asker.responder.link->exchange, PEER, "add", PAST, &asker.calls[i]),
            SX_OK);
    format_replies(&asker, &replies);
    shortage_begin(shortage);
    parser_feed(asker.responder.parser, replies.bytes, (int)replies.len);
    has_failed = shortage_end();
    assert_replies(&asker, has_failed);
    responder_stop(&asker.responder);
    sx_buffer_fini(&replies);
    return has_failed;
}

TEST(test_replies)
{
    CU_ASSERT(shortage_sweep(attempt_replies) > 12);
}

/* ---- the link ---- */

/* A port of 127.0.0.1 on which nobody listens, taken until *fd is closed. */
static int closed_port(int *fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(*fd >= 0);
    CU_ASSERT_FATAL(bind(*fd, (struct sockaddr *)&address, len) == 0);
    CU_ASSERT_FATAL(getsockname(*fd, (struct sockaddr *)&address, &len) == 0);
    return ntohs(address.sin_port);
}

static int port; /* while a test of the link runs */

static void set_members(struct soap_xmpp_config *config)
{
    soap_xmpp_config_init(config);
    config->jid = "alice@example.org/desk";
    config->password = "secret";
    config->host = "127.0.0.1";
    config->port = port;
    config->tls = SOAP_XMPP_TLS_OFF;
    config->allow = "a@b:add, *@c";
}

static void ignore_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static struct soap_xmpp_link *open_link(char *why, size_t why_bytes)
{
    struct soap_xmpp_config config;

    set_members(&config);
    config.trace = SOAP_XMPP_TRACE_STANZA;
    config.trace_callback = ignore_line;
    config.presence = 1;
    return soap_xmpp_open(&config, why, why_bytes);
}

/* With a server that nobody can reach. */
static void sweep_offline(bool (*attempt)(struct shortage shortage), unsigned least)
{
    int fd;

    port = closed_port(&fd);
    CU_ASSERT(shortage_sweep(attempt) >= least);
    close(fd);
}

static bool attempt_open(struct shortage shortage)
{
    struct soap_xmpp_link *link;
    char why[200] = "unchanged";
    bool has_failed;

    shortage_begin(shortage);
    link = open_link(why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(link == NULL, has_failed);
    if (link)
        ASSERT_TEXT(why, "");
    else
        ASSERT_CONTAINS(why, "memory");
    soap_xmpp_close(link);
    return has_failed;
}

static void test_open(void)
{
    sweep_offline(attempt_open, 7);
}

static bool attempt_request(struct shortage shortage)
{
    static const char envelope[] =
        "<e:Envelope xmlns:e='" SOAP12 "'><e:Body><add/></e:Body></e:Envelope>";
    struct sx_checker *checker = sx_checker_new(100);
    struct soap_xmpp_link *link = open_link(NULL, 0);
    const struct sx_outgoing out = {.to = PEER,
                                    .envelope = envelope,
                                    .envelope_len = sizeof envelope - 1,
                                    .checker = checker,
                                    .online_deadline = PAST,
                                    .room_deadline = PAST};
    char untouched, why[400] = "";
    struct soap_xmpp_call *call = (struct soap_xmpp_call *)&untouched;
    enum sx_err err;
    bool has_failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    shortage_begin(shortage);
    err = sx_link_request(link, &out, &call, why, sizeof why);
    has_failed = shortage_end();
    CU_ASSERT(err != SX_OK);
    CU_ASSERT_PTR_EQUAL(call, &untouched);
    CU_ASSERT(err != SX_ENOMEM || has_failed);
    ASSERT_CONTAINS(why, "xmpp:" PEER ": ");
    ASSERT_CONTAINS(why, err == SX_ENOMEM ? "memory is short" : "add: not online after ");
    sx_checker_free(checker);
    soap_xmpp_close(link);
    return has_failed;
}

static void test_request(void)
{
    sweep_offline(attempt_request, 1);
}

static bool attempt_discover(struct shortage shortage)
{
    struct soap_xmpp_link *link = open_link(NULL, 0);
    char why[400] = "";
    bool has_failed, is_told;
    int listed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    shortage_begin(shortage);
    listed = soap_xmpp_discover(link, "xmpp:calc@example.org", "urn:x", 0, why, sizeof why);
    has_failed = shortage_end();
    is_told = strstr(why, ": memory is short") != NULL;
    CU_ASSERT_EQUAL(listed, -1);
    CU_ASSERT_TRUE(!is_told || has_failed);
    /* Without memory nobody remembers that this account was asked for, which hurts nobody now. */
    if (!is_told)
        ASSERT_CONTAINS(why, PEER ": not online after ");
    soap_xmpp_close(link);
    return has_failed;
}

static void test_discover(void)
{
    sweep_offline(attempt_discover, 2);
}

/* A request is answered, another waits, a call is under way: the link is closed all the same. */
static bool attempt_close(struct shortage shortage)
{
    struct soap_xmpp_link *link = open_link(NULL, 0);
    struct sx_request *requests[2], *running;
    struct soap_xmpp_call *call;
    struct sx_reply reply;
    bool closed, has_failed;
    char why[100];
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    sx_queue_open(sx_link_queue(link));
    for (i = 0; i < 2; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(requests[i] = sx_request_new("a@b/c", "me@b/x", "1"));
        CU_ASSERT_EQUAL_FATAL(sx_queue_add(sx_link_queue(link), requests[i]), SX_OK);
    }
    CU_ASSERT_EQUAL_FATAL(sx_exchange_begin(sx_link_exchange(link), PEER, "add", PAST, &call),
                          SX_OK);
    running = sx_queue_take(sx_link_queue(link), PAST, &closed);
    CU_ASSERT_PTR_EQUAL_FATAL(running, requests[0]);
    shortage_begin(shortage);
    (void)sx_link_answer(link, running, NULL, NULL, 0, why, sizeof why);
    sx_request_free(running);
    soap_xmpp_stop(link, 0);
    sx_exchange_wait(call, PAST, &reply);
    sx_exchange_release(call);
    soap_xmpp_close(link);
    has_failed = shortage_end();
    CU_ASSERT(reply.err == SX_ESTOPPED || reply.err == SX_ELOST); /* an attempt had failed before */
    return has_failed;
}

static void test_close(void)
{
    sweep_offline(attempt_close, 4);
}

CU_TestInfo tests_shortage_link[] = {
    {"a parser is made whole or not at all", test_parser},
    {"a stream delivers whole stanzas or ends", test_stream},
    {"a parser that can't be reset stays failed until it can", test_reset},
    {"a call ends with its answer or with the lack of memory", test_replies},
    {"a link is opened or says that memory is short", test_open},
    {"a request that finds no memory is not made", test_request},
    {"a question that finds no memory says so", test_discover},
    {"a link is closed without memory", test_close},
    CU_TEST_INFO_NULL,
};
