/* chain.c - the services a and b, and whose turn it is. */
#include "chain.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "a.nsmap"
#include "b.nsmap"

static struct {
    pthread_mutex_t mu;
    pthread_cond_t released;
    bool is_held; /* under mu */
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};

static void set_held(bool is_held)
{
    pthread_mutex_lock(&gate.mu);
    gate.is_held = is_held;
    pthread_cond_broadcast(&gate.released);
    pthread_mutex_unlock(&gate.mu);
}

void chain_hold(void)
{
    set_held(true);
}

void chain_release(void)
{
    set_held(false);
}

static void pass_gate(void)
{
    pthread_mutex_lock(&gate.mu);
    while (gate.is_held)
        pthread_cond_wait(&gate.released, &gate.mu);
    pthread_mutex_unlock(&gate.mu);
}

static int answer_text(struct soap *soap, const char *text, char **answer)
{
    if (!text || !*text)
        return soap_sender_fault(soap, "nothing to answer", NULL);
    *answer = soap_strdup(soap, text);
    return *answer ? SOAP_OK : (soap->error = SOAP_EOM);
}

int a__ping(struct soap *soap, char *text, char **answer)
{
    if (text && strcmp(text, "wait") == 0)
        pass_gate();
    return answer_text(soap, text, answer);
}

int b__pong(struct soap *soap, char *text, char **answer)
{
    return answer_text(soap, text, answer);
}

static int dispatch(struct soap *soap)
{
    if (a_serve_request(soap) != SOAP_NO_METHOD)
        return soap->error;
    soap_set_namespaces(soap, b_namespaces);
    if (b_serve_request(soap) != SOAP_NO_METHOD)
        return soap->error;
    soap_set_namespaces(soap, namespaces);
    return soap_serve_request(soap);
}

int chain_serve(struct soap *soap)
{
    soap_set_namespaces(soap, a_namespaces);
    if (soap_begin_serve(soap))
        return soap->error;
    if (dispatch(soap) && soap->error < SOAP_STOP)
        return soap_send_fault(soap);
    return SOAP_OK;
}
