/* both.c - a service by two ways. The HTTP side serves one connection at a time. */
#include "both.h"
#include "signer.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "plugin/wsseapi.h"

enum { TIMEOUT_S = 20, BACKLOG = 10 };

static struct soap *new_context(struct soap_xmpp_link *link, soap_mode mode)
{
    struct soap *soap = soap_new1(mode);
    if (link)
        CU_ASSERT_EQUAL(soap_register_plugin_arg(soap, soap_xmpp, link), SOAP_OK);
    CU_ASSERT_EQUAL(soap_register_plugin(soap, soap_wsse), SOAP_OK);
    if (signer.key)
        soap->cafile = signer.file;
    soap->socket_flags = MSG_NOSIGNAL;
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = TIMEOUT_S;
    return soap;
}

static void free_context(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

static struct soap_xmpp_link *open_link(const struct site *site, const char *user,
                                        const char *resource, enum soap_xmpp_packing packing)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.plain_delivery = 0;
    account.config.packing = packing;
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

/* ---- XMPP ---- */

static void *serve_xmpp(void *arg)
{
    struct soap *soap = arg;
    (void)soap_xmpp_serve(soap, (int (*)(struct soap *))soap->user, 2);
    return NULL;
}

static void open_xmpp(struct both *both, const struct site *site, enum soap_xmpp_packing packing,
                      soap_mode mode, int (*serve)(struct soap *))
{
    both->service = open_link(site, "bob", "soap", packing);
    both->caller = open_link(site, "alice", "desk", packing);
    both->server = new_context(both->service, mode);
    both->server->user = (void *)serve;
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_listen(both->server), SOAP_OK); /* the thread may come late */
    CU_ASSERT_EQUAL_FATAL(pthread_create(&both->server_thread, NULL, serve_xmpp, both->server), 0);
    both->xmpp = site_endpoint(site, "bob", "soap");
    snprintf(both->service_jid, sizeof both->service_jid, "bob@%s/soap", site->domain);
}

/* ---- HTTP ---- */

static void *serve_http(void *arg)
{
    struct soap *soap = arg;
    while (soap_valid_socket(soap_accept(soap))) {
        (void)((int (*)(struct soap *))soap->user)(soap);
        soap_destroy(soap);
        soap_end(soap);
    }
    return NULL;
}

static void open_http(struct both *both, soap_mode mode, int (*serve)(struct soap *))
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    both->web = new_context(NULL, mode);
    both->web->user = (void *)serve;
    CU_ASSERT_FATAL(soap_valid_socket(soap_bind(both->web, "127.0.0.1", 0, BACKLOG)));
    CU_ASSERT_EQUAL(getsockname(both->web->master, (struct sockaddr *)&address, &len), 0);
    snprintf(both->http, sizeof both->http, "http://127.0.0.1:%d", ntohs(address.sin_port));
    CU_ASSERT_EQUAL_FATAL(pthread_create(&both->web_thread, NULL, serve_http, both->web), 0);
}

static void close_http(struct both *both)
{
    shutdown(both->web->master, SHUT_RDWR);
    pthread_join(both->web_thread, NULL);
    free_context(both->web);
}

/* ---- both ---- */

void both_open(struct both *both, const struct site *site, enum soap_xmpp_packing packing,
               soap_mode mode, int (*serve)(struct soap *))
{
    *both = (struct both){0};
    open_xmpp(both, site, packing, mode, serve);
    open_http(both, mode, serve);
    both->client = new_context(both->caller, mode);
}

void both_close(struct both *both)
{
    soap_xmpp_stop(both->service, 0);
    pthread_join(both->server_thread, NULL);
    close_http(both);
    free_context(both->client);
    free_context(both->server);
    soap_xmpp_close(both->caller);
    soap_xmpp_close(both->service);
}

void both_forget(struct both *both)
{
    (void)soap_wsse_verify_done(both->client);
    soap_wsse_delete_Security(both->client);
    soap_destroy(both->client);
    soap_end(both->client);
    both->client->header = NULL;
}
