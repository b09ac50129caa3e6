/* end.c - links and contexts for the tests of WS-*. What can't be had ends the program: a process
 * that serves has no test to fail. */
#include "end.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/wsrmapi.h"
#include "plugin/wsseapi.h"

#include "base/clock.h"
#include "link/link.h"

static void require(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "no %s\n", what);
    abort();
}

/* ---- a fault of gSOAP's wsrm plugin ----
 *
 * soap_wsrm_disconnect() looks into the message that was sent last. An acknowledgement frees it,
 * and may have come meanwhile: with the answer, or on another thread. So the message is forgotten
 * before: by who awaits an answer, once it is sent, and by who answers, before that. */

static int (*await_answer)(struct soap *soap), (*disconnect)(struct soap *soap);

static void forget_message(struct soap_wsrm_data *data)
{
    data->state = SOAP_WSRM_OFF;
    data->msg = NULL;
}

static int forget_and_await(struct soap *soap)
{
    forget_message(soap_lookup_plugin(soap, soap_wsrm_id));
    return await_answer(soap);
}

static int forget_and_disconnect(struct soap *soap)
{
    struct soap_wsrm_data *data = soap_lookup_plugin(soap, soap_wsrm_id);
    if (data && data->msg && data->msg->list)
        forget_message(data);
    return disconnect(soap);
}

static void mend(struct soap *soap)
{
    if (!await_answer) {
        await_answer = soap->fprepareinitrecv;
        disconnect = soap->fdisconnect; /* the same in each */
    }
    soap->fprepareinitrecv = forget_and_await;
    soap->fdisconnect = forget_and_disconnect;
}

/* ---- ends ---- */

static struct soap *new_context(struct soap_xmpp_link *link)
{
    struct soap *soap = soap_new1(SOAP_XML_CANONICAL);
    require(!soap_register_plugin_arg(soap, soap_xmpp, link) &&
                !soap_register_plugin(soap, soap_wsa) && !soap_register_plugin(soap, soap_wsrm) &&
                !soap_register_plugin(soap, soap_wsse),
            "context");
    mend(soap);
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = END_TIMEOUT_S;
    return soap;
}

static void free_context(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

void end_open(struct end *end, const struct site *site, const char *user, const char *resource,
              struct end_options options)
{
    struct site_account account;
    memset(end, 0, sizeof *end);
    site_account(site, user, resource, &account);
    account.config.plain_delivery = options.sends_once;
    account.config.packing = options.is_plain ? SOAP_XMPP_PACKING_NEVER : SOAP_XMPP_PACKING_AUTO;
    if (options.port)
        account.config.port = options.port;
    end->link = soap_xmpp_open(&account.config, NULL, 0);
    require(end->link && soap_xmpp_wait_online(end->link, -1) == 0, account.jid);
    end->soap = new_context(end->link);
    snprintf(end->endpoint, sizeof end->endpoint, "%s", site_endpoint(site, user, resource));
}

static int serve_one(struct soap *soap)
{
    struct end *end = soap->user;
    int err = soap_serve(soap);
    __atomic_add_fetch(&end->served, 1, __ATOMIC_ACQ_REL);
    return err;
}

static void *serve(void *arg)
{
    (void)soap_xmpp_serve(arg, serve_one, 2);
    return NULL;
}

void end_serve(struct end *end)
{
    end->server = new_context(end->link);
    end->server->user = end;                                      /* copied with the context */
    require(soap_xmpp_listen(end->server) == SOAP_OK, "service"); /* the thread may come late */
    require(pthread_create(&end->thread, NULL, serve, end->server) == 0, "thread");
}

void end_listen(struct end *end)
{
    end->callback = new_context(end->link);
    end->callback->user = end;
    require(soap_xmpp_listen(end->callback) == SOAP_OK, "callbacks");
    snprintf(end->endpoint, sizeof end->endpoint, "%s", end->callback->endpoint);
}

bool end_poll(struct end *end, const char *action)
{
    bool is_it = false;
    while (!is_it) {
        const struct SOAP_ENV__Header *header;
        if (soap_xmpp_accept(end->callback, END_TIMEOUT_S))
            return false;
        (void)serve_one(end->callback);
        header = end->callback->header;
        is_it = !action ||
                (header && header->wsa5__Action && strcmp(header->wsa5__Action, action) == 0);
        soap_destroy(end->callback);
        soap_end(end->callback);
    }
    return true;
}

bool end_await_served(struct end *end, int count)
{
    int64_t deadline = sx_clock_deadline((int64_t)END_TIMEOUT_S * 1000000);
    while (__atomic_load_n(&end->served, __ATOMIC_ACQUIRE) < count) {
        if (sx_clock_now_us() > deadline)
            return false;
        sched_yield();
    }
    return true;
}

void end_close(struct end *end)
{
    soap_xmpp_stop(end->link, 0);
    if (end->server) {
        pthread_join(end->thread, NULL);
        free_context(end->server);
    }
    if (end->callback)
        free_context(end->callback);
    free_context(end->soap);
    soap_xmpp_close(end->link);
}

void end_forget(struct end *end)
{
    soap_destroy(end->soap);
    soap_end(end->soap);
    end->soap->header = NULL;
}

const char *end_fault(struct soap *soap)
{
    const char *text;
    if (!soap->error)
        return "(no error)";
    soap_set_fault(soap);
    text = soap_fault_string(soap);
    return text ? text : "(no text)";
}
