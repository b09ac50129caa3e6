/* dns.c - invariant: dns.h.
 *
 * Happy path: a question by UDP -> each record is read by its own
 * parser. Failure modes: a server that is silent costs 2 seconds; what can't be parsed is left out.
 */
#include "doctor/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES = 8192, TRY_S = 2, SERVERS = 2, DNS_PORT = 53 };

/* ---- asking ---- */

static bool read_server(const char *text, struct sockaddr_in *server)
{
    char address[INET_ADDRSTRLEN] = "";
    size_t len = strcspn(text, ":");
    long port = DNS_PORT;
    if (text[len] == ':')
        port = atol(text + len + 1);
    if (len >= sizeof address || port < 1 || port > 65535)
        return false;
    memcpy(address, text, len);
    *server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, address, &server->sin_addr) == 1;
}

bool dns_is_server(const char *name_server)
{
    struct sockaddr_in server;
    return read_server(name_server, &server);
}

static bool begin(struct __res_state *state, const char *name_server)
{
    struct sockaddr_in server;
    memset(state, 0, sizeof *state);
    if (res_ninit(state))
        return false;
    state->retrans = TRY_S;
    state->retry = 1;
    /* By TCP the C library would wait for minutes; what is cut off is left out. */
    state->options |= RES_IGNTC | RES_USE_EDNS0;
    if (state->nscount > SERVERS)
        state->nscount = SERVERS;
    if (name_server && read_server(name_server, &server)) {
        state->nscount = 1;
        state->nsaddr_list[0] = server;
        state->_u._ext.nscount = 0;
    }
    return true;
}

/* The answer's message; what comes instead. */
static enum dns_result ask(const char *name, int type, const char *name_server,
                           unsigned char answer[ANSWER_BYTES], ns_msg *message)
{
    struct __res_state state;
    enum dns_result result = DNS_SILENT;
    int len;
    if (!begin(&state, name_server))
        return DNS_SILENT;
    len = res_nquery(&state, name, ns_c_in, type, answer, ANSWER_BYTES);
    if (len > ANSWER_BYTES)
        len = ANSWER_BYTES;
    if (len >= 0 && ns_initparse(answer, len, message) == 0)
        result = ns_msg_count(*message, ns_s_an) ? DNS_FOUND : DNS_NONE;
    else if (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA)
        result = DNS_NONE;
    res_nclose(&state);
    return result;
}

/* ---- SRV ---- */

static int compare(const void *left, const void *right)
{
    const struct dns_target *a = left, *b = right;
    if (a->priority != b->priority)
        return a->priority < b->priority ? -1 : 1;
    return a->weight > b->weight ? -1 : a->weight < b->weight;
}

static bool read_target(ns_msg message, const ns_rr *record, struct dns_target *target)
{
    const unsigned char *data = ns_rr_rdata(*record);
    if (ns_rr_type(*record) != ns_t_srv || ns_rr_rdlen(*record) < 7)
        return false;
    target->priority = ns_get16(data);
    target->weight = ns_get16(data + 2);
    target->port = ns_get16(data + 4);
    return ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), data + 6, target->host,
                              sizeof target->host) >= 0;
}

enum dns_result dns_find_targets(const char *ascii, bool is_direct, const char *name_server,
                                 const struct deadline *deadline, struct dns_targets *targets)
{
    unsigned char answer[ANSWER_BYTES];
    char name[DNS_NAME_BYTES + 32];
    enum dns_result result;
    ns_msg message;
    int i;
    if (deadline_is_over(deadline))
        return DNS_SILENT;
    snprintf(name, sizeof name, "_xmpp%s-client._tcp.%s", is_direct ? "s" : "", ascii);
    result = ask(name, ns_t_srv, name_server, answer, &message);
    for (i = 0; result == DNS_FOUND && i < ns_msg_count(message, ns_s_an); i++) {
        struct dns_target *target = &targets->all[targets->count];
        ns_rr record;
        if (targets->count == DNS_TARGETS || ns_parserr(&message, ns_s_an, i, &record) ||
            !read_target(message, &record, target))
            continue;
        target->is_direct = is_direct;
        if (!*target->host || strcmp(target->host, ".") == 0)
            result = DNS_NOT_OFFERED;
        else
            targets->count++;
    }
    qsort(targets->all, targets->count, sizeof targets->all[0], compare);
    return result;
}

/* ---- addresses ---- */

static void add_address(struct dns_addresses *addresses, const void *address, size_t len)
{
    if (addresses->count < DNS_ADDRESSES && len <= sizeof addresses->all[0])
        memcpy(&addresses->all[addresses->count++], address, len);
}

static enum dns_result ask_addresses(const char *host, int type, const char *name_server,
                                     struct dns_addresses *addresses)
{
    unsigned char answer[ANSWER_BYTES];
    ns_msg message;
    enum dns_result result = ask(host, type, name_server, answer, &message);
    int i;
    for (i = 0; result == DNS_FOUND && i < ns_msg_count(message, ns_s_an); i++) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, i, &record) || (int)ns_rr_type(record) != type)
            continue; /* a CNAME, say */
        if (type == ns_t_a && ns_rr_rdlen(record) == sizeof in.sin_addr) {
            memcpy(&in.sin_addr, ns_rr_rdata(record), sizeof in.sin_addr);
            add_address(addresses, &in, sizeof in);
        } else if (type == ns_t_aaaa && ns_rr_rdlen(record) == sizeof in6.sin6_addr) {
            memcpy(&in6.sin6_addr, ns_rr_rdata(record), sizeof in6.sin6_addr);
            add_address(addresses, &in6, sizeof in6);
        }
    }
    return result;
}

/* What the C library's look-up works on: it goes on when nobody waits any longer. */
struct lookup {
    char host[DNS_NAME_BYTES];
    struct addrinfo hints;
    struct gaicb request;
};

static enum dns_result take_found(struct lookup *lookup, struct dns_addresses *addresses, char *why,
                                  size_t why_bytes)
{
    const struct addrinfo *at;
    int error = gai_error(&lookup->request);
    if (error) {
        snprintf(why, why_bytes, "%s", gai_strerror(error));
        return error == EAI_NONAME || error == EAI_NODATA ? DNS_NONE : DNS_SILENT;
    }
    for (at = lookup->request.ar_result; at; at = at->ai_next)
        add_address(addresses, at->ai_addr, at->ai_addrlen);
    freeaddrinfo(lookup->request.ar_result);
    return addresses->count ? DNS_FOUND : DNS_NONE;
}

static enum dns_result look_up(const char *host, const struct deadline *deadline,
                               struct dns_addresses *addresses, char *why, size_t why_bytes)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    struct gaicb *list[1];
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    enum dns_result result = DNS_SILENT;
    bool is_over = false;
    snprintf(why, why_bytes, "no answer in time");
    if (!lookup)
        return DNS_SILENT;
    snprintf(lookup->host, sizeof lookup->host, "%s", host);
    lookup->hints.ai_socktype = SOCK_STREAM;
    lookup->request.ar_name = lookup->host;
    lookup->request.ar_request = &lookup->hints;
    list[0] = &lookup->request;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, &none) == 0) {
        while (gai_error(list[0]) == EAI_INPROGRESS && !deadline_is_over(deadline)) {
            int left_ms = deadline_left_ms(deadline, 1000);
            struct timespec left = {left_ms / 1000, left_ms % 1000 * 1000000L};
            (void)gai_suspend((const struct gaicb *const *)list, 1, &left);
        }
        is_over = gai_error(list[0]) != EAI_INPROGRESS;
        if (is_over)
            result = take_found(lookup, addresses, why, why_bytes);
        else if (gai_cancel(list[0]) == EAI_CANCELED)
            is_over = true;
    } else {
        is_over = true;
    }
    if (is_over)
        free(lookup);
    return result;
}

static bool read_literal(const char *host, struct dns_addresses *addresses)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char inner[INET6_ADDRSTRLEN + 2];
    size_t len = strlen(host);
    if (len > 2 && len < sizeof inner && host[0] == '[' && host[len - 1] == ']') {
        snprintf(inner, sizeof inner, "%.*s", (int)len - 2, host + 1);
        host = inner;
    }
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
        add_address(addresses, &in, sizeof in);
    else if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1)
        add_address(addresses, &in6, sizeof in6);
    return addresses->count > 0;
}

enum dns_result dns_find_addresses(const char *host, const char *name_server,
                                   const struct deadline *deadline, struct dns_addresses *addresses,
                                   char *why, size_t why_bytes)
{
    enum dns_result v4, v6;
    addresses->count = 0;
    snprintf(why, why_bytes, "no such name, or no address");
    if (read_literal(host, addresses))
        return DNS_FOUND;
    if (!name_server)
        return look_up(host, deadline, addresses, why, why_bytes);
    v6 = ask_addresses(host, ns_t_aaaa, name_server, addresses);
    v4 = v6 == DNS_SILENT ? v6 : ask_addresses(host, ns_t_a, name_server, addresses);
    if (addresses->count)
        return DNS_FOUND;
    if (v4 != DNS_SILENT && v6 != DNS_SILENT)
        return DNS_NONE;
    snprintf(why, why_bytes, "the name server doesn't answer");
    return DNS_SILENT;
}

bool dns_is_in_hosts(const char *host)
{
    FILE *file = fopen("/etc/hosts", "re");
    char line[1024];
    bool is_there = false;
    while (file && !is_there && fgets(line, sizeof line, file)) {
        char *rest = NULL, *word;
        line[strcspn(line, "#\n")] = '\0';
        strtok_r(line, " \t", &rest);
        while (!is_there && (word = strtok_r(NULL, " \t", &rest)))
            is_there = strcasecmp(word, host) == 0;
    }
    if (file)
        fclose(file);
    return is_there;
}
