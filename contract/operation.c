/* See operation.h. */
#include "contract/operation.h"

#include <stdio.h>
#include <string.h>

#include "contract/nearest.h"

/* Operations that go by the same name. */
struct namesake {
    const struct ct_operation *operation;
    struct namesake *next;
};

struct maker {
    struct ct_contract *contract;
    struct ct_pool *pool;
    enum ct_err err;
    struct ct_error *error;
};

static void *take(struct maker *maker, size_t bytes)
{
    void *taken = maker->err ? NULL : ct_pool_take(maker->pool, bytes);
    if (!taken && !maker->err)
        maker->err = ct_pool_error(maker->pool, "the contract", maker->error);
    return taken;
}

static const char *clause(struct maker *maker, const char *format, const char *detail)
{
    char text[900];
    snprintf(text, sizeof text, format, detail);
    size_t bytes = strlen(text) + 1;
    char *copy = take(maker, bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

/* Why there is none, and which import may be the reason. */
static const char *undefined(struct maker *maker, const char *kind, struct ct_name name)
{
    const struct ct_note *note = maker->contract->wsdl.notes;
    char text[900];
    snprintf(text, sizeof text, "its %s {%.150s}%.100s isn't defined%s%.500s", kind, name.ns,
             name.local, note ? "; " : "", note ? note->text : "");
    return clause(maker, "%s", text);
}

/* Whether the list of names has the name. */
static bool lists(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (; *(list += strspn(list, " \t\r\n")); list += strcspn(list, " \t\r\n"))
        if (strncmp(list, name, len) == 0 && strchr(" \t\r\n", list[len]))
            return true;
    return false;
}

static bool is_in_header(const struct ct_body *body, struct ct_name message, const char *part)
{
    const struct ct_header_part *header = body->headers;
    while (header && !(strcmp(header->part, part) == 0 && header->message.local &&
                       ct_name_equal(header->message, message)))
        header = header->next;
    return header != NULL;
}

static bool is_in_body(const struct ct_body *body, struct ct_name message,
                       const struct ct_part *part)
{
    return body->parts ? lists(body->parts, part->name) : !is_in_header(body, message, part->name);
}

/* The element that an rpc binding makes of a message. */
static const struct ct_element *make_wrapper(struct maker *maker, const struct ct_body *body,
                                             struct ct_name message_name,
                                             const struct ct_message *message, const char *local,
                                             struct ct_place place)
{
    struct ct_element *wrapper = take(maker, sizeof *wrapper);
    struct ct_type *type = take(maker, sizeof *type);
    struct ct_particle *sequence = take(maker, sizeof *sequence);
    if (!wrapper || !type || !sequence)
        return NULL;
    *sequence = (struct ct_particle){.kind = CT_PARTICLE_SEQUENCE, .least = 1, .most = 1};
    struct ct_particle **last = &sequence->first;
    for (const struct ct_part *part = message->parts; part; part = part->next) {
        if (!is_in_body(body, message_name, part))
            continue;
        struct ct_particle *particle = take(maker, sizeof *particle);
        struct ct_element *element = take(maker, sizeof *element);
        if (!particle || !element)
            return NULL;
        *element = (struct ct_element){
            .name = {"", part->name}, .place = place, .type = {.name = part->type}};
        *particle = (struct ct_particle){.kind = CT_PARTICLE_ELEMENT, .least = 1, .most = 1};
        particle->place = place;
        particle->element = element;
        if (part->element.local) {
            particle->kind = CT_PARTICLE_REFERENCE;
            particle->reference = part->element;
        }
        *last = particle;
        last = &particle->next;
    }
    type->is_complex = true;
    type->content = sequence;
    type->place = place;
    wrapper->name = (struct ct_name){body->ns ? body->ns : "", local};
    wrapper->place = place;
    wrapper->type.type = type;
    return wrapper;
}

/* The element of a document binding: that of its only part. */
static const struct ct_element *find_root(struct maker *maker, const struct ct_body *body,
                                          struct ct_name message_name,
                                          const struct ct_message *message, const char **why)
{
    const struct ct_part *only = NULL;
    for (const struct ct_part *part = message->parts; part; part = part->next) {
        if (!is_in_body(body, message_name, part))
            continue;
        if (only)
            *why = clause(maker, "its message %.150s has several parts in one Body",
                          message_name.local);
        only = part;
    }
    if (!only || *why)
        return NULL;
    const struct ct_element *element =
        only->element.local ? ct_model_element(&maker->contract->wsdl.model, only->element) : NULL;
    if (!only->element.local)
        *why = clause(maker, "its message %.150s has a type where an element has to be",
                      message_name.local);
    else if (!element)
        *why = undefined(maker, "element", only->element);
    return element;
}

static const struct ct_element *make_side(struct maker *maker, struct ct_name message_name,
                                          const struct ct_body *body,
                                          const struct ct_binding_operation *bound, bool is_input,
                                          const char **why)
{
    const struct ct_message *message =
        message_name.local
            ? ct_table_find(&maker->contract->wsdl.model.table, CT_KIND_MESSAGE, message_name)
            : NULL;
    char local[256];
    *why = NULL;
    if (body->is_encoded)
        *why = "its message is encoded (use='encoded')";
    else if (!message_name.local && is_input)
        *why = "it has no input";
    else if (message_name.local && !message)
        *why = undefined(maker, "message", message_name);
    if (*why || !message)
        return NULL;
    if (!bound->is_rpc)
        return find_root(maker, body, message_name, message, why);
    snprintf(local, sizeof local, "%s%s", bound->name, is_input ? "" : "Response");
    return make_wrapper(maker, body, message_name, message,
                        is_input ? bound->name : clause(maker, "%s", local), bound->place);
}

static void add_name(struct maker *maker, const char *port, const struct ct_operation *operation)
{
    struct ct_table *table = &maker->contract->by_name;
    struct ct_name name = {port, operation->name};
    struct namesake *namesake = take(maker, sizeof *namesake);
    if (!namesake)
        return;
    namesake->operation = operation;
    struct namesake *first = ct_table_add(table, maker->pool, 0, name, namesake);
    if (!first) {
        maker->err = ct_pool_error(maker->pool, "the contract", maker->error);
    } else if (first != namesake && first->operation != operation) {
        namesake->next = first->next;
        first->next = namesake;
    }
}

static struct ct_operation *add_operation(struct maker *maker, struct ct_exchange *exchange,
                                          const struct ct_port_type *type,
                                          const struct ct_port *port)
{
    struct ct_contract *contract = maker->contract;
    struct ct_operation *operation = &contract->operations[contract->count++];
    *operation = (struct ct_operation){
        .name = exchange->name,
        .port_type = type->name,
        .port = port ? port->name : NULL,
        .documentation = exchange->documentation,
        .one_way = exchange->output.local == NULL,
        .unsupported = exchange->is_overloaded ? "there are several of this name" : NULL,
    };
    exchange->operation = operation;
    add_name(maker, "", operation);
    add_name(maker, type->name, operation);
    return operation;
}

static void bind_operation(struct maker *maker, struct ct_operation *operation,
                           const struct ct_exchange *exchange, enum ct_version version,
                           const struct ct_binding_operation *as)
{
    struct ct_bound *bound = take(maker, sizeof *bound);
    if (!bound || operation->bindings[version])
        return;
    bound->is_rpc = as->is_rpc;
    bound->input = make_side(maker, exchange->input, &as->input, as, true, &bound->no_input);
    bound->output = make_side(maker, exchange->output, &as->output, as, false, &bound->no_output);
    operation->bindings[version] = bound;
    operation->versions |= 1U << version;
    operation->actions[version] = as->action && *as->action ? as->action : exchange->action;
    operation->has_header = operation->has_header || as->input.headers;
    if (!operation->unsupported)
        operation->unsupported = bound->no_input;
}

static void note_missing(struct maker *maker, const struct ct_soap_binding *binding,
                         const char *kind, const char *name)
{
    char text[500];
    snprintf(text, sizeof text, "binding %.150s is of %s %.200s, which isn't defined",
             binding->name, kind, name ? name : "without a name");
    if (!ct_wsdl_note(&maker->contract->wsdl, text))
        maker->err = ct_pool_error(maker->pool, "the contract", maker->error);
}

static void bind_all(struct maker *maker, const struct ct_soap_binding *binding,
                     const struct ct_port *port)
{
    struct ct_port_type *type = binding->port_type.local
                                    ? ct_table_find(&maker->contract->wsdl.model.table,
                                                    CT_KIND_PORT_TYPE, binding->port_type)
                                    : NULL;
    if (!type) {
        note_missing(maker, binding, "port type", binding->port_type.local);
        return;
    }
    const struct ct_binding_operation *as = binding->operations;
    for (; as && !maker->err; as = as->next) {
        struct ct_name key = {"", as->name};
        struct ct_exchange *exchange = ct_table_find(&type->by_name, 0, key);
        if (!exchange) {
            note_missing(maker, binding, "operation", as->name);
            continue;
        }
        struct ct_operation *operation =
            exchange->operation ? exchange->operation : add_operation(maker, exchange, type, port);
        if (port)
            add_name(maker, port->name, operation);
        bind_operation(maker, operation, exchange, binding->version, as);
    }
}

/* How many there can be at most. */
static size_t count_operations(const struct ct_wsdl *wsdl)
{
    size_t count = 0;
    for (const struct ct_soap_binding *b = wsdl->bindings; b; b = b->next)
        for (const struct ct_binding_operation *o = b->operations; o; o = o->next)
            count++;
    return count;
}

enum ct_err ct_operation_make(struct ct_contract *contract, struct ct_error *error)
{
    struct ct_wsdl *wsdl = &contract->wsdl;
    struct maker maker = {.contract = contract, .pool = &wsdl->model.pool, .error = error};
    ct_table_init(&contract->by_name);
    contract->operations =
        take(&maker, (count_operations(wsdl) + 1) * sizeof *contract->operations);
    for (const struct ct_port *port = wsdl->ports; port && !maker.err; port = port->next) {
        struct ct_soap_binding *binding =
            ct_table_find(&wsdl->model.table, CT_KIND_BINDING, port->binding);
        if (!binding)
            continue;
        bind_all(&maker, binding, port);
        if (!contract->address)
            contract->address = port->address;
    }
    const struct ct_soap_binding *binding = wsdl->ports ? NULL : wsdl->bindings;
    for (; binding && !maker.err; binding = binding->next)
        bind_all(&maker, binding, NULL);
    if (!maker.err && contract->count == 0)
        return ct_error_set(error, CT_ECONTRACT, "%s has no operation with a SOAP binding%s%s",
                            *wsdl->name ? wsdl->name : "the contract", wsdl->notes ? ": " : "",
                            wsdl->notes ? wsdl->notes->text : "");
    return maker.err;
}

enum ct_err ct_operation_explain(const struct ct_contract *contract, enum ct_err err,
                                 struct ct_error *error)
{
    const struct ct_note *note = contract->wsdl.notes;
    struct ct_error before = *error;
    if (err == CT_ECONTRACT && note)
        ct_error_set(error, err, "%.300s; %s", before.text, note->text);
    return err;
}

enum ct_err ct_operation_bound(const struct ct_operation *operation, enum ct_version version,
                               const struct ct_bound **bound, enum ct_version *chosen,
                               struct ct_error *error)
{
    enum ct_version best = operation->bindings[CT_SOAP_12] ? CT_SOAP_12 : CT_SOAP_11;
    *chosen = version == CT_SOAP_ANY ? best : version;
    /* What an operation takes doesn't depend on the version, but for its envelope. */
    *bound = operation->bindings[operation->bindings[*chosen] ? *chosen : best];
    if (operation->unsupported)
        return ct_error_unsupported(error, "no request for %s can be built: %s", operation->name,
                                    operation->unsupported);
    return CT_OK;
}

static enum ct_err explain(const struct ct_contract *contract, const char *name,
                           struct ct_error *error)
{
    struct ct_nearest nearest = {.typed = name};
    char list[CT_NEAREST_BYTES];
    for (size_t i = 0; i < contract->count; i++)
        ct_nearest_tell(&nearest, contract->operations[i].name);
    return ct_error_set(error, CT_EUSAGE, "no operation '%.100s'; has: %s", name,
                        ct_nearest_list(&nearest, list));
}

static const struct namesake *find(const struct ct_contract *contract, const char *name)
{
    const struct namesake *found = ct_table_find(&contract->by_name, 0, (struct ct_name){"", name});
    for (const char *dot = name; !found && (dot = strchr(dot, '.')); dot++) {
        char port[256];
        size_t len = (size_t)(dot - name);
        if (len >= sizeof port)
            break;
        memcpy(port, name, len);
        port[len] = '\0';
        found = ct_table_find(&contract->by_name, 0, (struct ct_name){port, dot + 1});
    }
    return found;
}

enum ct_err ct_operation_find(const struct ct_contract *contract, const char *name,
                              const struct ct_operation **operation, struct ct_error *error)
{
    const struct namesake *found = find(contract, name);
    if (!found)
        return explain(contract, name, error);
    if (found->next) {
        const struct ct_operation *a = found->operation, *b = found->next->operation;
        return ct_error_set(error, CT_EUSAGE,
                            "%.100s and %.100s both have an operation '%.100s': say %.100s.%.100s",
                            a->port_type, b->port_type, name, a->port_type, a->name);
    }
    *operation = found->operation;
    return CT_OK;
}
