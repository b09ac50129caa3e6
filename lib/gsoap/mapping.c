/* mapping.c - a struct soap's namespace mapping table.
 *
 * Invariant: a service that has a table serves what is in it; one whose table holds nothing of its
 * own has operations without a namespace.
 *
 * Happy path: collect, once for each table -> find, for each request. Failure modes: none.
 */
#include "gsoap/mapping.h"

#include <string.h>

#include "soap/scan.h"

/* By soapcpp2's names, which gSOAP itself relies on. */
static bool is_own(const struct Namespace *row)
{
    static const char *const others[] = {"SOAP-ENV", "SOAP-ENC", "xsi", "xsd"};
    size_t i;
    for (i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(row->id, others[i]) == 0)
            return false;
    return true;
}

/* A fault that comes as a request has a skeleton of its own where a service has one for it. */
static bool is_fault(const struct Namespace *row, const char *local)
{
    return strcmp(row->id, "SOAP-ENV") == 0 && strcmp(local + (*local == ':'), "Fault") == 0;
}

static size_t count_own(const struct Namespace *row)
{
    size_t count = 0;
    for (; row && row->id; row++)
        count += is_own(row);
    return count;
}

size_t sx_mapping_collect(const struct Namespace *row, const char **patterns)
{
    size_t count = 0;
    if (!count_own(row))
        patterns[count++] = "";
    for (; row->id; row++) {
        if (!is_own(row))
            continue;
        if (row->ns)
            patterns[count++] = row->ns;
        if (row->in)
            patterns[count++] = row->in;
        if (row->out)
            patterns[count++] = row->out;
    }
    return count;
}

bool sx_mapping_has_version(const struct Namespace *row, int version)
{
    const char *uri = version == 12 ? SX_NS_SOAP12 : SX_NS_SOAP11;
    while (row && row->id && strcmp(row->id, "SOAP-ENV") != 0)
        row++;
    if (!row || !row->id)
        return true;
    return (row->ns && strcmp(row->ns, uri) == 0) || (row->in && soap_tag_cmp(uri, row->in) == 0) ||
           (row->out && strcmp(row->out, uri) == 0);
}

static enum sx_mapping_place judge(const struct soap *soap, bool is_of_service)
{
    if (!is_of_service)
        return SX_MAPPING_FOREIGN;
    return count_own(soap->local_namespaces) > 1 ? SX_MAPPING_SERVED : SX_MAPPING_ALONE;
}

const char *sx_mapping_find(const struct soap *soap, const char *tag, enum sx_mapping_place *place)
{
    const char *colon = strchr(tag, ':');
    size_t len = colon ? (size_t)(colon - tag) : 0;
    const struct soap_nlist *item = soap->nlist;
    const struct Namespace *row;
    while (item && (strncmp(item->id, tag, len) != 0 || item->id[len]))
        item = item->next;
    if (!item || item->index < 0 || item->ns || !soap->local_namespaces) {
        const char *uri = item ? item->ns : colon ? NULL : "";
        *place = judge(soap, uri && !*uri && !count_own(soap->local_namespaces));
        return uri;
    }
    row = &soap->local_namespaces[item->index];
    /* never alone: one without input must not run for it */
    *place = is_fault(row, tag + len) ? SX_MAPPING_SERVED : judge(soap, is_own(row));
    return row->out ? row->out : row->ns;
}
