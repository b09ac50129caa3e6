/* load.c - keeps calls under way from one link, and writes down how each ended.
 *
 *     load LOG ENDPOINT THREADS    the environment names the account and its server
 *
 * An order is a line of standard input: "run FIRST_ID SECONDS BURN_US WAIT_US TIMEOUT_S". Each
 * thread makes one call after the other for so long; "done CALLS" is printed when all have ended.
 * Each call is a line of LOG:
 *
 *     ID OUTCOME ENDED_US PROCESS
 *
 * OUTCOME is what soap_xmpp_outcome() says: answered, not-executed, unknown. ENDED_US is a time of
 * CLOCK_MONOTONIC. PROCESS is the one that answered, 0 if none did. It ends with its input.
 */
#include "soapH.h"
#include "soap_xmpp.h"
#include "work.nsmap"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "bench/slice.h"

/* PAUSE_US: after a refusal, so as not to flood the service. */
enum { MAX_THREADS = 256, LINE_BYTES = 256, PAUSE_US = 50000 };

struct order {
    long long first_id;
    double seconds;
    int burn_us, wait_us, timeout_s;
};

static int log_fd;
static const char *endpoint;
static struct soap_xmpp_link *caller;
static struct order order;
static int64_t until_ns;
static atomic_long calls;

static void note_end(long long id, struct soap *soap, int process)
{
    static const char *const outcomes[] = {"answered", "not-executed", "unknown"};
    char line[LINE_BYTES];
    int len =
        snprintf(line, sizeof line, "%lld %s %lld %d\n", id, outcomes[soap_xmpp_outcome(soap)],
                 (long long)(slice_now_ns() / 1000), process);
    if (write(log_fd, line, (size_t)len) != len)
        slice_die("the log can't be written");
}

static void *work(void *unused)
{
    struct soap *soap = soap_new();
    (void)unused;
    if (!soap || soap_register_plugin_arg(soap, soap_xmpp, caller))
        slice_die("no context");
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = order.timeout_s;
    while (slice_now_ns() < until_ns) {
        long long id = order.first_id + atomic_fetch_add(&calls, 1);
        int process = 0;
        int failed =
            soap_call_work__do(soap, endpoint, NULL, id, order.burn_us, order.wait_us, &process);
        note_end(id, soap, failed ? 0 : process);
        if (failed)
            usleep(PAUSE_US);
        soap_destroy(soap);
        soap_end(soap);
    }
    soap_free(soap);
    return NULL;
}

static void run(int threads)
{
    pthread_t workers[MAX_THREADS];
    atomic_store(&calls, 0);
    until_ns = slice_now_ns() + (int64_t)(order.seconds * 1e9);
    for (int i = 0; i < threads; i++)
        if (pthread_create(&workers[i], NULL, work, NULL))
            slice_die("no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i], NULL);
    printf("done %ld\n", atomic_load(&calls));
    fflush(stdout);
}

static void open_link(void)
{
    struct soap_xmpp_config config;
    char why[256] = "";
    soap_xmpp_config_init(&config);
    if (soap_xmpp_config_from_env(&config, why, sizeof why))
        slice_die("%s", why);
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
    if (threads < 1 || threads > MAX_THREADS) {
        fputs("usage: load LOG ENDPOINT THREADS\n", stderr);
        return 2;
    }
    log_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        slice_die("can't write %s", argv[1]);
    endpoint = argv[2];
    open_link();
    slice_ready();
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "run %lld %lf %d %d %d", &order.first_id, &order.seconds, &order.burn_us,
                   &order.wait_us, &order.timeout_s) != 5)
            slice_die("bad order: %s", line);
        run(threads);
    }
    soap_xmpp_close(caller);
    close(log_fd);
    return 0;
}
