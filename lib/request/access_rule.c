/* access_rule.c - what rules are made of: bare JIDs, names of operations, and how they are shown.
 *
 * Invariant: an operation that passes is the local name of an element; what is shown is one line.
 *
 * Happy path: none; each function stands for itself. Failure modes: what isn't valid is told.
 */
#include "request/access_rule.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "soap/scan.h"

/* sx_scan cuts names between two characters: what it has cut must not pass for a shorter name. */
_Static_assert(SX_ACCESS_RULE_OPERATION_BYTES < SX_SCAN_NAME_BYTES - SX_UTF8_CHAR_BYTES,
               "a cut name could match a rule");

static bool is_name_start(uint32_t c)
{
    /* XML 1.0 2.3, without the colon: Namespaces in XML 3 */
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {'A', 'Z'},       {'_', '_'},       {'a', 'z'},       {0xC0, 0xD6},     {0xD8, 0xF6},
        {0xF8, 0x2FF},    {0x370, 0x37D},   {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F},
        {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
    };
    size_t i;

    for (i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static bool is_name_char(uint32_t c)
{
    return is_name_start(c) || c == '-' || c == '.' || (c >= '0' && c <= '9') || c == 0xB7 ||
           (c >= 0x300 && c <= 0x36F) || c == 0x203F || c == 0x2040;
}

const char *sx_access_rule_local(const char *operation)
{
    const char *end = operation[0] == '{' ? strchr(operation, '}') : NULL;
    return end ? end + 1 : operation;
}

bool sx_access_rule_copy_namespace(const char *operation, char uri[SX_SCAN_URI_BYTES])
{
    const char *local = sx_access_rule_local(operation);
    size_t len = local == operation ? SX_SCAN_URI_BYTES : (size_t)(local - operation) - 2;
    if (len >= SX_SCAN_URI_BYTES)
        return false;
    memcpy(uri, operation + 1, len);
    uri[len] = '\0';
    return true;
}

static const char *check_namespace(const char *operation, const char *local)
{
    if (local == operation)
        return operation[0] == '{' ? "the namespace's brace isn't closed" : NULL;
    if (local - operation - 2 >= SX_SCAN_URI_BYTES)
        return "the namespace is longer than 255 bytes";
    for (; operation < local; operation++)
        if ((unsigned char)*operation <= ' ' || *operation == 0x7F)
            return "the namespace has white space or a control character";
    return NULL;
}

const char *sx_access_rule_check_operation(const char *operation)
{
    const char *at = sx_access_rule_local(operation), *wrong = check_namespace(operation, at);

    if (wrong)
        return wrong;
    operation = at;

    if (!*operation)
        return "the operation is empty";
    if (strlen(operation) > SX_ACCESS_RULE_OPERATION_BYTES)
        return "the operation is longer than 123 bytes";
    if (strchr(operation, ':'))
        return "the operation has a colon, but it is named without its prefix";
    if (!is_name_start(sx_utf8_next(&at)))
        return "the operation is no name that an element can have";
    while (*at)
        if (!is_name_char(sx_utf8_next(&at)))
            return "the operation is no name that an element can have";
    return NULL;
}

bool sx_access_rule_copy_bare(const char *from, char bare[SX_JID_BYTES])
{
    size_t len = from && strnlen(from, SX_JID_BYTES) < SX_JID_BYTES ? strcspn(from, "/") : 0;

    if (len == 0 || from[0] == '@')
        return false;
    memcpy(bare, from, len);
    bare[len] = '\0';
    return true;
}

void sx_access_rule_show(const char *text, size_t len, char *out, size_t out_bytes)
{
    static const char dots[] = "...";
    bool is_cut = len >= out_bytes;
    size_t i;

    if (is_cut) {
        len = sx_utf8_cut(text, out_bytes > sizeof dots ? out_bytes - sizeof dots : 0);
    }
    for (i = 0; i < len; i++)
        out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    if (out_bytes > len)
        snprintf(out + len, out_bytes - len, "%s", is_cut ? dots : "");
}
