/* roll.c - calls each device of a fleet once, from one link.
 *
 *     roll DOMAIN COUNT THREADS    the environment names the account and its server
 *
 * For each line of its input it calls all and answers
 *     ANSWERED FAILED SECONDS P50_US P99_US MOST_US
 * with the first failure, if there was one, on standard error. It ends with its input.
 */
#include "soap_xmpp.h"
#include "records.nsmap"

#include <pthread.h>
#include <stdatomic.h>

#include "soapH.h"
#include "bench/slice.h"

enum { MAX_DEVICES = 100000, MAX_THREADS = 64, CALL_S = 30, LINE_BYTES = 128 };

static const char *domain;
static long count;
static struct soap_xmpp_link *caller;
static float *latency_us;
static atomic_long next, answered, failed;

static int call(struct soap *soap, long number)
{
    char endpoint[256];
    double sum = 0;
    snprintf(endpoint, sizeof endpoint, "xmpp:device%ld@%s/soap", number, domain);
    if (soap_call_b__add(soap, endpoint, NULL, (double)number, 1, &sum))
        return soap->error;
    return sum == (double)number + 1 ? SOAP_OK : SOAP_ERR;
}

static void *work(void *unused)
{
    struct soap *soap = soap_new();
    long number;
    (void)unused;
    if (!soap || soap_register_plugin_arg(soap, soap_xmpp, caller))
        slice_die("no context");
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = CALL_S;
    while ((number = atomic_fetch_add(&next, 1)) < count) {
        int64_t begun_ns = slice_now_ns();
        if (call(soap, number) == SOAP_OK)
            latency_us[atomic_fetch_add(&answered, 1)] =
                (float)((double)(slice_now_ns() - begun_ns) / 1e3);
        else if (atomic_fetch_add(&failed, 1) == 0)
            soap_print_fault(soap, stderr);
        soap_destroy(soap);
        soap_end(soap);
    }
    soap_free(soap);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void call_all(int threads)
{
    pthread_t workers[MAX_THREADS];
    int64_t begun_ns = slice_now_ns();
    double seconds;
    long done;
    atomic_store(&next, 0);
    atomic_store(&answered, 0);
    atomic_store(&failed, 0);
    for (int i = 0; i < threads; i++)
        if (pthread_create(&workers[i], NULL, work, NULL))
            slice_die("no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i], NULL);
    seconds = (double)(slice_now_ns() - begun_ns) / 1e9;
    done = atomic_load(&answered);
    qsort(latency_us, (size_t)done, sizeof *latency_us, compare);
    printf("%ld %ld %.3f %.0f %.0f %.0f\n", done, atomic_load(&failed), seconds,
           done ? latency_us[done / 2] : 0.0F, done ? latency_us[done * 99 / 100] : 0.0F,
           done ? latency_us[done - 1] : 0.0F);
    fflush(stdout);
}

static void open_link(void)
{
    struct soap_xmpp_config config;
    char why[256] = "";
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why))
        slice_die("%s", why);
    config.max_peers = (unsigned)count; /* so that no device is asked twice what it can do */
    caller = soap_xmpp_open(&config, why, sizeof why);
    if (!caller)
        slice_die("%s", why);
    if (soap_xmpp_wait_online(caller, -1)) {
        soap_xmpp_reason(caller, why, sizeof why);
        slice_die("%s", why);
    }
}

int main(int argc, char **argv)
{
    char line[LINE_BYTES];
    int threads = argc == 4 ? atoi(argv[3]) : 0;
    count = argc == 4 ? atol(argv[2]) : 0;
    if (threads < 1 || threads > MAX_THREADS || count < 1 || count > MAX_DEVICES) {
        fputs("usage: roll DOMAIN COUNT THREADS\n", stderr);
        return 2;
    }
    domain = argv[1];
    latency_us = calloc((size_t)count, sizeof *latency_us);
    if (!latency_us)
        slice_die("no memory");
    open_link();
    slice_ready();
    while (fgets(line, sizeof line, stdin))
        call_all(threads);
    soap_xmpp_close(caller);
    free(latency_us);
    return 0;
}
