/* worker.c - one of the processes that serve a component: burns time, and keeps a log of what it
 * ran.
 *
 *     worker LOG THREADS    the environment names the component, SOAP_XMPP_SHARED_JID=1 included
 *
 * Says "ready" once it is online, and serves until its input ends.
 *
 * Invariant: an id stands in the log as often as its operation has begun to run, even if the
 * process dies in the next instant: one write to a file opened with O_APPEND.
 */
#include "soapH.h"
#include "soap_xmpp.h"
#include "work.nsmap"

#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "bench/slice.h"

static int log_fd;

static int64_t thread_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

int work__do(struct soap *soap, LONG64 id, int burn_us, int wait_us, int *process)
{
    struct timespec wait = {wait_us / 1000000, wait_us % 1000000 * 1000L};
    int64_t until_us = thread_us() + burn_us;
    char line[32];
    int len = snprintf(line, sizeof line, "%lld\n", (long long)id);
    if (write(log_fd, line, (size_t)len) != len)
        return soap_receiver_fault(soap, "the log can't be written", NULL);
    while (thread_us() < until_us)
        ;
    if (wait_us > 0)
        nanosleep(&wait, NULL);
    *process = (int)getpid();
    return SOAP_OK;
}

static void *wait_for_end(void *link)
{
    while (getchar() != EOF)
        ;
    soap_xmpp_interrupt(link);
    return NULL;
}

static struct soap_xmpp_link *open_link(void)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[256] = "";
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why))
        slice_die("%s", why);
    link = soap_xmpp_open(&config, why, sizeof why);
    if (!link)
        slice_die("%s", why);
    if (soap_xmpp_wait_online(link, -1)) {
        soap_xmpp_reason(link, why, sizeof why);
        slice_die("%s", why);
    }
    return link;
}

int main(int argc, char **argv)
{
    struct soap *soap = soap_new();
    struct soap_xmpp_link *link;
    pthread_t thread;
    int threads = argc == 3 ? atoi(argv[2]) : 0;
    if (threads < 1 || !soap) {
        fputs("usage: worker LOG THREADS\n", stderr);
        return 2;
    }
    log_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        slice_die("can't write %s", argv[1]);
    link = open_link();
    if (soap_register_plugin_arg(soap, soap_xmpp, link) ||
        pthread_create(&thread, NULL, wait_for_end, link))
        slice_die("no plugin, or no thread");
    slice_ready();
    soap_xmpp_serve(soap, soap_serve, threads);
    pthread_join(thread, NULL);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    soap_xmpp_close(link);
    close(log_fd);
    return 0;
}
