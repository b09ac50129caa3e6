/* users.c - who may come in at a listener, as its file says.
 *
 * Failure: a file with one line that can't be read isn't taken at all: its user would be refused,
 * and nothing would say why. */
#include "http/users.h"

#include <crypt.h>
#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/file.h"

enum { MOST_BYTES = 4 << 20, SHA256_DIGITS = 64 };

struct user {
    const char *name, *secret;
    unsigned line;
};

struct gw_users {
    atomic_uint references;
    enum gw_auth_type type;
    struct gw_config *config; /* a reference: auth is its */
    const struct gw_auth *auth;
    char *text; /* of the file; what users point into */
    struct user *list;
    size_t count; /* sorted by name; of certificates by secret */
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

static int compare_secrets(const void *a, const void *b)
{
    return strcmp(((const struct user *)a)->secret, ((const struct user *)b)->secret);
}

/* "AB:CD.." and "abcd.." to "abcd..", in place. */
static bool tidy_digest(char *secret)
{
    char *end = secret;
    for (const char *c = secret; *c; c++) {
        if (*c == ':')
            continue;
        if (!isxdigit((unsigned char)*c))
            return false;
        *end++ = (char)tolower((unsigned char)*c);
    }
    *end = '\0';
    return end - secret == SHA256_DIGITS;
}

static const char *check_name(const char *name)
{
    if (!*name)
        return "the name is missing";
    if (strlen(name) >= GW_USERS_NAME_BYTES)
        return "the name is too long";
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f)
            return "the name has a control character";
    return NULL;
}

/* What is wrong with a line, or NULL: it is added, or empty. */
static const char *read_line(struct gw_users *users, char *line, unsigned number)
{
    line += strspn(line, " \t");
    line[strcspn(line, "\r")] = '\0';
    if (!*line || *line == '#')
        return NULL;
    char *secret = strchr(line, ':');
    if (!secret)
        return "there is no ':' between a name and its secret";
    *secret++ = '\0';
    bool is_right = users->type == GW_AUTH_BASIC
                        ? crypt_checksalt(secret) != CRYPT_SALT_INVALID && strlen(secret) > 12
                        : tidy_digest(secret);
    users->list[users->count++] = (struct user){line, secret, number};
    if (!is_right)
        return users->type == GW_AUTH_BASIC
                   ? "what stands behind the name is no hash of crypt(3): mkpasswd makes one"
                   : "what stands behind the name is no SHA-256 of a certificate";
    return check_name(line);
}

static int read_lines(struct gw_users *users, const char *file, char *why, size_t why_bytes)
{
    char *rest = users->text;
    for (unsigned number = 1; rest; number++) {
        char *line = strsep(&rest, "\n");
        const char *wrong = read_line(users, line, number);
        if (wrong) {
            snprintf(why, why_bytes, "%s:%u: %s", file, number, wrong);
            return -1;
        }
    }
    return 0;
}

static int sort(struct gw_users *users, const char *file, char *why, size_t why_bytes)
{
    int (*compare)(const void *, const void *) =
        users->type == GW_AUTH_BASIC ? compare_names : compare_secrets;
    qsort(users->list, users->count, sizeof *users->list, compare);
    for (size_t i = 1; i < users->count; i++) {
        const struct user *one = &users->list[i - 1], *two = one + 1;
        if (compare(one, two) != 0)
            continue;
        snprintf(why, why_bytes, "%s:%u: the same stands in line %u", file,
                 one->line > two->line ? one->line : two->line,
                 one->line > two->line ? two->line : one->line);
        return -1;
    }
    return 0;
}

static int read_file(struct gw_users *users, const char *file, char *why, size_t why_bytes)
{
    size_t length, lines = 1;
    if (ct_file_read(NULL, file, MOST_BYTES, &users->text, &length, why, why_bytes))
        return -1;
    if (strlen(users->text) != length) {
        snprintf(why, why_bytes, "%s: there is a NUL in it", file);
        return -1;
    }
    for (const char *c = users->text; *c; c++)
        lines += *c == '\n';
    users->list = calloc(lines, sizeof *users->list);
    if (!users->list) {
        snprintf(why, why_bytes, "%s: memory is short", file);
        return -1;
    }
    return read_lines(users, file, why, why_bytes) || sort(users, file, why, why_bytes) ? -1 : 0;
}

struct gw_users *gw_users_read(struct gw_config *config, const struct gw_auth *auth, char *why,
                               size_t why_bytes)
{
    struct gw_users *users = calloc(1, sizeof *users);
    if (!users) {
        snprintf(why, why_bytes, "memory is short");
        return NULL;
    }
    users->references = 1;
    users->type = auth->type;
    users->config = gw_config_hold(config);
    users->auth = auth;
    if (!auth->file[0] || read_file(users, auth->file, why, why_bytes) == 0)
        return users;
    gw_users_release(users);
    return NULL;
}

struct gw_users *gw_users_hold(struct gw_users *users)
{
    if (users)
        atomic_fetch_add(&users->references, 1);
    return users;
}

void gw_users_release(struct gw_users *users)
{
    if (!users || atomic_fetch_sub(&users->references, 1) != 1)
        return;
    if (users->text)
        explicit_bzero(users->text, strlen(users->text));
    free(users->text);
    free(users->list);
    gw_config_release(users->config);
    free(users);
}

enum gw_auth_type gw_users_type(const struct gw_users *users)
{
    return users->type;
}

const struct gw_auth *gw_users_auth(const struct gw_users *users)
{
    return users->auth;
}

const char *gw_users_find_hash(const struct gw_users *users, const char *name, const char **other)
{
    struct user key = {name, NULL, 0}, *found = NULL;
    if (users->count)
        found = bsearch(&key, users->list, users->count, sizeof key, compare_names);
    *other = users->count ? users->list[0].secret : NULL;
    return found ? found->secret : NULL;
}

const char *gw_users_find_certificate(const struct gw_users *users, const char *sha256,
                                      const char *common_name)
{
    struct user key = {NULL, sha256, 0}, *found = NULL;
    if (!users->auth->file[0])
        return check_name(common_name) ? NULL : common_name;
    if (users->count)
        found = bsearch(&key, users->list, users->count, sizeof key, compare_secrets);
    return found ? found->name : NULL;
}
