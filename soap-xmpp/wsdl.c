/* wsdl.c - soap-xmpp wsdl: the contract that a service gives away, for wsdl2h and others.
 *
 * Happy path: the description is asked for, or kept already; its WSDL is printed with the transport
 * of HTTP, since wsdl2h and zeep pass over a binding of another one, and with what was asked for.
 * What changes nothing in a document prints it byte for byte. Failure modes: no description: exit
 * 3. A file that can't be written: exit 5. */
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "connection.h"
#include "description.h"
#include "endpoint.h"

enum { PATH_BYTES = 4096, NAME_BYTES = 256 };

#define TRANSPORT_XMPP "http://jabber.org/protocol/soap"
#define TRANSPORT_HTTP "http://schemas.xmlsoap.org/soap/http"

static const struct option_row options[] = {
    {.name = "out", .letter = 'o', .value = "FILE", .summary = "writes it there"},
    {.name = "all",
     .value = "DIR",
     .summary = "writes it there with all that it imports, a file each"},
    {.name = "location", .value = "URL", .summary = "its address becomes this one"},
    {.name = "transport",
     .value = "NAME",
     .words = "http|xmpp|given",
     .summary = "of its bindings; http unless told"},
    {.name = NULL},
};

static const char description[] =
    "Prints the WSDL that a service gives away about itself:\n"
    "  soap-xmpp wsdl xmpp:cam@example.org | wsdl2h -c > cam.h\n"
    "The transport of its bindings is that of HTTP, since wsdl2h and others pass over a\n"
    "binding of another one; --transport given prints the WSDL as the service gave it.\n"
    "What it imports comes with --all DIR, where imports name the files beside.";

/* The file names of a description's sections. */
struct names {
    const struct ct_metadata *metadata;
    char names[CT_CONTRACT_DOCUMENTS][NAME_BYTES];
};

static bool is_safe(const char *name)
{
    return *name && *name != '.' &&
           name[strspn(
               name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static bool is_taken(const struct names *names, size_t count, const char *name)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if (strcmp(names->names[i], name) == 0)
            return true;
    }
    return false;
}

/* The last part of the section's location, if it is a plain name; a stranger has written it. */
static void choose_names(struct names *names, const struct ct_metadata *metadata)
{
    const struct ct_metadata_section *wsdl = description_wsdl(metadata);
    size_t i;
    names->metadata = metadata;
    for (i = 0; i < metadata->count; i++) {
        const struct ct_metadata_section *section = &metadata->sections[i];
        const char *slash = strrchr(section->location, '/');
        const char *name = slash ? slash + 1 : section->location;
        if (section == wsdl)
            snprintf(names->names[i], NAME_BYTES, "service.wsdl");
        else if (is_safe(name) && strlen(name) < NAME_BYTES && !is_taken(names, i, name) &&
                 strcmp(name, "service.wsdl") != 0)
            snprintf(names->names[i], NAME_BYTES, "%s", name);
        else
            snprintf(names->names[i], NAME_BYTES, "part-%zu.%s", i,
                     strstr(section->dialect, "XMLSchema") ? "xsd" : "wsdl");
    }
}

static bool is_in(const xmlNode *node, const char *namespace, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           strcmp((const char *)node->ns->href, namespace) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

static bool is_soap(const xmlNode *node, const char *name)
{
    return is_in(node, "http://schemas.xmlsoap.org/wsdl/soap/", name) ||
           is_in(node, "http://schemas.xmlsoap.org/wsdl/soap12/", name);
}

static bool set(xmlNode *node, const char *attribute, const char *value)
{
    xmlChar *before = xmlGetNoNsProp(node, (const xmlChar *)attribute);
    bool differs = !before || strcmp((const char *)before, value) != 0;
    if (differs)
        xmlSetProp(node, (const xmlChar *)attribute, (const xmlChar *)value);
    xmlFree(before);
    return differs;
}

/* An import's location becomes the file that has that namespace, or had that location. */
static bool point(xmlNode *node, const char *attribute, const struct names *names)
{
    xmlChar *location = xmlGetNoNsProp(node, (const xmlChar *)attribute);
    xmlChar *namespace = xmlGetNoNsProp(node, (const xmlChar *)"namespace");
    const char *found = NULL;
    bool differs;
    size_t i;
    for (i = 0; i < names->metadata->count; i++) {
        const struct ct_metadata_section *section = &names->metadata->sections[i];
        bool is_there = location && *section->location &&
                        strcmp(section->location, (const char *)location) == 0;
        bool is_its = namespace && strcmp(section->identifier, (const char *)namespace) == 0;
        if (section->bytes && (is_there || (is_its && !found)))
            found = names->names[i];
    }
    differs = found && set(node, attribute, found);
    xmlFree(location);
    xmlFree(namespace);
    return differs;
}

/* NULL: it stays as it is. */
static const char *wanted_transport(const struct run *run)
{
    const char *word = option_text(&run->options, "transport");
    if (word && strcmp(word, "given") == 0)
        return NULL;
    return word && strcmp(word, "xmpp") == 0 ? TRANSPORT_XMPP : TRANSPORT_HTTP;
}

/* Whether anything became different. */
static bool change(const struct run *run, xmlNode *node, const struct names *names)
{
    const char *location = option_text(&run->options, "location");
    const char *transport = wanted_transport(run);
    if (location && is_soap(node, "address"))
        return set(node, "location", location);
    if (transport && is_soap(node, "binding"))
        return set(node, "transport", transport);
    if (names && is_in(node, "http://schemas.xmlsoap.org/wsdl/", "import"))
        return point(node, "location", names);
    if (names && (is_in(node, "http://www.w3.org/2001/XMLSchema", "import") ||
                  is_in(node, "http://www.w3.org/2001/XMLSchema", "include")))
        return point(node, "schemaLocation", names);
    return false;
}

/* The next node in document order: no recursion, whatever the depth. */
static xmlNode *next(xmlNode *node)
{
    if (node->children && node->type == XML_ELEMENT_NODE)
        return node->children;
    while (node && !node->next)
        node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
    return node ? node->next : NULL;
}

static int write_bytes(struct run *run, const char *path, const char *bytes, size_t len)
{
    FILE *out = path ? fopen(path, "we") : stdout;
    bool is_written = out && fwrite(bytes, 1, len, out) == len &&
                      (len == 0 || bytes[len - 1] == '\n' || fputc('\n', out) != EOF);
    if (out && path)
        is_written = fclose(out) == 0 && is_written;
    if (is_written)
        return 0;
    return report_end(&run->report, REPORT_UNUSABLE, "%s: %s", path ? path : "standard output",
                      strerror(errno));
}

/* The section with what was asked for in it, malloc'ed; itself in *bytes if that changes nothing.
 */
static int change_section(struct run *run, const struct ct_metadata_section *section,
                          const struct names *names, xmlChar **changed, const char **bytes,
                          size_t *len)
{
    bool differs = false;
    xmlDoc *document;
    xmlNode *node;
    int changed_len = 0;
    *changed = NULL;
    *bytes = section->bytes;
    *len = section->len;
    document = xmlReadMemory(section->bytes, (int)section->len, NULL, NULL,
                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!document)
        return report_end(&run->report, REPORT_UNUSABLE, "its description is no XML");
    for (node = xmlDocGetRootElement(document); node; node = next(node))
        differs = change(run, node, names) || differs;
    if (differs)
        xmlDocDumpMemoryEnc(document, changed, &changed_len, "UTF-8");
    xmlFreeDoc(document);
    if (!differs)
        return 0;
    if (!*changed)
        return report_end(&run->report, REPORT_UNUSABLE, "no memory");
    *bytes = (const char *)*changed;
    *len = (size_t)changed_len;
    return 0;
}

/* Into a file, or to standard output (NULL), or into the report's object. */
static int write_section(struct run *run, const struct ct_metadata_section *section,
                         const struct names *names, const char *path)
{
    xmlChar *changed;
    const char *bytes;
    size_t len;
    int result = change_section(run, section, names, &changed, &bytes, &len);
    if (result)
        return result;
    if (run->report.is_json && !names)
        report_set(&run->report, "wsdl", json_stringn(bytes, len));
    if (path || !run->report.is_json)
        result = write_bytes(run, path, bytes, len);
    xmlFree(changed);
    return result;
}

static int write_all(struct run *run, const struct ct_metadata *metadata, const char *folder)
{
    struct names *names = calloc(1, sizeof *names);
    json_t *files;
    size_t i;
    int result = 0;
    if (!names)
        return report_end(&run->report, REPORT_UNUSABLE, "no memory");
    files = json_array();
    choose_names(names, metadata);
    if (mkdir(folder, 0777) && errno != EEXIST)
        result = report_end(&run->report, REPORT_UNUSABLE, "%s: %s", folder, strerror(errno));
    for (i = 0; i < metadata->count && !result; i++) {
        char path[PATH_BYTES];
        if (!metadata->sections[i].bytes)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, names->names[i]);
        result = write_section(run, &metadata->sections[i], names, path);
        json_array_append_new(files, json_string(path));
        if (!run->report.is_json && !result)
            printf("%s\n", path);
    }
    free(names);
    report_set(&run->report, "files", files);
    return result;
}

static int write_wsdl(struct run *run, const struct ct_metadata *metadata)
{
    const struct ct_metadata_section *wsdl = description_wsdl(metadata);
    const char *folder = option_text(&run->options, "all");
    const char *path = option_text(&run->options, "out");
    if (folder)
        return write_all(run, metadata, folder);
    return write_section(run, wsdl, NULL, path);
}

static int run_wsdl(struct run *run)
{
    char endpoint[ENDPOINT_BYTES];
    struct connection connection;
    struct ct_metadata metadata;
    int result;
    if (endpoint_write(run->options.arguments[0], false, endpoint))
        return report_end(&run->report, REPORT_USAGE, "'%s' is no endpoint",
                          run->options.arguments[0]);
    if (option_text(&run->options, "all") && option_text(&run->options, "out"))
        return report_end(&run->report, REPORT_USAGE, "--all or --out, not both");
    report_about(&run->report, endpoint, NULL);
    if ((result = connection_open(run, &connection)))
        return result;
    result = description_fetch(run, connection.link, endpoint, &metadata);
    connection_close(&connection);
    if (result)
        return result;
    result = write_wsdl(run, &metadata);
    ct_metadata_fini(&metadata);
    return result ? result : report_end(&run->report, REPORT_OK, NULL);
}

const struct command command_wsdl = {
    .name = "wsdl",
    .summary = "the contract that a service gives away",
    .arguments = "ENDPOINT",
    .options = options,
    .description = description,
    .least_arguments = 1,
    .most_arguments = 1,
    .run = run_wsdl,
};
