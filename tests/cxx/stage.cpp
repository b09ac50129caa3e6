/* stage.cpp - a component that serves, and alice, who calls it. */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envH.h"

/* The services' classes have tables of their own. */
SOAP_NMAC struct Namespace namespaces[] = {{NULL, NULL, NULL, NULL}};

static void on_trace(void *user, enum soap_xmpp_trace_level, const char *line)
{
    Stage *stage = static_cast<Stage *>(user);
    pthread_mutex_lock(&stage->mu);
    stage->told += line;
    stage->told += '\n';
    pthread_mutex_unlock(&stage->mu);
}

std::string stage_told(Stage *stage)
{
    pthread_mutex_lock(&stage->mu);
    std::string told = stage->told;
    pthread_mutex_unlock(&stage->mu);
    return told;
}

static struct soap *new_soap(struct soap_xmpp_link *link)
{
    struct soap *soap = soap_new();
    CU_ASSERT_EQUAL_FATAL(soap_register_plugin_arg(soap, soap_xmpp, link), SOAP_OK);
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = STAGE_TIMEOUT_S;
    return soap;
}

static void free_soap(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

void stage_open(Stage *stage, const struct site *site, const char *allow)
{
    struct site_account component;
    char why[300] = "", rules[300];
    pthread_mutex_init(&stage->mu, NULL);
    stage->threads = 0;
    site_component(site, &component);
    snprintf(stage->domain, sizeof stage->domain, "%s", component.jid);
    if (allow) {
        snprintf(rules, sizeof rules, allow, site->domain);
        component.config.allow = rules;
    }
    component.config.trace = SOAP_XMPP_TRACE_INFO;
    component.config.trace_callback = on_trace;
    component.config.trace_user = stage;
    stage->service = soap_xmpp_open(&component.config, why, sizeof why);
    ASSERT_TEXT(why, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->service);
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_wait_online(stage->service, -1), 0);
    stage->caller = site_open(site, "alice", "cxx");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->caller);
    stage->client = new_soap(stage->caller);
    stage->server = new_soap(stage->service);
}

static void *run(void *arg)
{
    Stage *stage = static_cast<Stage *>(arg);
    CU_ASSERT_EQUAL(soap_xmpp_serve(stage->server, stage->serve, stage->threads), SOAP_OK);
    return NULL;
}

void stage_serve(Stage *stage, int (*serve)(struct soap *), int threads)
{
    stage->serve = serve;
    stage->threads = threads;
    /* The thread may come late: from now on requests wait. */
    CU_ASSERT_EQUAL_FATAL(soap_xmpp_accept(stage->server, -1), SOAP_TCP_ERROR);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&stage->thread, NULL, run, stage), 0);
}

void stage_close(Stage *stage)
{
    soap_xmpp_stop(stage->service, STAGE_TIMEOUT_S * 1000);
    if (stage->threads)
        pthread_join(stage->thread, NULL);
    free_soap(stage->client);
    free_soap(stage->server);
    soap_xmpp_close(stage->caller);
    soap_xmpp_close(stage->service);
    pthread_mutex_destroy(&stage->mu);
}

std::string stage_endpoint(const Stage *stage, const char *rest)
{
    return std::string("xmpp:cam1@") + stage->domain + rest;
}

std::string stage_fault(struct soap *soap)
{
    char text[1000] = "(no error)";
    if (soap->error)
        soap_sprint_fault(soap, text, sizeof text);
    return text;
}
