/* big.c - one message over the stanza limit, and small calls beside it.
 *
 *     big ENDPOINT BYTES
 *
 * Calls `add` for a while alone, then sends so many bytes that no compression makes smaller to
 * `store`, from another thread, and calls `add` until they are answered. Prints
 *
 *     IDLE_P50_US BESIDE_P50_US BESIDE_CALLS SECONDS MEGABYTES_RESIDENT_AT_MOST
 */
#include "soapH.h"

#include <pthread.h>

#include "bench/dial.h"
#include "bench/slice.h"
#include "records.nsmap"
#include "soap_xmpp.h"

enum { IDLE_CALLS = 1000, MOST_CALLS = 200000, PATIENCE_S = 300 };

static const char usage[] = "usage: big ENDPOINT BYTES    the environment names the account\n";

struct sending {
    struct soap *soap;
    const char *endpoint;
    char *text;
    size_t bytes;
    double seconds;
    atomic_bool done;
};

static struct soap *new_context(struct soap_xmpp_link *link)
{
    struct soap *soap = soap_new();
    if (!soap || soap_register_plugin_arg(soap, soap_xmpp, link))
        slice_die("no context");
    soap->recv_timeout = soap->send_timeout = PATIENCE_S;
    return soap;
}

/* Six random bits a letter. */
static char *random_text(size_t bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    char *text = malloc(bytes + 1);
    uint64_t state = 88172645463325252ULL;
    if (!text)
        slice_die("no memory for the text");
    for (size_t i = 0; i < bytes; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text[i] = letters[state >> 58];
    }
    text[bytes] = '\0';
    return text;
}

static void *send_text(void *argument)
{
    struct sending *sending = argument;
    int64_t begun_ns = slice_now_ns();
    ULONG64 stored = 0;
    if (soap_call_b__store(sending->soap, sending->endpoint, NULL, sending->text, &stored) ||
        stored != sending->bytes) {
        soap_print_fault(sending->soap, stderr);
        slice_die("%lu bytes of %zu arrived", (unsigned long)stored, sending->bytes);
    }
    sending->seconds = (double)(slice_now_ns() - begun_ns) / 1e9;
    atomic_store(&sending->done, true);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return left < right ? -1 : left > right;
}

/* Calls add until so many are answered or done says so; the median, in microseconds. */
static double median_of_calls(struct soap *soap, const char *endpoint, long most,
                              const atomic_bool *done, long *calls)
{
    static float latency_us[MOST_CALLS];
    double sum;
    for (*calls = 0; *calls < most && !(done && atomic_load(done)); ++*calls) {
        int64_t begun_ns = slice_now_ns();
        if (soap_call_b__add(soap, endpoint, NULL, 1, 2, &sum))
            slice_die("call %ld has failed: %d", *calls, soap->error);
        latency_us[*calls] = (float)(slice_now_ns() - begun_ns) / 1e3F;
        soap_end(soap);
    }
    qsort(latency_us, (size_t)*calls, sizeof *latency_us, compare);
    return *calls ? (double)latency_us[*calls / 2] : 0;
}

static double peak_megabytes(void)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && kib < 0 && fgets(line, sizeof line, status))
        (void)sscanf(line, "VmHWM: %ld", &kib);
    if (status)
        fclose(status);
    return (double)kib / 1024;
}

int main(int argc, char **argv)
{
    struct sending sending = {.endpoint = argc == 3 ? argv[1] : NULL,
                              .bytes = argc == 3 ? strtoul(argv[2], NULL, 10) : 0};
    struct soap_xmpp_link *link;
    struct soap *soap;
    pthread_t thread;
    double idle_us, beside_us;
    long calls;
    if (!sending.bytes) {
        fputs(usage, stderr);
        return 2;
    }
    link = dial(NULL);
    soap = new_context(link);
    sending.soap = new_context(link);
    sending.text = random_text(sending.bytes);
    idle_us = median_of_calls(soap, sending.endpoint, IDLE_CALLS, NULL, &calls);
    if (pthread_create(&thread, NULL, send_text, &sending))
        slice_die("no thread");
    beside_us = median_of_calls(soap, sending.endpoint, MOST_CALLS, &sending.done, &calls);
    pthread_join(thread, NULL);
    printf("%.1f %.1f %ld %.3f %.1f\n", idle_us, beside_us, calls, sending.seconds,
           peak_megabytes());
    free(sending.text);
    soap_end(soap);
    soap_free(soap);
    soap_end(sending.soap);
    soap_free(sending.soap);
    soap_xmpp_close(link);
    return 0;
}
