/* responder.c - a link without a connection, its stream, and what it says. */
#include "responder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "soap/pack.h"
#include "wire/namespaces.h"
#include "wire/stanza.h"
#include "../../lib/suite.h"

#define OPEN "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

enum { PAST = 1 /* microsecond after boot */, SESSION = 1 };

static void keep_line(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    struct responder *responder = user;
    if (level <= SOAP_XMPP_TRACE_INFO && responder->line_count < RESPONDER_LINES)
        snprintf(responder->lines[responder->line_count++], RESPONDER_LINE_BYTES, "%s", line);
}

static void keep_stanza(void *user, uint64_t session, char *stanza, size_t len)
{
    struct responder *responder = user;
    CU_ASSERT_EQUAL(session, SESSION);
    sx_buffer_add(&responder->posted, stanza, len);
    responder->posts++;
    responder->all_posts++;
    if (responder->pass)
        responder->pass(responder->user, session, stanza, len);
    free(stanza);
}

static void receive(void *user, const struct sx_element *stanza)
{
    struct responder *responder = user;
    sx_receive_stanza(&responder->link->reception, SESSION, stanza, &responder->stream);
}

static void refuse_others(xmpp_stanza_t *stanza, void *user)
{
    (void)stanza, (void)user;
    CU_FAIL("libstrophe was to see nothing");
}

static void ignore_start(char *name, char **attributes, void *user)
{
    (void)name, (void)attributes, (void)user;
}

static void ignore_end(char *name, void *user)
{
    (void)name, (void)user;
}

void responder_configure(struct soap_xmpp_config *config)
{
    soap_xmpp_config_init(config);
    config->jid = "calc@example.org/soap";
    config->password = "secret";
    config->tls = SOAP_XMPP_TLS_OFF;
    config->host = "127.0.0.1";
    config->trace = SOAP_XMPP_TRACE_DEBUG;
}

void responder_start(struct responder *responder, const struct soap_xmpp_config *config)
{
    struct soap_xmpp_config traced = *config;
    char why[400] = "";
    *responder = (struct responder){.stream.limits = {1 << 20, 64, 1000, 0}};
    traced.trace_callback = keep_line;
    traced.trace_user = responder;
    responder->link = sx_link_new(&traced, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(responder->link);
    posted_take(sx_session_loop(responder->link->session), keep_stanza, responder);
    sx_session_begin(responder->link->session, SESSION, traced.jid);
    if (strchr(traced.jid, '@'))
        CU_ASSERT_EQUAL(sx_exchange_set_own_jid(responder->link->exchange, traced.jid), SX_OK);
    responder->stream.on_stanza = receive;
    responder->stream.user = responder;
    sx_stream_arm(&responder->stream);
    responder->parser = parser_new(peer_ctx, ignore_start, ignore_end, refuse_others, responder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(responder->parser);
    responder_hear(responder, OPEN, strlen(OPEN));
}

void responder_serve_with(struct responder *responder, const struct soap_xmpp_config *config)
{
    responder_start(responder, config);
    sx_queue_open(responder->link->queue);
}

void responder_serve(struct responder *responder, const char *rules)
{
    struct soap_xmpp_config config;
    responder_configure(&config);
    config.allow = rules;
    config.max_message_bytes = 100000;
    responder_serve_with(responder, &config);
}

void responder_stop(struct responder *responder)
{
    struct sx_request *request;
    while ((request = responder_take(responder)))
        sx_request_free(request);
    parser_free(responder->parser);
    posted_take(sx_session_loop(responder->link->session), NULL, NULL);
    sx_link_unref(responder->link);
    sx_buffer_fini(&responder->posted);
}

void responder_hear(struct responder *responder, const char *bytes, size_t len)
{
    sx_buffer_clear(&responder->posted);
    responder->posts = 0;
    CU_ASSERT_EQUAL_FATAL(parser_feed(responder->parser, (char *)(size_t)bytes, (int)len), 1);
}

const char *responder_said(const struct responder *responder)
{
    return responder->posted.len ? responder->posted.bytes : "";
}

struct sx_request *responder_take(struct responder *responder)
{
    bool closed;
    return sx_queue_take(responder->link->queue, PAST, &closed);
}

unsigned long responder_queued(const struct responder *responder)
{
    struct sx_queue_counts counts;
    sx_queue_count(responder->link->queue, &counts);
    return counts.queued;
}

/* ---- what others say ---- */

const char *responder_tag(const struct responder *responder, const char *text)
{
    static char id[600];
    char incarnation[SX_INCARNATION_BYTES];
    sx_journal_incarnation(responder->link->journal, sx_clock_now_us(), incarnation);
    snprintf(id, sizeof id, "%s" SX_REQUEST_ID_MARK "%s", text, incarnation);
    return id;
}

void responder_ask(struct responder *responder, const char *from, const char *id,
                   const char *operation)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(&iq, "<iq type='set' to='calc@example.org/soap' id='%s'", id);
    if (from)
        sx_buffer_add_format(&iq, " from='%s'", from);
    sx_buffer_add_format(&iq,
                         "><e:Envelope xmlns:e='" SX_NS_SOAP12 "'><e:Body><c:%s xmlns:c='urn:c'/>"
                         "</e:Body></e:Envelope></iq>",
                         operation);
    CU_ASSERT_FATAL(!iq.failed);
    responder_hear(responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
}

void responder_say(struct responder *responder, const char *type, const char *id,
                   const char *content)
{
    struct sx_buffer iq = {0};
    sx_buffer_add_format(
        &iq, "<iq type='%s' to='calc@example.org/soap' from='" RESPONDER_PEER "' id='%s'>", type,
        id);
    sx_buffer_add_text(&iq, content);
    sx_buffer_add_text(&iq, "</iq>");
    responder_hear(responder, iq.bytes, iq.len);
    sx_buffer_fini(&iq);
}

char *responder_pack(const char *envelope)
{
    struct sx_buffer bytes = {0}, out = {0};
    enum sx_form form;
    size_t len;
    CU_ASSERT_EQUAL_FATAL(sx_pack(envelope, strlen(envelope), &bytes, &form), SX_OK);
    sx_buffer_add_format(&out, "<packed xmlns='" SX_NS_PACKED "' action='urn:a'%s>",
                         form == SX_FORM_STORED ? " form='stored'" : "");
    sx_base64_add(&out, bytes.bytes, bytes.len);
    sx_buffer_add_text(&out, "</packed>");
    sx_buffer_fini(&bytes);
    return sx_buffer_take(&out, &len);
}
