/* raw.c - the library's exchange of bytes below the gSOAP plugin: what it adds to the floor itself.
 *
 * Noun: an envelope that goes out as it is, again and again, checked or packed each time as it
 * would be for the plugin, and read on the other side.
 *
 *     call   asks, many outstanding from one thread, as detached calls do
 *     serve  answers each request at once
 *     hold   answers none before all of so many are here, and tells its memory meanwhile
 */
#define SOAP_XMPP_NO_GSOAP
#include "soap_xmpp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/dial.h"
#include "bench/resident.h"
#include "bench/slice.h"
#include "wire/jid.h"
#include "base/clock.h"
#include "soap/envelope.h"
#include "link/link.h"

static const char usage[] = "usage: raw call ENDPOINT FOLDER\n"
                            "       raw serve FOLDER PAYLOAD\n"
                            "       raw hold FOLDER PAYLOAD COUNT...\n"
                            "FOLDER holds PAYLOAD.request and PAYLOAD.answer; call reads orders\n"
                            "(slice.h), the others end with their standard input\n";

enum { MAX_DEPTH = 256, WAIT_US = 30000000 };

/* An envelope, and the checker of who sends it. */
struct checked {
    struct sx_checker *checker;
    char *bytes;
    unsigned long len;
};

static void load(struct checked *envelope, const char *folder, const char *payload,
                 const char *suffix)
{
    free(envelope->bytes);
    sx_checker_free(envelope->checker);
    envelope->bytes = slice_file(folder, payload, suffix, &envelope->len);
    envelope->checker = sx_checker_new(MAX_DEPTH);
    if (!envelope->checker)
        slice_die("no memory");
}

/* As gSOAP's parser would get it, piece by piece. */
static void read_through(struct soap_xmpp_link *link, const struct sx_envelope *envelope)
{
    static _Thread_local char piece[65536];
    struct sx_reader reading = {0};
    char why[160] = "";
    size_t got;
    do
        if (sx_reader_next(&reading, envelope, sx_link_reader_limits(link), piece, sizeof piece,
                           &got, why, sizeof why))
            slice_die("%s", why);
    while (got);
    sx_reader_fini(&reading);
}

static void unload(struct checked *envelope)
{
    free(envelope->bytes);
    sx_checker_free(envelope->checker);
}

/* ---- call ---- */

static struct slice slice;
static int64_t begun_ns[SLICE_OUTSTANDING];

static void send_one(struct soap_xmpp_link *link, const char *to, const struct checked *request,
                     int64_t *since_ns)
{
    int64_t deadline = sx_clock_deadline(WAIT_US);
    struct sx_outgoing out = {.to = to,
                              .envelope = request->bytes,
                              .envelope_len = request->len,
                              .checker = request->checker,
                              .online_deadline = deadline,
                              .room_deadline = deadline};
    struct soap_xmpp_call *call = NULL;
    char why[256] = "";
    *since_ns = slice_now_ns();
    if (sx_link_request(link, &out, &call, why, sizeof why))
        slice_die("%s", why);
    sx_exchange_detach(call, deadline, since_ns);
}

static void take_answer(struct soap_xmpp_link *link, struct soap_xmpp_call *call)
{
    struct sx_reply reply = {.err = SX_OK};
    sx_exchange_wait(call, 0, &reply); /* it is here */
    if (reply.err || reply.envelope.err || !reply.envelope.bytes)
        slice_die("no answer: %s %s", sx_fault_text(reply.err), reply.text);
    read_through(link, &reply.envelope);
    sx_reply_fini(&reply);
    sx_exchange_release(call);
}

static void run(struct soap_xmpp_link *link, const char *to, const struct checked *request)
{
    struct sx_exchange *exchange = sx_link_exchange(link);
    struct soap_xmpp_call *call;
    unsigned under_way = 0;
    for (; under_way < slice.outstanding && slice_asks(&slice); under_way++)
        send_one(link, to, request, &begun_ns[under_way]);
    while (under_way &&
           (call = sx_exchange_next_done(exchange, sx_clock_deadline(WAIT_US))) != NULL) {
        int64_t *since_ns = sx_exchange_user(call);
        take_answer(link, call);
        slice_done(&slice, *since_ns);
        if (slice_asks(&slice))
            send_one(link, to, request, since_ns);
        else
            under_way--;
    }
    if (under_way)
        slice_die("%u calls got no answer", under_way);
}

static int call_all(const char *endpoint, const char *folder)
{
    struct soap_xmpp_link *link;
    struct checked request = {0};
    char *to = NULL, why[256] = "";
    if (sx_jid_parse_uri(endpoint, &to, why, sizeof why))
        slice_die("%s", why);
    link = dial(NULL);
    slice_ready();
    while (slice_read(&slice)) {
        load(&request, folder, slice.payload, "request");
        run(link, to, &request);
        slice_print(&slice);
    }
    free(to);
    unload(&request);
    soap_xmpp_close(link);
    return 0;
}

/* ---- serve, hold ---- */

static void *wait_for_end(void *link)
{
    while (getchar() != EOF)
        ;
    soap_xmpp_interrupt(link);
    return NULL;
}

static void answer(struct soap_xmpp_link *link, struct sx_request *request,
                   const struct checked *with)
{
    char why[200] = "";
    read_through(link, &request->envelope);
    if (sx_link_answer(link, request, with->checker, with->bytes, with->len, why, sizeof why))
        slice_die("%s", why);
    sx_request_free(request);
}

/* Keeps count requests, then answers them, the last first. False when the link is closed. */
static bool hold(struct soap_xmpp_link *link, const struct checked *with, long count)
{
    struct sx_request *held = NULL, *request;
    bool closed = false;
    for (long i = 0; i < count; i++) {
        request = sx_queue_take(sx_link_queue(link), SX_NEVER, &closed);
        if (!request)
            return false;
        request->next = held;
        held = request;
    }
    resident_print("held", count);
    while ((request = held)) {
        held = request->next;
        answer(link, request, with);
    }
    return true;
}

static int serve_all(int argc, char **argv)
{
    bool holds = strcmp(argv[1], "hold") == 0, closed = false;
    struct soap_xmpp_link *link = dial(NULL);
    struct checked with = {0};
    struct sx_request *request;
    pthread_t thread;
    load(&with, argv[2], argv[3], "answer");
    sx_queue_add_workers(sx_link_queue(link), 1);
    sx_link_serve(link);
    if (pthread_create(&thread, NULL, wait_for_end, link))
        slice_die("no thread");
    slice_ready();
    if (holds)
        resident_print("held", 0);
    for (int i = 4; holds && i < argc && hold(link, &with, atol(argv[i])); i++)
        ;
    while ((request = sx_queue_take(sx_link_queue(link), SX_NEVER, &closed)))
        answer(link, request, &with);
    pthread_join(thread, NULL);
    unload(&with);
    soap_xmpp_close(link);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "call") == 0)
        return call_all(argv[2], argv[3]);
    if ((argc == 4 && strcmp(argv[1], "serve") == 0) || (argc > 4 && strcmp(argv[1], "hold") == 0))
        return serve_all(argc, argv);
    fputs(usage, stderr);
    return 2;
}
