/* fields.c - the header fields of a request, copied so that any thread may read them.
 *
 * libmicrohttpd's own live in the connection's memory and belong to its thread. */
#include "http/fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FIELDS = 200 };

struct measure {
    size_t count, bytes;
};

static enum MHD_Result measure(void *user, enum MHD_ValueKind kind, const char *name,
                               size_t name_bytes, const char *value, size_t value_bytes)
{
    struct measure *of = user;
    (void)kind, (void)name, (void)value;
    of->count++;
    of->bytes += name_bytes + value_bytes + 2;
    return MHD_YES;
}

static bool is_token(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (!isalnum((unsigned char)text[i]) && (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i])))
            return false;
    return bytes > 0;
}

static bool is_value(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}

bool gw_fields_is_token(const char *text)
{
    return is_token(text, strlen(text));
}

bool gw_fields_is_value(const char *text)
{
    return is_value(text, strlen(text));
}

static char *copy(char **end, const char *text, size_t bytes)
{
    char *start = *end;
    if (bytes)
        memcpy(start, text, bytes);
    start[bytes] = '\0';
    *end = start + bytes + 1;
    return start;
}

struct reading {
    struct gw_request *request;
    char *end; /* of field_text */
};

static enum MHD_Result read_field(void *user, enum MHD_ValueKind kind, const char *name,
                                  size_t name_bytes, const char *value, size_t value_bytes)
{
    struct reading *reading = user;
    struct gw_request *request = reading->request;
    (void)kind;
    while (value_bytes && (value[value_bytes - 1] == ' ' || value[value_bytes - 1] == '\t'))
        value_bytes--;
    if (!is_token(name, name_bytes) || !is_value(value, value_bytes))
        gw_request_refuse(request, 400, "a header field is no \"name: value\"");
    struct gw_field *field = &request->fields[request->field_count++];
    field->name = copy(&reading->end, name, name_bytes);
    field->value = copy(&reading->end, value, value_bytes);
    return MHD_YES;
}

void gw_fields_read(struct gw_request *request)
{
    struct measure sizes = {0, 0};
    MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, measure, &sizes);
    if (sizes.bytes > request->config->limits.header_bytes || sizes.count > MOST_FIELDS) {
        gw_request_refuse(request, 431, "the header has %zu fields of %zu bytes; at most %d of %zu",
                          sizes.count, sizes.bytes, MOST_FIELDS,
                          request->config->limits.header_bytes);
        return;
    }
    struct reading reading = {request, malloc(sizes.bytes + 1)};
    request->field_text = reading.end;
    request->fields = calloc(sizes.count + 1, sizeof *request->fields);
    if (!request->field_text || !request->fields) {
        gw_request_refuse(request, 503, "memory is short");
        return;
    }
    MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, read_field, &reading);
}
