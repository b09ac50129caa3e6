/* client.c - see client.h. */
#include "bench/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/slice.h"

enum { READ_BYTES = 1 << 18 };

/* ---- bytes ---- */

static char *reserve(struct client_bytes *bytes, size_t more)
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

void client_add(struct client *client, const char *bytes, size_t len)
{
    memcpy(reserve(&client->out, len), bytes, len);
    client->out.end += len;
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

bool client_flush(struct client *client)
{
    struct client_bytes *out = &client->out;
    while (out->begin < out->end) {
        size_t len = out->end - out->begin;
        ssize_t put = client->ssl ? SSL_write(client->ssl, out->at + out->begin, (int)len)
                                  : send(client->fd, out->at + out->begin, len, MSG_NOSIGNAL);
        if (put > 0)
            out->begin += (size_t)put;
        else if (client->ssl ? SSL_get_error(client->ssl, (int)put) == SSL_ERROR_WANT_WRITE
                             : errno == EAGAIN)
            return true;
        else
            slice_die("%s: can't write", client->jid);
    }
    return false;
}

/* ---- logging in ---- */

void client_place_init(struct client_place *place, const char *port, const char *domain,
                       const char *ca_file)
{
    place->port = atoi(port);
    place->domain = domain;
    place->tls = NULL;
    if (strcmp(ca_file, "off") == 0)
        return;
    place->tls = SSL_CTX_new(TLS_client_method());
    if (!place->tls || SSL_CTX_load_verify_locations(place->tls, ca_file, NULL) != 1)
        slice_die("can't use %s", ca_file);
    SSL_CTX_set_verify(place->tls, SSL_VERIFY_PEER, NULL);
}

/* Reads until text has come; what has come stays, NUL-terminated, until the next say_and_hear. */
static const char *say_and_hear(struct client *client, const char *words, const char *text)
{
    client->in.begin = client->in.end = 0;
    client_add(client, words, strlen(words));
    client_flush(client);
    do {
        take_in(client);
        *reserve(&client->in, 1) = '\0';
        if (strstr(client->in.at, "<failure") || strstr(client->in.at, "<stream:error"))
            slice_die("waiting for %s: %s", text, client->in.at);
    } while (!strstr(client->in.at, text));
    return client->in.at;
}

static void dial(struct client *client, const struct client_place *to)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to->port)};
    int yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof address))
        slice_die("port %d: %s", to->port, strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (!to->tls)
        return;
    client->ssl = SSL_new(to->tls);
    SSL_set_fd(client->ssl, client->fd);
    SSL_set_tlsext_host_name(client->ssl, to->domain);
    SSL_set1_host(client->ssl, to->domain);
    SSL_set_mode(client->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_connect(client->ssl) != 1) {
        ERR_print_errors_fp(stderr);
        slice_die("port %d: no TLS", to->port);
    }
}

void client_log_in(struct client *client, const struct client_place *to, const char *account,
                   const char *resource)
{
    const char *colon = strchr(account, ':'), *jid;
    char header[CLIENT_HEAD_BYTES], text[CLIENT_HEAD_BYTES];
    unsigned char plain[256], encoded[400];
    if (!colon)
        slice_die("%s is no NAME:PASSWORD", account);
    int len = snprintf((char *)plain, sizeof plain, "%c%.*s%c%s", 0, (int)(colon - account),
                       account, 0, colon + 1);
    EVP_EncodeBlock(encoded, plain, len);
    snprintf(header, sizeof header,
             "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' to='%s' "
             "xmlns:stream='http://etherx.jabber.org/streams'>",
             to->domain);
    dial(client, to);
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

void client_log_out(struct client *client)
{
    client_add(client, "</stream:stream>", strlen("</stream:stream>"));
    client_flush(client);
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

void client_attribute(const char *stanza, const char *name, char *value, size_t room)
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

void client_read(struct client *client,
                 void (*hear)(struct client *client, char *stanza, size_t len, void *arg),
                 void *arg)
{
    size_t got, len;
    while ((got = take_in(client)) > 0) {
        *reserve(&client->in, 1) = '\0';
        while ((len = stanza_len(client)) > 0) {
            char *stanza = client->in.at + client->in.begin, next = stanza[len];
            stanza[len] = '\0';
            hear(client, stanza, len, arg);
            stanza[len] = next;
            client->in.begin += len;
        }
        if (!client->ssl && got < READ_BYTES)
            break; /* asking again would only be told that there is nothing */
    }
}
