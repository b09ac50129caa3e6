/* dns.c - asks name servers, one after the other, by UDP and TCP (RFC 1035 4, RFC 7766).
 *
 * Invariant: an answer counts if it has the question's id, name, type and class, and comes from the
 * server that was asked: the socket is connected.
 *
 * Happy path: a question -> to the first server that isn't known to be silent -> its answer.
 * Failure: a server has its share of the time, by UDP and TCP together, and is silent then; any
 * that can't tell leaves the question to the next one.
 */
#include "net/dns.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"

enum {
    MOST_SHARE_US = 2000000,
    TRIES = 2, /* a datagram may be lost */
    US_PER_S = 1000000,
    LENGTH_BYTES = 2, /* before each message by TCP */
    QUESTION_BYTES = NS_HFIXEDSZ + NS_MAXCDNAME + 4,
    MOST_WAIT_S = 5, /* the C library's own, for a server */
    /* RFC 1035 4.1.1 */
    RESPONSE = 0x8000,
    OPCODE = 0x7800,
    TRUNCATED = 0x0200,
    RECURSION = 0x0100,
    RCODE = 0x000f,
};

/* A whole message, with room for its length in front. */
struct question {
    const char *name;
    int type;
    size_t len;
    unsigned char bytes[LENGTH_BYTES + QUESTION_BYTES];
};

/* What a server did. */
enum outcome { ANSWERED, ABSENT, FAILED, SILENT };

/* ---- servers ---- */

void sx_dns_begin(struct sx_dns *dns, int64_t deadline)
{
    struct __res_state state = {0};
    int i;
    *dns = (struct sx_dns){.deadline = deadline, .most_share_us = MOST_SHARE_US};
    if (res_ninit(&state) != 0)
        return;
    for (i = 0; i < state.nscount && dns->count < SX_DNS_SERVERS; i++) {
        struct sockaddr_storage *address = &dns->servers[dns->count].address;
        if (state.nsaddr_list[i].sin_family == AF_INET)
            memcpy(address, &state.nsaddr_list[i], sizeof state.nsaddr_list[i]);
        else if (state._u._ext.nsaddrs[i])
            memcpy(address, state._u._ext.nsaddrs[i], sizeof *state._u._ext.nsaddrs[i]);
        dns->count += address->ss_family != AF_UNSPEC;
    }
    res_nclose(&state);
}

static socklen_t address_bytes(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

static int connect_to(const struct sx_dns_server *server, int type)
{
    const struct sockaddr_storage *address = &server->address;
    int fd = socket(address->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)address, address_bytes(address)) == 0 ||
        errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

/* ---- messages ---- */

static bool write_question(struct question *question)
{
    unsigned char *to = question->bytes + LENGTH_BYTES;
    int len = dn_comp(question->name, to + NS_HFIXEDSZ, NS_MAXCDNAME, NULL, NULL);
    if (len < 0)
        return false;
    question->len = (size_t)(NS_HFIXEDSZ + len + 4);
    ns_put16((unsigned)sx_random_number() & 0xffff, to);
    ns_put16(RECURSION, to + 2);
    ns_put16(1, to + 4);
    ns_put16((unsigned)question->type, to + NS_HFIXEDSZ + len);
    ns_put16(ns_c_in, to + NS_HFIXEDSZ + len + 2);
    ns_put16((unsigned)question->len, question->bytes);
    return true;
}

static unsigned flags_of(const unsigned char *bytes)
{
    return ns_get16(bytes + 2);
}

static enum outcome judge(const unsigned char *bytes)
{
    switch (flags_of(bytes) & RCODE) {
    case ns_r_noerror:
        return ANSWERED;
    case ns_r_nxdomain:
        return ABSENT;
    default:
        return FAILED;
    }
}

/* A server that won't look at a question need not repeat it. */
static bool is_answer(const struct question *question, const unsigned char *bytes, size_t len)
{
    char name[NS_MAXDNAME];
    int name_bytes;
    if (len < NS_HFIXEDSZ || memcmp(bytes, question->bytes + LENGTH_BYTES, 2) != 0 ||
        (flags_of(bytes) & (RESPONSE | OPCODE)) != RESPONSE)
        return false;
    if (ns_get16(bytes + 4) != 1)
        return ns_get16(bytes + 4) == 0 && judge(bytes) == FAILED;
    name_bytes = dn_expand(bytes, bytes + len, bytes + NS_HFIXEDSZ, name, sizeof name);
    return name_bytes >= 0 && NS_HFIXEDSZ + (size_t)name_bytes + 4 <= len &&
           ns_samename(name, question->name) == 1 &&
           ns_get16(bytes + NS_HFIXEDSZ + name_bytes) == (unsigned)question->type &&
           ns_get16(bytes + NS_HFIXEDSZ + name_bytes + 2) == ns_c_in;
}

/* ---- TCP ---- */

static bool await(int fd, short events, int64_t until)
{
    struct pollfd socket = {fd, events, 0};
    int ready;
    do
        ready = poll(&socket, 1, sx_clock_poll_ms(until));
    while ((ready < 0 && errno == EINTR) || (ready == 0 && sx_clock_now_us() < until));
    return ready > 0;
}

/* Reads so many bytes; false when they don't come. */
static bool read_bytes(int fd, unsigned char *out, size_t len, int64_t until)
{
    while (len > 0 && await(fd, POLLIN, until)) {
        ssize_t got = recv(fd, out, len, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (got > 0) {
            out += got;
            len -= (size_t)got;
        }
    }
    return len == 0;
}

/* The length of the answer, as far as there is room for it; 0: none came. */
static size_t exchange_by_tcp(int fd, const struct question *question, int64_t until,
                              unsigned char *answer)
{
    unsigned char length[LENGTH_BYTES];
    size_t asked = LENGTH_BYTES + question->len, len;
    if (!await(fd, POLLOUT, until) ||
        send(fd, question->bytes, asked, MSG_NOSIGNAL) != (ssize_t)asked ||
        !read_bytes(fd, length, sizeof length, until))
        return 0;
    len = ns_get16(length);
    if (len > SX_DNS_ANSWER_BYTES)
        len = SX_DNS_ANSWER_BYTES;
    return read_bytes(fd, answer, len, until) ? len : 0;
}

static enum outcome ask_by_tcp(const struct sx_dns_server *server, const struct question *question,
                               int64_t until, unsigned char *answer, int *len)
{
    int fd = connect_to(server, SOCK_STREAM);
    size_t came;
    if (fd < 0)
        return FAILED;
    came = exchange_by_tcp(fd, question, until, answer);
    close(fd);
    if (came == 0 && sx_clock_now_us() >= until)
        return SILENT;
    if (came == 0 || !is_answer(question, answer, came))
        return FAILED;
    *len = (int)came;
    return judge(answer);
}

/* ---- UDP ---- */

/* The first datagram that is an answer; others, of whoever guesses, are passed over. */
static enum outcome await_datagram(int fd, const struct question *question, int64_t until,
                                   unsigned char *answer, int *len)
{
    while (await(fd, POLLIN, until)) {
        ssize_t came = recv(fd, answer, SX_DNS_ANSWER_BYTES, 0);
        if (came < 0 && errno != EAGAIN && errno != EINTR)
            return FAILED; /* nobody listens there */
        if (came > 0 && is_answer(question, answer, (size_t)came)) {
            *len = (int)came;
            return judge(answer);
        }
        if (sx_clock_now_us() >= until)
            break; /* there is always another one */
    }
    return SILENT;
}

static enum outcome exchange_by_udp(int fd, const struct question *question, int64_t until,
                                    unsigned char *answer, int *len)
{
    enum outcome outcome = SILENT;
    int tries;
    for (tries = TRIES; tries > 0 && outcome == SILENT; tries--) {
        int64_t now_us = sx_clock_now_us();
        if (send(fd, question->bytes + LENGTH_BYTES, question->len, MSG_NOSIGNAL) < 0)
            return FAILED;
        outcome = await_datagram(fd, question, now_us + (until - now_us) / tries, answer, len);
    }
    return outcome;
}

static enum outcome ask_server(const struct sx_dns_server *server, const struct question *question,
                               int64_t until, unsigned char *answer, int *len)
{
    int fd = connect_to(server, SOCK_DGRAM);
    enum outcome outcome;
    if (fd < 0)
        return FAILED;
    outcome = exchange_by_udp(fd, question, until, answer, len);
    close(fd);
    if (outcome == ANSWERED && (flags_of(answer) & TRUNCATED))
        return ask_by_tcp(server, question, until, answer, len);
    return outcome;
}

/* ---- asking ---- */

/* Of the time that is left, for each of those that aren't known to be silent, from this one on. */
static int64_t share_of(const struct sx_dns *dns, unsigned number)
{
    int64_t left_us = dns->deadline - sx_clock_now_us(), share_us;
    unsigned others = 0;
    for (number++; number < dns->count; number++)
        others += !dns->servers[number].is_silent;
    share_us = left_us / (int64_t)(others + 1);
    return share_us < dns->most_share_us ? share_us : dns->most_share_us;
}

int sx_dns_ask(struct sx_dns *dns, const char *name, int type,
               unsigned char answer[SX_DNS_ANSWER_BYTES])
{
    struct question question = {.name = name, .type = type};
    unsigned i;
    if (!write_question(&question))
        return 0; /* no name of DNS */
    for (i = 0; i < dns->count; i++) {
        struct sx_dns_server *server = &dns->servers[i];
        int64_t share_us = share_of(dns, i);
        enum outcome outcome = FAILED;
        int len = 0;
        if (!server->is_silent && share_us > 0)
            outcome = ask_server(server, &question, sx_clock_now_us() + share_us, answer, &len);
        server->is_silent |= outcome == SILENT;
        if (outcome == ANSWERED)
            return len;
        if (outcome == ABSENT)
            return 0;
    }
    return -1;
}

/* ---- the C library ---- */

/* The C library keeps IPv6 addresses beside its list, where it leaves a hole, and frees them. */
static void put_server(res_state state, int number, const struct sx_dns_server *server)
{
    struct sockaddr_in6 **beside = &state->_u._ext.nsaddrs[number];
    struct sockaddr_in *slot = &state->nsaddr_list[number];
    if (server->address.ss_family == AF_INET) {
        memcpy(slot, &server->address, sizeof *slot);
        return;
    }
    if (!*beside)
        *beside = malloc(sizeof **beside);
    if (!*beside)
        return; /* the server that was there is asked once more */
    memcpy(*beside, &server->address, sizeof **beside);
    *slot = (struct sockaddr_in){.sin_family = AF_UNSPEC};
}

static void put_servers(const struct sx_dns *dns, res_state state)
{
    int number = 0, is_silent;
    unsigned i;
    for (is_silent = 0; is_silent <= 1; is_silent++)
        for (i = 0; i < dns->count; i++)
            if (dns->servers[i].is_silent == (is_silent != 0))
                put_server(state, number++, &dns->servers[i]);
    if (number > 0)
        state->nscount = number;
}

void sx_dns_tune(const struct sx_dns *dns, int64_t deadline)
{
    int64_t left_s = (deadline - sx_clock_now_us()) / US_PER_S;
    int count = dns->count ? (int)dns->count : 1, wait_s;
    res_state state = &_res;
    if (!(state->options & RES_INIT) && res_ninit(state) != 0)
        return;
    put_servers(dns, state);
    wait_s = (int)(left_s / 2 / TRIES / count); /* there may be several names */
    wait_s = wait_s < 1 ? 1 : wait_s > MOST_WAIT_S ? MOST_WAIT_S : wait_s;
    if (wait_s < state->retrans)
        state->retrans = wait_s;
    if (state->retry > TRIES)
        state->retry = TRIES;
    /* Half an answer has addresses enough; the whole one comes by TCP, for which it waits without
     * end. And the file that it was told by isn't read again. */
    state->options |= RES_IGNTC | RES_NORELOAD;
}
