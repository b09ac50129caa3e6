/* See response.h.
 *
 * Failures: what can't be read as an envelope counts as something else (GW_CONTENT_OTHER), and the
 * outcome table says what its status means. An envelope of another version of SOAP than the request
 * has can't be carried: it is refused, unless it is the fault by which a backend says that it knows
 * no more than that version (SOAP 1.2 part 1, appendix A), which has executed nothing. */
#include "serve/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/cargo.h"
#include "soap/glance.h"
#include "soap/media_type.h"
#include "soap/mtom.h"
#include "soap/multipart.h"
#include "serve/addresses.h"
#include "soap_xmpp.h"

/* ---- out of its package ---- */

/* Attachments go along in the header block that the caller's gateway takes out. */
static char *put_cargo(struct gw_multipart *package, int version, size_t most_bytes, size_t *bytes,
                       char *why, size_t why_bytes)
{
    struct gw_cargo cargo = {
        .path = "", .parts = package->parts, .part_count = package->part_count};
    size_t clean_bytes;
    char *out, *clean = soap_xmpp_clean(package->envelope, package->envelope_bytes,
                                        *package->root.charset ? package->root.charset : NULL,
                                        &clean_bytes, why, why_bytes);
    if (!clean || package->part_count == 0) {
        *bytes = clean ? clean_bytes : 0;
        return clean;
    }
    out = gw_cargo_put(&cargo, version, clean, clean_bytes, most_bytes, bytes, why, why_bytes);
    free(clean);
    return out;
}

static char *unpack(const struct gw_client_answer *came, const struct gw_media_type *type,
                    int version, size_t most_bytes, size_t *bytes, char *why, size_t why_bytes)
{
    struct gw_multipart package = {0};
    char *out = NULL, *clean;
    size_t out_bytes;
    if (gw_multipart_read(&package, type, came->body, came->body_bytes, why, why_bytes) != 0)
        return NULL;
    if (!package.is_xop) {
        out = put_cargo(&package, version, most_bytes, bytes, why, why_bytes);
    } else if ((out = gw_mtom_put(&package, most_bytes, &out_bytes, why, why_bytes))) {
        clean = soap_xmpp_clean(out, out_bytes, NULL, bytes, why, why_bytes);
        free(out);
        out = clean;
    }
    gw_multipart_free(&package);
    return out;
}

static bool is_blank(const struct gw_client_answer *came)
{
    for (size_t i = 0; i < came->body_bytes; i++)
        if (!strchr(" \t\r\n", came->body[i]) || came->body[i] == '\0')
            return false;
    return true;
}

/* The envelope, clean; NULL with what there is instead. */
static char *read_envelope(const struct gw_client_answer *came, int version, size_t most_bytes,
                           size_t *bytes, struct gw_glance *glance, enum gw_content *content)
{
    char why[GW_RESPONSE_WHY_BYTES], *out = NULL;
    struct gw_media_type type;
    *content = is_blank(came) ? GW_CONTENT_EMPTY : GW_CONTENT_OTHER;
    if (*content == GW_CONTENT_EMPTY)
        return NULL;
    if (gw_media_type_read(&type, *came->content_type ? came->content_type : NULL, why,
                           sizeof why) != 0)
        memset(&type, 0, sizeof type); /* the body may be an envelope whatever it is called */
    if (type.media == GW_MEDIA_MULTIPART)
        out = unpack(came, &type, version, most_bytes, bytes, why, sizeof why);
    else
        out = soap_xmpp_clean(came->body, came->body_bytes, *type.charset ? type.charset : NULL,
                              bytes, why, sizeof why);
    if (out && gw_glance_read(glance, out, *bytes, why, sizeof why) == 0) {
        *content = GW_CONTENT_ENVELOPE;
        return out;
    }
    free(out);
    return NULL;
}

/* ---- its version ---- */

static const char *version_text(int version)
{
    return version == 11 ? "1.1" : "1.2";
}

static void refuse_version(struct gw_response *response, const struct gw_glance *glance,
                           int version)
{
    static const char code[] = "VersionMismatch";
    bool is_mismatch = glance->fault == GW_FAULT_OTHER &&
                       memmem(response->envelope, response->envelope_bytes, code, sizeof code - 1);
    free(response->envelope);
    response->envelope = NULL;
    response->envelope_bytes = 0;
    if (is_mismatch) {
        response->reply = GW_REPLY_DECLINE;
        response->condition = "not-acceptable";
        snprintf(response->why, sizeof response->why, "the backend knows SOAP %s alone, not %s",
                 version_text(glance->version), version_text(version));
    } else {
        response->reply = GW_REPLY_REFUSE;
        response->was_executed = true;
        snprintf(response->why, sizeof response->why,
                 "the backend answered in SOAP %s what it was asked in SOAP %s",
                 version_text(glance->version), version_text(version));
    }
    memcpy(response->brief, response->why, sizeof response->brief);
}

/* ---- all of it ---- */

static void say_why(struct gw_response *response, const struct gw_client_answer *came)
{
    const char *what = came->end == GW_CLIENT_UNREACHED ? "the backend can't be reached"
                                                        : "of the backend's answer";
    if (came->end == GW_CLIENT_ANSWERED) {
        gw_verdict_text(came->status, came->body, came->body_bytes, response->why,
                        sizeof response->why);
        gw_verdict_text(came->status, "", 0, response->brief, sizeof response->brief);
        return;
    }
    snprintf(response->why, sizeof response->why, "%s: %s", what, came->why);
    memcpy(response->brief, response->why, sizeof response->brief);
}

void gw_response_read(struct gw_response *response, const struct gw_client_answer *came,
                      int version, const struct gw_backend *backend, size_t most_bytes)
{
    enum gw_content content = GW_CONTENT_EMPTY;
    struct gw_glance glance = {0};
    struct gw_verdict verdict;
    memset(response, 0, sizeof *response);
    if (came->end == GW_CLIENT_ANSWERED)
        response->envelope =
            read_envelope(came, version, most_bytes, &response->envelope_bytes, &glance, &content);
    verdict = gw_verdict_decide(came->end, came->was_sent, came->status, content);
    response->reply = verdict.reply;
    response->condition = verdict.condition;
    if (response->reply == GW_REPLY_DECLINE || response->reply == GW_REPLY_REFUSE) {
        response->was_executed = came->end == GW_CLIENT_TOO_LARGE;
        say_why(response, came);
    } else if (response->envelope && glance.version != version) {
        refuse_version(response, &glance, version);
    } else if (response->envelope) {
        response->is_fault = glance.fault != GW_FAULT_NONE;
        gw_addresses_answer(backend, &response->envelope, &response->envelope_bytes, most_bytes);
    }
}
