/* ls.c - soap-xmpp ls: which services there are: of a domain, and of our contacts.
 *
 * Happy path: disco#items of the domain, and the roster, if no domain was named -> each is asked
 * what it is, several at once -> a line for each that answers.
 * Failure modes: who doesn't answer is listed with the reason only if --all says so; a domain that
 * doesn't answer ends it with exit 3. */
#include <libxml/parser.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "endpoint.h"
#include "entity.h"
#include "interrupt.h"

enum { WHY_BYTES = 512, ITEMS_MOST = 1000, ASKERS = 16, LIST_MS = 10000, ANSWER_MS = 5000 };

struct item {
    char *jid, *name;
    json_t *entity; /* NULL: it hasn't answered */
    char why[WHY_BYTES];
};

struct listing {
    struct run *run;
    struct soap_xmpp_link *link;
    struct item items[ITEMS_MOST];
    size_t count;
    bool is_cut;
    atomic_size_t next; /* for whoever asks */
};

static int add(struct listing *listing, const char *jid, const char *name)
{
    struct item *item = &listing->items[listing->count];
    size_t i;
    for (i = 0; i < listing->count; i++)
        if (strcmp(listing->items[i].jid, jid) == 0)
            return 0;
    if (listing->count == ITEMS_MOST) {
        listing->is_cut = true;
        return 1;
    }
    *item = (struct item){.jid = strdup(jid), .name = strdup(name)};
    if (item->jid && item->name) {
        listing->count++;
        return 0;
    }
    free(item->jid);
    free(item->name);
    return 1;
}

static int note_item(void *user, const char *kind, const char *jid, const char *name)
{
    (void)kind;
    return add(user, jid, name);
}

/* ---- the roster ---- */

static void add_contact(struct listing *listing, xmlNodePtr node)
{
    char jid[ENDPOINT_BYTES];
    xmlChar *bare = xmlGetNoNsProp(node, (const xmlChar *)"jid");
    xmlChar *name = xmlGetNoNsProp(node, (const xmlChar *)"name");
    if (bare) {
        snprintf(jid, sizeof jid, "%s%s", (const char *)bare,
                 strchr((const char *)bare, '@') ? "/soap" : "");
        add(listing, jid, name ? (const char *)name : "");
    }
    xmlFree(bare);
    xmlFree(name);
}

/* RFC 6121 2.1.3. A server without one is no failure. */
static void add_contacts(struct listing *listing, const char *own)
{
    char why[WHY_BYTES], *xml;
    xmlDocPtr document;
    xmlNodePtr root, at;
    xml = soap_xmpp_ask(listing->link, own, "<query xmlns='jabber:iq:roster'/>",
                        deadline_left_ms(&listing->run->deadline, LIST_MS), why, sizeof why);
    if (!xml) {
        report_note(&listing->run->report, "the contacts are not known: %s", why);
        return;
    }
    document = xmlReadMemory(xml, (int)strlen(xml), NULL, "UTF-8",
                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    root = document ? xmlDocGetRootElement(document) : NULL;
    for (at = root ? root->children : NULL; at; at = at->next)
        if (at->type == XML_ELEMENT_NODE && strcmp((const char *)at->name, "item") == 0)
            add_contact(listing, at);
    xmlFreeDoc(document);
    free(xml);
}

/* ---- asking each ---- */

static void *ask_some(void *user)
{
    struct listing *listing = user;
    size_t i;
    while ((i = atomic_fetch_add(&listing->next, 1)) < listing->count && !interrupt_signal()) {
        struct item *item = &listing->items[i];
        item->entity = entity_ask(listing->link, item->jid,
                                  deadline_left_ms(&listing->run->deadline, ANSWER_MS), item->why,
                                  sizeof item->why);
    }
    return NULL;
}

static void ask_all(struct listing *listing)
{
    pthread_t askers[ASKERS];
    size_t i, started = 0;
    while (started + 1 < ASKERS && started + 1 < listing->count &&
           pthread_create(&askers[started], NULL, ask_some, listing) == 0)
        started++;
    ask_some(listing);
    for (i = 0; i < started; i++)
        pthread_join(askers[i], NULL);
}

/* ---- telling ---- */

static json_t *object_of(const struct item *item)
{
    json_t *object = json_pack("{s:s, s:s}", "jid", item->jid, "name", item->name);
    if (item->entity)
        json_object_update(object, item->entity);
    else
        json_object_set_new(object, "text", json_string(item->why));
    if (item->entity && !*item->name)
        json_object_set_new(object, "name", json_string(entity_name(item->entity)));
    return object;
}

static void print_item(const struct item *item)
{
    const char *name = *item->name ? item->name : item->entity ? entity_name(item->entity) : "";
    printf("%-5s ", !item->entity ? "-" : entity_is(item->entity, "soap") ? "soap" : "");
    entity_print_text(item->jid);
    printf("%s", *name ? "  " : "");
    entity_print_text(name);
    if (!item->entity) {
        printf("  (");
        entity_print_text(item->why);
        printf(")");
    }
    printf("\n");
}

/* Servers list much that is no service: chat rooms, proxies. Whoever lists --all wants them, too.
 */
static bool is_listed(const struct item *item, bool is_all)
{
    return is_all || (item->entity && entity_is(item->entity, "soap"));
}

static int tell(struct listing *listing)
{
    struct report *report = &listing->run->report;
    bool is_all = option_text(&listing->run->options, "all") != NULL;
    json_t *items = json_array();
    size_t i, listed = 0;
    for (i = 0; i < listing->count; i++) {
        if (!is_listed(&listing->items[i], is_all))
            continue;
        listed++;
        if (report->is_json)
            json_array_append_new(items, object_of(&listing->items[i]));
        else
            print_item(&listing->items[i]);
    }
    report_set(report, "items", items);
    report_set(report, "asked", json_integer((json_int_t)listing->count));
    if (listing->is_cut)
        report_note(report, "there are more than %d; the others were not asked", ITEMS_MOST);
    if (!listed && listing->count)
        report_note(report, "none of %zu that were asked is a SOAP service (--all lists them)",
                    listing->count);
    return report_end(report, REPORT_OK, NULL);
}

static void free_items(struct listing *listing)
{
    size_t i;
    for (i = 0; i < listing->count; i++) {
        free(listing->items[i].jid);
        free(listing->items[i].name);
        json_decref(listing->items[i].entity);
    }
}

/* ---- the command ---- */

/* Bare JID and domain of ours. */
static void split_own(struct soap_xmpp_link *link, char own[ENDPOINT_BYTES], const char **domain)
{
    char *at;
    soap_xmpp_jid(link, own, ENDPOINT_BYTES);
    own[strcspn(own, "/")] = '\0';
    at = strchr(own, '@');
    *domain = at ? at + 1 : own;
}

static int list(struct run *run, struct listing *listing, const char *typed)
{
    char own[ENDPOINT_BYTES], why[WHY_BYTES];
    const char *domain;
    int result, timeout_ms = deadline_left_ms(&run->deadline, LIST_MS);
    split_own(listing->link, own, &domain);
    result = soap_xmpp_items(listing->link, typed ? typed : domain, timeout_ms, note_item, listing,
                             why, sizeof why);
    if (result && typed)
        return report_end(&run->report, REPORT_NOT_EXECUTED, "%s", why);
    if (result)
        report_note(&run->report, "%s", why);
    if (!typed && strchr(own, '@'))
        add_contacts(listing, own);
    ask_all(listing);
    return tell(listing);
}

static int run_ls(struct run *run)
{
    const char *typed = run->options.argument_count ? run->options.arguments[0] : NULL;
    struct connection connection;
    struct listing *listing;
    int result;
    if (typed && strncmp(typed, "xmpp:", 5) == 0)
        typed += 5;
    if (typed)
        report_set_text(&run->report, "domain", typed);
    result = connection_open(run, &connection);
    if (result)
        return result;
    listing = calloc(1, sizeof *listing);
    if (listing) {
        listing->run = run;
        listing->link = connection.link;
        result = list(run, listing, typed);
        free_items(listing);
    } else {
        result = report_end(&run->report, REPORT_USAGE, "no memory");
    }
    free(listing);
    connection_close(&connection);
    return result;
}

static const struct option_row options[] = {
    {.name = "all", .summary = "also what is no SOAP service, and who doesn't answer"},
    {.name = NULL},
};

const struct command command_ls = {
    .name = "ls",
    .summary = "which services there are",
    .arguments = "[DOMAIN|JID]",
    .options = options,
    .description =
        "Asks DOMAIN (else our own) what there is (XEP-0030): components, and the devices\n"
        "that a component lists. Without DOMAIN our contacts are asked as well, each at its\n"
        "resource soap. A line for each SOAP service; in --json the array items.",
    .most_arguments = 1,
    .run = run_ls,
};
