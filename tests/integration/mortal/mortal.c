/* mortal - a process that tests kill: it calls, and it serves a ledger, both over one link.
 *
 * usage: mortal LEDGER JID PASSWORD PORT CAFILE [presence|mail]
 *
 * With a domain as JID it is one of several processes of that component, and doesn't call.
 *
 * Its input tells it what to do, its output what happens, a line each:
 *     call NUMBER ENDPOINT SECONDS HELD   enters the number there, by a thread of its own
 *     finish NUMBER                       lets that operation, which is held, answer
 *     post NUMBER ENDPOINT HELD           with mail: the same call by message, named "job NUMBER"
 *     wait                                with mail: for the next answer to one of these
 *
 *     online                              once the link is
 *     sent question|request|answer NUMBER is handed to the connection (a question: 0)
 *     run NUMBER                          it stands in the ledger, and the operation goes on
 *     end NUMBER answer|error OUTCOME MS TEXT
 *     there JID | gone JID                as presence tells
 *     mailed NUMBER                       an answer is on its way as a message
 *     found NAME: NUMBER PEER             or "found nothing"
 *
 * Invariant: a number stands in the ledger as often as its operation has begun to run, even if the
 * process dies in the next instant: one write to a file opened with O_APPEND.
 *
 * It ends with its input. Exit code: 0, or 2 if it couldn't begin.
 */
#include "soapH.h"
#include "soap_xmpp.h"
#include "ledger.nsmap"

#include "base/base64.h"
#include "base/clock.h"
#include "link/link.h"
#include "soap/pack.h"
#include "../../lib/line.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ENVELOPE_BYTES = 1 << 20, NUMBERS = 1000, THREADS = 32, DRAIN_MS = 2000, POST_S = 60 };

static int ledger_fd;
static struct soap_xmpp_link *own_link;

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished_more = PTHREAD_COND_INITIALIZER;
static bool finished[NUMBERS], all_finished; /* under mu */

/* ---- the service ---- */

static void finish(int number)
{
    pthread_mutex_lock(&mu);
    if (number < 0)
        all_finished = true;
    else if (number < NUMBERS)
        finished[number] = true;
    pthread_cond_broadcast(&finished_more);
    pthread_mutex_unlock(&mu);
}

int ledger__enter(struct soap *soap, int number, int held, int *entered)
{
    char line[32];
    int len = snprintf(line, sizeof line, "%d\n", number);
    if (number < 0 || number >= NUMBERS)
        return soap_sender_fault(soap, "number out of range", NULL);
    if (write(ledger_fd, line, (size_t)len) != len)
        return soap_receiver_fault(soap, "the ledger can't be written", NULL);
    line_tell("run %d", number);
    pthread_mutex_lock(&mu);
    while (held && !finished[number] && !all_finished)
        pthread_cond_wait(&finished_more, &mu);
    pthread_mutex_unlock(&mu);
    *entered = number;
    return SOAP_OK;
}

static void *serve(void *soap)
{
    soap_xmpp_serve(soap, soap_serve, THREADS);
    return NULL;
}

/* ---- calls ---- */

struct order {
    int number, seconds, held;
    char endpoint[256];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *carry_out(void *arg)
{
    static const char *const outcomes[] = {"executed", "not-executed", "unknown"};
    struct order *order = arg;
    struct soap *soap = soap_new();
    int64_t begun_ms = now_ms();
    int entered = -1, err = soap_register_plugin_arg(soap, soap_xmpp, own_link);
    char text[512] = "";
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = order->seconds;
    if (!err)
        err = soap_call_ledger__enter(soap, order->endpoint, NULL, order->number, order->held,
                                      &entered);
    if (err)
        soap_sprint_fault(soap, text, sizeof text);
    else if (entered != order->number)
        snprintf(text, sizeof text, "the answer to %d", entered);
    line_tell("end %d %s %s %d %s", order->number, err || *text ? "error" : "answer",
              outcomes[soap_xmpp_outcome(soap)], (int)(now_ms() - begun_ms), text);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    free(order);
    return NULL;
}

/* ---- calls by message ---- */

static struct soap *new_caller(void)
{
    struct soap *soap = soap_new();
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = POST_S;
    if (soap_register_plugin_arg(soap, soap_xmpp, own_link) != SOAP_OK)
        _exit(3);
    return soap;
}

static void free_caller(struct soap *soap)
{
    if (soap->error)
        soap_print_fault(soap, stderr);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

/* Under way until it is answered, or this process ends. */
static void post(const struct order *order)
{
    struct soap *soap = new_caller();
    char name[32];
    snprintf(name, sizeof name, "job %d", order->number);
    if (soap_xmpp_name(soap, name) == SOAP_OK &&
        soap_send_ledger__enter(soap, order->endpoint, NULL, order->number, order->held) == SOAP_OK)
        soap_xmpp_detach(soap);
    free_caller(soap);
}

static void wait_for_answer(void)
{
    struct soap_xmpp_call *call = soap_xmpp_wait(own_link, POST_S * 1000);
    struct soap *soap = new_caller();
    char name[65], peer[256];
    int entered = -1;
    if (!call) {
        line_tell("found nothing");
    } else {
        snprintf(name, sizeof name, "%s", soap_xmpp_call_name(call));
        snprintf(peer, sizeof peer, "%s", soap_xmpp_call_peer(call));
        if (soap_xmpp_attach(soap, call) == SOAP_OK)
            soap_recv_ledger__enter(soap, &entered);
        line_tell("found %s: %d %s", name, entered, peer);
    }
    free_caller(soap);
}

static bool obey(const char *line, pthread_t *thread)
{
    struct order order, *own;
    int number;
    if (sscanf(line, "finish %d", &number) == 1)
        finish(number);
    if (strcmp(line, "wait\n") == 0)
        wait_for_answer();
    if (sscanf(line, "post %d %255s %d", &order.number, order.endpoint, &order.held) == 3)
        post(&order);
    if (sscanf(line, "call %d %255s %d %d", &order.number, order.endpoint, &order.seconds,
               &order.held) != 4)
        return false;
    own = malloc(sizeof *own);
    if (!own)
        return false;
    *own = order;
    if (pthread_create(thread, NULL, carry_out, own) == 0)
        return true;
    free(own);
    return false;
}

static void obey_all(void)
{
    pthread_t threads[NUMBERS];
    size_t started = 0;
    char line[LINE_BYTES];
    while (started < NUMBERS && fgets(line, sizeof line, stdin))
        started += obey(line, &threads[started]);
    finish(-1);
    soap_xmpp_stop(own_link, DRAIN_MS);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* ---- what the link sends ---- */

static void tell_sent(const char *stanza, const char *what, const char *element)
{
    const char *at = strstr(stanza, element);
    if (at)
        line_tell("%s %d", what, atoi(at + strlen(element)));
}

/* The envelope of a stanza that carries it packed, NULL of any other. */
static char *unpack(const char *stanza)
{
    const char *packed = strstr(stanza, "<packed "), *text = packed ? strchr(packed, '>') : NULL;
    struct sx_buffer base64 = {0}, envelope = {0};
    if (!text)
        return NULL;
    sx_buffer_add(&base64, text + 1, strcspn(text + 1, "<"));
    if (base64.failed || !sx_base64_decode(base64.bytes, base64.len, &base64.len) ||
        sx_unpack(SX_FORM_ZSTD, base64.bytes, base64.len, MAX_ENVELOPE_BYTES, &envelope) != SX_OK)
        envelope.failed = true;
    sx_buffer_fini(&base64);
    return sx_buffer_take(&envelope, NULL);
}

/* "alice@example.org: bob@example.org/soap is gone" */
static void tell_presence(const char *line)
{
    const char *jid = strstr(line, ": ");
    int len = jid ? (int)strcspn(jid + 2, " ") : 0;
    if (len && strncmp(jid + 2 + len, " is gone", 8) == 0)
        line_tell("gone %.*s", len, jid + 2);
    else if (len && strcmp(jid + 2 + len, " is there, and serves") == 0)
        line_tell("there %.*s", len, jid + 2);
}

static void tell_stanza(const char *stanza)
{
    char *envelope;
    if (strncmp(stanza, "<message", 8) == 0)
        tell_sent(stanza, "mailed", "<entered>");
    if (strncmp(stanza, "<iq", 3) != 0)
        return;
    tell_sent(stanza, "sent question", "http://jabber.org/protocol/disco#info");
    envelope = unpack(stanza);
    tell_sent(envelope ? envelope : stanza, "sent request", "<number>");
    tell_sent(envelope ? envelope : stanza, "sent answer", "<entered>");
    free(envelope);
}

/* The linker puts this before the trace's own, which hides what packed envelopes hold. */
void __real_sx_trace_stanza(const struct sx_trace *trace, const char *direction, const char *bytes,
                            size_t len);
void __wrap_sx_trace_stanza(const struct sx_trace *trace, const char *direction, const char *bytes,
                            size_t len);
void __wrap_sx_trace_stanza(const struct sx_trace *trace, const char *direction, const char *bytes,
                            size_t len)
{
    char *stanza = strcmp(direction, "sent") == 0 ? strndup(bytes, len) : NULL;
    __real_sx_trace_stanza(trace, direction, bytes, len);
    if (stanza)
        tell_stanza(stanza);
    free(stanza);
}

static void watch(void *user, enum soap_xmpp_trace_level level, const char *line)
{
    (void)user;
    if (level == SOAP_XMPP_TRACE_ERROR || getenv("DEATH_TRACE"))
        fprintf(stderr, "[%d] %s\n", (int)getpid(), line);
    if (level == SOAP_XMPP_TRACE_DEBUG)
        tell_presence(line);
}

/* ---- the program ---- */

static bool is_mode(char **argv, const char *mode)
{
    return argv[6] && strcmp(argv[6], mode) == 0;
}

static struct soap_xmpp_link *open_link(char **argv)
{
    struct soap_xmpp_config config;
    struct soap_xmpp_link *link;
    char why[400] = "";
    soap_xmpp_config_init(&config);
    config.jid = argv[2];
    config.password = argv[3];
    config.host = "127.0.0.1";
    config.port = atoi(argv[4]);
    if (strchr(argv[2], '@'))
        config.ca_file = argv[5];
    else
        config.shared_jid = 1; /* a component, of which there are several processes */
    config.allow = "*";
    config.presence = is_mode(argv, "presence");
    config.trace = SOAP_XMPP_TRACE_STANZA;
    config.trace_callback = watch;
    if (is_mode(argv, "mail")) {
        config.messages = 1;
        config.name_key = "mortal";
        config.packing = SOAP_XMPP_PACKING_NEVER;
    }
    link = soap_xmpp_open(&config, why, sizeof why);
    if (!link)
        fprintf(stderr, "mortal: %s\n", why);
    return link;
}

/* Who is asked before it serves is taken for somebody who doesn't, and many threads take a while to
 * start. */
static bool await_serving(void)
{
    int64_t deadline = sx_clock_deadline(60000000);
    bool serves;
    while (!(serves = sx_queue_is_open(sx_link_queue(own_link))) && sx_clock_now_us() < deadline)
        usleep(1000);
    return serves;
}

static void live(void)
{
    struct soap *soap = soap_new();
    pthread_t server;
    if (soap_register_plugin_arg(soap, soap_xmpp, own_link) == SOAP_OK &&
        pthread_create(&server, NULL, serve, soap) == 0) {
        if (await_serving() && soap_xmpp_wait_online(own_link, -1) == 0)
            line_tell("online");
        obey_all();
        pthread_join(server, NULL);
    }
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

int main(int argc, char **argv)
{
    if (argc != 6 && !(argc == 7 && (is_mode(argv, "presence") || is_mode(argv, "mail")))) {
        fprintf(stderr, "usage: mortal LEDGER JID PASSWORD PORT CAFILE [presence|mail]\n");
        return 2;
    }
    ledger_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    own_link = ledger_fd < 0 ? NULL : open_link(argv);
    if (!own_link)
        return 2;
    live();
    soap_xmpp_close(own_link);
    close(ledger_fd);
    return 0;
}
