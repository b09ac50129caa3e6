/* protocol.c - what answers at a port, by the first bytes that it says.
 *
 * Invariant: what may be XMPP is never taken for something else.
 *
 * Happy path: it is what is awaited, and there is nothing to say. Failure: it is something else,
 * and the clause says what, and how a server of that kind is met, or quotes it.
 */
#include "net/protocol.h"

#include <stdio.h>
#include <string.h>

enum {
    TLS_ALERT = 0x15,
    TLS_HANDSHAKE = 0x16,
    TLS_MAJOR = 3,
    QUOTED_BYTES = 40,
    QUOTE = 34,
    APOSTROPHE = 39
};

static bool begins(const char *first, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(first, with, strlen(with)) == 0;
}

/* The record of an alert or of a handshake (RFC 8446 5.1). */
static bool is_tls(const char *first, size_t len)
{
    return len >= 2 && (first[0] == TLS_ALERT || first[0] == TLS_HANDSHAKE) &&
           first[1] == TLS_MAJOR;
}

/* Blanks and a byte order mark may stand before it. */
static bool is_xml(const char *first, size_t len)
{
    size_t i = begins(first, len, "\xef\xbb\xbf") ? 3 : 0;
    while (i < len && strchr(" \t\r\n", first[i]) && first[i])
        i++;
    return i == len || first[i] == '<';
}

/* Appends the first line, as far as it is text. */
static void quote(const char *first, size_t len, char clause[SX_PROTOCOL_CLAUSE_BYTES])
{
    char line[QUOTED_BYTES + 1];
    size_t i;
    for (i = 0; i < len && i < QUOTED_BYTES && first[i] >= ' ' && first[i] <= '~'; i++)
        line[i] = first[i];
    line[i] = '\0';
    for (i = 0; line[i]; i++)
        if (line[i] == QUOTE)
            line[i] = APOSTROPHE;
    if (line[0])
        snprintf(clause + strlen(clause), SX_PROTOCOL_CLAUSE_BYTES - strlen(clause),
                 ": it says \"%s\"", line);
}

static const char *name_other(const char *first, size_t len)
{
    if (begins(first, len, "HTTP/"))
        return "a web server answers there";
    if (begins(first, len, "SSH-"))
        return "an SSH server answers there";
    return "what answers there speaks no XMPP";
}

bool sx_protocol_explain(const char *first, size_t len, bool is_direct, bool has_tls,
                         char clause[SX_PROTOCOL_CLAUSE_BYTES])
{
    bool awaits_tls = is_direct && !has_tls;
    const char *what = NULL;
    if (!len || (awaits_tls ? is_tls(first, len) : is_xml(first, len)))
        return false;
    if (is_tls(first, len))
        what = "this looks like direct TLS: tls=direct";
    else if (is_xml(first, len))
        what = "this looks like XMPP without direct TLS: tls=required";
    snprintf(clause, SX_PROTOCOL_CLAUSE_BYTES, "%s", what ? what : name_other(first, len));
    if (!what)
        quote(first, len, clause);
    return true;
}
