/* See builtin.h. Values are checked by libxml2. */
#include "contract/builtin.h"

#include <pthread.h>
#include <string.h>
#include <libxml/schemasInternals.h>
#include <libxml/xmlschemastypes.h>

#include "contract/xml.h"

/* name, base, sample, JSON, keeps white space */
#define TYPES(T)                                                                                   \
    T(anyType, NULL, "?", CT_JSON_TEXT, 1)                                                         \
    T(anySimpleType, "anyType", "?", CT_JSON_TEXT, 1)                                              \
    T(string, "anySimpleType", "?", CT_JSON_TEXT, 1)                                               \
    T(boolean, "anySimpleType", "false", CT_JSON_BOOLEAN, 0)                                       \
    T(decimal, "anySimpleType", "0", CT_JSON_TEXT, 0)                                              \
    T(float, "anySimpleType", "0", CT_JSON_NUMBER, 0)                                              \
    T(double, "anySimpleType", "0", CT_JSON_NUMBER, 0)                                             \
    T(duration, "anySimpleType", "PT1S", CT_JSON_TEXT, 0)                                          \
    T(dateTime, "anySimpleType", "2000-01-01T00:00:00Z", CT_JSON_TEXT, 0)                          \
    T(time, "anySimpleType", "00:00:00", CT_JSON_TEXT, 0)                                          \
    T(date, "anySimpleType", "2000-01-01", CT_JSON_TEXT, 0)                                        \
    T(gYearMonth, "anySimpleType", "2000-01", CT_JSON_TEXT, 0)                                     \
    T(gYear, "anySimpleType", "2000", CT_JSON_TEXT, 0)                                             \
    T(gMonthDay, "anySimpleType", "--01-01", CT_JSON_TEXT, 0)                                      \
    T(gDay, "anySimpleType", "---01", CT_JSON_TEXT, 0)                                             \
    T(gMonth, "anySimpleType", "--01", CT_JSON_TEXT, 0)                                            \
    T(hexBinary, "anySimpleType", "00", CT_JSON_TEXT, 0)                                           \
    T(base64Binary, "anySimpleType", "AA==", CT_JSON_TEXT, 0)                                      \
    T(anyURI, "anySimpleType", "urn:x", CT_JSON_TEXT, 0)                                           \
    T(QName, "anySimpleType", "x", CT_JSON_TEXT, 0)                                                \
    T(NOTATION, "anySimpleType", "x", CT_JSON_TEXT, 0)                                             \
    T(normalizedString, "string", "?", CT_JSON_TEXT, 1)                                            \
    T(token, "normalizedString", "x", CT_JSON_TEXT, 0)                                             \
    T(language, "token", "en", CT_JSON_TEXT, 0)                                                    \
    T(NMTOKEN, "token", "x", CT_JSON_TEXT, 0)                                                      \
    T(NMTOKENS, "anySimpleType", "x", CT_JSON_TEXT, 0)                                             \
    T(Name, "token", "x", CT_JSON_TEXT, 0)                                                         \
    T(NCName, "Name", "x", CT_JSON_TEXT, 0)                                                        \
    T(ID, "NCName", "x", CT_JSON_TEXT, 0)                                                          \
    T(IDREF, "NCName", "x", CT_JSON_TEXT, 0)                                                       \
    T(IDREFS, "anySimpleType", "x", CT_JSON_TEXT, 0)                                               \
    T(ENTITY, "NCName", "x", CT_JSON_TEXT, 0)                                                      \
    T(ENTITIES, "anySimpleType", "x", CT_JSON_TEXT, 0)                                             \
    T(integer, "decimal", "0", CT_JSON_TEXT, 0)                                                    \
    T(nonPositiveInteger, "integer", "0", CT_JSON_TEXT, 0)                                         \
    T(negativeInteger, "nonPositiveInteger", "-1", CT_JSON_TEXT, 0)                                \
    T(long, "integer", "0", CT_JSON_TEXT, 0)                                                       \
    T(int, "long", "0", CT_JSON_NUMBER, 0)                                                         \
    T(short, "int", "0", CT_JSON_NUMBER, 0)                                                        \
    T(byte, "short", "0", CT_JSON_NUMBER, 0)                                                       \
    T(nonNegativeInteger, "integer", "0", CT_JSON_TEXT, 0)                                         \
    T(unsignedLong, "nonNegativeInteger", "0", CT_JSON_TEXT, 0)                                    \
    T(unsignedInt, "unsignedLong", "0", CT_JSON_NUMBER, 0)                                         \
    T(unsignedShort, "unsignedInt", "0", CT_JSON_NUMBER, 0)                                        \
    T(unsignedByte, "unsignedShort", "0", CT_JSON_NUMBER, 0)                                       \
    T(positiveInteger, "nonNegativeInteger", "1", CT_JSON_TEXT, 0)

#define ROW(NAME, BASE, SAMPLE, JSON, KEEPS) {#NAME, BASE, SAMPLE, JSON, KEEPS},
static const struct ct_builtin rows[] = {TYPES(ROW)};

enum { ROWS = sizeof rows / sizeof rows[0] };

#define NO_FACETS                                                                                  \
    {                                                                                              \
        .length = -1, .least_length = -1, .most_length = -1                                        \
    }
#define TYPE(NAME, BASE, SAMPLE, JSON, KEEPS)                                                      \
    [ROW_##NAME] = {.name = {CT_XML_SCHEMA, #NAME},                                                \
                    .builtin = &rows[ROW_##NAME],                                                  \
                    .base = {.name = {CT_XML_SCHEMA, BASE}},                                       \
                    .facets = NO_FACETS},
#define NUMBER(NAME, BASE, SAMPLE, JSON, KEEPS) ROW_##NAME,
enum { TYPES(NUMBER) };
static const struct ct_type types[] = {TYPES(TYPE)};

const struct ct_type *ct_builtin_any(void)
{
    return &types[ROW_anyType];
}

const struct ct_type *ct_builtin_string(void)
{
    return &types[ROW_string];
}

const struct ct_type *ct_builtin_find(const char *local)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, local) == 0)
            return &types[i];
    return NULL;
}

bool ct_builtin_declare(struct ct_model *model)
{
    for (size_t i = 0; i < ROWS; i++)
        if (!ct_table_add(&model->table, &model->pool, CT_KIND_TYPE, types[i].name,
                          (void *)&types[i]))
            return false;
    return true;
}

static pthread_once_t initialised = PTHREAD_ONCE_INIT;

static xmlSchemaTypePtr look_up(const struct ct_builtin *builtin)
{
    pthread_once(&initialised, xmlSchemaInitTypes);
    return xmlSchemaGetPredefinedType((const xmlChar *)builtin->name,
                                      (const xmlChar *)CT_XML_SCHEMA);
}

bool ct_builtin_accepts(const struct ct_builtin *builtin, const char *value)
{
    if (builtin == &rows[ROW_anyType] || builtin == &rows[ROW_anySimpleType] ||
        builtin == &rows[ROW_anyURI] || builtin == &rows[ROW_string])
        return true;
    xmlSchemaTypePtr type = look_up(builtin);
    return type && xmlSchemaValidatePredefinedType(type, (const xmlChar *)value, NULL) == 0;
}

int ct_builtin_compare(const struct ct_builtin *builtin, const char *a, const char *b)
{
    xmlSchemaTypePtr type = look_up(builtin);
    xmlSchemaValPtr left = NULL, right = NULL;
    int result = 2;
    if (type && xmlSchemaValidatePredefinedType(type, (const xmlChar *)a, &left) == 0 &&
        xmlSchemaValidatePredefinedType(type, (const xmlChar *)b, &right) == 0 && left && right)
        result = xmlSchemaCompareValues(left, right);
    xmlSchemaFreeValue(left);
    xmlSchemaFreeValue(right);
    return result < -1 || result > 1 ? 2 : result;
}
