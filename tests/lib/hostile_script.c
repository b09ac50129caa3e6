/* hostile_script.c - the ready-made scripts, and the variables in the texts of any script.
 *
 * Invariant: variables depend on nothing but what was heard, which is read as text, not as XML: the
 * peer's tags are those of an XMPP library, with no '>' inside an attribute.
 *
 * Happy path: a dollar -> its variable -> the last tag heard that tells it.
 * Failure modes: nothing heard tells it, or it is longer than VALUE_BYTES: empty, or cut.
 */
#include "hostile_script.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hostile.h"

enum { VALUE_BYTES = HOSTILE_SCRIPT_VALUE_BYTES };

#define TLS_FEATURE                                                                                \
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"    \
    "</stream:features>"
#define PLAIN_FEATURE                                                                              \
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                       \
    "<mechanism>PLAIN</mechanism></mechanisms></stream:features>"
#define BIND_FEATURE                                                                               \
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"

const struct hostile_step hostile_offer_tls[] = {
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_STREAM TLS_FEATURE},
    {HOSTILE_END},
};

const struct hostile_step hostile_authenticate_plain[] = {
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_STREAM PLAIN_FEATURE},
    {HOSTILE_EXPECT, .text = "</auth>"},
    {HOSTILE_SEND, .text = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"},
    {HOSTILE_END},
};

const struct hostile_step hostile_bind[] = {
    {HOSTILE_EXPECT, .text = "<stream:stream"},
    {HOSTILE_SEND, .text = HOSTILE_STREAM BIND_FEATURE},
    {HOSTILE_EXPECT, .text = "<bind"},
    {HOSTILE_EXPECT, .text = "</iq>"},
    {HOSTILE_SEND, .text = "<iq type='result' id='$ID'><bind xmlns='urn:ietf:params:xml:ns:"
                           "xmpp-bind'><jid>$JID</jid></bind></iq>"},
    {HOSTILE_END},
};

const struct hostile_step hostile_login_plain[] = {
    {HOSTILE_PLAY, .steps = hostile_authenticate_plain},
    {HOSTILE_PLAY, .steps = hostile_bind},
    {HOSTILE_END},
};

const struct hostile_step hostile_login_tls[] = {
    {HOSTILE_PLAY, .steps = hostile_offer_tls},
    {.kind = HOSTILE_STARTTLS},
    {HOSTILE_PLAY, .steps = hostile_login_plain},
    {HOSTILE_END},
};

/* ---- variables ---- */

struct heard {
    const char *bytes;
    size_t len;
};

static const char *find_last(const struct heard *heard, const char *text)
{
    const char *found = NULL, *next = heard->bytes, *end = next + heard->len;
    for (; (next = memmem(next, (size_t)(end - next), text, strlen(text))); next++)
        found = next;
    return found;
}

static void copy_until(const char *from, const char *ends, char out[VALUE_BYTES])
{
    snprintf(out, VALUE_BYTES, "%.*s", (int)strcspn(from, ends), from);
}

/* Copies an attribute of tag, "" if it has none. name comes with the blank before it and the sign
 * after it. */
static void find_attribute(const char *tag, const char *name, char out[VALUE_BYTES])
{
    const char *value = tag ? memmem(tag, strcspn(tag, ">"), name, strlen(name)) : NULL;
    out[0] = '\0';
    if (!value)
        return;
    value += strlen(name);
    copy_until(value + 1, *value == '"' ? "\"" : "'", out);
}

/* The text of the last such element, "" if there is none. */
static void find_text(const struct heard *heard, const char *tag_begin, char out[VALUE_BYTES])
{
    const char *tag = find_last(heard, tag_begin);
    out[0] = '\0';
    if (tag && tag[strcspn(tag, ">")])
        copy_until(tag + strcspn(tag, ">") + 1, "<", out);
}

static const char *last_stanza(const struct heard *heard)
{
    static const char *const begins[] = {"<iq ", "<message ", "<presence "};
    const char *last = NULL;
    size_t i;
    for (i = 0; i < sizeof begins / sizeof *begins; i++) {
        const char *found = find_last(heard, begins[i]);
        if (found && (!last || found > last))
            last = found;
    }
    return last;
}

/* RFC 5802 5.1: =2C is a comma, =3D an equals sign. */
static void unescape(char *name)
{
    char *out = name;
    for (; *name; name++) {
        bool is_escaped = strncmp(name, "=2C", 3) == 0 || strncmp(name, "=3D", 3) == 0;
        *out++ = is_escaped ? (name[1] == '2' ? ',' : '=') : *name;
        name += is_escaped ? 2 : 0;
    }
    *out = '\0';
}

/* What the certificate would say, as the stream header does (RFC 6120 4.7.1). */
static void find_sender(const struct heard *heard, char out[VALUE_BYTES])
{
    find_attribute(find_last(heard, "<stream:stream "), " from=", out);
    out[strcspn(out, "@")] = '\0';
}

/* The user in what PLAIN sent: authzid NUL authcid NUL password (RFC 4616); or SCRAM: its GS2
 * header, n=user, r=nonce (RFC 5802). */
static void find_user(const struct heard *heard, char out[VALUE_BYTES])
{
    char base64[VALUE_BYTES], plain[VALUE_BYTES + 2] = "", *user;
    find_text(heard, "<auth ", base64);
    if (EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)base64,
                        (int)strlen(base64)) <= 0) {
        find_sender(heard, out);
        return;
    }
    user = strstr(plain, ",n=");
    if (!user) {
        snprintf(out, VALUE_BYTES, "%s", plain + strlen(plain) + 1);
        return;
    }
    copy_until(user + strlen(",n="), ",", out);
    unescape(out);
}

static void find_id(const struct heard *heard, char out[VALUE_BYTES])
{
    find_attribute(last_stanza(heard), " id=", out);
}

static void find_to(const struct heard *heard, char out[VALUE_BYTES])
{
    find_attribute(last_stanza(heard), " to=", out);
}

static void find_domain(const struct heard *heard, char out[VALUE_BYTES])
{
    find_attribute(find_last(heard, "<stream:stream "), " to=", out);
}

static void find_jid(const struct heard *heard, char out[VALUE_BYTES])
{
    char user[VALUE_BYTES], domain[VALUE_BYTES], resource[VALUE_BYTES];
    find_user(heard, user);
    find_domain(heard, domain);
    find_text(heard, "<resource>", resource);
    snprintf(out, VALUE_BYTES, "%.300s@%.300s/%.300s", user, domain,
             resource[0] ? resource : "hostile");
}

/* The length of the variable's name at the beginning of text, with its value; 0 if it is none. */
static size_t find_variable(const char *text, const struct heard *heard, char out[VALUE_BYTES])
{
    static const struct {
        const char *name;
        void (*find)(const struct heard *heard, char out[VALUE_BYTES]);
    } variables[] = {
        {"$ID", find_id}, {"$TO", find_to}, {"$JID", find_jid}, {"$DOMAIN", find_domain}};
    size_t i;
    for (i = 0; i < sizeof variables / sizeof *variables; i++) {
        size_t len = strlen(variables[i].name);
        if (strncmp(text, variables[i].name, len) == 0) {
            variables[i].find(heard, out);
            return len;
        }
    }
    return 0;
}

void hostile_script_text(const char *bytes, size_t len, const char *tag_begin,
                         char out[VALUE_BYTES])
{
    struct heard heard = {bytes, len};
    find_text(&heard, tag_begin, out);
}

void hostile_script_attribute(const char *bytes, size_t len, const char *tag_begin,
                              const char *name, char out[VALUE_BYTES])
{
    struct heard heard = {bytes, len};
    find_attribute(find_last(&heard, tag_begin), name, out);
}

void hostile_script_fill_in(const char *text, const char *bytes, size_t len, struct sx_buffer *out)
{
    struct heard heard = {bytes, len};
    char value[VALUE_BYTES];
    while (*text) {
        size_t plain = strcspn(text, "$"), name;
        sx_buffer_add(out, text, plain);
        text += plain;
        if (!*text)
            return;
        name = find_variable(text, &heard, value);
        if (name)
            sx_buffer_add_text(out, value);
        else
            sx_buffer_add(out, text, 1);
        text += name ? name : 1;
    }
}
