/* memory.c - what links and calls under way cost: so many at once, and the memory of the process.
 *
 *     memory links COUNT...            opens links until there are COUNT of them
 *     memory calls ENDPOINT COUNT...   has COUNT calls under way at once, then waits for them all
 *
 * It does so for one COUNT after the other, prints a line of resident.h for each, and ends with its
 * standard input.
 */
#include "bench/payload.h"

#include "soap_xmpp.h"
#include "records.nsmap"
#include "bench/dial.h"
#include "bench/resident.h"
#include "bench/slice.h"

static const char usage[] = "usage: memory links COUNT...\n"
                            "       memory calls ENDPOINT COUNT...\n";

enum { MAX_LINKS = 200, WAIT_MS = 60000 };

static void await_end(void)
{
    while (getchar() != EOF)
        ;
}

static int open_links(int argc, char **argv)
{
    static struct soap_xmpp_link *links[MAX_LINKS];
    char resource[32];
    long count = 0;
    for (int i = 2; i < argc; i++) {
        for (long all = atol(argv[i]); count < all && count < MAX_LINKS; count++) {
            snprintf(resource, sizeof resource, "link%ld", count);
            links[count] = dial(resource);
        }
        resident_print("links", count);
    }
    await_end();
    while (count > 0)
        soap_xmpp_close(links[--count]);
    return 0;
}

static void make_calls(struct soap *soap, struct soap_xmpp_link *link, const char *endpoint,
                       long count)
{
    struct soap_xmpp_call *call;
    for (long i = 0; i < count; i++)
        if (payload_send(soap, endpoint) || !soap_xmpp_detach(soap))
            slice_die("call %ld can't be sent: %d", i, soap->error);
    resident_print("calls", count);
    for (long i = 0; i < count; i++) {
        call = soap_xmpp_wait(link, WAIT_MS);
        if (!call || soap_xmpp_attach(soap, call) || payload_receive(soap))
            slice_die("call %ld of %ld got no answer", i, count);
        soap_destroy(soap);
        soap_end(soap);
    }
}

static int count_calls(int argc, char **argv)
{
    struct soap_xmpp_link *link = dial(NULL);
    struct soap *soap = soap_new();
    if (!soap || soap_register_plugin_arg(soap, soap_xmpp, link))
        slice_die("no context");
    payload_choose("add");
    for (int i = 3; i < argc; i++)
        make_calls(soap, link, argv[2], atol(argv[i]));
    puts("answered");
    fflush(stdout);
    await_end();
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    soap_xmpp_close(link);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "links") == 0)
        return open_links(argc, argv);
    if (argc > 3 && strcmp(argv[1], "calls") == 0)
        return count_calls(argc, argv);
    fputs(usage, stderr);
    return 2;
}
