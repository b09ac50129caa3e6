/* resolver.c - asks DNS and the system for a server's addresses, in a thread that can be left
 * behind.
 *
 * Invariant: a look-up belongs to its owner and to its thread; the last of the two to let go frees
 * it. answer is written by the thread alone, before `done`, and read by the owner alone, after it.
 *
 * Happy path: start -> the thread looks into /etc/hosts, asks for SRV records, then for the
 * addresses of each target -> done, wake_fd -> answer -> free.
 * Failure: no SRV records, or no word about them: the domain itself is asked (RFC 6120 3.2.2). The
 *          last target's error is the look-up's if none has an address. A resolver that hangs costs
 *          a thread until it returns, which asks no more then; SX_RESOLVER_ABANDONED of them are
 *          left behind at most.
 */
#include "net/resolver.h"

#include <arpa/nameser.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "net/dns.h"
#include "net/hosts.h"
#include "wire/domain.h"
#include "wire/jid.h"

enum {
    PORT = 5222,
    DIRECT_TLS_PORT = 5223,
    SERVICES_A_KIND = 16,
    SERVICES = 2 * SERVICES_A_KIND,
    SERVICES_SHARE = 3, /* they take one of so many parts of the time */
};

struct answer {
    enum sx_err err;
    char why[200];
    struct sx_addresses addresses;
};

/* Where a server listens at each of its addresses. */
struct door {
    int port;
    bool is_direct_tls;
};

struct sx_resolver {
    /* immutable */
    char name[SX_JID_PART_BYTES + 1];
    bool is_domain;
    bool stays_here; /* the stream has no TLS because the name is said to be this machine's */
    enum soap_xmpp_tls tls;
    struct door doors[2]; /* of a host; the first one of a domain without SRV records */
    unsigned door_count;
    int64_t deadline;
    int wake_fd;
    /* atomic */
    atomic_uint references;
    atomic_bool done;
    /* the thread's until done, then the owner's */
    struct answer answer;
};

/* One SRV record. */
struct service {
    unsigned priority, weight;
    struct door door;
    char target[NS_MAXDNAME];
};

static atomic_uint abandoned;

/* Their threads aren't in a child. */
static void forget_abandoned(void)
{
    atomic_store(&abandoned, 0);
}

__attribute__((constructor)) static void forget_at_fork(void)
{
    (void)pthread_atfork(NULL, NULL, forget_abandoned);
}

/* ---- addresses ---- */

/* Unless there are `most` already, or it is one of them. */
static void add_address(struct sx_addresses *addresses, const struct addrinfo *info,
                        const struct door *door, unsigned most)
{
    struct sx_resolver_address found = {.port = door->port, .is_direct_tls = door->is_direct_tls};
    unsigned i;
    if (addresses->count >= most || getnameinfo(info->ai_addr, info->ai_addrlen, found.literal,
                                                sizeof found.literal, NULL, 0, NI_NUMERICHOST) != 0)
        return;
    for (i = 0; i < addresses->count; i++)
        if (addresses->at[i].port == door->port &&
            addresses->at[i].is_direct_tls == door->is_direct_tls &&
            strcmp(addresses->at[i].literal, found.literal) == 0)
            return;
    addresses->at[addresses->count++] = found;
}

static enum sx_err error_of(int gai_error)
{
    switch (gai_error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return SX_ENOHOST;
    case EAI_MEMORY:
        return SX_ENOMEM;
    default:
        return SX_EUNRESOLVED;
    }
}

/* All addresses by the first door, then by the next one: each has its share of the room. */
static void add_addresses(struct sx_addresses *addresses, const struct addrinfo *list,
                          const struct door *doors, unsigned count)
{
    const struct addrinfo *info;
    unsigned i;
    for (i = 0; i < count; i++)
        for (info = list; info; info = info->ai_next)
            add_address(addresses, info, &doors[i], SX_RESOLVER_ADDRESSES * (i + 1) / count);
}

/* Appends what the system knows about the host; the outcome is in answer->err and why. */
static void find_host(struct answer *answer, const char *host, const struct door *doors,
                      unsigned count, int flags)
{
    const struct addrinfo hints = {.ai_flags = flags, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char ascii[SX_DOMAIN_ASCII_BYTES];
    enum sx_err prepared = sx_domain_to_ascii(host, ascii);
    int error = prepared == SX_ENOMEM ? EAI_MEMORY
                : prepared != SX_OK   ? EAI_NONAME
                                      : getaddrinfo(ascii, NULL, &hints, &list);
    if (error) {
        answer->err = error_of(error);
        snprintf(answer->why, sizeof answer->why,
                 answer->err == SX_ENOHOST ? "the name %.120s is unknown: %s"
                                           : "the name %.120s can't be resolved now: %s",
                 host, gai_strerror(error));
        return;
    }
    add_addresses(&answer->addresses, list, doors, count);
    freeaddrinfo(list);
    answer->err = answer->addresses.count ? SX_OK : SX_ENOHOST;
    snprintf(answer->why, sizeof answer->why, "the name %.120s has no address", host);
}

/* ---- SRV records ---- */

static bool read_service(ns_msg *message, const ns_rr *record, struct service *out)
{
    const unsigned char *data = ns_rr_rdata(*record);
    if (ns_rr_rdlen(*record) < 7)
        return false;
    out->priority = ns_get16(data);
    out->weight = ns_get16(data + 2);
    out->door.port = (int)ns_get16(data + 4);
    return dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + 6, out->target,
                     sizeof out->target) >= 0;
}

/* What DNS has said about a domain's services, of both kinds. */
struct services {
    int count;
    bool is_uncertain; /* nobody could tell about one kind, or nobody can read it, for the moment */
    struct service at[SERVICES];
};

/* What can't be read may have been a service. */
static void read_record(struct services *services, ns_msg *message, int number, bool is_direct_tls)
{
    struct service *service = &services->at[services->count];
    ns_rr record;
    if (ns_parserr(message, ns_s_an, number, &record) != 0) {
        services->is_uncertain = true;
    } else if (ns_rr_type(record) == ns_t_srv) {
        service->door.is_direct_tls = is_direct_tls;
        if (read_service(message, &record, service))
            services->count++;
        else
            services->is_uncertain = true;
    }
}

static void read_services(struct services *services, const unsigned char *bytes, int len,
                          bool is_direct_tls)
{
    ns_msg message;
    int i, before = services->count;
    if (ns_initparse(bytes, len, &message) != 0) {
        services->is_uncertain = true;
        return;
    }
    for (i = 0; i < ns_msg_count(message, ns_s_an) && services->count - before < SERVICES_A_KIND;
         i++)
        read_record(services, &message, i, is_direct_tls);
}

/* Appends the services of one kind, if the domain has any. */
static void query_services(struct services *services, struct sx_dns *dns, const char *domain,
                           bool is_direct_tls)
{
    unsigned char bytes[SX_DNS_ANSWER_BYTES];
    char name[SX_DOMAIN_ASCII_BYTES + 32];
    int len;
    snprintf(name, sizeof name, "%s._tcp.%s", is_direct_tls ? "_xmpps-client" : "_xmpp-client",
             domain);
    len = sx_dns_ask(dns, name, ns_t_srv, bytes);
    services->is_uncertain |= len < 0;
    if (len > 0)
        read_services(services, bytes, len, is_direct_tls);
}

static int compare_services(const void *a, const void *b)
{
    const struct service *one = a, *other = b;
    if (one->priority != other->priority)
        return one->priority < other->priority ? -1 : 1;
    return one->weight < other->weight ? -1 : one->weight > other->weight;
}

/* RFC 2782: of those with the lowest priority, each with the probability that its weight gives it.
 * The services are sorted, so that those of weight 0 come first. */
static int choose_service(const struct service *services, int count)
{
    uint32_t random, total = 0, sum = 0;
    int i, alike = 0;
    while (alike < count && services[alike].priority == services[0].priority)
        total += services[alike++].weight;
    random = (uint32_t)sx_random_number() % (total + 1);
    for (i = 0; i < alike - 1; i++) {
        sum += services[i].weight;
        if (sum >= random)
            break;
    }
    return i;
}

static bool names_host(const struct service *service)
{
    return service->target[0] && strcmp(service->target, ".") != 0;
}

/* Nobody waits for the rest once the owner has let go. */
static void find_targets(struct sx_resolver *resolver, struct service *services, int count)
{
    struct answer *answer = &resolver->answer;
    qsort(services, (size_t)count, sizeof *services, compare_services);
    while (count > 0 && answer->addresses.count < SX_RESOLVER_ADDRESSES &&
           !atomic_load(&resolver->done)) {
        int chosen = choose_service(services, count);
        if (names_host(&services[chosen]))
            find_host(answer, services[chosen].target, &services[chosen].door, 1, AI_ADDRCONFIG);
        count--;
        for (; chosen < count; chosen++)
            services[chosen] = services[chosen + 1];
    }
    if (answer->addresses.count)
        answer->err = SX_OK;
}

/* "." says that there is no direct TLS, not that there is no server. */
static void drop_refusals(struct services *services)
{
    int i, kept = 0;
    for (i = 0; i < services->count; i++)
        if (names_host(&services->at[i]))
            services->at[kept++] = services->at[i];
    services->count = kept;
}

/* What whoever runs this machine says of the domain: then nobody else is asked. */
static bool find_in_file(struct answer *answer, const char *ascii, const struct door *door)
{
    char literals[SX_RESOLVER_ADDRESSES][SX_HOSTS_LITERAL_BYTES];
    unsigned count = sx_hosts_find(SX_HOSTS_FILE, ascii, literals, SX_RESOLVER_ADDRESSES), i;
    for (i = 0; i < count; i++)
        find_host(answer, literals[i], door, 1, AI_NUMERICHOST);
    return answer->addresses.count > 0;
}

static void find_services(const struct sx_resolver *resolver, struct sx_dns *dns, const char *ascii,
                          struct services *services)
{
    if (resolver->tls != SOAP_XMPP_TLS_OFF)
        query_services(services, dns, ascii, true);
    if (resolver->tls != SOAP_XMPP_TLS_DIRECT) {
        drop_refusals(services);
        query_services(services, dns, ascii, false);
    }
}

static void find_domain(struct sx_resolver *resolver, struct sx_dns *dns)
{
    struct answer *answer = &resolver->answer;
    struct services services = {0};
    char ascii[SX_DOMAIN_ASCII_BYTES];
    if (sx_domain_to_ascii(resolver->name, ascii) == SX_OK) {
        if (find_in_file(answer, ascii, resolver->doors)) {
            answer->addresses.source = "/etc/hosts";
            answer->err = SX_OK;
            return;
        }
        find_services(resolver, dns, ascii, &services);
    }
    sx_dns_tune(dns, resolver->deadline);
    if (services.count > 0) {
        answer->err = SX_ENOHOST;
        snprintf(answer->why, sizeof answer->why,
                 "%.120s offers no such service, says its SRV record", resolver->name);
        answer->addresses.source = "SRV";
        find_targets(resolver, services.at, services.count);
    } else {
        find_host(answer, resolver->name, resolver->doors, 1, AI_ADDRCONFIG);
    }
    /* The records that nobody can read now may name a host that exists. */
    if (services.is_uncertain && answer->err == SX_ENOHOST)
        answer->err = SX_EUNRESOLVED;
}

/* What the name stands for is not the name's to say: a hosts file or DNS may send localhost away.
 */
static void keep_loopback(struct answer *answer, const char *host)
{
    struct sx_addresses *addresses = &answer->addresses;
    char first[48];
    unsigned i, kept = 0;
    if (answer->err != SX_OK)
        return;
    memcpy(first, addresses->at[0].literal, sizeof first);
    first[sizeof first - 1] = '\0';
    for (i = 0; i < addresses->count; i++)
        if (sx_jid_is_loopback(addresses->at[i].literal))
            addresses->at[kept++] = addresses->at[i];
    if (!kept) {
        answer->err = SX_ENOHOST;
        snprintf(answer->why, sizeof answer->why,
                 "the name %.60s stands for %s, which is another machine, and there is no TLS",
                 host, first);
    }
    addresses->count = kept;
}

/* ---- the look-up ---- */

static void drop_reference(struct sx_resolver *resolver)
{
    if (atomic_fetch_sub(&resolver->references, 1) != 1)
        return;
    close(resolver->wake_fd);
    free(resolver);
}

/* Of a name that isn't a domain's, or of an address. */
static void find_doors(struct sx_resolver *resolver, struct answer *answer, int flags)
{
    find_host(answer, resolver->name, resolver->doors, resolver->door_count, flags);
}

static void *run(void *arg)
{
    struct sx_resolver *resolver = arg;
    const uint64_t one = 1;
    int64_t now_us = sx_clock_now_us();
    struct sx_dns dns;
    sx_dns_begin(&dns, now_us + (resolver->deadline - now_us) / SERVICES_SHARE);
    if (resolver->is_domain) {
        find_domain(resolver, &dns);
    } else {
        sx_dns_tune(&dns, resolver->deadline);
        find_doors(resolver, &resolver->answer, AI_ADDRCONFIG);
    }
    if (resolver->stays_here)
        keep_loopback(&resolver->answer, resolver->name);
    if (atomic_exchange(&resolver->done, true))
        atomic_fetch_sub(&abandoned, 1); /* the owner has let go */
    else if (write(resolver->wake_fd, &one, sizeof one) < 0)
        (void)one; /* full: the owner is awake */
    drop_reference(resolver);
    return NULL;
}

static int start_thread(struct sx_resolver *resolver)
{
    pthread_t thread;
    int err;
    atomic_fetch_add(&resolver->references, 1);
    err = sx_thread_start(&thread, run, resolver);
    if (err)
        atomic_fetch_sub(&resolver->references, 1);
    else
        pthread_detach(thread);
    return err;
}

static void set_target(struct sx_resolver *resolver, const struct sx_config *config,
                       const struct sx_redirect_target *target)
{
    bool is_direct = config->tls == SOAP_XMPP_TLS_DIRECT || target->is_direct;
    resolver->tls = config->tls;
    resolver->doors[0].is_direct_tls = is_direct;
    resolver->doors[0].port = target->port ? target->port : is_direct ? DIRECT_TLS_PORT : PORT;
    resolver->doors[1].port = target->port ? target->port : PORT;
    resolver->door_count = is_direct && config->tls != SOAP_XMPP_TLS_DIRECT ? 2 : 1;
    snprintf(resolver->name, sizeof resolver->name, "%s", target->host);
}

static void set_names(struct sx_resolver *resolver, const struct sx_config *config)
{
    struct door *door = resolver->doors;
    resolver->door_count = 1;
    resolver->tls = config->tls;
    door->is_direct_tls = config->tls == SOAP_XMPP_TLS_DIRECT;
    door->port = config->port ? config->port : door->is_direct_tls ? DIRECT_TLS_PORT : PORT;
    resolver->is_domain = !config->host;
    resolver->stays_here =
        config->tls == SOAP_XMPP_TLS_OFF && config->host && sx_jid_is_loopback(config->host);
    if (config->host)
        snprintf(resolver->name, sizeof resolver->name, "%s", config->host);
    else
        sx_jid_domain(config->jid, resolver->name, sizeof resolver->name);
}

/* An address needs nobody to look it up. A domain can be one, too. */
static bool find_literal(struct sx_resolver *resolver)
{
    struct answer answer = {0};
    find_doors(resolver, &answer, AI_NUMERICHOST);
    if (answer.err != SX_OK)
        return false;
    resolver->answer = answer;
    atomic_store(&resolver->done, true);
    return true;
}

struct sx_resolver *sx_resolver_start(const struct sx_config *config,
                                      const struct sx_redirect_target *target, int64_t deadline,
                                      int wake_fd, enum sx_err *err, char *why, size_t why_bytes)
{
    struct sx_resolver *resolver;
    bool hangs = false;
    resolver = calloc(1, sizeof *resolver);
    if (!resolver)
        goto err;
    atomic_init(&resolver->references, 1);
    resolver->deadline = deadline;
    if (target)
        set_target(resolver, config, target);
    else
        set_names(resolver, config);
    resolver->wake_fd = fcntl(wake_fd, F_DUPFD_CLOEXEC, 0);
    if (resolver->wake_fd < 0)
        goto err_after_alloc;
    if (find_literal(resolver))
        return resolver;
    hangs = atomic_load(&abandoned) >= SX_RESOLVER_ABANDONED;
    if (!hangs && start_thread(resolver) == 0)
        return resolver;
    close(resolver->wake_fd);
err_after_alloc:
    free(resolver);
err:
    *err = hangs ? SX_EUNRESOLVED : SX_ENOMEM;
    if (hangs)
        snprintf(why, why_bytes, "the resolver hangs: %d look-ups wait for it",
                 SX_RESOLVER_ABANDONED);
    else
        snprintf(why, why_bytes, "no memory, thread or descriptor to look the server up");
    return NULL;
}

bool sx_resolver_is_done(struct sx_resolver *resolver)
{
    return atomic_load(&resolver->done);
}

enum sx_err sx_resolver_answer(struct sx_resolver *resolver, struct sx_addresses *out, char *why,
                               size_t why_bytes)
{
    const struct answer *answer = &resolver->answer;
    if (answer->err == SX_OK)
        *out = answer->addresses;
    else
        snprintf(why, why_bytes, "%s", answer->why);
    return answer->err;
}

void sx_resolver_free(struct sx_resolver *resolver)
{
    if (!resolver)
        return;
    /* Counted first: the thread that finds it done already takes it off again. */
    atomic_fetch_add(&abandoned, 1);
    if (atomic_exchange(&resolver->done, true))
        atomic_fetch_sub(&abandoned, 1); /* the thread has ended */
    drop_reference(resolver);
}
