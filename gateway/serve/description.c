/* See description.h.
 *
 * Happy path: it is kept; or its URL is asked for, a worker reads what came, what it imports is
 * asked for likewise, one after the other; it is kept, and the asker told. All of it has the time
 * that one request of the serve has.
 *
 * Failures: the WSDL itself isn't to be had: the asker is told why. An import isn't: the others are
 * given away without it. No memory to keep it: it isn't kept. */
#include "serve/description.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "contract/file.h"
#include "soap/media_type.h"

enum {
    MOST_KEPT = 64,
    MOST_ASKED = 64,                    /* that are being got: each may hold CT_CONTRACT_BYTES */
    MOST_KEPT_BYTES = 32 * 1024 * 1024, /* of all of them */
    KEPT_MS = 5 * 60 * 1000,
    WHY_BYTES = 600
};

/* Stands in the place of a file's folder: what is joined to it can't lead out. */
#define FILES "http://files/"

struct kept {
    struct gw_documents *documents;
    size_t bytes;
    unsigned references;
    struct kept *next;
};

struct place {
    char *key; /* NULL: the place is free */
    struct kept *kept;
    long long until_ms;
};

struct gw_descriptions {
    struct gw_client *client; /* immutable */
    struct gw_workers *workers;
    pthread_mutex_t mu;
    /* under mu */
    struct place places[MOST_KEPT];
    size_t kept_bytes; /* in places */
    struct kept *held; /* all there are, given away or in places */
    unsigned asked;    /* that are being got */
};

struct asking {
    struct gw_descriptions *descriptions;
    struct gw_services *services;
    const struct gw_backend *backend;
    gw_description_done_fn *done;
    void *user;
    char *key;
    struct gw_documents *documents;
    long long deadline_ms;
    struct gw_client_answer came;
    char *content_type;
    bool is_counted;       /* in asked */
    char lost[300];        /* why nothing came */
    const char *condition; /* of the first that wasn't to be had: the WSDL itself, if that isn't */
    char why[WHY_BYTES];
};

/* ---- what is kept ---- */

struct gw_descriptions *gw_descriptions_new(struct gw_client *client, struct gw_workers *workers)
{
    struct gw_descriptions *descriptions = calloc(1, sizeof *descriptions);
    if (!descriptions)
        return NULL;
    descriptions->client = client;
    descriptions->workers = workers;
    pthread_mutex_init(&descriptions->mu, NULL);
    return descriptions;
}

static void release_locked(struct gw_descriptions *descriptions, struct kept *kept)
{
    struct kept **link = &descriptions->held;
    if (--kept->references > 0)
        return;
    while (*link != kept)
        link = &(*link)->next;
    *link = kept->next;
    gw_documents_free(kept->documents);
    free(kept);
}

static void empty_locked(struct gw_descriptions *descriptions, struct place *place)
{
    if (!place->key)
        return;
    descriptions->kept_bytes -= place->kept->bytes;
    release_locked(descriptions, place->kept);
    free(place->key);
    memset(place, 0, sizeof *place);
}

void gw_descriptions_clear(struct gw_descriptions *descriptions)
{
    pthread_mutex_lock(&descriptions->mu);
    for (size_t i = 0; i < MOST_KEPT; i++)
        empty_locked(descriptions, &descriptions->places[i]);
    pthread_mutex_unlock(&descriptions->mu);
}

void gw_descriptions_free(struct gw_descriptions *descriptions)
{
    if (!descriptions)
        return;
    gw_descriptions_clear(descriptions);
    pthread_mutex_destroy(&descriptions->mu);
    free(descriptions);
}

void gw_descriptions_release(struct gw_descriptions *descriptions, struct gw_documents *documents)
{
    struct kept *kept;
    pthread_mutex_lock(&descriptions->mu);
    for (kept = descriptions->held; kept->documents != documents; kept = kept->next)
        continue;
    release_locked(descriptions, kept);
    pthread_mutex_unlock(&descriptions->mu);
}

static struct gw_documents *hold(struct gw_descriptions *descriptions, const char *key)
{
    struct gw_documents *found = NULL;
    long long now_ms = gw_clock_ms();
    pthread_mutex_lock(&descriptions->mu);
    for (size_t i = 0; i < MOST_KEPT; i++) {
        struct place *place = &descriptions->places[i];
        if (place->key && place->until_ms <= now_ms)
            empty_locked(descriptions, place);
        if (!place->key || found || strcmp(place->key, key) != 0)
            continue;
        found = place->kept->documents;
        place->kept->references++;
    }
    pthread_mutex_unlock(&descriptions->mu);
    return found;
}

/* The one whose time is over first; NULL: all places are free. */
static struct place *oldest_locked(struct gw_descriptions *descriptions)
{
    struct place *oldest = NULL;
    for (size_t i = 0; i < MOST_KEPT; i++) {
        struct place *place = &descriptions->places[i];
        if (place->key && (!oldest || place->until_ms < oldest->until_ms))
            oldest = place;
    }
    return oldest;
}

/* A free place, with room for so many bytes; the oldest ones go if need be. */
static struct place *choose_locked(struct gw_descriptions *descriptions, size_t bytes)
{
    struct place *place, *oldest;
    while (descriptions->kept_bytes + bytes > MOST_KEPT_BYTES &&
           (oldest = oldest_locked(descriptions)))
        empty_locked(descriptions, oldest);
    for (place = descriptions->places; place < descriptions->places + MOST_KEPT; place++)
        if (!place->key)
            return place;
    place = oldest_locked(descriptions);
    empty_locked(descriptions, place);
    return place;
}

/* One reference becomes the asker's; another one, with the key, the place's. false: no memory. */
static bool keep(struct gw_descriptions *descriptions, char **key, struct gw_documents *documents)
{
    struct kept *kept = calloc(1, sizeof *kept);
    struct place *place;
    if (!kept)
        return false;
    kept->documents = documents;
    for (size_t i = 0; i < documents->count; i++)
        kept->bytes += documents->list[i].len;
    kept->references = 2;
    pthread_mutex_lock(&descriptions->mu);
    kept->next = descriptions->held;
    descriptions->held = kept;
    place = choose_locked(descriptions, kept->bytes);
    descriptions->kept_bytes += kept->bytes;
    *place = (struct place){*key, kept, gw_clock_ms() + KEPT_MS};
    pthread_mutex_unlock(&descriptions->mu);
    *key = NULL;
    return true;
}

/* ---- getting it ---- */

/* false: as many are being got as may be. */
static bool count_asking(struct asking *asking)
{
    struct gw_descriptions *descriptions = asking->descriptions;
    pthread_mutex_lock(&descriptions->mu);
    asking->is_counted = descriptions->asked < MOST_ASKED;
    descriptions->asked += asking->is_counted;
    pthread_mutex_unlock(&descriptions->mu);
    return asking->is_counted;
}

static void free_asking(struct asking *asking)
{
    if (asking->is_counted) {
        pthread_mutex_lock(&asking->descriptions->mu);
        asking->descriptions->asked--;
        pthread_mutex_unlock(&asking->descriptions->mu);
    }
    gw_documents_free(asking->documents);
    free(asking->came.body);
    free(asking->content_type);
    free(asking->key);
    free(asking);
}

static void fail(struct asking *asking, const char *condition, const char *why)
{
    asking->done(asking->user, NULL, condition, why);
    free_asking(asking);
}

static void finish(struct asking *asking)
{
    struct gw_documents *documents = asking->documents;
    if (!documents->list[0].bytes) {
        char why[WHY_BYTES + 50];
        snprintf(why, sizeof why, "the backend's WSDL isn't to be had: %s", asking->why);
        fail(asking, asking->condition, why);
    } else if (!keep(asking->descriptions, &asking->key, documents)) {
        fail(asking, "resource-constraint", "there is no memory left");
    } else {
        asking->documents = NULL;
        asking->done(asking->user, documents, NULL, NULL);
        free_asking(asking);
    }
}

/* The first reason is told, if it is the WSDL's. */
static void note(struct asking *asking, const char *condition, const char *why)
{
    if (asking->condition)
        return;
    asking->condition = condition;
    snprintf(asking->why, sizeof asking->why, "%s", why);
}

static void miss(struct asking *asking, const char *condition, const char *why)
{
    note(asking, condition, why);
    gw_documents_miss(asking->documents);
}

static void ask_next(struct asking *asking);

/* On a worker: what came is read. */
static void take_document(void *user)
{
    struct asking *asking = user;
    const struct gw_client_answer *came = &asking->came;
    struct gw_media_type type;
    char why[300] = "";
    if (came->end != GW_CLIENT_ANSWERED) {
        miss(asking, "service-unavailable", asking->lost);
    } else if (came->status != 200) {
        snprintf(why, sizeof why, "it answered %d", came->status);
        miss(asking, "item-not-found", why);
    } else {
        if (gw_media_type_read(&type, *came->content_type ? came->content_type : NULL, why,
                               sizeof why) != 0)
            memset(&type, 0, sizeof type);
        if (gw_documents_put(asking->documents, asking->backend, came->body, came->body_bytes,
                             *type.charset ? type.charset : NULL, why, sizeof why) != 0)
            note(asking, "item-not-found", why); /* put counts it as missing */
    }
    free(asking->came.body);
    free(asking->content_type);
    asking->came.body = asking->content_type = NULL;
    ask_next(asking);
}

/* gw_client_done_fn. */
static void take_answer(void *user, struct gw_client_answer *came)
{
    struct asking *asking = user;
    asking->came = *came;
    came->body = NULL;
    asking->content_type = strdup(came->content_type);
    asking->came.content_type = asking->content_type ? asking->content_type : "";
    if (came->end != GW_CLIENT_ANSWERED)
        snprintf(asking->lost, sizeof asking->lost, "%s", came->why);
    if (gw_workers_do(asking->descriptions->workers, take_document, asking) != 0)
        take_document(asking);
}

static int send_get(struct asking *asking, const char *url, char *why, size_t why_bytes)
{
    static const struct gw_header headers[] = {{"Accept", "text/xml, application/xml, */*;q=0.5"},
                                               {NULL, NULL}};
    const struct gw_service *service = asking->backend->service;
    long long left_ms = asking->deadline_ms - gw_clock_ms();
    const struct gw_client_request request = {
        .method = "GET",
        .url = url,
        .headers = headers,
        .target = service->serve,
        .password = service->password,
        .timeout_ms = (unsigned)left_ms,
        .most_bytes = asking->documents->left_bytes,
        .done = take_answer,
        .user = asking,
    };
    if (left_ms <= 0) {
        snprintf(why, why_bytes, "it didn't come in time");
        return -1;
    }
    return gw_client_send(asking->descriptions->client, asking->services->config, &request, why,
                          why_bytes);
}

static void ask_next(struct asking *asking)
{
    const char *url;
    char why[300];
    while ((url = gw_documents_next(asking->documents))) {
        if (send_get(asking, url, why, sizeof why) == 0)
            return;
        miss(asking, "service-unavailable", why);
    }
    finish(asking);
}

/* On a worker: files are there at once. */
static void read_files(void *user)
{
    struct asking *asking = user;
    const char *file = asking->backend->service->serve->wsdl_file, *slash = strrchr(file, '/');
    const char *url;
    while ((url = gw_documents_next(asking->documents))) {
        char path[GW_BACKEND_URL_BYTES + 64], why[300], *bytes;
        size_t len;
        snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash + 1 - file) : 0, file,
                 url + strlen(FILES));
        if (ct_file_read(NULL, path, asking->documents->left_bytes, &bytes, &len, why,
                         sizeof why) != 0) {
            miss(asking, "item-not-found", why);
            continue;
        }
        if (gw_documents_put(asking->documents, asking->backend, bytes, len, NULL, why,
                             sizeof why) != 0)
            note(asking, "item-not-found", why);
        free(bytes);
    }
    finish(asking);
}

/* ---- asking ---- */

static char *url_of(const struct gw_backend *backend)
{
    const char *file = backend->service->serve->wsdl_file, *slash = strrchr(file, '/');
    char *url = NULL;
    int used =
        backend->service->serve->wsdl == GW_WSDL_FILE
            ? asprintf(&url, FILES "%s", slash ? slash + 1 : file)
            : asprintf(&url, "%s%swsdl", backend->url, strchr(backend->url, '?') ? "&" : "?");
    return used < 0 ? NULL : url;
}

static struct asking *new_asking(struct gw_descriptions *descriptions, struct gw_services *services,
                                 const struct gw_backend *backend)
{
    struct asking *asking = calloc(1, sizeof *asking);
    char *url = url_of(backend);
    if (asking && url) {
        asking->descriptions = descriptions;
        asking->services = services;
        asking->backend = backend;
        asking->deadline_ms = gw_clock_ms() + backend->service->serve->timeout_ms;
        asking->documents = gw_documents_new(url);
        if (asprintf(&asking->key, "%s %s", backend->jid, url) < 0)
            asking->key = NULL;
    }
    free(url);
    if (asking && asking->documents && asking->key)
        return asking;
    if (asking)
        free_asking(asking);
    return NULL;
}

void gw_descriptions_get(struct gw_descriptions *descriptions, struct gw_services *services,
                         const struct gw_backend *backend, gw_description_done_fn *done, void *user)
{
    struct asking *asking = new_asking(descriptions, services, backend);
    struct gw_documents *kept;
    if (!asking) {
        done(user, NULL, "resource-constraint", "there is no memory left");
        return;
    }
    asking->done = done;
    asking->user = user;
    kept = hold(descriptions, asking->key);
    if (kept) {
        done(user, kept, NULL, NULL);
        free_asking(asking);
    } else if (!count_asking(asking)) {
        fail(asking, "resource-constraint",
             "as many contracts as may be are being fetched already");
    } else if (backend->service->serve->wsdl != GW_WSDL_FILE) {
        ask_next(asking);
    } else if (gw_workers_do(descriptions->workers, read_files, asking) != 0) {
        fail(asking, "resource-constraint", "too much work waits in the gateway");
    }
}
