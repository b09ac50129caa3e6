/* See trial.h. Course of both: the query or body is read -> the route's contract is asked for -> a
 * worker reads it -> the operations are told, or the call begins -> its end is told.
 *
 * The trial is one struct that goes from thread to thread; whoever has it either hands it on or
 * answers and frees it. */
#include "status/trial.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "contract/answer.h"
#include "contract/contract.h"
#include "contract/json.h"
#include "contract/parameter.h"
#include "contract/request.h"
#include "contract/template.h"
#include "status/reply.h"

enum { ROUTE_BYTES = 1024, WHY_BYTES = 1024, ARGUMENTS_MOST = 10000, BODY_BYTES = 1024 * 1024 };

struct trial {
    const struct gw_status_of *of;
    struct gw_request *request;
    char route[ROUTE_BYTES];
    bool is_call;
    json_t *asked; /* of a call: what was posted */
    char *contract_text;
    size_t contract_bytes;
    struct ct_contract *contract;
    const struct ct_operation *operation;
    struct ct_text envelope;
    long long begun_us;
};

static void finish(struct trial *trial)
{
    json_decref(trial->asked);
    free(trial->contract_text);
    ct_contract_free(trial->contract);
    ct_text_fini(&trial->envelope);
    free(trial);
}

static void answer(struct trial *trial, int status, struct ct_text *text)
{
    gw_reply_text(trial->request, status, "application/json", text);
    finish(trial);
}

static void refuse(struct trial *trial, int status, const char *sentence)
{
    struct ct_text text = {0};
    struct ct_json json = {.out = &text};
    ct_json_begin(&json, NULL, '{');
    ct_json_string(&json, "error", sentence);
    ct_json_end(&json, '}');
    answer(trial, status, &text);
}

/* ---- the operations ---- */

static bool put_parameter(void *context, const struct ct_parameter *parameter)
{
    struct ct_json *json = context;
    const char *const *word;
    ct_json_begin(json, NULL, '{');
    ct_json_string(json, "path", parameter->path);
    ct_json_string(json, "type", parameter->type);
    ct_json_integer(json, "least", parameter->least);
    ct_json_integer(json, "most", parameter->most);
    ct_json_bool(json, "required", parameter->is_required);
    ct_json_bool(json, "nillable", parameter->is_nillable);
    if (parameter->words) {
        ct_json_begin(json, "words", '[');
        for (word = parameter->words; *word; word++)
            ct_json_string(json, NULL, *word);
        ct_json_end(json, ']');
    }
    if (parameter->documentation)
        ct_json_string(json, "documentation", parameter->documentation);
    ct_json_end(json, '}');
    return !ct_text_failed(json->out);
}

static void put_operation(struct ct_json *json, const struct ct_contract *contract,
                          const struct ct_operation *operation)
{
    struct ct_error error;
    const char *unsupported = operation->unsupported;
    ct_json_begin(json, NULL, '{');
    ct_json_string(json, "name", operation->name);
    if (operation->documentation)
        ct_json_string(json, "documentation", operation->documentation);
    ct_json_begin(json, "parameters", '[');
    if (!unsupported &&
        ct_parameter_list(contract, operation, false, put_parameter, json, &error) != CT_OK)
        unsupported = error.text;
    ct_json_end(json, ']');
    if (unsupported)
        ct_json_string(json, "unsupported", unsupported);
    ct_json_end(json, '}');
}

static void list(struct trial *trial)
{
    struct ct_text text = {0};
    struct ct_json json = {.out = &text};
    const char *note;
    size_t i;
    ct_json_begin(&json, NULL, '{');
    ct_json_begin(&json, "operations", '[');
    for (i = 0; i < ct_contract_operation_count(trial->contract); i++)
        put_operation(&json, trial->contract, ct_contract_operation(trial->contract, i));
    ct_json_end(&json, ']');
    ct_json_begin(&json, "notes", '[');
    for (i = 0; (note = ct_contract_note(trial->contract, i)) != NULL; i++)
        ct_json_string(&json, NULL, note);
    ct_json_end(&json, ']');
    ct_json_end(&json, '}');
    answer(trial, 200, &text);
}

/* ---- the call ---- */

static const char *asked_text(const struct trial *trial, const char *name)
{
    const char *text = json_string_value(json_object_get(trial->asked, name));
    return text ? text : "";
}

static enum ct_version asked_version(const struct trial *trial)
{
    const char *soap = asked_text(trial, "soap");
    return strcmp(soap, "1.1") == 0   ? CT_SOAP_11
           : strcmp(soap, "1.2") == 0 ? CT_SOAP_12
                                      : CT_SOAP_ANY;
}

/* The arguments that were posted, in an array of the caller's; -1: they are none. */
static int read_arguments(const struct trial *trial, const char **arguments, size_t *count)
{
    const json_t *listed = json_object_get(trial->asked, "arguments"), *value;
    size_t i;
    if (listed && (!json_is_array(listed) || json_array_size(listed) > ARGUMENTS_MOST))
        return -1;
    *count = 0;
    json_array_foreach(listed, i, value) {
        if (!json_is_string(value))
            return -1;
        arguments[(*count)++] = json_string_value(value);
    }
    return 0;
}

/* Files aren't read for who posts: form.read_file is NULL. */
static enum ct_err write_envelope(struct trial *trial, struct ct_error *error)
{
    const struct ct_request_form form = {.version = asked_version(trial)};
    const char **arguments = calloc(ARGUMENTS_MOST, sizeof *arguments);
    enum ct_err result;
    size_t count = 0;
    if (!arguments)
        return ct_error_no_memory(error);
    if (read_arguments(trial, arguments, &count) != 0)
        result = ct_error_set(error, CT_EUSAGE,
                              "\"arguments\" must be an array of at most %d texts", ARGUMENTS_MOST);
    else
        result = ct_request_write(trial->contract, trial->operation, &form, arguments, count,
                                  &trial->envelope, error);
    free(arguments); /* NOLINT(bugprone-multi-level-implicit-pointer-conversion) */
    return result;
}

static void put_fault(struct ct_json *json, const struct ct_fault *fault)
{
    ct_json_begin(json, "fault", '{');
    ct_json_string(json, "code", fault->code);
    ct_json_string(json, "subcode", fault->subcode);
    ct_json_string(json, "reason", fault->reason);
    ct_json_string(json, "detail", fault->detail);
    ct_json_end(json, '}');
}

/* What came, as values and as the body's XML, indented. */
static void put_envelope(struct ct_json *json, const struct trial *trial,
                         const struct gw_call_end *end)
{
    struct ct_answer *came;
    struct ct_text text = {0};
    struct ct_error error;
    if (ct_answer_read(trial->contract, trial->operation, end->envelope, end->envelope_bytes, &came,
                       &error) != CT_OK) {
        ct_json_string(json, "unreadable", error.text);
        return;
    }
    if (ct_answer_write_values(came, &text, &error) == CT_OK)
        ct_json_string(json, "values", text.bytes ? text.bytes : "");
    ct_text_clear(&text);
    if (ct_answer_write_body(came, true, &text, &error) == CT_OK)
        ct_json_string(json, "body", text.bytes ? text.bytes : "");
    if (ct_answer_fault(came))
        put_fault(json, ct_answer_fault(came));
    ct_text_fini(&text);
    ct_answer_free(came);
}

static void call_done(void *user, struct gw_call_end *end)
{
    struct trial *trial = user;
    struct ct_text text = {0};
    struct ct_json json = {.out = &text};
    ct_json_begin(&json, NULL, '{');
    ct_json_string(&json, "end", gw_link_end_text(end->end));
    ct_json_string(&json, "outcome", gw_link_outcome_text(end->outcome));
    ct_json_string(&json, "condition", end->condition);
    ct_json_string(&json, "text", end->text);
    ct_json_integer(&json, "ms", (gw_clock_us() - trial->begun_us) / 1000);
    ct_json_string(&json, "request", trial->envelope.bytes);
    if (end->envelope)
        put_envelope(&json, trial, end);
    ct_json_end(&json, '}');
    answer(trial, 200, &text);
}

static void call(struct trial *trial)
{
    char why[WHY_BYTES];
    struct ct_error error;
    const char *action;
    enum ct_version version = asked_version(trial);
    if (ct_contract_find(trial->contract, asked_text(trial, "operation"), &trial->operation,
                         &error) != CT_OK ||
        write_envelope(trial, &error) != CT_OK) {
        refuse(trial, 400, error.text);
        return;
    }
    if (version == CT_SOAP_ANY)
        version = trial->operation->versions & 1U << CT_SOAP_12 ? CT_SOAP_12 : CT_SOAP_11;
    action = trial->operation->actions[version];
    trial->begun_us = gw_clock_us();
    if (gw_routes_call(trial->of->routes, trial->route, action ? action : "", trial->envelope.bytes,
                       trial->envelope.len, call_done, trial, why, sizeof why) != 0)
        refuse(trial, 502, why);
}

/* ---- the contract ---- */

static void read_contract(void *user)
{
    struct trial *trial = user;
    const struct ct_source source = {.bytes = trial->contract_text, .len = trial->contract_bytes};
    const struct ct_reading reading = {.sources = &source, .source_count = 1};
    struct ct_error error;
    if (ct_contract_read(&reading, &trial->contract, &error) != CT_OK)
        refuse(trial, 502, error.text);
    else if (trial->is_call)
        call(trial);
    else
        list(trial);
}

static void take_contract(void *user, const char *text, size_t bytes, const char *why)
{
    struct trial *trial = user;
    if (!text) {
        refuse(trial, 502, why);
        return;
    }
    trial->contract_text = strndup(text, bytes);
    trial->contract_bytes = bytes;
    if (!trial->contract_text || gw_workers_do(trial->of->workers, read_contract, trial) != 0)
        refuse(trial, 503, "the gateway is busy: try again");
}

static void begin(struct trial *trial)
{
    char why[WHY_BYTES];
    if (!trial->of->routes)
        refuse(trial, 404, "there are no routes");
    else if (gw_routes_describe(trial->of->routes, trial->route, take_contract, trial, why,
                                sizeof why) != 0)
        refuse(trial, 404, why);
}

static struct trial *new_trial(const struct gw_status_of *of, struct gw_request *request)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial) {
        gw_reply_line(request, 503, "no memory");
        return NULL;
    }
    trial->of = of;
    trial->request = request;
    return trial;
}

/* ---- what was asked ---- */

/* The value of the query's only field, decoded; false: another field, no room, bad escapes. */
static bool read_query(const char *query, const char *name, char *out, size_t out_bytes)
{
    size_t len = strlen(name), used = 0;
    if (strncmp(query, name, len) != 0 || query[len] != '=')
        return false;
    for (query += len + 1; *query; query++) {
        int c = *query == '%'   ? gw_hex_byte(query + 1)
                : *query == '+' ? ' '
                                : (unsigned char)*query;
        if (c <= 0 || used + 1 >= out_bytes)
            return false;
        out[used++] = (char)c;
        query += *query == '%' ? 2 : 0;
    }
    out[used] = '\0';
    return true;
}

void gw_trial_list(const struct gw_status_of *of, struct gw_request *request)
{
    struct trial *trial = new_trial(of, request);
    if (!trial)
        return;
    if (read_query(gw_request_query(request), "route", trial->route, sizeof trial->route))
        begin(trial);
    else
        refuse(trial, 400, "which route? /try/operations?route=/calc");
}

static bool read_posted(struct trial *trial)
{
    size_t bytes;
    const char *body = gw_request_body(trial->request, &bytes);
    int len;
    if (bytes > BODY_BYTES)
        return false;
    trial->asked = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(trial->asked))
        return false;
    len = snprintf(trial->route, sizeof trial->route, "%s", asked_text(trial, "route"));
    return len > 0 && len < (int)sizeof trial->route && *asked_text(trial, "operation");
}

void gw_trial_call(const struct gw_status_of *of, struct gw_request *request)
{
    struct trial *trial = new_trial(of, request);
    if (!trial)
        return;
    trial->is_call = true;
    if (read_posted(trial))
        begin(trial);
    else
        refuse(trial, 400,
               "post one object of JSON, 1 MiB at most, with \"route\" and \"operation\"");
}
