/* pattern.c - see pattern.h.
 *
 * A pattern is a row of pieces, each a literal or a name. A name takes as much as there is before
 * the next occurrence of the literal behind it, or, in front of a segment's last literal, all but
 * that; so a match takes one pass, whatever the text is. Two names always have a literal between
 * them: else nothing would say where the first one ends. */
#include "config/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PIECES = 2 * GW_PATTERN_NAMES + 1, TEXT_BYTES = 512, NAME_BYTES = 32 };

struct piece {
    bool is_name;
    const char *text; /* within pattern->split */
};

struct gw_pattern {
    struct piece pieces[PIECES];
    size_t count;
    char *split; /* the text with NUL in the place of braces and between pieces */
    char text[];
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool is_value_char(char c)
{
    return is_name_char(c) || c == '.' || c == '~';
}

static bool has_name(const struct gw_pattern *pattern, const char *name)
{
    size_t i;
    for (i = 0; i < pattern->count; i++) {
        if (pattern->pieces[i].is_name && strcmp(pattern->pieces[i].text, name) == 0)
            return true;
    }
    return false;
}

static const char *add_name(struct gw_pattern *pattern, const char *name)
{
    size_t len = strlen(name), i, names = 0;
    if (len == 0)
        return "a name in braces is empty";
    if (len >= NAME_BYTES)
        return "a name is longer than 31 characters";
    for (i = 0; i < len; i++) {
        if (!is_name_char(name[i]))
            return "a name is made of letters, digits, '-' and '_'";
    }
    if (has_name(pattern, name))
        return "a name stands there twice";
    for (i = 0; i < pattern->count; i++)
        names += pattern->pieces[i].is_name;
    if (names == GW_PATTERN_NAMES)
        return "there are more than four names";
    if (pattern->count > 0 && pattern->pieces[pattern->count - 1].is_name)
        return "two names need something between them";
    pattern->pieces[pattern->count++] = (struct piece){true, name};
    return NULL;
}

/* Cuts pattern->split into pieces: NULL, or what is wrong. Each brace gives its place to a NUL. */
static const char *split(struct gw_pattern *pattern)
{
    char *at = pattern->split;
    const char *wrong;
    while (*at) {
        size_t len = strcspn(at, "{}");
        if (at[len] == '}')
            return "a '}' has no '{' before it";
        if (len > 0)
            pattern->pieces[pattern->count++] = (struct piece){false, at};
        if (at[len] == '\0')
            return NULL;
        at[len] = '\0';
        at += len + 1;
        len = strcspn(at, "{}");
        if (at[len] != '}')
            return "a '{' has no '}' behind it";
        at[len] = '\0';
        if ((wrong = add_name(pattern, at)))
            return wrong;
        at += len + 1;
    }
    return NULL;
}

struct gw_pattern *gw_pattern_new(const char *text, char *why, size_t why_bytes)
{
    size_t len = strlen(text);
    struct gw_pattern *pattern;
    const char *wrong;
    if (len == 0 || len > TEXT_BYTES) {
        snprintf(why, why_bytes, len ? "it is longer than 512 bytes" : "it is empty");
        return NULL;
    }
    pattern = calloc(1, sizeof *pattern + 2 * (len + 1));
    if (!pattern) {
        snprintf(why, why_bytes, "no memory");
        return NULL;
    }
    memcpy(pattern->text, text, len);
    pattern->split = pattern->text + len + 1;
    memcpy(pattern->split, text, len);
    wrong = split(pattern);
    if (!wrong)
        return pattern;
    snprintf(why, why_bytes, "%s", wrong);
    free(pattern);
    return NULL;
}

void gw_pattern_free(struct gw_pattern *pattern)
{
    free(pattern);
}

const char *gw_pattern_text(const struct gw_pattern *pattern)
{
    return pattern->text;
}

/* Whether the literal ends its segment in the pattern, and so has to in the text. */
static bool is_last(const struct gw_pattern *pattern, size_t literal)
{
    return literal + 1 == pattern->count || strchr(pattern->pieces[literal].text, '/');
}

/* How much of text a name takes before the literal behind it; 0: no match. */
static size_t find_length(const struct gw_pattern *pattern, size_t name, const char *text,
                          bool is_jid)
{
    const char *literal = name + 1 < pattern->count ? pattern->pieces[name + 1].text : NULL;
    size_t most = 0, len, part;
    while (most < GW_PATTERN_VALUE_BYTES && is_value_char(text[most]))
        most++;
    if (!literal)
        return most;
    part = strcspn(literal, "/"); /* what of it stands in the name's segment */
    if (part == 0)
        return most;
    if (is_last(pattern, name + 1)) {
        size_t end = strcspn(text, "/");
        return end > part ? end - part : 0; /* the literal is compared afterwards */
    }
    for (len = 1; len <= most; len++) {
        if ((is_jid ? strncasecmp : strncmp)(text + len, literal, part) == 0)
            return len;
    }
    return 0;
}

/* What stands behind the pattern in text, or NULL. */
static const char *match(const struct gw_pattern *pattern, const char *text, bool is_jid,
                         struct gw_match *found)
{
    size_t i, len, at;
    found->count = 0;
    for (i = 0; i < pattern->count; i++) {
        const struct piece *piece = &pattern->pieces[i];
        if (!piece->is_name) {
            len = strlen(piece->text);
            if ((is_jid ? strncasecmp : strncmp)(text, piece->text, len) != 0)
                return NULL;
            text += len;
            continue;
        }
        len = find_length(pattern, i, text, is_jid);
        if (len == 0 || len >= GW_PATTERN_VALUE_BYTES)
            return NULL;
        for (at = 0; at < len; at++) {
            if (!is_value_char(text[at]))
                return NULL;
        }
        found->names[found->count] = piece->text;
        memcpy(found->values[found->count], text, len);
        found->values[found->count++][len] = '\0';
        text += len;
    }
    return text;
}

bool gw_pattern_match_path(const struct gw_pattern *pattern, const char *path,
                           struct gw_match *found)
{
    const char *rest = match(pattern, path, false, found);
    size_t len = strlen(pattern->text);
    if (!rest)
        return false;
    if (len == 1 && *rest != '\0') /* "/": its slash is the rest's, too */
        rest--;
    if (*rest != '\0' && *rest != '/')
        return false;
    found->rest = rest;
    return true;
}

bool gw_pattern_match_jid(const struct gw_pattern *pattern, const char *jid, struct gw_match *found)
{
    const char *rest = match(pattern, jid, true, found);
    found->rest = rest;
    return rest && *rest == '\0';
}

bool gw_pattern_covers(const struct gw_pattern *pattern, const char *text, bool with_user,
                       char *why, size_t why_bytes)
{
    const char *begin, *end;
    char name[NAME_BYTES];
    size_t len;
    for (begin = text; (begin = strpbrk(begin, "{}")); begin = end + 1) {
        end = begin + 1 + strcspn(begin + 1, "{}");
        if (*begin == '}' || *end != '}') {
            snprintf(why, why_bytes, "a brace in it has no other one");
            return false;
        }
        len = (size_t)(end - begin) - 1;
        snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1),
                 begin + 1);
        if ((with_user && strcmp(name, "user") == 0) || (pattern && has_name(pattern, name)))
            continue;
        snprintf(why, why_bytes, "its {%s} is no name of the pattern%s%s", name, pattern ? " " : "",
                 pattern ? pattern->text : "");
        return false;
    }
    return true;
}

static const char *find_value(const struct gw_match *match, const char *user, const char *name,
                              size_t len)
{
    size_t i;
    for (i = 0; match && i < match->count; i++) {
        if (strlen(match->names[i]) == len && strncmp(match->names[i], name, len) == 0)
            return match->values[i];
    }
    return user && len == 4 && strncmp(name, "user", 4) == 0 ? user : NULL;
}

bool gw_pattern_expand(const char *text, const struct gw_match *match, const char *user, char *out,
                       size_t out_bytes)
{
    size_t used = 0;
    while (*text) {
        size_t len = strcspn(text, "{");
        const char *piece = text, *end;
        text += len;
        if (len == 0) {
            end = strchr(text, '}');
            piece = end ? find_value(match, user, text + 1, (size_t)(end - text) - 1) : NULL;
            if (!piece)
                return false;
            text = end + 1;
            len = strlen(piece);
        }
        if (len >= out_bytes - used)
            return false;
        memcpy(out + used, piece, len);
        used += len;
    }
    if (used >= out_bytes)
        return false;
    out[used] = '\0';
    return true;
}

static size_t count_slashes(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '/' && text[1] != '\0';
    return count;
}

/* Piece by piece: a literal comes before a name, the longer literal before the shorter one. */
static int compare_pieces(const struct piece *a, const struct piece *b)
{
    size_t a_len, b_len;
    if (a->is_name || b->is_name)
        return (int)a->is_name - (int)b->is_name;
    a_len = strlen(a->text);
    b_len = strlen(b->text);
    if (a_len != b_len)
        return a_len > b_len ? -1 : 1;
    return strcmp(a->text, b->text);
}

int gw_pattern_compare(const struct gw_pattern *a, const struct gw_pattern *b)
{
    size_t a_slashes = count_slashes(a->text), b_slashes = count_slashes(b->text), i;
    if (a_slashes != b_slashes)
        return a_slashes > b_slashes ? -1 : 1;
    for (i = 0; i < a->count && i < b->count; i++) {
        int order = compare_pieces(&a->pieces[i], &b->pieces[i]);
        if (order)
            return order;
    }
    return a->count == b->count ? 0 : a->count > b->count ? -1 : 1;
}
