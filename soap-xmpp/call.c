/* call.c - soap-xmpp call: calls an operation of a service.
 *
 * Happy path: the contract from the service, a file or a URL, or none; the envelope; the call; its
 * answer, printed.
 * Failure modes: exit codes say whether the service ran it: report.h. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "document.h"
#include "endpoint.h"
#include "exchange.h"
#include "interrupt.h"
#include "output.h"
#include "request.h"

enum { WHY_BYTES = 1024, MOST_CALLS = 1000000, KEY_BYTES = 1024, SLICE_MS = 1000 };

static const struct option_row options[] = {
    REQUEST_OPTIONS,
    {.name = "template", .summary = "prints the envelope to fill in, and calls nobody"},
    {.name = "dry-run", .summary = "prints the envelope that would be sent"},
    {.name = "output",
     .value = "FORM",
     .words = "value|body|envelope|json",
     .summary = "what is printed of the answer"},
    {.name = "message", .summary = "by message, which waits for a service that is offline"},
    {.name = "one-way", .summary = "done once the other side has it; by message: our server"},
    {.name = "name", .value = "NAME", .summary = "of a call by message; needs --name-key-file"},
    {.name = "name-key-file",
     .value = "FILE",
     .summary = "a secret of yours, with which a named answer is known again"},
    {.name = "late",
     .summary = "sends nothing: waits for the answer to the call that had this name"},
    {.name = "count",
     .value = "N",
     .summary = "calls so often, one after the other, while answered"},
    {.name = NULL},
};

static const char description[] =
    "Calls an operation of a service, and prints its answer. The request is built from\n"
    "the service's contract, which comes from the service itself unless --wsdl names\n"
    "one; --ns does without. Values:\n"
    "  a=1  rec.name=x  list=1 list=2  p[2].x=1  @id=7 (an attribute)\n"
    "  x=@FILE (its text)  x=@@FILE (its bytes, base64)  x:= (nil)  x<TYPE>.y=1\n"
    "Or what is sent is a document: - (standard input) or a FILE, whose name has a '/'\n"
    "or ends in .xml: an envelope as it is, or what belongs into its Body. Of the answer\n"
    "a terminal gets the values, a pipe the body, unless --output says otherwise.\n"
    "\n"
    "The exit code says whether the service ran it: 0 yes, 1 yes and it said no, 3 no,\n"
    "4 unknown, 5 yes, but its answer can't be used.";

static void set_key(struct connection *connection, char key[KEY_BYTES])
{
    connection->settings.config.name_key = key;
    connection->settings.config.messages = 1;
}

static int read_key(struct run *run, const char *path, char key[KEY_BYTES])
{
    char why[WHY_BYTES];
    if (document_read_secret(run, path, key, KEY_BYTES, why, sizeof why) == 0)
        return 0;
    return report_end(&run->report, REPORT_USAGE, "--name-key-file %s", why);
}

static int open_link(struct run *run, struct connection *connection)
{
    const char *path = option_text(&run->options, "name-key-file");
    char key[KEY_BYTES];
    int result = settings_resolve(run, &connection->settings);
    if (result)
        return result;
    if (path && (result = read_key(run, path, key))) {
        settings_free(&connection->settings);
        return result;
    }
    if (path)
        set_key(connection, key);
    result = connection_start(run, connection); /* the library copies the key */
    explicit_bzero(key, sizeof key);
    return result;
}

static int call_once(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                     struct request *request)
{
    char traceparent[EXCHANGE_TRACEPARENT_BYTES];
    struct exchange_answer answer;
    struct soap_xmpp_post post;
    int code;
    soap_xmpp_post_init(&post);
    post.endpoint = endpoint;
    post.envelope = request->envelope.bytes;
    post.envelope_bytes = request->envelope.len;
    post.action = *request->action ? request->action : NULL;
    post.name = option_text(&run->options, "name");
    post.is_one_way = option_text(&run->options, "one-way") != NULL;
    if (exchange_write_traceparent(traceparent) == 0) {
        post.traceparent = traceparent;
        report_set_text(&run->report, "trace", traceparent);
    }
    code = exchange_make(run, link, &post, request->operation, &answer);
    code = output_answer(run, request, &answer, code, option_text(&run->options, "output"));
    exchange_free(&answer);
    return code;
}

/* The answer to a call of an earlier process, which servers have kept. */
static int await_late(struct run *run, struct soap_xmpp_link *link, struct request *request)
{
    const char *name = option_text(&run->options, "name");
    struct exchange_answer answer = {0};
    struct soap_xmpp_call *call = NULL;
    int code;
    while (!call && !interrupt_signal() && !deadline_is_over(&run->deadline)) {
        call = soap_xmpp_wait(link, deadline_left_ms(&run->deadline, SLICE_MS));
        if (call && strcmp(soap_xmpp_call_name(call), name) != 0) {
            soap_xmpp_cancel(call);
            call = NULL;
        }
    }
    if (!call) {
        report_ran(&run->report, REPORT_UNKNOWN);
        return report_end(&run->report, REPORT_UNKNOWN, "no answer to '%s' has come", name);
    }
    code = exchange_take(call, request->operation, &answer);
    code = output_answer(run, request, &answer, code, option_text(&run->options, "output"));
    exchange_free(&answer);
    return code;
}

/* The answers of all but the last call are events. */
static int call_all(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                    struct request *request, long count)
{
    long i;
    int code = REPORT_OK;
    for (i = 0; i < count && code == REPORT_OK && !interrupt_signal(); i++) {
        if (i > 0 && run->report.is_json)
            report_print_event(&run->report);
        if ((code = request_write(run, request)))
            return code;
        code = call_once(run, link, endpoint, request);
    }
    return code;
}

static int print_envelope(struct run *run, struct request *request)
{
    if (run->report.is_json)
        report_set(&run->report, "envelope",
                   json_stringn(request->envelope.bytes, request->envelope.len));
    else
        printf("%s\n", request->envelope.bytes);
    return report_end(&run->report, REPORT_OK, NULL);
}

/* Whatever needs no link, before there is one: mistakes cost no login. */
static int prepare(struct run *run, struct request *request, long *count, bool *is_done)
{
    char why[WHY_BYTES];
    int result;
    *is_done = false;
    if (option_number(&run->options, "count", 1, MOST_CALLS, 1, count, why, sizeof why))
        return report_end(&run->report, REPORT_USAGE, "%s", why);
    if (option_text(&run->options, "late") && !option_text(&run->options, "name"))
        return report_end(&run->report, REPORT_USAGE, "--late needs --name");
    if (option_text(&run->options, "name") && !option_text(&run->options, "name-key-file"))
        return report_end(&run->report, REPORT_USAGE, "--name needs --name-key-file");
    if ((result = request_read_wsdl(run, request)) || request_needs_service(run, request))
        return result;
    if (option_text(&run->options, "template"))
        result = request_write_template(run, request);
    else
        result = request_write(run, request);
    *is_done = option_text(&run->options, "template") || option_text(&run->options, "dry-run");
    return result || !*is_done ? result : print_envelope(run, request);
}

static int call_online(struct run *run, struct soap_xmpp_link *link, const char *endpoint,
                       struct request *request, long count)
{
    int result = 0;
    if (request_needs_service(run, request) &&
        (result = request_describe(run, link, endpoint, request)))
        return result;
    if (option_text(&run->options, "template"))
        return (result = request_write_template(run, request)) ? result
                                                               : print_envelope(run, request);
    if (option_text(&run->options, "late"))
        return await_late(run, link, request);
    if (option_text(&run->options, "dry-run"))
        return (result = request_write(run, request)) ? result : print_envelope(run, request);
    return call_all(run, link, endpoint, request, count);
}

static int run_call(struct run *run)
{
    char endpoint[ENDPOINT_BYTES];
    const char *typed = run->options.arguments[0];
    struct connection connection;
    struct request request;
    long count;
    bool is_done;
    int result;
    if (endpoint_write(typed, option_text(&run->options, "message") != NULL, endpoint))
        return report_end(&run->report, REPORT_USAGE,
                          "'%s' is no endpoint: xmpp:cam@example.org/soap", typed);
    if ((result = request_begin(run, 1, &request)))
        return result;
    report_about(&run->report, endpoint, request.operation);
    result = prepare(run, &request, &count, &is_done);
    if (!result && !is_done && (result = open_link(run, &connection)) == 0) {
        result = call_online(run, connection.link, endpoint, &request, count);
        connection_close(&connection);
    }
    request_free(&request);
    return result;
}

const struct command command_call = {
    .name = "call",
    .summary = "calls an operation of a service",
    .arguments = "ENDPOINT OPERATION [NAME=VALUE...] | ENDPOINT -|FILE",
    .options = options,
    .description = description,
    .least_arguments = 2,
    .most_arguments = 100002,
    .run = run_call,
};
