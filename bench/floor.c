/* floor.c - the floor: what a server makes of the same bytes when nobody looks at them.
 *
 * Noun: the pair, two raw XMPP clients in one process. One sends an envelope's bytes in <iq
 * type='set'>, the other answers with another's. No XML is parsed: a stanza ends where its end tag
 * stands, which is right for the stanzas that occur here and no others.
 *
 * Happy path: connect, SASL PLAIN, bind (blocking) -> orders (slice.h), by epoll.
 * Failure modes: whatever isn't as expected, or 10 s of silence during a slice, ends the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/slice.h"

static const char usage[] =
    "usage: floor PORT DOMAIN off|CAFILE FOLDER NAME:PASSWORD NAME:PASSWORD\n"
    "The address is 127.0.0.1; with a CAFILE TLS from the first byte. FOLDER holds\n"
    "PAYLOAD.request and PAYLOAD.answer. Orders on standard input: slice.h\n";

enum { READ_BYTES = 1 << 18, SILENCE_MS = 10000, HEAD_BYTES = 1024 };

struct bytes {
    char *at;
    size_t begin, end, room;
};

struct client {
    int fd;
    SSL *ssl; /* NULL: no TLS */
    char jid[512];
    struct bytes in, out;
    size_t searched; /* in.at[in.begin] and so many behind it hold no end of the first stanza */
    bool waits_to_write;
};

static struct {
    int port;
    const char *domain, *folder;
    SSL_CTX *tls;
} to;

static struct slice slice;
static int64_t begun_ns[SLICE_OUTSTANDING]; /* by the number in a request's id */
static int64_t since_ns;                    /* not 0: one call alone, measured from then on */
static unsigned under_way;
static char *request, *answer;
static unsigned long request_len, answer_len;

/* ---- bytes ---- */

static char *reserve(struct bytes *bytes, size_t more)
{
    if (bytes->begin == bytes->end)
        bytes->begin = bytes->end = 0;
    if (bytes->end + more > bytes->room && bytes->begin) {
        memmove(bytes->at, bytes->at + bytes->begin, bytes->end - bytes->begin);
        bytes->end -= bytes->begin;
        bytes->begin = 0;
    }
    if (bytes->end + more > bytes->room) {
        bytes->room = (bytes->end + more) * 2;
        bytes->at = realloc(bytes->at, bytes->room);
        if (!bytes->at)
            slice_die("no memory");
    }
    return bytes->at + bytes->end;
}

static void add(struct bytes *bytes, const char *text, size_t len)
{
    memcpy(reserve(bytes, len), text, len);
    bytes->end += len;
}

/* How many were read; 0 when there are none for now. */
static size_t take_in(struct client *client)
{
    char *place = reserve(&client->in, READ_BYTES);
    ssize_t got = client->ssl ? SSL_read(client->ssl, place, READ_BYTES)
                              : read(client->fd, place, READ_BYTES);
    if (got > 0) {
        client->in.end += (size_t)got;
        return (size_t)got;
    }
    if (client->ssl ? SSL_get_error(client->ssl, (int)got) == SSL_ERROR_WANT_READ
                    : got < 0 && errno == EAGAIN)
        return 0;
    slice_die("%s: the server has closed the connection", client->jid);
}

static void put_out(struct client *client, int epoll)
{
    struct bytes *out = &client->out;
    bool blocked = false;
    while (out->begin < out->end && !blocked) {
        size_t len = out->end - out->begin;
        ssize_t put = client->ssl ? SSL_write(client->ssl, out->at + out->begin, (int)len)
                                  : send(client->fd, out->at + out->begin, len, MSG_NOSIGNAL);
        if (put > 0)
            out->begin += (size_t)put;
        else if (client->ssl ? SSL_get_error(client->ssl, (int)put) == SSL_ERROR_WANT_WRITE
                             : errno == EAGAIN)
            blocked = true;
        else
            slice_die("%s: can't write", client->jid);
    }
    if (epoll >= 0 && blocked != client->waits_to_write) {
        struct epoll_event event = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0),
                                    .data.ptr = client};
        epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event);
        client->waits_to_write = blocked;
    }
}

/* ---- logging in ---- */

static void say(struct client *client, const char *text)
{
    add(&client->out, text, strlen(text));
    put_out(client, -1);
}

/* Reads until text has come; what has come stays, NUL-terminated, until the next say_and_hear. */
static const char *say_and_hear(struct client *client, const char *words, const char *text)
{
    client->in.begin = client->in.end = 0;
    say(client, words);
    do {
        take_in(client);
        *reserve(&client->in, 1) = '\0';
        if (strstr(client->in.at, "<failure") || strstr(client->in.at, "<stream:error"))
            slice_die("waiting for %s: %s", text, client->in.at);
    } while (!strstr(client->in.at, text));
    return client->in.at;
}

static void dial(struct client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to.port)};
    int yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof address))
        slice_die("port %d: %s", to.port, strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (!to.tls)
        return;
    client->ssl = SSL_new(to.tls);
    SSL_set_fd(client->ssl, client->fd);
    SSL_set_tlsext_host_name(client->ssl, to.domain);
    SSL_set1_host(client->ssl, to.domain);
    SSL_set_mode(client->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_connect(client->ssl) != 1) {
        ERR_print_errors_fp(stderr);
        slice_die("port %d: no TLS", to.port);
    }
}

/* account: name:password */
static void log_in(struct client *client, const char *account, const char *resource)
{
    const char *colon = strchr(account, ':'), *jid;
    char header[HEAD_BYTES], text[HEAD_BYTES];
    unsigned char plain[256], encoded[400];
    if (!colon)
        slice_die("%s is no NAME:PASSWORD", account);
    int len = snprintf((char *)plain, sizeof plain, "%c%.*s%c%s", 0, (int)(colon - account),
                       account, 0, colon + 1);
    EVP_EncodeBlock(encoded, plain, len);
    snprintf(header, sizeof header,
             "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' to='%s' "
             "xmlns:stream='http://etherx.jabber.org/streams'>",
             to.domain);
    dial(client);
    say_and_hear(client, header, "</stream:features>");
    snprintf(text, sizeof text,
             "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", encoded);
    say_and_hear(client, text, "<success");
    say_and_hear(client, header, "</stream:features>");
    snprintf(text, sizeof text,
             "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
             "<resource>%s</resource></bind></iq>",
             resource);
    jid = strstr(say_and_hear(client, text, "</iq>"), "<jid>");
    if (!jid || sscanf(jid, "<jid>%511[^<]", client->jid) != 1)
        slice_die("no JID was bound: %s", client->in.at);
    client->in.begin = client->in.end = client->searched = 0;
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
}

static void log_out(struct client *client)
{
    say(client, "</stream:stream>");
    SSL_free(client->ssl);
    close(client->fd);
    free(client->in.at);
    free(client->out.at);
    memset(client, 0, sizeof *client);
}

/* ---- stanzas ---- */

/* The length of the first stanza, 0 if it isn't whole. Both servers write > in attributes as &gt;.
 */
static size_t stanza_len(struct client *client)
{
    char tag[64] = "</";
    char *first, *head_end, *end;
    size_t len, name_len, tag_len;
    while (client->in.begin < client->in.end && client->in.at[client->in.begin] != '<')
        client->in.begin++; /* white space keeps a connection alive */
    first = client->in.at + client->in.begin;
    len = client->in.end - client->in.begin;
    head_end = len ? memchr(first, '>', len) : NULL;
    if (!head_end)
        return 0;
    if (head_end[-1] == '/')
        return (size_t)(head_end + 1 - first);
    name_len = strcspn(first + 1, " >");
    if (name_len + 4 > sizeof tag)
        slice_die("%s: %.60s", client->jid, first);
    memcpy(tag + 2, first + 1, name_len);
    tag[2 + name_len] = '>';
    tag_len = name_len + 3;
    end = memmem(first + client->searched, len - client->searched, tag, tag_len);
    if (end)
        client->searched = 0;
    else if (len > tag_len)
        client->searched = len - tag_len;
    return end ? (size_t)(end + tag_len - first) : 0;
}

/* The value of an attribute of the stanza's first tag, NUL-terminated; dies without one. */
static void get_attribute(const char *stanza, const char *name, char *value, size_t room)
{
    const char *head_end = strchr(stanza, '>'), *at = stanza;
    size_t name_len = strlen(name), len;
    while ((at = strchr(at, ' ')) && at < head_end) {
        at++;
        if (strncmp(at, name, name_len) != 0 || at[name_len] != '=')
            continue;
        at += name_len + 1;
        len = strcspn(at + 1, *at == '"' ? "\"" : "'");
        if (len < room) {
            memcpy(value, at + 1, len);
            value[len] = '\0';
            return;
        }
    }
    slice_die("no %s in %.200s", name, stanza);
}

static void ask(struct client *caller, const struct client *service, unsigned number)
{
    char head[HEAD_BYTES];
    int len = snprintf(head, sizeof head, "<iq type='set' id='q%u' to='%s'>", number, service->jid);
    begun_ns[number] = since_ns ? since_ns : slice_now_ns();
    add(&caller->out, head, (size_t)len);
    add(&caller->out, request, request_len);
    add(&caller->out, "</iq>", 5);
    under_way++;
}

static void reply(struct client *service, const char *stanza, const char *id)
{
    char from[512], head[HEAD_BYTES];
    int len;
    get_attribute(stanza, "from", from, sizeof from);
    len = snprintf(head, sizeof head, "<iq type='result' id='%.100s' to='%s'>", id, from);
    add(&service->out, head, (size_t)len);
    add(&service->out, answer, answer_len);
    add(&service->out, "</iq>", 5);
}

static void hear_stanza(struct client *client, struct client *service, const char *stanza)
{
    char id[128], type[32];
    if (strncmp(stanza, "<iq", 3) != 0)
        slice_die("%s: unexpected: %.300s", client->jid, stanza);
    get_attribute(stanza, "id", id, sizeof id);
    get_attribute(stanza, "type", type, sizeof type);
    if (client == service && strcmp(type, "set") == 0) {
        reply(service, stanza, id);
        return;
    }
    unsigned number = (unsigned)strtoul(id + 1, NULL, 10);
    if (client == service || strcmp(type, "result") != 0 || number >= slice.outstanding)
        slice_die("%s: unexpected: %.600s", client->jid, stanza);
    under_way--;
    slice_done(&slice, begun_ns[number]);
    if (!since_ns && slice_asks(&slice))
        ask(client, service, number);
}

static void hear_all(struct client *client, struct client *service)
{
    size_t got, len;
    while ((got = take_in(client)) > 0) {
        *reserve(&client->in, 1) = '\0';
        while ((len = stanza_len(client)) > 0) {
            char *stanza = client->in.at + client->in.begin, next = stanza[len];
            stanza[len] = '\0';
            hear_stanza(client, service, stanza);
            stanza[len] = next;
            client->in.begin += len;
        }
        if (!client->ssl && got < READ_BYTES)
            break; /* asking again would only be told that there is nothing */
    }
}

/* ---- orders ---- */

static void load(const char *payload)
{
    static char loaded[sizeof slice.payload];
    if (strcmp(loaded, payload) == 0)
        return;
    free(request);
    free(answer);
    request = slice_file(to.folder, payload, "request", &request_len);
    answer = slice_file(to.folder, payload, "answer", &answer_len);
    snprintf(loaded, sizeof loaded, "%s", payload);
}

static void run(struct client *caller, struct client *service)
{
    struct epoll_event events[2] = {{.events = EPOLLIN, .data.ptr = caller},
                                    {.events = EPOLLIN, .data.ptr = service}};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, caller->fd, &events[0]);
    epoll_ctl(epoll, EPOLL_CTL_ADD, service->fd, &events[1]);
    for (unsigned i = 0; i < slice.outstanding && (since_ns || slice_asks(&slice)); i++)
        ask(caller, service, i);
    put_out(caller, epoll);
    while (under_way) {
        int ready = epoll_wait(epoll, events, 2, SILENCE_MS);
        if (ready <= 0)
            slice_die("nothing came for 10 s");
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (events[i].events & ~(unsigned)EPOLLOUT)
                hear_all(client, service);
            put_out(client, epoll);
        }
    }
    close(epoll);
}

/* From nothing to the first answer, once for each call of the slice. */
static void run_first(const char *account, struct client *service)
{
    slice.outstanding = 1;
    while (slice_asks(&slice)) {
        struct client caller = {.fd = -1};
        since_ns = slice_now_ns();
        log_in(&caller, account, "floor-first");
        run(&caller, service);
        log_out(&caller);
    }
    since_ns = 0;
}

int main(int argc, char **argv)
{
    struct client caller = {.fd = -1}, service = {.fd = -1};
    if (argc != 7) {
        fputs(usage, stderr);
        return 2;
    }
    to.port = atoi(argv[1]);
    to.domain = argv[2];
    to.folder = argv[4];
    if (strcmp(argv[3], "off") != 0) {
        to.tls = SSL_CTX_new(TLS_client_method());
        if (!to.tls || SSL_CTX_load_verify_locations(to.tls, argv[3], NULL) != 1)
            slice_die("can't use %s", argv[3]);
        SSL_CTX_set_verify(to.tls, SSL_VERIFY_PEER, NULL);
    }
    log_in(&caller, argv[5], "floor-caller");
    log_in(&service, argv[6], "floor-service");
    slice_ready();
    while (slice_read(&slice)) {
        load(strcmp(slice.payload, "first") == 0 ? "add" : slice.payload);
        if (strcmp(slice.payload, "first") == 0)
            run_first(argv[5], &service);
        else
            run(&caller, &service);
        slice_print(&slice);
    }
    log_out(&caller);
    log_out(&service);
    return 0;
}
