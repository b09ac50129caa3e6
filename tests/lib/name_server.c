/* name_server.c - answers questions of DNS by one thread.
 *
 * Invariant: what was asked is counted before it is answered.
 *
 * Happy path: a datagram, or a connection with one question -> the answer of its manner.
 * Failure: without memory or descriptors the program ends: a test that ran on would test something
 *          else.
 */
#include "name_server.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    MARK_BYTES = 1, /* a datagram of the test's, behind which it waits for the server */
    QUESTION_BYTES = 512,
    MESSAGE_BYTES = 65536,
    RECORDS = 2000,
    BACKLOG = 8,
    TRIES = 100,
    LONG_US = 20000000
};

struct name_server {
    /* immutable */
    enum name_server_manner manner;
    int udp, tcp, stop, port;
    pthread_t thread;
    pthread_mutex_t mu;
    /* the thread's: a guest by TCP that isn't answered, -1: none */
    int waiting;
    pthread_cond_t changed;
    /* under mu */
    unsigned asked, asked_by_tcp, marks;
    char last[1024];
};

/* ---- messages ---- */

static unsigned char *put_record(unsigned char *to, unsigned type)
{
    static const unsigned char service[] = "\0\0\0\0\x14\x66\3one\7example";
    static const unsigned char address[] = {192, 0, 2, 1};
    bool is_service = type == ns_t_srv;
    size_t len = is_service ? sizeof service : sizeof address;
    ns_put16(0xc000 | NS_HFIXEDSZ, to); /* the question's name */
    ns_put16(type, to + 2);
    ns_put16(ns_c_in, to + 4);
    ns_put32(60, to + 6);
    ns_put16((unsigned)len, to + 10);
    memcpy(to + 12, is_service ? service : address, len);
    return to + 12 + len;
}

/* What a question is, behind its header. */
struct asked {
    const unsigned char *question;
    size_t len; /* with the header */
    unsigned type;
};

static bool read_question(const unsigned char *question, size_t len, struct asked *out, char *name)
{
    int name_bytes;
    if (len < NS_HFIXEDSZ)
        return false;
    name_bytes = dn_expand(question, question + len, question + NS_HFIXEDSZ, name, 1024);
    if (name_bytes < 0 || NS_HFIXEDSZ + (size_t)name_bytes + 4 > len)
        return false;
    out->question = question;
    out->len = NS_HFIXEDSZ + (size_t)name_bytes + 4;
    out->type = ns_get16(question + NS_HFIXEDSZ + name_bytes);
    return true;
}

static size_t answer(unsigned char *out, const struct asked *asked, unsigned flags,
                     unsigned records)
{
    unsigned char *to = out + asked->len;
    unsigned i;
    if (asked->type != ns_t_srv && asked->type != ns_t_a)
        records = 0;
    memcpy(out, asked->question, asked->len);
    ns_put16(0x8180 | flags, out + 2);
    ns_put16(records, out + 6);
    ns_put32(0, out + 8);
    for (i = 0; i < records; i++)
        to = put_record(to, asked->type);
    return (size_t)(to - out);
}

static unsigned flags_of(enum name_server_manner manner)
{
    switch (manner) {
    case NAME_SERVER_FORMERR:
        return ns_r_formerr;
    case NAME_SERVER_SERVFAIL:
        return ns_r_servfail;
    case NAME_SERVER_REFUSED:
        return ns_r_refused;
    case NAME_SERVER_NXDOMAIN:
        return ns_r_nxdomain;
    case NAME_SERVER_TRUNCATES:
    case NAME_SERVER_TCP_CLOSES:
    case NAME_SERVER_TCP_SILENT:
    case NAME_SERVER_TCP_LONG:
        return 0x0200;
    default:
        return 0;
    }
}

/* ---- UDP ---- */

struct guest_address {
    struct sockaddr_in address;
    socklen_t len;
};

static void reply(const struct name_server *server, const struct guest_address *to,
                  const unsigned char *bytes, size_t len)
{
    sendto(server->udp, bytes, len, 0, (const struct sockaddr *)&to->address, to->len);
}

/* An answer's header, which says that nothing follows. */
static void reply_barely(const struct name_server *server, const struct guest_address *to,
                         const unsigned char *message, unsigned rcode)
{
    unsigned char header[NS_HFIXEDSZ] = {0};
    memcpy(header, message, 2);
    ns_put16(0x8180 | rcode, header + 2);
    reply(server, to, header, sizeof header);
}

/* With a record, so that one that is believed shows. */
static void forge(const struct name_server *server, const struct guest_address *to,
                  const struct asked *asked, unsigned char *out)
{
    size_t len = answer(out, asked, 0, 1), cut;
    out[0] ^= 1; /* id */
    reply(server, to, out, len);
    out[0] ^= 1;
    out[NS_HFIXEDSZ + 1] ^= 1; /* name */
    reply(server, to, out, len);
    out[NS_HFIXEDSZ + 1] ^= 1;
    out[asked->len - 3] ^= 1; /* type */
    reply(server, to, out, len);
    out[asked->len - 3] ^= 1;
    out[asked->len - 1] ^= 2; /* class */
    reply(server, to, out, len);
    out[asked->len - 1] ^= 2;
    out[2] &= 0x7f; /* a question */
    reply(server, to, out, len);
    out[2] |= 0x80;
    for (cut = 0; cut < asked->len; cut++)
        reply(server, to, out, cut);
    reply_barely(server, to, out, ns_r_noerror);
    reply_barely(server, to, out, ns_r_nxdomain);
}

static void flood(const struct name_server *server, const struct guest_address *to)
{
    static const unsigned char junk[] = "junk";
    struct pollfd stop = {server->stop, POLLIN, 0};
    int count;
    while (poll(&stop, 1, 0) == 0)
        for (count = 0; count < 1000; count++) /* faster than they are read */
            reply(server, to, junk, sizeof junk);
}

/* Whether it was the first. */
static bool count(struct name_server *server, const char *name, unsigned *counter)
{
    bool is_first;
    pthread_mutex_lock(&server->mu);
    is_first = ++*counter == 1;
    snprintf(server->last, sizeof server->last, "%s", name);
    pthread_mutex_unlock(&server->mu);
    return is_first;
}

static void note_mark(struct name_server *server)
{
    pthread_mutex_lock(&server->mu);
    server->marks++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mu);
}

static void serve_udp(struct name_server *server, unsigned char *out)
{
    struct guest_address guest = {.len = sizeof guest.address};
    unsigned char question[QUESTION_BYTES];
    char name[1024];
    struct asked asked;
    ssize_t len = recvfrom(server->udp, question, sizeof question, 0,
                           (struct sockaddr *)&guest.address, &guest.len);
    bool is_first, has_record;
    unsigned flags = flags_of(server->manner);
    if (len == MARK_BYTES)
        note_mark(server);
    if (len < 0 || !read_question(question, (size_t)len, &asked, name))
        return;
    is_first = count(server, name, &server->asked);
    if (server->manner == NAME_SERVER_FORGES || server->manner == NAME_SERVER_ONLY_FORGES)
        forge(server, &guest, &asked, out);
    if (server->manner == NAME_SERVER_FLOODS)
        flood(server, &guest);
    if (server->manner == NAME_SERVER_REFUSES_BARELY) {
        reply_barely(server, &guest, question, ns_r_refused);
        return;
    }
    if (server->manner == NAME_SERVER_FLOODS || server->manner == NAME_SERVER_SILENT ||
        server->manner == NAME_SERVER_ONLY_FORGES ||
        (server->manner == NAME_SERVER_LOSES && is_first))
        return;
    has_record = flags == 0 && server->manner != NAME_SERVER_EMPTY;
    reply(server, &guest, out, answer(out, &asked, flags, has_record));
}

/* ---- TCP ---- */

static void serve_tcp(struct name_server *server, unsigned char *out)
{
    int fd = accept4(server->tcp, NULL, NULL, SOCK_CLOEXEC);
    unsigned char question[QUESTION_BYTES];
    char name[1024];
    struct asked asked;
    ssize_t len = fd < 0 ? -1 : recv(fd, question, sizeof question, 0);
    size_t answer_len;
    if (len > 2 && read_question(question + 2, (size_t)len - 2, &asked, name)) {
        count(server, name, &server->asked_by_tcp);
        if (server->manner == NAME_SERVER_TCP_SILENT) {
            server->waiting = fd; /* till the end */
            return;
        }
        if (server->manner != NAME_SERVER_TCP_CLOSES) {
            answer_len =
                answer(out + 2, &asked, 0, server->manner == NAME_SERVER_TCP_LONG ? RECORDS : 1);
            ns_put16((unsigned)answer_len, out);
            send(fd, out, answer_len + 2, MSG_NOSIGNAL);
        }
    }
    if (fd >= 0)
        close(fd);
}

static void *run(void *argument)
{
    struct name_server *server = argument;
    unsigned char *out = malloc(MESSAGE_BYTES + 2);
    struct pollfd fds[3] = {
        {server->udp, POLLIN, 0}, {server->tcp, POLLIN, 0}, {server->stop, POLLIN, 0}};
    if (!out)
        abort();
    while (poll(fds, 3, -1) > 0 && !fds[2].revents) {
        if (fds[0].revents)
            serve_udp(server, out);
        if (fds[1].revents)
            serve_tcp(server, out);
    }
    if (server->waiting >= 0)
        close(server->waiting);
    free(out);
    return NULL;
}

/* ---- start and stop ---- */

/* Both on one port. */
static bool bind_both(struct name_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->udp < 0 || server->tcp < 0 ||
        bind(server->tcp, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(server->tcp, (struct sockaddr *)&address, &len) != 0)
        abort();
    server->port = ntohs(address.sin_port);
    if (bind(server->udp, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(server->tcp, BACKLOG) == 0)
        return true;
    close(server->udp);
    close(server->tcp);
    return false;
}

struct name_server *name_server_start(enum name_server_manner manner)
{
    struct name_server *server = calloc(1, sizeof *server);
    int tries = TRIES;
    if (!server)
        abort();
    server->manner = manner;
    server->waiting = -1;
    while (!bind_both(server))
        if (--tries == 0)
            abort();
    server->stop = eventfd(0, EFD_CLOEXEC);
    if (server->stop < 0 || pthread_mutex_init(&server->mu, NULL) ||
        sx_clock_cond_init(&server->changed) || pthread_create(&server->thread, NULL, run, server))
        abort();
    return server;
}

int name_server_port(const struct name_server *server)
{
    return server->port;
}

void name_server_stop(struct name_server *server)
{
    uint64_t one = 1;
    if (write(server->stop, &one, sizeof one) != sizeof one)
        abort();
    pthread_join(server->thread, NULL);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mu);
    close(server->stop);
    close(server->udp);
    close(server->tcp);
    free(server);
}

/* Datagrams on loopback come in their order. */
static void send_mark(const struct name_server *server)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)server->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, "", MARK_BYTES, 0, (const struct sockaddr *)&address,
                         sizeof address) != MARK_BYTES)
        abort();
    close(fd);
}

static unsigned read_count(struct name_server *server, const unsigned *counter)
{
    int64_t deadline = sx_clock_deadline(LONG_US);
    unsigned value, marks;
    bool in_time = true;
    pthread_mutex_lock(&server->mu);
    marks = server->marks;
    send_mark(server);
    while (server->marks == marks && in_time)
        in_time = sx_clock_cond_wait(&server->changed, &server->mu, deadline);
    value = *counter;
    pthread_mutex_unlock(&server->mu);
    return value;
}

unsigned name_server_asked(struct name_server *server)
{
    return read_count(server, &server->asked);
}

unsigned name_server_asked_by_tcp(struct name_server *server)
{
    return read_count(server, &server->asked_by_tcp);
}

void name_server_last(struct name_server *server, char name[1024])
{
    pthread_mutex_lock(&server->mu);
    memcpy(name, server->last, sizeof server->last);
    pthread_mutex_unlock(&server->mu);
}
