/* request.c - the envelope that `call` and others send: from a contract, by name and namespace, or
 * from a file.
 *
 * Invariant: an envelope that is given whole is sent as it is: what would change it is refused.
 *
 * Failure modes: whatever is wrong with what was typed, or with the contract: one sentence, exit 2.
 */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "contract/envelope.h"
#include "contract/request.h"
#include "contract/template.h"
#include "description.h"
#include "document.h"
#include "soap_xmpp.h"
#include "token.h"

enum { WHY_BYTES = 1024, PASSWORD_BYTES = 1024 };

static int refuse(struct run *run, const char *why)
{
    return report_end(&run->report, REPORT_USAGE, "%s", why);
}

/* A name has no '/': docs/command.md. */
static bool is_file(const char *argument)
{
    size_t len = strlen(argument);
    return strcmp(argument, "-") == 0 || strchr(argument, '/') ||
           (len > 4 && strcmp(argument + len - 4, ".xml") == 0);
}

static int add_header(struct run *run, const char *text, struct ct_text *out)
{
    char why[WHY_BYTES], *bytes, *clean;
    size_t len, clean_len;
    if (*text == '<') {
        ct_text_put(out, text);
        return 0;
    }
    if (document_read(run, text, &bytes, &len, why, sizeof why))
        return refuse(run, why);
    clean = soap_xmpp_clean(bytes, len, NULL, &clean_len, why, sizeof why);
    free(bytes);
    if (!clean)
        return report_end(&run->report, REPORT_USAGE, "--header %s: %s", text, why);
    ct_text_add(out, clean, clean_len);
    free(clean);
    return 0;
}

static int add_token(struct run *run, struct ct_text *out)
{
    const char *user = option_text(&run->options, "user");
    const char *path = option_text(&run->options, "user-password-file");
    char password[PASSWORD_BYTES], why[WHY_BYTES];
    int result = 0;
    if (!user && !path)
        return 0;
    if (!user || !path)
        return refuse(run, "--user and --user-password-file go together");
    if (document_read_secret(run, path, password, sizeof password, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "--user-password-file %s", why);
    if (token_write(user, password, out))
        result = refuse(run, "no random numbers are to be had");
    explicit_bzero(password, sizeof password);
    return result;
}

static int write_headers(struct run *run, struct request *request)
{
    size_t i;
    ct_text_clear(&request->header);
    for (i = 0; i < option_count(&run->options, "header"); i++) {
        int result = add_header(run, option_at(&run->options, "header", i), &request->header);
        if (result)
            return result;
    }
    return add_token(run, &request->header);
}

int request_begin(struct run *run, size_t first, struct request *request)
{
    const char *soap = option_text(&run->options, "soap"), *what;
    memset(request, 0, sizeof *request);
    what = run->options.arguments[first];
    request->version = !soap ? CT_SOAP_ANY : strcmp(soap, "1.1") == 0 ? CT_SOAP_11 : CT_SOAP_12;
    request->values = (const char *const *)run->options.arguments + first + 1;
    request->value_count = run->options.argument_count - first - 1;
    if (is_file(what))
        request->file = what;
    else
        request->operation = what;
    if (request->file && request->value_count)
        return report_end(&run->report, REPORT_USAGE, "behind %s nothing may stand: '%s'", what,
                          request->values[0]);
    if (request->file && option_text(&run->options, "ns"))
        return refuse(run, "--ns is for an operation and its values");
    if (option_text(&run->options, "qualified") && !option_text(&run->options, "ns"))
        return refuse(run, "--qualified is for --ns");
    if (option_text(&run->options, "ns") && option_text(&run->options, "wsdl"))
        return refuse(run, "--ns is for calls without a contract, --wsdl names one");
    return 0;
}

bool request_needs_service(const struct run *run, const struct request *request)
{
    return request->operation && !option_text(&run->options, "ns") &&
           !option_text(&run->options, "wsdl");
}

static int find_operation(struct run *run, struct request *request)
{
    struct ct_error error;
    if (request->operation &&
        ct_contract_find(request->contract, request->operation, &request->details, &error))
        return refuse(run, error.text);
    return 0;
}

int request_describe(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                     struct request *request)
{
    struct ct_metadata metadata;
    int result = description_fetch(run, link, endpoint, &metadata);
    if (result)
        return result;
    result = description_read(run, &metadata, &request->contract);
    ct_metadata_fini(&metadata);
    return result ? result : find_operation(run, request);
}

int request_read_wsdl(struct run *run, struct request *request)
{
    const char *location = option_text(&run->options, "wsdl");
    struct ct_source source = {.location = location};
    struct ct_reading reading = {.sources = &source, .source_count = 1, .context = run};
    char why[WHY_BYTES], *bytes;
    struct ct_error error;
    int result = 0;
    if (!location)
        return 0;
    reading.fetch =
        document_is_url(location) ? document_import_from_url : document_import_from_file;
    if (document_fetch(run, location, &bytes, &source.len, why, sizeof why))
        return refuse(run, why);
    source.bytes = bytes;
    if (ct_contract_read(&reading, &request->contract, &error))
        result = report_end(&run->report, REPORT_USAGE, "--wsdl %s: %s", location, error.text);
    free(bytes);
    return result ? result : find_operation(run, request);
}

static void choose_action(const struct run *run, struct request *request)
{
    const char *action = option_text(&run->options, "action");
    enum ct_version version = request->version;
    if (request->details && version == CT_SOAP_ANY)
        version = request->details->versions & 1U << CT_SOAP_12 ? CT_SOAP_12 : CT_SOAP_11;
    if (!action && request->details)
        action = request->details->actions[version];
    snprintf(request->action, sizeof request->action, "%s", action ? action : "");
}

/* A file: an envelope as it is, or what belongs into the Body of one. */
static int write_file(struct run *run, struct request *request)
{
    char why[WHY_BYTES], *bytes, *clean;
    enum ct_version version;
    struct ct_error error;
    size_t len, clean_len;
    int result = 0;
    if (document_read(run, request->file, &bytes, &len, why, sizeof why))
        return refuse(run, why);
    clean = soap_xmpp_clean(bytes, len, NULL, &clean_len, why, sizeof why);
    free(bytes);
    if (!clean)
        return report_end(&run->report, REPORT_USAGE, "%s: %s", request->file, why);
    if (ct_envelope_look(clean, clean_len, request->file, &version, &error) ||
        (version == CT_SOAP_ANY && ct_envelope_wrap(request->version, request->header.bytes, clean,
                                                    request->file, &request->envelope, &error)))
        result = refuse(run, error.text);
    else if (version != CT_SOAP_ANY && request->header.len)
        result = refuse(run, "an envelope is sent as it is: --header and --user can't be added");
    else if (version != CT_SOAP_ANY)
        ct_text_add(&request->envelope, clean, clean_len);
    free(clean);
    return result;
}

static int write_operation(struct run *run, struct request *request)
{
    struct ct_request_form form = {.version = request->version,
                                   .header = request->header.len ? request->header.bytes : NULL,
                                   .read_file = document_read_value,
                                   .file_context = run};
    struct ct_error error;
    enum ct_err failed;
    if (request->contract)
        failed = ct_request_write(request->contract, request->details, &form, request->values,
                                  request->value_count, &request->envelope, &error);
    else
        failed = ct_request_write_plain(option_text(&run->options, "ns"),
                                        option_text(&run->options, "qualified") != NULL,
                                        request->operation, &form, request->values,
                                        request->value_count, &request->envelope, &error);
    return failed ? refuse(run, error.text) : 0;
}

int request_write(struct run *run, struct request *request)
{
    struct ct_error error;
    int result = write_headers(run, request);
    if (result)
        return result;
    if (ct_text_check(&request->header, "the Header", &error))
        return refuse(run, error.text);
    if (!request->file || !request->envelope.len) { /* standard input can be read once */
        ct_text_clear(&request->envelope);
        result = request->file ? write_file(run, request) : write_operation(run, request);
    }
    if (result)
        return result;
    if (ct_text_check(&request->envelope, "the envelope", &error))
        return refuse(run, error.text);
    choose_action(run, request);
    return 0;
}

int request_write_template(struct run *run, struct request *request)
{
    struct ct_template_form form = {.version = request->version};
    struct ct_error error;
    if (!request->details)
        return refuse(run, "--template needs an operation and its contract");
    if (ct_template_write(request->contract, request->details, &form, &request->envelope, &error))
        return refuse(run, error.text);
    return 0;
}

void request_free(struct request *request)
{
    if (request->header.bytes)
        explicit_bzero(request->header.bytes, request->header.len);
    ct_text_fini(&request->header);
    ct_text_fini(&request->envelope);
    ct_contract_free(request->contract);
    request->contract = NULL;
}
