/* stranger.c - an XMPP client on bare sockets.
 *
 * Invariant: a stranger that was returned is logged in, and nothing of the login is left to hear.
 *
 * Happy path: connect -> STARTTLS -> PLAIN -> bind -> say, hear ... -> close.
 * Failure modes: a server that doesn't answer or refuses: a failed assertion that shows the step.
 */
#include "stranger.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "guest.h"
#include "suite.h"
#include "tcp.h"

enum { US_PER_MS = 1000, VALUE_BYTES = 16384 };

struct stranger {
    struct guest guest;
    struct sx_buffer told; /* what stranger_hear() returned last */
};

static int64_t deadline(void)
{
    return sx_clock_deadline((int64_t)TCP_LONG_MS * US_PER_MS);
}

static void ignore(void *user, const char *bytes, size_t len)
{
    (void)user, (void)bytes, (void)len;
}

bool stranger_say(struct stranger *stranger, const char *text)
{
    return guest_write(&stranger->guest, text, strlen(text), deadline()) == GUEST_DONE;
}

bool stranger_say_format(struct stranger *stranger, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    bool said;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    said = stranger_say(stranger, text);
    free(text);
    return said;
}

const char *stranger_hear(struct stranger *stranger, const char *text)
{
    struct guest *guest = &stranger->guest;
    size_t before = guest->position;
    enum guest_outcome outcome = guest_expect(guest, text, deadline());
    if (outcome != GUEST_DONE) {
        printf("\n    a stranger%s has not heard \"%s\" but \"%.400s\"",
               outcome == GUEST_OVER ? " that was cut off" : "", text,
               guest->heard.bytes ? guest->heard.bytes + before : "");
        return NULL;
    }
    sx_buffer_clear(&stranger->told);
    sx_buffer_add(&stranger->told, guest->heard.bytes + before, guest->position - before);
    if (stranger->told.failed)
        abort();
    return stranger->told.bytes;
}

bool stranger_is_left(struct stranger *stranger)
{
    enum guest_outcome outcome;
    int64_t until = deadline();
    do
        outcome = guest_read(&stranger->guest, until);
    while (outcome == GUEST_DONE);
    return outcome == GUEST_OVER;
}

unsigned stranger_count(const struct stranger *stranger, const char *text)
{
    const char *next = stranger->guest.heard.bytes, *end = next + stranger->guest.position;
    unsigned count = 0;
    while (next && (next = memmem(next, (size_t)(end - next), text, strlen(text)))) {
        next += strlen(text);
        count++;
    }
    return count;
}

static const char *last_stanza(const char *heard)
{
    static const char *const names[] = {"<iq ", "<message "};
    const char *last = "", *next;
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        for (next = heard; (next = strstr(next, names[i])); next++)
            if (!*last || next > last)
                last = next;
    return last;
}

const char *stranger_attribute(const char *heard, const char *name)
{
    static char values[4][VALUE_BYTES];
    static unsigned turn;
    char *value = values[turn++ % 4], begin[64];
    const char *stanza = last_stanza(heard), *found;
    size_t len = strcspn(stanza, ">");
    snprintf(begin, sizeof begin, " %s='", name);
    found = memmem(stanza, len, begin, strlen(begin));
    value[0] = '\0';
    if (found) {
        found += strlen(begin);
        snprintf(value, VALUE_BYTES, "%.*s", (int)strcspn(found, "'"), found);
    }
    return value;
}

/* ---- login ---- */

static bool exchange(struct stranger *stranger, const char *text, const char *answer)
{
    const char *heard = stranger_say(stranger, text) ? stranger_hear(stranger, answer) : NULL;
    CU_ASSERT_PTR_NOT_NULL(heard);
    return heard != NULL;
}

static bool open_stream(struct stranger *stranger, const char *domain)
{
    char header[400];
    snprintf(header, sizeof header,
             "<?xml version='1.0'?><stream:stream to='%.200s' version='1.0' xmlns='jabber:client' "
             "xmlns:stream='http://etherx.jabber.org/streams'>",
             domain);
    return exchange(stranger, header, "</stream:features>");
}

/* RFC 4616: NUL user NUL password */
static bool authenticate(struct stranger *stranger, const char *user, const char *password)
{
    char plain[300] = "", base64[500], auth[700];
    int len = 1 + snprintf(plain + 1, 140, "%s", user);
    len += 1 + snprintf(plain + len + 1, 140, "%s", password);
    EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)plain, len);
    snprintf(auth, sizeof auth,
             "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", base64);
    return exchange(stranger, auth, "<success");
}

static bool bind_resource(struct stranger *stranger, const char *resource)
{
    char bind[400];
    snprintf(bind, sizeof bind,
             "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
             "<resource>%.200s</resource></bind></iq>",
             resource);
    return exchange(stranger, bind, "</iq>");
}

static bool log_in(struct stranger *stranger, const char *jid, const char *password)
{
    char user[100], domain[200];
    const char *at = strchr(jid, '@'), *slash = strchr(jid, '/');
    snprintf(user, sizeof user, "%.*s", (int)(at - jid), jid);
    snprintf(domain, sizeof domain, "%.*s", (int)(slash - at - 1), at + 1);
    return open_stream(stranger, domain) &&
           exchange(stranger, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed") &&
           guest_shake_hands_as_client(&stranger->guest, deadline()) == GUEST_DONE &&
           open_stream(stranger, domain) && authenticate(stranger, user, password) &&
           open_stream(stranger, domain) && bind_resource(stranger, slash + 1);
}

struct stranger *stranger_open(int port, const char *jid, const char *password)
{
    struct stranger *stranger = calloc(1, sizeof *stranger);
    int fd = tcp_connect(port);
    CU_ASSERT_TRUE(fd >= 0);
    if (!stranger || fd < 0)
        goto err_after_alloc;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    stranger->guest = (struct guest){.fd = fd, .stop_fd = -1, .on_bytes = ignore};
    if (log_in(stranger, jid, password))
        return stranger;
    stranger_close(stranger);
    return NULL;

err_after_alloc:
    free(stranger);
    return NULL;
}

void stranger_close(struct stranger *stranger)
{
    if (!stranger)
        return;
    guest_fini(&stranger->guest, false);
    sx_buffer_fini(&stranger->told);
    free(stranger);
}
