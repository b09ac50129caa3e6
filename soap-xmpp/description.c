/* description.c - what a service says of itself: its WSDL and schemas, by WS-MetadataExchange.
 *
 * Invariant: what comes from the cache is of the version that the service lists now.
 *
 * Happy path: disco#info names the hash of the WSDL, the cache has that version.
 * Failure modes: the service knows no GetMetadata, or doesn't let us ask: one sentence that names
 * --wsdl. A service that lists no hash is asked each time. */
#include "description.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "command.h"
#include "exchange.h"

enum { WHY_BYTES = 512, VERSION_BYTES = 128, INFO_MS = 10000 };

#define DIALECT_WSDL "http://schemas.xmlsoap.org/wsdl/"

static const char question[] =
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
    "<mex:GetMetadata xmlns:mex=\"http://schemas.xmlsoap.org/ws/2004/09/mex\"/>"
    "</s:Body></s:Envelope>";

static int note_version(void *user, const char *kind, const char *name, const char *value)
{
    if (strcmp(kind, SOAP_XMPP_SERVICE_FORM) == 0 && strcmp(name, "wsdl-sha256") == 0)
        snprintf(user, VERSION_BYTES, "%s", value);
    return 0;
}

static int refuse(struct run *run, int code, const struct exchange_answer *answer)
{
    if (answer->end == SOAP_XMPP_END_FAULT || strcmp(answer->condition, "forbidden") == 0 ||
        strcmp(answer->condition, "feature-not-implemented") == 0 || code <= REPORT_USAGE)
        return report_end(&run->report, REPORT_NOT_EXECUTED,
                          "it doesn't describe itself%s%s%s: --wsdl FILE, or --ns URI",
                          *answer->text ? " (" : "", answer->text, *answer->text ? ")" : "");
    return report_end(&run->report, code == REPORT_UNKNOWN ? REPORT_NOT_EXECUTED : code,
                      "its description can't be had: %s", answer->text);
}

static int ask(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
               struct exchange_answer *answer)
{
    struct soap_xmpp_post post;
    int code;
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = question;
    post.envelope_bytes = sizeof question - 1;
    code = exchange_make(run, link, &post, "GetMetadata", answer);
    if (code == REPORT_OK && answer->envelope)
        return 0;
    code = refuse(run, code, answer);
    exchange_free(answer);
    return code;
}

static int read_metadata(struct run *run, const char *bytes, size_t len,
                         struct ct_metadata *metadata)
{
    struct ct_error error;
    if (ct_metadata_read(bytes, len, metadata, &error))
        return report_end(&run->report, REPORT_NOT_EXECUTED,
                          "it doesn't describe itself (%s): --wsdl FILE, or --ns URI", error.text);
    if (description_wsdl(metadata))
        return 0;
    ct_metadata_fini(metadata);
    return report_end(&run->report, REPORT_NOT_EXECUTED,
                      "it describes itself without a WSDL: --wsdl FILE, or --ns URI");
}

int description_fetch(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                      struct ct_metadata *metadata)
{
    char version[VERSION_BYTES] = "", why[WHY_BYTES];
    struct exchange_answer answer;
    size_t len;
    char *kept;
    int result;
    soap_xmpp_info(link, endpoint, deadline_left_ms(&run->deadline, INFO_MS), note_version, version,
                   why, sizeof why);
    if (*version && cache_load(endpoint, version, &kept, &len) == 0) {
        result = read_metadata(run, kept, len, metadata);
        free(kept);
        if (result == 0)
            return 0;
    }
    if ((result = ask(run, link, endpoint, &answer)))
        return result;
    result = read_metadata(run, answer.envelope, answer.envelope_bytes, metadata);
    if (result == 0 && *version)
        cache_store(endpoint, version, answer.envelope, answer.envelope_bytes);
    exchange_free(&answer);
    return result;
}

const struct ct_metadata_section *description_wsdl(const struct ct_metadata *metadata)
{
    size_t i;
    for (i = 0; i < metadata->count; i++) {
        if (metadata->sections[i].bytes && strcmp(metadata->sections[i].dialect, DIALECT_WSDL) == 0)
            return &metadata->sections[i];
    }
    return NULL;
}

int description_read(struct run *run, const struct ct_metadata *metadata,
                     struct ct_contract **contract)
{
    const struct ct_metadata_section *wsdl = description_wsdl(metadata);
    struct ct_source sources[CT_CONTRACT_DOCUMENTS];
    struct ct_reading reading = {.sources = sources};
    struct ct_error error;
    size_t i;
    sources[reading.source_count++] =
        (struct ct_source){.location = wsdl->location, .bytes = wsdl->bytes, .len = wsdl->len};
    for (i = 0; i < metadata->count && reading.source_count < CT_CONTRACT_DOCUMENTS; i++) {
        const struct ct_metadata_section *section = &metadata->sections[i];
        if (section->bytes && section != wsdl)
            sources[reading.source_count++] = (struct ct_source){
                .location = section->location, .bytes = section->bytes, .len = section->len};
    }
    if (ct_contract_read(&reading, contract, &error))
        return report_end(&run->report, REPORT_USAGE, "its WSDL: %s", error.text);
    return 0;
}
