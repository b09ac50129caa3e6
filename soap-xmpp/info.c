/* info.c - soap-xmpp info: who is behind an endpoint, and what it can.
 *
 * Happy path: disco#info, the service's own form among it, printed.
 * Failure modes: nobody answers: exit 3, with the condition. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "endpoint.h"
#include "entity.h"

enum { WHY_BYTES = 512, ANSWER_MS = 15000, LABEL_WIDTH = 12 };

static void print_row(const char *label, const char *text)
{
    printf("%-*s ", LABEL_WIDTH, label);
    entity_print_text(text);
    printf("\n");
}

static void print_rows(const char *label, const json_t *values)
{
    const json_t *value;
    size_t i;
    json_array_foreach(values, i, value)
        print_row(i ? "" : label, json_string_value(value));
}

static void print_identities(const json_t *identities)
{
    const json_t *identity;
    size_t i;
    json_array_foreach(identities, i, identity) {
        const char *name = json_string_value(json_object_get(identity, "name"));
        printf("%-*s ", LABEL_WIDTH, i ? "" : "identity");
        entity_print_text(json_string_value(json_object_get(identity, "category")));
        printf("%s", *name ? ", " : "");
        entity_print_text(name);
        printf("\n");
    }
}

static void print_entity(const json_t *entity, bool has_features)
{
    static const char *const fields[] = {"name", "version", "operations", "wsdl-sha256", "started"};
    size_t i;
    print_identities(json_object_get(entity, "identities"));
    for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
        print_rows(fields[i], entity_values(entity, SOAP_XMPP_SERVICE_FORM, fields[i]));
    print_row("soap", entity_is(entity, "soap") ? "yes" : "no");
    print_row("packed", entity_is(entity, "packed") ? "yes" : "no");
    print_row("runs once", entity_is(entity, "delivery") ? "yes, also when a call is sent again"
                                                         : "not known: a call is sent once");
    if (entity_incarnation(entity))
        print_row("incarnation", entity_incarnation(entity));
    if (has_features)
        print_rows("features", json_object_get(entity, "features"));
}

static int tell(struct run *run, struct soap_xmpp_link *link, const char *endpoint)
{
    char why[WHY_BYTES];
    int timeout_ms = deadline_left_ms(&run->deadline, ANSWER_MS);
    json_t *entity = entity_ask(link, endpoint, timeout_ms, why, sizeof why);
    if (!entity)
        return report_end(&run->report, REPORT_NOT_EXECUTED, "%s", why);
    if (run->report.is_json)
        json_object_update(run->report.members, entity);
    else
        print_entity(entity, option_text(&run->options, "features") != NULL);
    json_decref(entity);
    return report_end(&run->report, REPORT_OK, NULL);
}

static int run_info(struct run *run)
{
    char endpoint[ENDPOINT_BYTES];
    struct connection connection;
    int result;
    if (endpoint_write(run->options.arguments[0], false, endpoint))
        return report_end(&run->report, REPORT_USAGE,
                          "'%s' is no endpoint: xmpp:cam@example.org/soap",
                          run->options.arguments[0]);
    report_set_text(&run->report, "endpoint", endpoint);
    result = connection_open(run, &connection);
    if (result)
        return result;
    result = tell(run, connection.link, endpoint);
    connection_close(&connection);
    return result;
}

static const struct option_row options[] = {
    {.name = "features", .summary = "lists its features as well"},
    {.name = NULL},
};

const struct command command_info = {
    .name = "info",
    .summary = "who is behind an endpoint, and what it can",
    .arguments = "ENDPOINT",
    .options = options,
    .description =
        "Asks for its features (XEP-0030). A service that describes itself (--wsdl of\n"
        "serve, SOAP_XMPP_WSDL) tells name, version and operations to whom its rules let\n"
        "call; a server or a component can be asked as well. Exit code 3: nobody answers.",
    .least_arguments = 1,
    .most_arguments = 1,
    .run = run_info,
};
