/* gsoap_floor.c - the floor with gSOAP: what the stub, the skeleton and the server cost without the
 * library.
 *
 * Noun: one side of the call, a raw XMPP client (client.h) with a gSOAP context that writes into
 * and reads from its stanzas. The caller's stub writes the request and reads the answer, the
 * service's skeleton reads the request and writes the answer, each in a process of its own and in
 * one thread. Nothing else is done: no check of what leaves or comes, no journal, no deadline.
 *
 * Happy path: log in -> orders (slice.h) for the caller, requests for the service, by poll.
 * Failure modes: whatever isn't as expected, or 10 s of silence during a slice, ends the program.
 */
#include <poll.h>

#include "bench/payload.h"

#include "bench/client.h"
#include "bench/slice.h"

static const char usage[] =
    "usage: gsoap_floor PORT DOMAIN off|CAFILE NAME:PASSWORD RESOURCE [JID]\n"
    "The address is 127.0.0.1; with a CAFILE TLS from the first byte. Calls the service of that\n"
    "JID as ordered on standard input (slice.h); without a JID it serves until its standard input\n"
    "ends\n";

enum { SILENCE_MS = 10000 };

static const char iq_end[] = "</iq>";

static struct client client;
static struct soap *soap;

/* ---- gSOAP's input and output ---- */

static const char *unread; /* of the stanza that is read, the envelope's rest */
static size_t unread_len;

static int connect_nowhere(struct soap *context, const char *endpoint, const char *host, int port)
{
    (void)context, (void)endpoint, (void)host, (void)port;
    return SOAP_OK;
}

static int write_to_stanza(struct soap *context, const char *bytes, size_t len)
{
    (void)context;
    client_add(&client, bytes, len);
    return SOAP_OK;
}

static size_t read_from_stanza(struct soap *context, char *bytes, size_t room)
{
    size_t len = unread_len < room ? unread_len : room;
    (void)context;
    memcpy(bytes, unread, len);
    unread += len;
    unread_len -= len;
    return len;
}

static void open_context(void)
{
    soap = soap_new1(SOAP_ENC_PLAIN);
    if (!soap)
        slice_die("no context");
    soap->prolog = "";
    soap->fconnect = connect_nowhere;
    soap->fsend = write_to_stanza;
    soap->frecv = read_from_stanza;
}

static void close_context(void)
{
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

/* What stands in the stanza, between its first and its last tag, is read next. */
static void begin_reading(const char *stanza, size_t len)
{
    const char *head_end = memchr(stanza, '>', len);
    size_t head_len = (size_t)(head_end + 1 - stanza);
    if (len < head_len + strlen(iq_end))
        slice_die("%s: no envelope: %.300s", client.jid, stanza);
    unread = stanza + head_len;
    unread_len = len - head_len - strlen(iq_end);
}

/* Releases what the last message has left in the context. */
static void end_message(void)
{
    soap_destroy(soap);
    soap_end(soap);
}

/* ---- stanzas ---- */

static void begin_stanza(const char *type, const char *id, const char *to)
{
    char head[CLIENT_HEAD_BYTES];
    int len = snprintf(head, sizeof head, "<iq type='%s' id='%.100s' to='%s'>", type, id, to);
    client_add(&client, head, (size_t)len);
}

static void end_stanza(void)
{
    client_add(&client, iq_end, strlen(iq_end));
    end_message();
}

/* Waits for the client's socket, and for standard input if that counts; then writes and reads.
 * False at the end of standard input. */
static bool step(bool heeds_input, void (*hear)(struct client *, char *, size_t, void *), void *arg)
{
    bool blocked = client_flush(&client);
    struct pollfd polled[2] = {
        {.fd = client.fd, .events = (short)(POLLIN | (blocked ? POLLOUT : 0))},
        {.fd = heeds_input ? STDIN_FILENO : -1, .events = POLLIN}};
    char ignored[256];
    if (poll(polled, 2, heeds_input ? -1 : SILENCE_MS) <= 0)
        slice_die("nothing came for 10 s");
    if (polled[1].revents && read(STDIN_FILENO, ignored, sizeof ignored) <= 0)
        return false;
    if (polled[0].revents & ~POLLOUT)
        client_read(&client, hear, arg);
    return true;
}

/* ---- the service ---- */

static void answer(struct client *service, char *stanza, size_t len, void *arg)
{
    char from[512], id[128];
    (void)service, (void)arg;
    client_attribute(stanza, "from", from, sizeof from);
    client_attribute(stanza, "id", id, sizeof id);
    begin_stanza("result", id, from);
    begin_reading(stanza, len);
    if (soap_serve(soap))
        slice_die("the request: gSOAP's error %d", soap->error);
    end_stanza();
}

static void serve(void)
{
    slice_ready();
    while (step(true, answer, NULL))
        ;
}

/* ---- the caller ---- */

static struct slice slice;
static int64_t begun_ns[SLICE_OUTSTANDING]; /* by the number in a request's id */
static unsigned under_way;

static void ask(const char *to, unsigned number)
{
    char id[16];
    snprintf(id, sizeof id, "q%u", number);
    begun_ns[number] = slice_now_ns();
    begin_stanza("set", id, to);
    if (payload_send(soap, "xmpp:"))
        slice_die("the request: gSOAP's error %d", soap->error);
    end_stanza();
    under_way++;
}

/* arg: the service's JID. */
static void take_answer(struct client *caller, char *stanza, size_t len, void *arg)
{
    char id[128], type[32];
    unsigned number;
    client_attribute(stanza, "id", id, sizeof id);
    client_attribute(stanza, "type", type, sizeof type);
    number = (unsigned)strtoul(id + 1, NULL, 10);
    if (strcmp(type, "result") != 0 || number >= slice.outstanding)
        slice_die("%s: unexpected: %.600s", caller->jid, stanza);
    begin_reading(stanza, len);
    if (payload_receive(soap))
        slice_die("the answer: gSOAP's error %d", soap->error);
    end_message();
    under_way--;
    slice_done(&slice, begun_ns[number]);
    if (slice_asks(&slice))
        ask(arg, number);
}

static void call(char *to)
{
    slice_ready();
    while (slice_read(&slice)) {
        payload_choose(slice.payload);
        for (unsigned i = 0; i < slice.outstanding && slice_asks(&slice); i++)
            ask(to, i);
        while (under_way)
            step(false, take_answer, to);
        slice_print(&slice);
    }
}

int main(int argc, char **argv)
{
    struct client_place place;
    if (argc != 6 && argc != 7) {
        fputs(usage, stderr);
        return 2;
    }
    client_place_init(&place, argv[1], argv[2], argv[3]);
    open_context();
    client_log_in(&client, &place, argv[4], argv[5]);
    if (argc == 7)
        call(argv[6]);
    else
        serve();
    client_log_out(&client);
    close_context();
    return 0;
}
