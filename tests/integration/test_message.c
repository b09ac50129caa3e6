/* Calls by message (XEP-0072 3.2.2) while both ends are there: what goes over the wire, what comes
 * back, and what disturbs neither.
 */
#include "soapH.h"
#include "parley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "request/queue.h"
#include "link/link.h"
#include "../lib/suite.h"
#include "scene.h"
#include "scale.h"

extern CU_TestInfo tests_message[];

#define HINTS                                                                                      \
    "<private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/>"                       \
    "<no-permanent-store xmlns='urn:xmpp:hints'/></message>"

/* ---- links ---- */

static void take_messages(struct soap_xmpp_config *config)
{
    config->messages = 1;
}

static void take_plain_messages(struct soap_xmpp_config *config)
{
    config->messages = 1;
    config->packing = SOAP_XMPP_PACKING_NEVER;
}

static void allow_addition(struct soap_xmpp_config *config)
{
    config->messages = 1;
    config->allow = "*:add";
}

static void limit_answers(struct soap_xmpp_config *config)
{
    config->messages = 1;
    config->max_outgoing_bytes = 20000;
}

/* "xmpp:user@domain?message", or of the resource, in a static buffer. */
static const char *mail_to(const struct site *site, const char *user, const char *resource)
{
    static char endpoints[4][300];
    static unsigned next;
    char *endpoint = endpoints[next++ % 4];
    snprintf(endpoint, sizeof endpoints[0], "xmpp:%s@%s%s%s?message", user, site->domain,
             resource ? "/" : "", resource ? resource : "");
    return endpoint;
}

/* ---- calls ---- */

static void call_both_ways(const struct site *site)
{
    struct parley parley;
    struct lab__Seen seen = {0};
    double sum = 0;
    parley_open(&parley, site, 2, NULL, take_plain_messages);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to(site, "bob", NULL), NULL, 1, 2, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent <message to='bob@xmpp.test' id='", HINTS), 1);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <message to='alice@xmpp.test/desk'", HINTS), 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent <iq", "Envelope"), 0);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent <iq", "disco#info"), 0);
    CU_ASSERT_EQUAL(soap_call_lab__whoami(parley.soap, mail_to(site, "bob", "soap"), NULL, &seen),
                    SOAP_OK);
    ASSERT_CONTAINS(seen.from, "alice@");
    ASSERT_CONTAINS(seen.to, "/soap");
    ASSERT_CONTAINS(seen.id, "~message");
    parley_close(&parley);
}

static void a_call_is_answered(void)
{
    site_each(call_both_ways);
}

static void note_one_way(const struct site *site)
{
    struct parley parley;
    int notes = laboratory_notes();
    parley_open(&parley, site, 2, NULL, take_messages);
    CU_ASSERT_EQUAL(soap_send_lab__note(parley.soap, mail_to(site, "bob", NULL), NULL, "a"),
                    SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_empty_response(parley.soap), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_UNKNOWN);
    CU_ASSERT_TRUE(laboratory_await_notes(notes + 1));
    /* An answer would have come before that of the next one. */
    CU_ASSERT_EQUAL(
        soap_call_lab__say(parley.soap, mail_to(site, "bob", NULL), NULL, "b", &(char *){NULL}),
        SOAP_OK);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <message", ""), 1);
    CU_ASSERT_EQUAL(laboratory_notes(), notes + 1);
    parley_close(&parley);
}

static void a_one_way_is_not_answered(void)
{
    site_each(note_one_way);
}

static void fail_by_message(const struct site *site)
{
    struct parley parley;
    double quotient;
    parley_open(&parley, site, 2, NULL, take_plain_messages);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__divide(parley.soap, mail_to(site, "bob", NULL), NULL, 1, 0, &quotient),
        SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "division by zero");
    ASSERT_TEXT(soap_xmpp_condition(parley.soap), "");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_EXECUTED);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <message type='error'",
                                 "xmlns='http://jabber.org/protocol/soap#fault'"),
                    1);
    parley_close(&parley);
}

static void a_fault_comes_as_an_error(void)
{
    site_each(fail_by_message);
}

static void call_nobody(const struct site *site)
{
    struct soap_xmpp_link *link = site_open(site, "alice", "desk");
    struct soap *soap = laboratory_client(link, SOAP_IO_DEFAULT);
    double sum;
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, mail_to(site, "nobody", NULL), NULL, 1, 2, &sum), 503);
    ASSERT_TEXT(soap_xmpp_condition(soap), "service-unavailable");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    /* The bounce comes before the receipt. */
    CU_ASSERT_NOT_EQUAL(soap_send_lab__note(soap, mail_to(site, "nobody", NULL), NULL, "a") ||
                            soap_recv_empty_response(soap),
                        SOAP_OK);
    ASSERT_TEXT(soap_xmpp_condition(soap), "service-unavailable");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(soap), SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, mail_to(site, "alice", NULL), NULL, 1, 2, &sum),
                    SOAP_USER_ERROR);
    ASSERT_CONTAINS(laboratory_fault(soap), "the link's own account");
    laboratory_client_free(soap);
    soap_xmpp_close(link);
}

static void a_bounce_ends_the_call(void)
{
    site_each(call_nobody);
}

static void refuse_messages(const struct site *site)
{
    struct parley parley;
    double sum;
    parley_open(&parley, site, 2, NULL, NULL);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to(site, "bob", "soap"), NULL, 1, 2, &sum),
                    503);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "aren't served here");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    parley_reopen_service(&parley, 2, allow_addition);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to(site, "bob", NULL), NULL, 1, 2, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(
        soap_call_lab__divide(parley.soap, mail_to(site, "bob", NULL), NULL, 1, 2, &sum), 403);
    ASSERT_TEXT(soap_xmpp_condition(parley.soap), "forbidden");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    parley_close(&parley);
}

static void a_service_opts_in_and_its_rules_hold(void)
{
    site_each(refuse_messages);
}

/* ---- packed, and large ---- */

static void pack_messages(const struct site *site)
{
    struct parley parley;
    double sum = 0, quotient;
    parley_open(&parley, site, 2, NULL, take_messages);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to(site, "bob", NULL), NULL, 1, 2, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent <message", "Envelope"), 1);
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(parley.caller, parley.endpoint, SOAP_XMPP_FEATURE, -1, NULL, 0), 1);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to(site, "bob", NULL), NULL, 2, 3, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(sum, 5);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__divide(parley.soap, mail_to(site, "bob", NULL), NULL, 1, 0, &quotient),
        SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "division by zero");
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent <message", "Envelope"), 1);
    CU_ASSERT_EQUAL(parley_count(&parley.near, "sent <message", "<packed"), 2);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <message", "<packed"), 2);
    parley_close(&parley);
}

static void known_peers_get_them_packed(void)
{
    site_each(pack_messages);
}

static void limit_envelopes(struct soap_xmpp_config *config)
{
    config->max_message_bytes = 400000;
}

static void send_too_much(const struct site *site)
{
    struct parley parley;
    char *text = laboratory_random_text(300000), *said = NULL, part[20001];
    parley_open(&parley, site, 2, limit_envelopes, limit_answers);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__say(parley.soap, mail_to(site, "bob", NULL), NULL, text, &said), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "the limit is");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    CU_ASSERT_EQUAL(
        soap_xmpp_discover(parley.caller, parley.endpoint, SOAP_XMPP_FEATURE, -1, NULL, 0), 1);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__say(parley.soap, mail_to(site, "bob", NULL), NULL, text, &said), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "the limit of a message is");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    /* small once it is packed, but not for who unpacks it */
    free(text);
    text = calloc(1, 500001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', 500000);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__say(parley.soap, mail_to(site, "bob", NULL), NULL, text, &said), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "the limit is 400000 (max_message_bytes)");
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    free(text);
    text = laboratory_random_text(20000);
    /* the answer alone is too large */
    snprintf(part, sizeof part, "%s", text);
    CU_ASSERT_NOT_EQUAL(
        soap_call_lab__say(parley.soap, mail_to(site, "bob", NULL), NULL, part, &said), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "a message is one stanza");
    ASSERT_TEXT(soap_xmpp_condition(parley.soap), "internal-server-error");
    CU_ASSERT_NOT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_NOT_EXECUTED);
    free(text);
    parley_close(&parley);
}

static void what_fits_no_stanza_is_refused(void)
{
    site_each(send_too_much);
}

enum { SMALL_LIMIT = 10000, STEP = 20, LONG_NAME = 64 };

static void limit_calls(struct soap_xmpp_config *config)
{
    config->name_key = "a secret";
    config->max_outgoing_bytes = SMALL_LIMIT;
}

/* The longest text that may leave has left then, under the longest name. */
static void send_longest_note(const struct site *site, struct soap *soap)
{
    static char text[SMALL_LIMIT + 1], name[LONG_NAME + 1];
    int len = SMALL_LIMIT, err;
    memset(name, 'n', LONG_NAME);
    memset(text, 'x', SMALL_LIMIT);
    do {
        text[len -= STEP] = '\0';
        CU_ASSERT_EQUAL_FATAL(soap_xmpp_name(soap, name), SOAP_OK);
        err = soap_send_lab__note(soap, mail_to(site, "bob", NULL), NULL, text) ||
              soap_recv_empty_response(soap);
        CU_ASSERT_TRUE(!err || soap->error == SOAP_LENGTH);
    } while (err && len > STEP);
    CU_ASSERT_TRUE(len > SMALL_LIMIT / 2);
}

/* What the servers put beside the envelope counts against their limits: bob gets it out of the
 * store. */
static void weigh_message(const struct site *site)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    struct stranger *stranger;
    struct soap *soap;
    const char *heard;
    char why[400] = "";
    site_account(site, "alice", "desk", &account);
    limit_calls(&account.config);
    link = soap_xmpp_open(&account.config, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    soap = laboratory_client(link, SOAP_IO_DEFAULT);
    send_longest_note(site, soap);
    stranger = scene_open_stranger(site, "bob", "phone");
    stranger_say(stranger, "<presence/>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard = stranger_hear(stranger, "</message>"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard = strstr(heard, "<message"));
    ASSERT_CONTAINS(heard, "urn:xmpp:delay");
    CU_ASSERT_TRUE(strlen(heard) <= SMALL_LIMIT);
    if (strlen(heard) > SMALL_LIMIT || getenv("LIMITS_SHOW"))
        printf("\n    %s: %zu bytes arrived, %.400s ... %s", site->label, strlen(heard), heard,
               heard + strlen(heard) - 700);
    stranger_close(stranger);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
}

static void no_server_makes_more_of_a_message_than_was_estimated(void)
{
    site_each(weigh_message);
}

/* ---- strangers ---- */

static void answer_stranger(const struct site *site)
{
    struct parley parley;
    struct stranger *stranger;
    const char *heard;
    parley_open(&parley, site, 2, NULL, take_messages);
    stranger = scene_open_stranger(site, "alice", "phone");
    stranger_say_format(stranger,
                        "<message type='chat' to='bob@%s' id='c1'><active "
                        "xmlns='http://jabber.org/protocol/chatstates'/></message>",
                        site->domain);
    stranger_say_format(stranger,
                        "<message type='chat' to='bob@%s' id='c2'><body>hello?</body></message>",
                        site->domain);
    stranger_say_format(
        stranger,
        "<message to='bob@%s/soap' id='c3'><received xmlns='urn:xmpp:carbons:2'><forwarded "
        "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='alice@%s/x' "
        "to='bob@%s' id='c4'>" ADD "</message></forwarded></received></message>",
        site->domain, site->domain, site->domain);
    stranger_say_format(stranger,
                        "<message to='bob@%s' id='m1'>" ADD "<thread>t</thread><origin-id "
                        "xmlns='urn:xmpp:sid:0' id='m1'/><body>a call</body></message>",
                        site->domain);
    heard = stranger_hear(stranger, "</message>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    ASSERT_CONTAINS(heard, "addResponse");
    ASSERT_TEXT(stranger_attribute(heard, "id"), "m1");
    stranger_say_format(stranger,
                        "<message type='error' to='bob@%s/soap' id='m1'>" ADD "</message>"
                        "<message to='bob@%s/soap' id='m2'>" ADD "</message>",
                        site->domain, site->domain);
    heard = stranger_hear(stranger, "</message>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    ASSERT_TEXT(stranger_attribute(heard, "id"), "m2");
    /* one envelope in a message (XEP-0072 3.2.2) */
    stranger_say_format(stranger, "<message to='bob@%s/soap' id='m3'>" ADD ADD "</message>",
                        site->domain);
    heard = stranger_hear(stranger, "</message>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    ASSERT_TEXT(stranger_attribute(heard, "id"), "m3");
    ASSERT_CONTAINS(heard, "bad-request");
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <message", ""), 3);
    stranger_close(stranger);
    parley_close(&parley);
}

static void a_stranger_is_answered_and_noise_is_not(void)
{
    site_each(answer_stranger);
}

/* A foreign service, at the account that is asked, and somebody else who answers first. */
static void ask_stranger(const struct site *site)
{
    struct soap_xmpp_link *link = site_open(site, "alice", "desk");
    struct soap *soap = laboratory_client(link, SOAP_IO_DEFAULT);
    struct stranger *service = scene_open_stranger(site, "bob", "foreign");
    struct stranger *other = scene_open_stranger(site, "alice", "phone");
    const char *heard, *id;
    double sum = 0;
    stranger_say(service, "<presence/>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stranger_hear(service, "<presence"));
    CU_ASSERT_EQUAL(soap_send_lab__add(soap, mail_to(site, "bob", NULL), NULL, 1, 2), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard = stranger_hear(service, "Envelope"));
    id = stranger_attribute(heard, "id");
    stranger_say_format(other,
                        "<message to='alice@%s/desk' id='%s'>" ENVELOPE(
                            LAB("addResponse", "<sum xmlns=''>4</sum>")) "</message>",
                        site->domain, id);
    stranger_say_format(service,
                        "<message to='alice@%s/desk' id='%s'><composing "
                        "xmlns='http://jabber.org/protocol/chatstates'/></message>"
                        "<message to='alice@%s/desk' id='%s'>" ADDED "</message>",
                        site->domain, id, site->domain, id);
    CU_ASSERT_EQUAL(soap_recv_lab__add(soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    stranger_close(service);
    stranger_close(other);
    laboratory_client_free(soap);
    soap_xmpp_close(link);
}

static void a_foreign_service_is_asked(void)
{
    site_each(ask_stranger);
}

/* The account's other client has carbons on, and the server an archive. (Prosody's keeps what is of
 * type error in any case.) */
static void look_for_copies(const struct site *site)
{
    struct parley parley;
    struct stranger *phone;
    const char *heard;
    char *trace, *id;
    double sum;
    parley_open(&parley, site, 2, NULL, take_messages);
    phone = scene_open_stranger(site, "bob", "phone");
    stranger_say(phone, "<presence><priority>-1</priority></presence>"
                        "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stranger_hear(phone, "type='result'"));
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to(site, "bob", "soap"), NULL, 1, 2, &sum),
                    SOAP_OK);
    stranger_say(phone, "<iq type='set' id='a'><query xmlns='urn:xmpp:mam:2'/></iq>");
    /* Debian's configurations have no archive. */
    heard = stranger_hear(phone, scale_is_small() ? "<service-unavailable" : "<fin");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    trace = witness_trace(&parley.near);
    id = strstr(trace, "sent <message");
    CU_ASSERT_PTR_NOT_NULL_FATAL(id = id ? strstr(id, "id='") : NULL);
    id += strlen("id='");
    id[strcspn(id, "'")] = '\0';
    ASSERT_CONTAINS(id, "~message");
    ASSERT_LACKS(heard, id);
    free(trace);
    stranger_close(phone);
    parley_close(&parley);
}

static void no_chat_client_and_no_archive_sees_them(void)
{
    site_each(look_for_copies);
}

/* ---- components ---- */

static void call_component(const struct site *site)
{
    struct site_account component;
    struct soap_xmpp_link *service, *caller = site_open(site, "alice", "desk");
    struct laboratory *laboratory;
    struct soap *soap = laboratory_client(caller, SOAP_IO_DEFAULT);
    struct lab__Seen seen = {0};
    char endpoint[300];
    int notes = laboratory_notes();
    site_component(site, &component);
    component.config.messages = 1;
    service = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(service);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(service, -1), 0);
    laboratory = laboratory_start(service, 2);
    snprintf(endpoint, sizeof endpoint, "xmpp:meter7@%s?message", component.jid);
    CU_ASSERT_EQUAL(soap_call_lab__whoami(soap, endpoint, NULL, &seen), SOAP_OK);
    ASSERT_CONTAINS(seen.to, "meter7@");
    snprintf(endpoint, sizeof endpoint, "xmpp:%s?message", component.jid);
    CU_ASSERT_EQUAL(soap_call_lab__whoami(soap, endpoint, NULL, &seen), SOAP_OK);
    ASSERT_TEXT(seen.to, component.jid);
    CU_ASSERT_EQUAL(
        soap_send_lab__note(soap, endpoint, NULL, "a") || soap_recv_empty_response(soap), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_notes(notes + 1));
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    soap_xmpp_close(service);
    soap_xmpp_close(caller);
}

static void a_component_takes_them(void)
{
    site_each(call_component);
}

/* The component calls: its receipts come from wherever its server answers pings. */
static void call_as_component(const struct site *site)
{
    struct site_account account, component;
    struct soap_xmpp_link *service, *caller;
    struct laboratory *laboratory;
    struct soap *soap;
    char own[300];
    double sum = 0;
    int notes = laboratory_notes();
    site_component(site, &component);
    caller = soap_xmpp_open(&component.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(caller);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(caller, -1), 0);
    site_account(site, "bob", "soap", &account);
    account.config.messages = 1;
    service = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(service);
    laboratory = laboratory_start(service, 2);
    parley_await_presence(service, site);
    soap = laboratory_client(caller, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, mail_to(site, "bob", NULL), NULL, 1, 2, &sum),
                    SOAP_OK);
    CU_ASSERT_EQUAL(soap_send_lab__note(soap, mail_to(site, "bob", NULL), NULL, "a") ||
                        soap_recv_empty_response(soap),
                    SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_notes(notes + 1));
    /* all its domain is its own */
    snprintf(own, sizeof own, "xmpp:calc@%s?message", component.config.jid);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__add(soap, own, NULL, 1, 2, &sum), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(soap), "the link's own account");
    laboratory_client_free(soap);
    CU_ASSERT_EQUAL(laboratory_stop(laboratory, 5000), SOAP_OK);
    soap_xmpp_close(service);
    soap_xmpp_close(caller);
}

static void a_component_calls_by_them(void)
{
    site_each(call_as_component);
}

/* ---- modes ---- */

/* An operation's modes, and the caller's, are put aside for a message as for an IQ. */
static void call_in_mode(struct parley *parley, soap_mode mode)
{
    struct soap *soap = laboratory_client(parley->caller, mode);
    const char *endpoint = mail_to(parley->site, "bob", NULL);
    double number = 0;
    char *said = NULL;
    int notes = laboratory_notes();
    laboratory_set_omode(mode);
    CU_ASSERT_EQUAL(soap_call_lab__add(soap, endpoint, NULL, 1, 2, &number), SOAP_OK);
    CU_ASSERT_EQUAL(number, 3);
    CU_ASSERT_EQUAL(soap_call_lab__say(soap, endpoint, NULL, "said", &said), SOAP_OK);
    CU_ASSERT(said && strcmp(said, "said") == 0);
    CU_ASSERT_NOT_EQUAL(soap_call_lab__divide(soap, endpoint, NULL, 1, 0, &number), SOAP_OK);
    ASSERT_CONTAINS(laboratory_fault(soap), "division by zero");
    CU_ASSERT_EQUAL(
        soap_send_lab__note(soap, endpoint, NULL, "a") || soap_recv_empty_response(soap), SOAP_OK);
    CU_ASSERT_TRUE(laboratory_await_notes(notes + 1));
    laboratory_client_free(soap);
}

static void call_in_each_mode(const struct site *site)
{
    static const soap_mode modes[] = {SOAP_IO_FLUSH,
                                      SOAP_IO_BUFFER,
                                      SOAP_IO_STORE,
                                      SOAP_IO_CHUNK,
                                      SOAP_IO_UDP,
                                      SOAP_ENC_PLAIN,
                                      SOAP_ENC_DIME,
                                      SOAP_ENC_MIME,
                                      SOAP_ENC_MTOM,
                                      SOAP_ENC_ZLIB,
                                      SOAP_ENC_MTOM | SOAP_IO_STORE,
                                      SOAP_ENC_ZLIB | SOAP_IO_CHUNK};
    struct parley parley;
    size_t i;
    unsigned answers = 3 * sizeof modes / sizeof *modes;
    parley_open(&parley, site, 2, NULL, take_plain_messages);
    for (i = 0; i < sizeof modes / sizeof *modes; i++)
        call_in_mode(&parley, modes[i]);
    laboratory_set_omode(0);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <message", "Envelope"), answers);
    CU_ASSERT_EQUAL(parley_count(&parley.far, "sent <message", ""), answers); /* none to notes */
    parley_close(&parley);
}

static void modes_do_no_harm(void)
{
    site_each(call_in_each_mode);
}

CU_TestInfo tests_message[] = {
    {"a call is answered, with the hints for servers", a_call_is_answered},
    {"a one-way call succeeds unanswered", a_one_way_is_not_answered},
    {"a fault comes as an error", a_fault_comes_as_an_error},
    {"a bounce ends the call, a one-way one too", a_bounce_ends_the_call},
    {"a service opts in, and its rules hold", a_service_opts_in_and_its_rules_hold},
    {"peers known to understand get them packed", known_peers_get_them_packed},
    {"what fits no stanza is refused, with size and limit", what_fits_no_stanza_is_refused},
    {"no server makes more of a message than was estimated",
     no_server_makes_more_of_a_message_than_was_estimated},
    {"a stranger is answered, noise isn't", a_stranger_is_answered_and_noise_is_not},
    {"a foreign service is asked, and nobody answers in its place", a_foreign_service_is_asked},
    {"no chat client and no archive sees them", no_chat_client_and_no_archive_sees_them},
    {"whatever modes caller and operation set, they come and are answered", modes_do_no_harm},
    {"a component takes them", a_component_takes_them},
    {"a component calls by them", a_component_calls_by_them},
    CU_TEST_INFO_NULL,
};
