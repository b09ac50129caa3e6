/* passwords.c - whether a user's password is right.
 *
 * A hash of crypt(3) takes milliseconds on purpose, so that a worker makes it. What was right is
 * remembered by HMAC-SHA-256 of user, password and the hash in the file under a key that is made at
 * the start: memory that leaks tells no password, and a changed hash is another digest. Both tables
 * have a fixed size, and a place is taken by the last who needs it.
 *
 * The brake: ten wrong passwords from an address (of IPv6: from a /64) within a minute, and no
 * further one of it is looked into until the minute is over; what is remembered as right still is.
 * An unknown user costs the same time as a known one.
 *
 * Failure: without memory, random numbers or a free worker the end is "busy", never "right". */
#include "http/passwords.h"

#include <arpa/inet.h>
#include <crypt.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    DIGEST_BYTES = 32,
    PLACES = 1024,
    KNOWN_MS = 10 * 60 * 1000,
    WRONG_MS = 60 * 1000,
    MOST_WRONG = 10,
    MOST_WAITING = 64, /* of one address */
    MOST_BYTES = 1024  /* of user and password */
};

struct known {
    unsigned char digest[DIGEST_BYTES];
    long long until_ms;
};

struct caller {
    unsigned char digest[DIGEST_BYTES]; /* of its address */
    unsigned wrong, waiting;
    long long until_ms;
};

struct gw_passwords {
    struct gw_workers *workers;
    unsigned char key[DIGEST_BYTES]; /* immutable */
    pthread_mutex_t mutex;
    struct known known[PLACES]; /* under mutex */
    struct caller callers[PLACES];
};

/* One that is looked into. */
struct check {
    struct gw_passwords *passwords;
    struct gw_users *users; /* a reference */
    gw_passwords_done_fn *done;
    void *user;
    unsigned char digest[DIGEST_BYTES], caller[DIGEST_BYTES];
    char name[GW_USERS_NAME_BYTES];
    char password[MOST_BYTES];
};

struct gw_passwords *gw_passwords_new(struct gw_workers *workers, char *why, size_t why_bytes)
{
    struct gw_passwords *passwords = calloc(1, sizeof *passwords);
    if (!passwords || gnutls_rnd(GNUTLS_RND_KEY, passwords->key, sizeof passwords->key)) {
        snprintf(why, why_bytes, "there is no memory, or no random number, to look into passwords");
        free(passwords);
        return NULL;
    }
    passwords->workers = workers;
    pthread_mutex_init(&passwords->mutex, NULL);
    return passwords;
}

void gw_passwords_free(struct gw_passwords *passwords)
{
    if (!passwords)
        return;
    pthread_mutex_destroy(&passwords->mutex);
    explicit_bzero(passwords, sizeof *passwords);
    free(passwords);
}

static bool digest_of(const struct gw_passwords *passwords, const void *bytes, size_t count,
                      unsigned char digest[DIGEST_BYTES])
{
    return gnutls_hmac_fast(GNUTLS_MAC_SHA256, passwords->key, sizeof passwords->key, bytes, count,
                            digest) == 0;
}

static size_t place_of(const unsigned char digest[DIGEST_BYTES])
{
    return (digest[0] | (size_t)digest[1] << 8) % PLACES;
}

static bool is_known_locked(struct gw_passwords *passwords,
                            const unsigned char digest[DIGEST_BYTES], long long now_ms)
{
    const struct known *known = &passwords->known[place_of(digest)];
    return known->until_ms > now_ms && memcmp(known->digest, digest, DIGEST_BYTES) == 0;
}

/* The caller's place. Another address may have had it: its count is lost then, unless it is braked
 * or waits. NULL: it is taken. */
static struct caller *caller_locked(struct gw_passwords *passwords,
                                    const unsigned char digest[DIGEST_BYTES], long long now_ms)
{
    struct caller *caller = &passwords->callers[place_of(digest)];
    bool is_other = memcmp(caller->digest, digest, DIGEST_BYTES) != 0;
    bool is_over = caller->until_ms <= now_ms;
    if (is_other && !is_over && (caller->wrong >= MOST_WRONG || caller->waiting))
        return NULL;
    if (is_other || is_over) {
        caller->wrong = 0;
        caller->until_ms = now_ms + WRONG_MS;
        if (is_other)
            caller->waiting = 0;
        memcpy(caller->digest, digest, DIGEST_BYTES);
    }
    return caller;
}

static bool is_hash(const char *password, const char *hash)
{
    struct crypt_data *data = calloc(1, sizeof *data);
    const char *made = data ? crypt_r(password, hash, data) : NULL;
    bool is_same = made && made[0] != '*' && strlen(made) == strlen(hash) &&
                   gnutls_memcmp(made, hash, strlen(hash)) == 0;
    if (data)
        explicit_bzero(data, sizeof *data);
    free(data);
    return is_same;
}

static enum gw_passwords_end look(struct check *check)
{
    struct gw_passwords *passwords = check->passwords;
    long long now_ms = gw_clock_ms();
    pthread_mutex_lock(&passwords->mutex);
    struct caller *caller = caller_locked(passwords, check->caller, now_ms);
    bool is_known = is_known_locked(passwords, check->digest, now_ms);
    bool is_braked = !caller || caller->wrong >= MOST_WRONG;
    pthread_mutex_unlock(&passwords->mutex);
    if (is_known)
        return GW_PASSWORDS_RIGHT;
    if (is_braked)
        return GW_PASSWORDS_TOO_MANY;

    const char *other, *hash = gw_users_find_hash(check->users, check->name, &other);
    bool is_same = (hash || other) && is_hash(check->password, hash ? hash : other);
    return hash && is_same ? GW_PASSWORDS_RIGHT : GW_PASSWORDS_WRONG;
}

static void end(struct check *check, enum gw_passwords_end end)
{
    struct gw_passwords *passwords = check->passwords;
    long long now_ms = gw_clock_ms();
    pthread_mutex_lock(&passwords->mutex);
    struct caller *caller = caller_locked(passwords, check->caller, now_ms);
    if (caller && caller->waiting)
        caller->waiting--;
    if (caller && end == GW_PASSWORDS_WRONG)
        caller->wrong++;
    if (end == GW_PASSWORDS_RIGHT) {
        struct known *known = &passwords->known[place_of(check->digest)];
        memcpy(known->digest, check->digest, DIGEST_BYTES);
        known->until_ms = now_ms + KNOWN_MS;
    }
    pthread_mutex_unlock(&passwords->mutex);
    gw_users_release(check->users);
}

static void run(void *user)
{
    struct check *check = user;
    gw_passwords_done_fn *done = check->done;
    void *of = check->user;
    enum gw_passwords_end how = look(check);
    end(check, how);
    explicit_bzero(check, sizeof *check);
    free(check);
    done(of, how);
}

/* "Basic BASE64" to name and password. */
static bool read_authorization(const char *authorization, struct check *check)
{
    gnutls_datum_t coded, plain = {NULL, 0};
    if (!authorization || strncasecmp(authorization, "Basic ", 6) != 0)
        return false;
    authorization += 6 + strspn(authorization + 6, " ");
    coded.data = (unsigned char *)authorization;
    coded.size = (unsigned)strlen(authorization);
    if (!coded.size || gnutls_base64_decode2(&coded, &plain) < 0)
        return false;
    const unsigned char *colon = memchr(plain.data, ':', plain.size);
    size_t name = colon ? (size_t)(colon - plain.data) : 0;
    size_t password = colon ? plain.size - name - 1 : 0;
    bool is_right = colon && name > 0 && name < sizeof check->name &&
                    password < sizeof check->password && !memchr(plain.data, '\0', plain.size);
    if (is_right) {
        memcpy(check->name, plain.data, name);
        memcpy(check->password, colon + 1, password);
    }
    gnutls_memset(plain.data, 0, plain.size);
    gnutls_free(plain.data);
    return is_right;
}

/* Whose failures are counted together: an address; of IPv6 its network, which one client has whole.
 */
static bool make_caller(struct check *check, const char *address)
{
    unsigned char six[16];
    bool is_six = inet_pton(AF_INET6, address, six) == 1;
    return digest_of(check->passwords, is_six ? (const void *)six : address,
                     is_six ? 8 : strlen(address), check->caller);
}

static bool make_digests(struct check *check, const char *address)
{
    char text[GW_USERS_NAME_BYTES + MOST_BYTES + 512];
    const char *other, *hash = gw_users_find_hash(check->users, check->name, &other);
    int length = snprintf(text, sizeof text, "%s%c%s%c%s", check->name, 0, check->password, 0,
                          hash ? hash : "");
    bool is_made = length > 0 && length < (int)sizeof text &&
                   digest_of(check->passwords, text, (size_t)length, check->digest) &&
                   make_caller(check, address);
    explicit_bzero(text, sizeof text);
    return is_made;
}

/* Whether it has to be looked into: LATER. */
static enum gw_passwords_end ask(struct check *check)
{
    struct gw_passwords *passwords = check->passwords;
    enum gw_passwords_end how = GW_PASSWORDS_LATER;
    long long now_ms = gw_clock_ms();
    pthread_mutex_lock(&passwords->mutex);
    struct caller *caller = caller_locked(passwords, check->caller, now_ms);
    if (is_known_locked(passwords, check->digest, now_ms))
        how = GW_PASSWORDS_RIGHT;
    else if (!caller || caller->waiting >= MOST_WAITING)
        how = GW_PASSWORDS_BUSY;
    else if (caller->wrong >= MOST_WRONG)
        how = GW_PASSWORDS_TOO_MANY;
    else
        caller->waiting++;
    pthread_mutex_unlock(&passwords->mutex);
    return how;
}

static void free_check(struct check *check)
{
    explicit_bzero(check, sizeof *check);
    free(check);
}

enum gw_passwords_end gw_passwords_check(struct gw_passwords *passwords, struct gw_users *users,
                                         const char *authorization, const char *address,
                                         char name[GW_USERS_NAME_BYTES], gw_passwords_done_fn *done,
                                         void *user)
{
    struct check *check = calloc(1, sizeof *check);
    if (!check)
        return GW_PASSWORDS_BUSY;
    check->passwords = passwords;
    check->users = users;
    check->done = done;
    check->user = user;
    enum gw_passwords_end how = GW_PASSWORDS_WRONG;
    if (read_authorization(authorization, check)) {
        snprintf(name, GW_USERS_NAME_BYTES, "%s", check->name);
        how = make_digests(check, address) ? ask(check) : GW_PASSWORDS_BUSY;
    }
    if (how == GW_PASSWORDS_LATER) {
        gw_users_hold(users);
        if (gw_workers_do(passwords->workers, run, check) == 0)
            return how;
        how = GW_PASSWORDS_BUSY;
        end(check, how);
    }
    free_check(check);
    return how;
}
