/* service.c - serves the contract over XMPP until its standard input ends. */
#include <pthread.h>

#include "soapH.h"
#include "soap_xmpp.h"
#include "bench/dial.h"
#include "bench/slice.h"

static void *wait_for_end(void *link)
{
    while (getchar() != EOF)
        ;
    soap_xmpp_interrupt(link);
    return NULL;
}

int main(int argc, char **argv)
{
    struct soap *soap = soap_new();
    struct soap_xmpp_link *link;
    pthread_t thread;
    int threads = argc == 2 ? atoi(argv[1]) : 0;
    if (threads < 1 || !soap) {
        fputs("usage: service THREADS    the environment names the account and who may call\n",
              stderr);
        return 2;
    }
    link = dial(NULL);
    if (soap_register_plugin_arg(soap, soap_xmpp, link) ||
        pthread_create(&thread, NULL, wait_for_end, link))
        slice_die("no plugin, or no thread");
    slice_ready();
    soap_xmpp_serve(soap, soap_serve, threads);
    pthread_join(thread, NULL);
    soap_end(soap);
    soap_free(soap);
    soap_xmpp_close(link);
    return 0;
}
