/* caller.c - the whole way through gSOAP's stubs: over XMPP, or over HTTP beside it.
 *
 * Noun: the caller of one endpoint. With one call outstanding per thread it calls and waits; with
 * more it sends and detaches them all from one thread.
 */
#include <pthread.h>

#include "bench/payload.h"

#include "soap_xmpp.h"
#include "records.nsmap"
#include "bench/dial.h"
#include "bench/slice.h"

static const char usage[] =
    "usage: caller ENDPOINT    xmpp:... or http://...; for xmpp: the environment names the "
    "account\n"
    "Orders on standard input: slice.h; the payload \"first\" opens a link for each call\n";

enum { MAX_THREADS = 64, WAIT_MS = 30000 };

static const char *endpoint;
static struct soap_xmpp_link *link_of_all; /* NULL over HTTP */
static struct slice slice;

static struct soap *new_context(struct soap_xmpp_link *link)
{
    struct soap *soap = soap_new1(link ? SOAP_IO_DEFAULT : SOAP_IO_KEEPALIVE);
    if (!soap || (link && soap_register_plugin_arg(soap, soap_xmpp, link)))
        slice_die("no context");
    return soap;
}

static void free_context(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

static void __attribute__((noreturn)) die_of(struct soap *soap)
{
    char text[512];
    soap_sprint_fault(soap, text, sizeof text);
    slice_die("%s", text);
}

static void call_once(struct soap *soap)
{
    if (payload_send(soap, endpoint) || payload_receive(soap))
        die_of(soap);
    soap_destroy(soap);
    soap_end(soap);
}

/* ---- one after the other, in each thread ---- */

static void *call_in_turn(void *arg)
{
    while (slice_asks(&slice)) {
        int64_t since_ns = slice_now_ns();
        call_once(arg);
        slice_done(&slice, since_ns);
    }
    return NULL;
}

static void run_threads(void)
{
    static struct soap *contexts[MAX_THREADS]; /* kept: over HTTP they hold the connections */
    pthread_t threads[MAX_THREADS];
    unsigned i, count = slice.threads < MAX_THREADS ? slice.threads : MAX_THREADS;
    for (i = 0; i < count; i++)
        if (!contexts[i])
            contexts[i] = new_context(link_of_all);
    if (count == 1) {
        call_in_turn(contexts[0]);
        return;
    }
    for (i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, call_in_turn, contexts[i]))
            slice_die("no thread");
    for (i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

/* ---- many at once ---- */

static int64_t begun_ns[SLICE_OUTSTANDING];

static void send_one(struct soap *soap, int64_t *since_ns)
{
    soap->user = since_ns;
    *since_ns = slice_now_ns();
    if (payload_send(soap, endpoint))
        die_of(soap);
    if (!soap_xmpp_detach(soap))
        slice_die("nothing was sent over XMPP");
}

static void run_detached(void)
{
    struct soap *soap = new_context(link_of_all);
    struct soap_xmpp_call *call;
    unsigned under_way = 0;
    for (; under_way < slice.outstanding && slice_asks(&slice); under_way++)
        send_one(soap, &begun_ns[under_way]);
    while (under_way && (call = soap_xmpp_wait(link_of_all, WAIT_MS))) {
        int64_t *since_ns = soap_xmpp_call_user(call);
        if (soap_xmpp_attach(soap, call) || payload_receive(soap))
            die_of(soap);
        soap_destroy(soap);
        soap_end(soap);
        slice_done(&slice, *since_ns);
        if (slice_asks(&slice))
            send_one(soap, since_ns);
        else
            under_way--;
    }
    if (under_way)
        slice_die("%u calls got no answer", under_way);
    free_context(soap);
}

/* ---- from nothing ---- */

static void run_first(void)
{
    payload_choose("add");
    while (slice_asks(&slice)) {
        int64_t since_ns = slice_now_ns();
        struct soap_xmpp_link *link = dial_begin("first");
        struct soap *soap = new_context(link);
        call_once(soap);
        slice_done(&slice, since_ns);
        free_context(soap);
        soap_xmpp_close(link);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs(usage, stderr);
        return 2;
    }
    endpoint = argv[1];
    if (strncmp(endpoint, "xmpp:", 5) == 0)
        link_of_all = dial(NULL);
    slice_ready();
    while (slice_read(&slice)) {
        if (strcmp(slice.payload, "first") == 0) {
            run_first();
        } else {
            payload_choose(slice.payload);
            if (slice.outstanding > 1)
                run_detached();
            else
                run_threads();
        }
        slice_print(&slice);
    }
    soap_xmpp_close(link_of_all);
    return 0;
}
