/* Messages that wait: for a service that isn't there, for a caller that has gone; and what becomes
 * of them when they are too old, forged, or come twice.
 *
 * The caller that goes is a process of its own, which is killed: mortal.
 */
#include "soapH.h"
#include "parley.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/timestamp.h"
#include "../lib/child.h"
#include "../lib/suite.h"
#include "scene.h"

extern CU_TestInfo tests_mailbox[];

enum { SOON_MS = 30000, OLD_S = 2, MANY = 20 };

static void take_messages(struct soap_xmpp_config *config)
{
    config->messages = 1;
}

static void take_recent_messages(struct soap_xmpp_config *config)
{
    config->messages = 1;
    config->max_age_s = 1;
}

static void take_messages_of_an_hour(struct soap_xmpp_config *config)
{
    config->messages = 1;
    config->max_age_s = 3600;
}

static void have_key(struct soap_xmpp_config *config)
{
    config->presence = 1;
    config->name_key = "a secret";
}

static const char *mail_to_bob(const struct site *site)
{
    static char endpoint[300];
    snprintf(endpoint, sizeof endpoint, "xmpp:bob@%s?message", site->domain);
    return endpoint;
}

static int send_note(struct soap *soap, const char *endpoint, char *text)
{
    return soap_send_lab__note(soap, endpoint, NULL, text) || soap_recv_empty_response(soap);
}

/* ---- a service that isn't there ---- */

static void wait_for_service(const struct site *site)
{
    struct parley parley;
    struct soap_xmpp_call *call;
    int notes = laboratory_notes(), i;
    double sum = 0;
    parley_open(&parley, site, 2, NULL, take_messages);
    parley_drop_service(&parley);
    for (i = 0; i < MANY; i++)
        CU_ASSERT_EQUAL(send_note(parley.soap, mail_to_bob(site), "in the night"), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_outcome(parley.soap), SOAP_XMPP_UNKNOWN);
    CU_ASSERT_EQUAL(soap_send_lab__add(parley.soap, mail_to_bob(site), NULL, 1, 2), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call = soap_xmpp_detach(parley.soap));
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(parley.caller, 0));
    CU_ASSERT_EQUAL(laboratory_notes(), notes);
    parley_reopen_service(&parley, 2, take_messages_of_an_hour);
    CU_ASSERT_EQUAL(soap_xmpp_wait(parley.caller, SOON_MS), call);
    CU_ASSERT_EQUAL(soap_xmpp_attach(parley.soap, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_lab__add(parley.soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_TRUE(laboratory_await_notes(notes + MANY));
    /* once each, whoever comes back */
    parley_reopen_service(&parley, 2, take_messages);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to_bob(site), NULL, 2, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_notes(), notes + MANY);
    parley_close(&parley);
}

static void requests_wait_for_the_service(void)
{
    site_each(wait_for_service);
}

/* ---- age ---- */

static void refuse_old(const struct site *site)
{
    struct parley parley;
    struct stranger *stranger;
    const char *heard;
    int64_t old_us;
    int notes = laboratory_notes();
    double sum;
    parley_open(&parley, site, 2, NULL, take_messages);
    parley_drop_service(&parley);
    CU_ASSERT_EQUAL(send_note(parley.soap, mail_to_bob(site), "old"), SOAP_OK);
    for (old_us = sx_timestamp_now_us() + (OLD_S + 1) * 1000000; sx_timestamp_now_us() < old_us;)
        usleep(100000); /* its age is all there is to wait for */
    parley_reopen_service(&parley, 2, take_recent_messages);
    CU_ASSERT_TRUE(witness_await_trace(&parley.far, "note of alice@", "isn't run"));
    CU_ASSERT_TRUE(witness_await_trace(&parley.near, "received <message", "max_age_s"));
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to_bob(site), NULL, 2, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(laboratory_notes(), notes);
    /* whoever wrote the stamp */
    stranger = scene_open_stranger(site, "alice", "phone");
    stranger_say_format(stranger,
                        "<message to='bob@%s' id='m1'>" ADD "<delay xmlns='urn:xmpp:delay' "
                        "stamp='2001-02-03T04:05:06Z'/></message>",
                        site->domain);
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard = stranger_hear(stranger, "</message>"));
    ASSERT_CONTAINS(heard, "not-acceptable");
    ASSERT_CONTAINS(heard, "the request is of 2001-02-03T04:05:06Z, ");
    stranger_close(stranger);
    parley_close(&parley);
}

static void old_ones_are_refused_visibly(void)
{
    site_each(refuse_old);
}

/* ---- a caller that has gone ---- */

struct party {
    struct child *child;
    char ledger[64], jid[256], endpoint[300];
};

static void start(struct party *party, const struct site *site, const char *user,
                  const char *resource)
{
    struct site_account account;
    char port[16];
    site_account(site, user, resource, &account);
    snprintf(port, sizeof port, "%d", site->port);
    snprintf(party->ledger, sizeof party->ledger, "/tmp/soapxmpp-mailbox.%d", (int)getpid());
    snprintf(party->jid, sizeof party->jid, "%s", account.jid);
    party->child = child_start("mortal", (const char *[]){"mortal", party->ledger, account.jid,
                                                          account.password, port, site->ca_file,
                                                          "mail", NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(party->child);
    CU_ASSERT_PTR_NOT_NULL(child_await(party->child, "online", SOON_MS));
}

static void die(struct party *party)
{
    child_kill(party->child);
    CU_ASSERT_EQUAL(child_stop(party->child), 128 + 9);
}

/* Somebody who is told when the caller has gone: until then its server would hand a message to a
 * connection that is dead. Asking again and again would have ejabberd remember a session that ends.
 */
static struct stranger *look_out(const struct site *site)
{
    struct stranger *phone = scene_open_stranger(site, "alice", "phone");
    stranger_say(phone, "<presence><priority>-1</priority></presence>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stranger_hear(phone, "/phone"));
    return phone;
}

/* The server answers what came behind a message once it has taken the message. One that it still
 * held when its recipient comes online might be put away just after it has looked for such. */
static void await_server(const struct party *party, const struct site *site)
{
    child_tell(party->child, "call 9 xmpp:nobody@%s/nowhere 20 0", site->domain);
    CU_ASSERT_PTR_NOT_NULL(child_await(party->child, "end 9 error", SOON_MS));
}

/* A resource that no other test has: what is heard of it is of this one. */
#define MORTAL "mortal"

static void answer_the_dead(const struct site *site)
{
    struct party caller, service;
    struct stranger *phone = look_out(site);
    const char *heard;
    start(&service, site, "bob", "soap");
    start(&caller, site, "alice", MORTAL);
    child_tell(caller.child, "post 7 %s 1", mail_to_bob(site));
    CU_ASSERT_PTR_NOT_NULL(child_await(service.child, "run 7", SOON_MS));
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(phone, "/" MORTAL)); /* it has come */
    die(&caller);
    /* It may have sent its presence twice. Both servers write the type before the sender. */
    do
        heard = stranger_hear(phone, "/" MORTAL);
    while (heard && !strstr(heard, "unavailable"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard);
    stranger_say_format(
        phone, "<iq type='get' to='%s' id='gone'><ping xmlns='urn:xmpp:ping'/></iq>", caller.jid);
    CU_ASSERT_PTR_NOT_NULL(stranger_hear(phone, "service-unavailable"));
    child_tell(service.child, "finish 7");
    CU_ASSERT_PTR_NOT_NULL(child_await(service.child, "mailed 7", SOON_MS));
    await_server(&service, site);
    start(&caller, site, "alice", MORTAL);
    child_tell(caller.child, "wait");
    CU_ASSERT_PTR_NOT_NULL(child_await(caller.child, "found job 7: 7", SOON_MS));
    /* once */
    child_tell(caller.child, "post 8 %s 0", mail_to_bob(site));
    child_tell(caller.child, "wait");
    CU_ASSERT_PTR_NOT_NULL(child_await(caller.child, "found job 8: 8", SOON_MS));
    CU_ASSERT_EQUAL(child_stop(caller.child), 0);
    CU_ASSERT_EQUAL(child_stop(service.child), 0);
    stranger_close(phone);
    unlink(service.ledger);
}

static void an_answer_finds_a_caller_that_was_restarted(void)
{
    site_each(answer_the_dead);
}

/* Bob answers by hand: twice, with a spoilt proof, and under another name. */
static void forge(const struct site *site)
{
    struct parley parley;
    struct stranger *bob;
    struct soap_xmpp_call *call;
    const char *heard;
    char id[300], spoilt[300], *name;
    double sum = 0;
    parley_open(&parley, site, 2, have_key, NULL);
    parley_drop_service(&parley);
    bob = scene_open_stranger(site, "bob", "foreign");
    stranger_say(bob, "<presence/>");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stranger_hear(bob, "<presence"));
    CU_ASSERT_EQUAL(soap_xmpp_name(parley.soap, "order 1"), SOAP_OK);
    CU_ASSERT_EQUAL(soap_send_lab__add(parley.soap, mail_to_bob(site), NULL, 1, 2), SOAP_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call = soap_xmpp_detach(parley.soap));
    ASSERT_TEXT(soap_xmpp_call_name(call), "order 1");
    ASSERT_CONTAINS(soap_xmpp_call_peer(call), "bob@");
    CU_ASSERT_PTR_NOT_NULL_FATAL(heard = stranger_hear(bob, "Envelope"));
    snprintf(id, sizeof id, "%s", stranger_attribute(heard, "id"));
    soap_xmpp_cancel(call); /* its answer will be one to nobody: it is found by its name */
    snprintf(spoilt, sizeof spoilt, "%s", id);
    name = strchr(strchr(spoilt, '.') + 1, '.') + 1;
    name[1] = name[1] == '1' ? '2' : '1';
    stranger_say_format(bob,
                        "<message to='alice@%s/desk' id='%s'>" ADDED "</message>"
                        "<message to='alice@%s/desk' id='%s'>" ADDED "</message>"
                        "<message to='alice@%s/desk' id='%s'>" ADDED "</message>",
                        site->domain, spoilt, site->domain, id, site->domain, id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(call = soap_xmpp_wait(parley.caller, SOON_MS));
    ASSERT_TEXT(soap_xmpp_call_name(call), "order 1");
    CU_ASSERT_EQUAL(soap_xmpp_attach(parley.soap, call), SOAP_OK);
    CU_ASSERT_EQUAL(soap_recv_lab__add(parley.soap, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
    CU_ASSERT_TRUE(witness_await_trace(&parley.near, "dropped", "its answer was here before"));
    CU_ASSERT_TRUE(witness_await_trace(&parley.near, "dropped", "to nobody here"));
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(parley.caller, 0));
    stranger_close(bob);
    parley_close(&parley);
}

static void nobody_makes_up_an_answer(void)
{
    site_each(forge);
}

/* ---- names ---- */

static void name_in_vain(const struct site *site)
{
    struct parley parley;
    char name[66];
    double sum;
    parley_open(&parley, site, 2, have_key, take_messages);
    memset(name, 'n', 65);
    name[65] = '\0';
    CU_ASSERT_EQUAL(soap_xmpp_name(parley.soap, name), SOAP_USER_ERROR);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "1 to 64 bytes, and this one 65");
    CU_ASSERT_EQUAL(soap_xmpp_name(parley.soap, ""), SOAP_USER_ERROR);
    CU_ASSERT_EQUAL(soap_xmpp_name(parley.soap, "n"), SOAP_OK);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 2, &sum),
                    SOAP_USER_ERROR);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "the endpoint lacks ?message");
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, parley.endpoint, NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_EQUAL(soap_xmpp_name(parley.soap, name + 1), SOAP_OK);
    CU_ASSERT_EQUAL(soap_call_lab__add(parley.soap, mail_to_bob(site), NULL, 1, 2, &sum), SOAP_OK);
    CU_ASSERT_PTR_NULL(soap_xmpp_wait(parley.caller, 0));
    laboratory_client_free(parley.soap);
    parley.soap = laboratory_client(parley.service, SOAP_IO_DEFAULT);
    CU_ASSERT_EQUAL(soap_xmpp_name(parley.soap, "n"), SOAP_USER_ERROR);
    ASSERT_CONTAINS(laboratory_fault(parley.soap), "without a name_key");
    parley_close(&parley);
}

static void a_name_wants_a_key_and_a_message(void)
{
    site_each(name_in_vain);
}

CU_TestInfo tests_mailbox[] = {
    {"requests wait for the service, and run once", requests_wait_for_the_service},
    {"old ones are refused visibly", old_ones_are_refused_visibly},
    {"an answer finds a caller that was killed and started again, once",
     an_answer_finds_a_caller_that_was_restarted},
    {"nobody makes up an answer, or gives one twice", nobody_makes_up_an_answer},
    {"a name wants a key, and a message", a_name_wants_a_key_and_a_message},
    CU_TEST_INFO_NULL,
};
