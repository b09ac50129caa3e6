/* names.c - getaddrinfo(), sx_dns_ask() and sx_hosts_find(), each with a table in front.
 *
 * Invariant: who hangs is counted, and leaves only by names_release().
 *
 * Happy path: the linker turns each call into one of __wrap_...; a row is found and answered as the
 * system would: by a list for freeaddrinfo(), by a DNS message (RFC 1035 4.1).
 * Failure: without memory the program ends: a test that ran on would test something else.
 */
#include "names.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/dns.h"
#include "net/hosts.h"

enum { ROWS = 32, LONG_US = 20000000, MESSAGE_BYTES = 8192 };

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
void __real_sx_dns_begin(struct sx_dns *dns, int64_t deadline);
int __real_sx_dns_ask(struct sx_dns *dns, const char *name, int type, unsigned char *answer);
unsigned __real_sx_hosts_find(const char *file, const char *ascii,
                              char (*literals)[SX_HOSTS_LITERAL_BYTES], unsigned most);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
void __wrap_sx_dns_begin(struct sx_dns *dns, int64_t deadline);
int __wrap_sx_dns_ask(struct sx_dns *dns, const char *name, int type, unsigned char *answer);
unsigned __wrap_sx_hosts_find(const char *file, const char *ascii,
                              char (*literals)[SX_HOSTS_LITERAL_BYTES], unsigned most);

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
/* under mu */
static const struct names_row *rows;
static const int *servers;
static const char *hosts;
static unsigned asked[ROWS], hanging, releases;
static int cut_bytes = -1;

__attribute__((constructor)) static void init(void)
{
    if (sx_clock_cond_init(&changed))
        abort();
}

static unsigned find_locked(const char *name)
{
    unsigned i = 0;
    while (rows[i].name && strcmp(rows[i].name, name) != 0)
        i++;
    if (i >= ROWS)
        abort();
    return i;
}

/* Counts, and hangs if that is the answer. False: there is no table. */
static bool ask(const char *name, struct names_row *out)
{
    unsigned i, before;
    pthread_mutex_lock(&mu);
    if (!rows) {
        pthread_mutex_unlock(&mu);
        return false;
    }
    i = find_locked(name);
    asked[i]++;
    *out = rows[i];
    if (out->error == NAMES_HANG) {
        before = releases;
        hanging++;
        pthread_cond_broadcast(&changed);
        while (releases == before)
            pthread_cond_wait(&changed, &mu);
        hanging--;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&mu);
    return true;
}

/* ---- hosts ---- */

static int resolve_literal(const char *host, const char *service, const struct addrinfo *hints,
                           struct addrinfo **list)
{
    struct addrinfo numeric = *hints;
    numeric.ai_flags = AI_NUMERICHOST;
    return __real_getaddrinfo(host, service, &numeric, list);
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    struct names_row row;
    struct addrinfo **end = list;
    char copy[512], *literal, *rest = copy;
    if (resolve_literal(host, service, hints, list) == 0)
        return 0;
    if (hints->ai_flags & AI_NUMERICHOST)
        return EAI_NONAME;
    if (!ask(host, &row))
        return __real_getaddrinfo(host, service, hints, list);
    if (!row.answer)
        return row.error == NAMES_HANG ? EAI_AGAIN : row.error ? row.error : EAI_NONAME;
    snprintf(copy, sizeof copy, "%s", row.answer);
    while ((literal = strtok_r(rest, " ", &rest))) {
        if (resolve_literal(literal, service, hints, end) != 0)
            abort();
        end = &(*end)->ai_next;
    }
    return 0;
}

/* ---- SRV records ---- */

static unsigned char *put_number(unsigned char *to, unsigned number)
{
    *to++ = (unsigned char)(number >> 8);
    *to++ = (unsigned char)number;
    return to;
}

static unsigned char *put_name(unsigned char *to, const char *name)
{
    while (*name) {
        size_t len = strcspn(name, ".");
        *to++ = (unsigned char)len;
        memcpy(to, name, len);
        to += len;
        name += len;
        name += *name == '.';
        if (len == 0) {
            to--; /* the root's own name, "." */
            break;
        }
    }
    *to++ = 0;
    return to;
}

static unsigned char *put_record(unsigned char *to, const char *name, const char *text)
{
    unsigned priority, weight, port;
    unsigned char *len;
    char target[256];
    if (sscanf(text, "%u %u %u %255s", &priority, &weight, &port, target) != 4)
        abort();
    to = put_name(to, name);
    to = put_number(to, ns_t_srv);
    to = put_number(to, ns_c_in);
    to = put_number(put_number(to, 0), 60);
    len = to;
    to = put_number(put_number(put_number(to + 2, priority), weight), port);
    to = put_name(to, target);
    put_number(len, (unsigned)(to - len - 2));
    return to;
}

static int format_message(unsigned char *out, const char *name, const char *answer)
{
    unsigned char *to = out + NS_HFIXEDSZ;
    unsigned count = 0;
    char copy[2048], *record, *rest = copy;
    memset(out, 0, NS_HFIXEDSZ);
    put_number(out + 2, 0x8180);
    put_number(out + 4, 1);
    to = put_number(put_number(put_name(to, name), ns_t_srv), ns_c_in);
    snprintf(copy, sizeof copy, "%s", answer);
    for (; (record = strtok_r(rest, ",", &rest)); count++)
        to = put_record(to, name, record);
    put_number(out + 6, count);
    return (int)(to - out);
}

static const int *get_servers(void)
{
    const int *ports;
    pthread_mutex_lock(&mu);
    ports = servers;
    pthread_mutex_unlock(&mu);
    return ports;
}

void __wrap_sx_dns_begin(struct sx_dns *dns, int64_t deadline)
{
    const int *port = get_servers();
    __real_sx_dns_begin(dns, deadline);
    if (port)
        dns->count = 0;
    for (; port && *port; port++) {
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons((uint16_t)*port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sx_dns_server *server = &dns->servers[dns->count++];
        *server = (struct sx_dns_server){.is_silent = false};
        memcpy(&server->address, &address, sizeof address);
    }
}

int __wrap_sx_dns_ask(struct sx_dns *dns, const char *name, int type, unsigned char *answer)
{
    unsigned char message[MESSAGE_BYTES];
    struct names_row row;
    int len;
    if (get_servers() || !ask(name, &row))
        return __real_sx_dns_ask(dns, name, type, answer);
    if (!row.answer)
        return row.error == NAMES_HANG || row.error == TRY_AGAIN ? -1 : 0;
    len = format_message(message, name, row.answer);
    pthread_mutex_lock(&mu);
    if (cut_bytes >= 0 && len > cut_bytes)
        len = cut_bytes;
    pthread_mutex_unlock(&mu);
    memcpy(answer, message, (size_t)len);
    return len;
}

/* ---- the hosts file ---- */

unsigned __wrap_sx_hosts_find(const char *file, const char *ascii,
                              char (*literals)[SX_HOSTS_LITERAL_BYTES], unsigned most)
{
    pthread_mutex_lock(&mu);
    if (hosts)
        file = hosts;
    pthread_mutex_unlock(&mu);
    return __real_sx_hosts_find(file, ascii, literals, most);
}

/* ---- the test's side ---- */

void names_set(const struct names_row *new_rows)
{
    pthread_mutex_lock(&mu);
    rows = new_rows;
    memset(asked, 0, sizeof asked);
    pthread_mutex_unlock(&mu);
}

void names_servers(const int *ports)
{
    pthread_mutex_lock(&mu);
    servers = ports;
    pthread_mutex_unlock(&mu);
}

void names_hosts(const char *file)
{
    pthread_mutex_lock(&mu);
    hosts = file;
    pthread_mutex_unlock(&mu);
}

void names_cut(int bytes)
{
    pthread_mutex_lock(&mu);
    cut_bytes = bytes;
    pthread_mutex_unlock(&mu);
}

unsigned names_asked(const char *name)
{
    unsigned count;
    pthread_mutex_lock(&mu);
    count = asked[find_locked(name)];
    pthread_mutex_unlock(&mu);
    return count;
}

unsigned names_hanging(void)
{
    unsigned count;
    pthread_mutex_lock(&mu);
    count = hanging;
    pthread_mutex_unlock(&mu);
    return count;
}

bool names_await_hanging(unsigned count)
{
    int64_t deadline = sx_clock_deadline(LONG_US);
    bool in_time = true, hang;
    pthread_mutex_lock(&mu);
    while (!(hang = hanging >= count) && in_time)
        in_time = sx_clock_cond_wait(&changed, &mu, deadline);
    pthread_mutex_unlock(&mu);
    return hang;
}

void names_release(void)
{
    pthread_mutex_lock(&mu);
    releases++;
    pthread_cond_broadcast(&changed);
    while (hanging > 0)
        pthread_cond_wait(&changed, &mu);
    pthread_mutex_unlock(&mu);
}
