/* description.c - what a service says of itself.
 *
 * Happy path: the program's words are copied, its WSDL is read with what that imports, cleaned, and
 * made into the texts that are given away -> forms, items, metadata, any number of times.
 * Failure: at the beginning alone, with one sentence; what doesn't fit into a form or a list is
 * left out.
 */
#include "link/description.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "config/document_file.h"
#include "soap/document.h"
#include "soap/wsdl_operations.h"
#include "wire/form.h"
#include "wire/timestamp.h"

enum {
    NAME_BYTES = 256, /* of name and version, without NUL */
    SHA256_BYTES = 32,
    CLAUSE_BYTES = 512,
    MAX_ITEMS = 1000,    /* a reader of this library takes 2,000 nodes of a stanza */
    FORM_ENDS_BYTES = 64 /* what ends a field, a form and a query */
};

struct sx_description {
    atomic_uint references;
    /* immutable */
    char *name, *version; /* NULL: not said */
    bool has_statistics;
    soap_xmpp_items_fn *items;
    void *items_user;
    bool has_wsdl;
    struct sx_wsdl_set set;
    struct sx_wsdl_text texts[SX_WSDL_SET_DOCUMENTS];
    struct sx_buffer operations;
    char sha256[2 * SHA256_BYTES + 1];
    char started[SX_TIMESTAMP_BYTES];
};

/* ---- the WSDL ---- */

/* Where the documents come from. */
struct source {
    const struct soap_xmpp_description *said;
    char *folder; /* with its '/', or "": of the file; NULL: the WSDL is bytes */
};

static enum sx_err read_raw(const struct source *source, const char *path, size_t max_bytes,
                            struct sx_buffer *raw, char *why, size_t why_bytes)
{
    struct sx_buffer name = {0};
    enum sx_err err = SX_ENOMEM;
    if (!source->folder && *path) {
        snprintf(why, why_bytes, "it belongs to the WSDL, and only wsdl_file brings it along");
        return SX_EFILE;
    }
    if (!source->folder) {
        if (source->said->wsdl_bytes > max_bytes) {
            snprintf(why, why_bytes, "it is larger than 4 MiB");
            return SX_ETOOBIG;
        }
        sx_buffer_add(raw, source->said->wsdl, source->said->wsdl_bytes);
        return raw->failed ? SX_ENOMEM : SX_OK;
    }
    sx_buffer_add_text(&name, source->folder);
    sx_buffer_add_text(&name, path);
    if (!name.failed)
        err = sx_document_file_read(name.bytes, max_bytes, raw, why, why_bytes);
    sx_buffer_fini(&name);
    return err;
}

static enum sx_err read_clean(void *user, const char *path, size_t max_bytes, char **bytes,
                              size_t *len, size_t *read_bytes, char *why, size_t why_bytes)
{
    struct sx_buffer raw = {0}, clean = {0};
    enum sx_err err = read_raw(user, path, max_bytes, &raw, why, why_bytes);
    if (err == SX_OK)
        err = sx_document_clean(raw.bytes ? raw.bytes : "", raw.len, NULL, &clean, why, why_bytes);
    if (err == SX_OK) {
        *read_bytes = raw.len;
        *bytes = sx_buffer_take(&clean, len);
        err = *bytes ? SX_OK : SX_ENOMEM;
    }
    if (err == SX_ENOMEM)
        snprintf(why, why_bytes, "memory is short");
    sx_buffer_fini(&raw);
    sx_buffer_fini(&clean);
    return err;
}

/* Without the addresses: the same for all processes that serve the same files. */
static bool hash(struct sx_description *description)
{
    unsigned char digest[SHA256_BYTES];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_made = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    size_t i;
    for (i = 0; i < description->set.count && is_made; i++)
        is_made =
            EVP_DigestUpdate(context, description->texts[i].bytes, description->texts[i].len) == 1;
    is_made = is_made && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (is_made)
        sx_hex_format(digest, sizeof digest, description->sha256);
    return is_made;
}

static enum sx_err load(struct sx_description *description, struct source *source, const char *path,
                        char *why, size_t why_bytes)
{
    const struct sx_wsdl_set_source reader = {read_clean, source};
    enum sx_err err = sx_wsdl_set_load(&description->set, path, &reader, why, why_bytes);
    if (err != SX_OK)
        return err;
    err = sx_wsdl_texts_make(description->texts, &description->set);
    if (err == SX_ETOOBIG)
        snprintf(why, why_bytes, "the WSDL with its schemas inside is larger than 16 MiB");
    if (err != SX_OK)
        return err;
    sx_wsdl_operations_list(&description->set, &description->operations);
    if (description->operations.failed || !hash(description))
        return SX_ENOMEM;
    description->has_wsdl = true;
    return SX_OK;
}

static enum sx_err read_wsdl(struct sx_description *description,
                             const struct soap_xmpp_description *said, char *why, size_t why_bytes)
{
    struct source source = {said, NULL};
    const char *slash, *path = "";
    char clause[CLAUSE_BYTES] = "";
    enum sx_err err;
    if (said->wsdl_file) {
        slash = strrchr(said->wsdl_file, '/');
        path = slash ? slash + 1 : said->wsdl_file;
        source.folder = strndup(said->wsdl_file, (size_t)(path - said->wsdl_file));
        if (!source.folder)
            return SX_ENOMEM;
    }
    err = load(description, &source, path, clause, sizeof clause);
    free(source.folder);
    if (err != SX_OK && err != SX_ENOMEM)
        snprintf(why, why_bytes, "the WSDL%s%.200s can't be given away: %s",
                 said->wsdl_file ? " " : "", said->wsdl_file ? said->wsdl_file : "",
                 !said->wsdl_file && strncmp(clause, ": ", 2) == 0 ? clause + 2 : clause);
    return err;
}

/* ---- making ---- */

static bool is_short(const char *text)
{
    return !text || strlen(text) <= NAME_BYTES;
}

/* False: why says what is wrong. */
static bool check(const struct soap_xmpp_description *said, char *why, size_t why_bytes)
{
    if (!is_short(said->name) || !is_short(said->version))
        snprintf(why, why_bytes, "name or version is longer than 256 bytes");
    else if (said->wsdl && said->wsdl_file)
        snprintf(why, why_bytes, "wsdl and wsdl_file are both given");
    else
        return true;
    return false;
}

static enum sx_err make(struct sx_description *description,
                        const struct soap_xmpp_description *said, char *why, size_t why_bytes)
{
    atomic_init(&description->references, 1);
    description->name = said->name ? strdup(said->name) : NULL;
    description->version = said->version ? strdup(said->version) : NULL;
    description->has_statistics = said->has_statistics;
    description->items = said->items;
    description->items_user = said->items_user;
    sx_timestamp_write(sx_timestamp_now_us(), description->started);
    if ((said->name && !description->name) || (said->version && !description->version))
        return SX_ENOMEM;
    return said->wsdl || said->wsdl_file ? read_wsdl(description, said, why, why_bytes) : SX_OK;
}

struct sx_description *sx_description_new(const struct soap_xmpp_description *said, char *why,
                                          size_t why_bytes)
{
    struct sx_description *description = NULL;
    char sentence[2 * CLAUSE_BYTES] = "";
    enum sx_err err = check(said, sentence, sizeof sentence) ? SX_ENOMEM : SX_ECONFIG;
    if (err == SX_ENOMEM && (description = calloc(1, sizeof *description)))
        err = make(description, said, sentence, sizeof sentence);
    if (err == SX_OK)
        return description;
    sx_description_unref(description);
    if (why && why_bytes)
        snprintf(why, why_bytes, "%s", *sentence ? sentence : sx_fault_text(err));
    return NULL;
}

struct sx_description *sx_description_ref(struct sx_description *description)
{
    atomic_fetch_add(&description->references, 1);
    return description;
}

void sx_description_unref(struct sx_description *description)
{
    size_t i;
    if (!description || atomic_fetch_sub(&description->references, 1) != 1)
        return;
    for (i = 0; i < description->set.count; i++)
        sx_wsdl_text_fini(&description->texts[i]);
    sx_wsdl_set_fini(&description->set);
    sx_buffer_fini(&description->operations);
    free(description->name);
    free(description->version);
    free(description);
}

bool sx_description_has_statistics(const struct sx_description *description)
{
    return description->has_statistics;
}

const char *sx_description_operations(const struct sx_description *description)
{
    return description->operations.len ? description->operations.bytes : "";
}

/* ---- telling ---- */

/* A field whose values may end before the form is too large. */
struct field {
    struct sx_buffer *out;
    size_t out_bytes;
};

static void add_value(const struct field *field, const char *value)
{
    size_t before = field->out->len;
    sx_form_add_value(field->out, value);
    if (field->out->failed || field->out->len + FORM_ENDS_BYTES <= field->out_bytes)
        return;
    field->out->len = before;
    field->out->bytes[before] = '\0';
}

static void add_operations(const struct sx_description *description, const struct field *field)
{
    const char *name = sx_description_operations(description);
    if (!*name)
        return;
    sx_form_begin_field(field->out, "operations");
    for (; *name; name += strlen(name) + 1)
        add_value(field, name);
    sx_form_end_field(field->out);
}

static void add_row(void *user, const struct sx_statistics_row *row)
{
    char value[CLAUSE_BYTES];
    snprintf(value, sizeof value, "calls=%lu faults=%lu sum-ms=%lld.%03lld max-ms=%lld.%03lld %s",
             row->calls, row->faults, (long long)(row->sum_us / 1000),
             (long long)(row->sum_us % 1000), (long long)(row->max_us / 1000),
             (long long)(row->max_us % 1000), row->operation);
    add_value(user, value);
}

void sx_description_write_form(const struct sx_description *description,
                               struct sx_statistics *statistics, size_t out_bytes,
                               struct sx_buffer *out)
{
    /* The operations leave half of the room to their statistics. */
    struct field names = {out, out->len + (out_bytes - out->len) / 2}, rows = {out, out_bytes};
    sx_form_begin(out, SOAP_XMPP_SERVICE_FORM);
    sx_form_add(out, "name", description->name);
    sx_form_add(out, "version", description->version);
    sx_form_add(out, "started", description->started);
    if (description->has_wsdl)
        sx_form_add(out, "wsdl-sha256", description->sha256);
    add_operations(description, description->has_statistics ? &names : &rows);
    if (description->has_statistics) {
        sx_form_begin_field(out, "statistics");
        sx_statistics_tell(statistics, add_row, &rows);
        sx_form_end_field(out);
    }
    sx_form_end(out);
}

/* Of disco#items. */
struct items {
    struct sx_buffer *out;
    size_t out_bytes;
    unsigned count;
    bool were_all;
};

static int add_item(void *user, const char *kind, const char *jid, const char *name)
{
    struct items *items = user;
    size_t before = items->out->len;
    if (!items->were_all || items->out->failed)
        return 1;
    if (!kind || strcmp(kind, "item") != 0 || !jid || !*jid)
        return 0;
    sx_buffer_add_text(items->out, "<item");
    sx_buffer_add_attribute(items->out, "jid", jid);
    if (name && *name)
        sx_buffer_add_attribute(items->out, "name", name);
    sx_buffer_add_text(items->out, "/>");
    if (items->out->failed || (items->out->len <= items->out_bytes && items->count++ < MAX_ITEMS))
        return 0;
    items->out->len = before;
    items->out->bytes[before] = '\0';
    items->were_all = false;
    return 1;
}

bool sx_description_write_items(const struct sx_description *description, size_t out_bytes,
                                struct sx_buffer *out)
{
    struct items items = {.out = out, .out_bytes = out_bytes, .were_all = true};
    if (description->items)
        description->items(description->items_user, add_item, &items);
    return items.were_all;
}

void sx_description_write_metadata(const struct sx_description *description,
                                   const struct sx_metadata_question *question, const char *address,
                                   struct sx_buffer *out)
{
    sx_metadata_write(out, question, description->has_wsdl ? &description->set : NULL,
                      description->texts, address);
}
