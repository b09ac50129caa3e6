/* floor.c - the floor: what a server makes of the same bytes when nobody looks at them.
 *
 * Noun: the pair, two raw XMPP clients (client.h) in one process. One sends an envelope's bytes in
 * <iq type='set'>, the other answers with another's.
 *
 * Happy path: both log in -> orders (slice.h), by epoll.
 * Failure modes: whatever isn't as expected, or 10 s of silence during a slice, ends the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/slice.h"

static const char usage[] =
    "usage: floor PORT DOMAIN off|CAFILE FOLDER NAME:PASSWORD NAME:PASSWORD\n"
    "The address is 127.0.0.1; with a CAFILE TLS from the first byte. FOLDER holds\n"
    "PAYLOAD.request and PAYLOAD.answer. Orders on standard input: slice.h\n";

enum { SILENCE_MS = 10000 };

static struct client_place place;
static const char *folder;
static bool waits_to_write[2]; /* whether epoll watches for room: the caller, the service */
static struct client caller, service;
static struct slice slice;
static int64_t begun_ns[SLICE_OUTSTANDING]; /* by the number in a request's id */
static int64_t since_ns;                    /* not 0: one call alone, measured from then on */
static unsigned under_way;
static char *request, *answer;
static unsigned long request_len, answer_len;

static void ask(unsigned number)
{
    char head[CLIENT_HEAD_BYTES];
    int len = snprintf(head, sizeof head, "<iq type='set' id='q%u' to='%s'>", number, service.jid);
    begun_ns[number] = since_ns ? since_ns : slice_now_ns();
    client_add(&caller, head, (size_t)len);
    client_add(&caller, request, request_len);
    client_add(&caller, "</iq>", 5);
    under_way++;
}

static void reply(const char *stanza, const char *id)
{
    char from[512], head[CLIENT_HEAD_BYTES];
    int len;
    client_attribute(stanza, "from", from, sizeof from);
    len = snprintf(head, sizeof head, "<iq type='result' id='%.100s' to='%s'>", id, from);
    client_add(&service, head, (size_t)len);
    client_add(&service, answer, answer_len);
    client_add(&service, "</iq>", 5);
}

static void hear(struct client *client, char *stanza, size_t len, void *arg)
{
    char id[128], type[32];
    (void)len, (void)arg;
    if (strncmp(stanza, "<iq", 3) != 0)
        slice_die("%s: unexpected: %.300s", client->jid, stanza);
    client_attribute(stanza, "id", id, sizeof id);
    client_attribute(stanza, "type", type, sizeof type);
    if (client == &service && strcmp(type, "set") == 0) {
        reply(stanza, id);
        return;
    }
    unsigned number = (unsigned)strtoul(id + 1, NULL, 10);
    if (client == &service || strcmp(type, "result") != 0 || number >= slice.outstanding)
        slice_die("%s: unexpected: %.600s", client->jid, stanza);
    under_way--;
    slice_done(&slice, begun_ns[number]);
    if (!since_ns && slice_asks(&slice))
        ask(number);
}

/* ---- orders ---- */

static void load(const char *payload)
{
    static char loaded[sizeof slice.payload];
    if (strcmp(loaded, payload) == 0)
        return;
    free(request);
    free(answer);
    request = slice_file(folder, payload, "request", &request_len);
    answer = slice_file(folder, payload, "answer", &answer_len);
    snprintf(loaded, sizeof loaded, "%s", payload);
}

static void watch(int epoll, struct client *client, int how, bool blocked)
{
    struct epoll_event event = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0), .data.ptr = client};
    epoll_ctl(epoll, how, client->fd, &event);
    waits_to_write[client == &service] = blocked;
}

static void flush(int epoll, struct client *client)
{
    bool blocked = client_flush(client);
    if (blocked != waits_to_write[client == &service])
        watch(epoll, client, EPOLL_CTL_MOD, blocked);
}

static void run(void)
{
    struct epoll_event events[2];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, &caller, EPOLL_CTL_ADD, false);
    watch(epoll, &service, EPOLL_CTL_ADD, false);
    for (unsigned i = 0; i < slice.outstanding && (since_ns || slice_asks(&slice)); i++)
        ask(i);
    flush(epoll, &caller);
    while (under_way) {
        int ready = epoll_wait(epoll, events, 2, SILENCE_MS);
        if (ready <= 0)
            slice_die("nothing came for 10 s");
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (events[i].events & ~(unsigned)EPOLLOUT)
                client_read(client, hear, NULL);
            flush(epoll, client);
        }
    }
    close(epoll);
}

/* From nothing to the first answer, once for each call of the slice. */
static void run_first(const char *account)
{
    struct client standing_by = caller;
    slice.outstanding = 1;
    while (slice_asks(&slice)) {
        memset(&caller, 0, sizeof caller);
        since_ns = slice_now_ns();
        client_log_in(&caller, &place, account, "floor-first");
        run();
        client_log_out(&caller);
    }
    since_ns = 0;
    caller = standing_by;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fputs(usage, stderr);
        return 2;
    }
    client_place_init(&place, argv[1], argv[2], argv[3]);
    folder = argv[4];
    client_log_in(&caller, &place, argv[5], "floor-caller");
    client_log_in(&service, &place, argv[6], "floor-service");
    slice_ready();
    while (slice_read(&slice)) {
        bool first = strcmp(slice.payload, "first") == 0;
        load(first ? "add" : slice.payload);
        if (first)
            run_first(argv[5]);
        else
            run();
        slice_print(&slice);
    }
    client_log_out(&caller);
    client_log_out(&service);
    return 0;
}
