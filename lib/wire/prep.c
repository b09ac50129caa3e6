/* prep.c - names and passwords in the one form in which servers compare them.
 *
 * Invariant: what is prepared stays what it is when it is prepared again.
 *
 * Happy path: ASCII -> checked and copied here, as libidn would. Beyond it: decode -> libidn maps,
 *             normalises and checks the code points -> encode.
 * Failure modes: libidn allocates, and says so when it can't. Where Unicode 3.2's normalisation
 * isn't stable (its PR 29: characters that compose across others, in no language), the text is
 * prohibited: a second reader of it would find another name.
 */
#include "wire/prep.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#include "base/utf8.h"

enum { CHAR_GROWTH = 18 }; /* U+FDFA again, in characters */

struct profile {
    const Stringprep_profile *tables;
    const char *prohibited; /* in ASCII, beside control characters */
    bool folds;
};

static const struct profile node_profile = {stringprep_xmpp_nodeprep, " \"&'/:<>@", true};
static const struct profile resource_profile = {stringprep_xmpp_resourceprep, "", false};
static const struct profile password_profile = {stringprep_saslprep, "", false};

struct text {
    uint32_t *chars;
    size_t count, capacity;
};

static void wipe(struct text *text)
{
    if (text->chars)
        explicit_bzero(text->chars, text->capacity * sizeof *text->chars);
    free(text->chars);
}

/* ---- ASCII ---- */

static enum sx_err copy_ascii(const char *text, const struct profile *profile, char **out)
{
    char *copy, *at;
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F || strchr(profile->prohibited, *c))
            return SX_EENDPOINT;
    copy = strdup(text);
    if (!copy)
        return SX_ENOMEM;
    for (at = copy; profile->folds && *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at | 0x20);
    *out = copy;
    return SX_OK;
}

/* ---- beyond ASCII ---- */

static enum sx_err decode(const char *from, struct text *text)
{
    size_t bytes = strlen(from), len;
    if (bytes >= SIZE_MAX / CHAR_GROWTH / sizeof *text->chars)
        return SX_ENOMEM;
    /* room for all that the text can become, because libidn works in place; one more, because it
     * wants more room than it uses */
    text->capacity = bytes * CHAR_GROWTH + 1;
    text->chars = malloc(text->capacity * sizeof *text->chars);
    if (!text->chars)
        return SX_ENOMEM;
    for (; *from; from += len) {
        len = sx_utf8_decode(from, &text->chars[text->count]);
        if (!len)
            return SX_EENDPOINT;
        text->count++;
    }
    return SX_OK;
}

static enum sx_err prepare(struct text *text, const struct profile *profile)
{
    size_t count = text->count;
    switch (stringprep_4i(text->chars, &count, text->capacity, 0, profile->tables)) {
    case STRINGPREP_OK:
        text->count = count;
        return SX_OK;
    case STRINGPREP_NFKC_FAILED: /* of nothing but memory: the text is valid */
    case STRINGPREP_MALLOC_ERROR:
        return SX_ENOMEM;
    default:
        return SX_EENDPOINT;
    }
}

static enum sx_err encode(const struct text *text, char **out)
{
    char *bytes = malloc(text->count * SX_UTF8_CHAR_BYTES + 1);
    size_t i, len = 0;
    if (!bytes)
        return SX_ENOMEM;
    for (i = 0; i < text->count; i++)
        len += sx_utf8_encode(text->chars[i], bytes + len);
    bytes[len] = '\0';
    *out = bytes;
    return SX_OK;
}

/* SX_EENDPOINT: preparing the text again would change it, or it would be prohibited then. */
static enum sx_err check_stable(const struct text *text, const struct profile *profile)
{
    struct text again = *text;
    enum sx_err err;
    again.chars = malloc(again.capacity * sizeof *again.chars);
    if (!again.chars)
        return SX_ENOMEM;
    memcpy(again.chars, text->chars, text->count * sizeof *again.chars);
    err = prepare(&again, profile);
    if (err == SX_OK && (again.count != text->count ||
                         memcmp(again.chars, text->chars, text->count * sizeof *text->chars) != 0))
        err = SX_EENDPOINT;
    wipe(&again);
    return err;
}

static enum sx_err prep(const char *from, const struct profile *profile, char **out)
{
    struct text text = {0};
    enum sx_err err;
    if (sx_utf8_is_ascii(from))
        return copy_ascii(from, profile, out);
    err = decode(from, &text);
    if (err == SX_OK)
        err = prepare(&text, profile);
    if (err == SX_OK)
        err = check_stable(&text, profile);
    if (err == SX_OK)
        err = encode(&text, out);
    wipe(&text);
    return err;
}

enum sx_err sx_prep_node(const char *text, char **out)
{
    return prep(text, &node_profile, out);
}

enum sx_err sx_prep_resource(const char *text, char **out)
{
    return prep(text, &resource_profile, out);
}

enum sx_err sx_prep_password(const char *text, char **out)
{
    return prep(text, &password_profile, out);
}
