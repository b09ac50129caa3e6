/* claims.c - an envelope against a second opinion: the checker's.
 *
 * The receiver's table here knows every prefix that begins with a lower-case letter from a to m and
 * is ASCII, so that repairs happen, and happen only in part.
 */
#include "claims.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "soap/repair.h"

enum { FEW_DECLARATIONS = 150 };

static struct sx_checker *checker(void)
{
    static struct sx_checker *only;
    if (!only)
        only = sx_checker_new(CLAIMS_DEPTH);
    CLAIM(only);
    return only;
}

const struct sx_scan *claims_check(const char *bytes, size_t len)
{
    const struct sx_scan *scan = NULL;
    char why[160] = "";
    size_t bad_byte = 0;
    enum sx_err err = sx_checker_check(checker(), bytes, len, &scan, &bad_byte, why, sizeof why);
    if (err)
        fuzz_fail(why, __FILE__, __LINE__);
    return scan;
}

static size_t list_bytes(const char *list)
{
    const char *item = list;
    while (*item)
        item += strlen(item) + 1;
    return (size_t)(item - list) + 1;
}

static bool is_listed(const char *list, const char *wanted)
{
    for (; *list; list += strlen(list) + 1)
        if (strcmp(list, wanted) == 0)
            return true;
    return false;
}

static void claim_findings(const struct sx_envelope *envelope, const struct sx_scan *scan)
{
    CLAIM(envelope->version == scan->version && (scan->version == 11 || scan->version == 12));
    CLAIM(envelope->has_body && scan->has_body);
    CLAIM(envelope->is_fault == scan->is_fault);
    CLAIM(strcmp(envelope->operation, scan->operation) == 0);
    CLAIM(strcmp(envelope->action, scan->action) == 0);
}

static bool is_known(const char *prefix)
{
    for (const char *c = prefix; *c; c++)
        if ((unsigned char)*c >= 0x80)
            return false;
    return *prefix >= 'a' && *prefix <= 'm';
}

/* A row for each prefix of the envelope that is known. */
static bool read_row(void *user, size_t number, const char **prefix, const char **uri)
{
    const struct sx_envelope *envelope = user;
    const char *unbound = envelope->unbound;
    *uri = "urn:known?a&b";
    for (; *unbound; unbound += strlen(unbound) + 1)
        if (is_known(unbound) && !number--) {
            *prefix = unbound;
            return true;
        }
    return false;
}

/* An attribute of xsi's without a declaration is taken, and nothing else than the checker takes. */
static void claim_scan(const struct sx_envelope *envelope, size_t bytes)
{
    const struct sx_scan *scan;
    CLAIM(strlen(envelope->bytes) == envelope->len);
    CLAIM(bytes <= SX_SCAN_UNBOUND_BYTES);
    if (is_listed(envelope->unbound, "xsi"))
        return;
    scan = claims_check(envelope->bytes, envelope->len);
    claim_findings(envelope, scan);
    CLAIM(bytes == list_bytes(scan->unbound));
    CLAIM(memcmp(envelope->unbound, scan->unbound, bytes) == 0);
}

/* It is repaired and sound, or refused and as it was; what a second repair finds is nothing. */
static void claim_repair(const struct sx_envelope *envelope, struct sx_envelope *repaired)
{
    struct sx_repair repair = {.row = read_row, .user = (void *)(uintptr_t)envelope};
    char why[SX_REPAIR_WHY_BYTES] = "";
    enum sx_err err = sx_repair_envelope(&repair, repaired, why);
    CLAIM(!err || (err == SX_EMALFORMED && *why));
    CLAIM(!err == !*why);
    if (err)
        CLAIM(repaired->len == envelope->len &&
              memcmp(repaired->bytes, envelope->bytes, envelope->len) == 0);
    else
        CLAIM(!repaired->unbound[0] && !repaired->has_doubtful);
}

static void claim_all(const struct sx_envelope *envelope)
{
    const struct sx_scan *scan;
    struct sx_envelope repaired = *envelope;
    size_t bytes = list_bytes(envelope->unbound);
    const char *unbound;

    claim_scan(envelope, bytes);
    repaired.bytes = fuzz_text(envelope->bytes, envelope->len);
    repaired.charge = (struct sx_charge){0}; /* that stays the envelope's */
    claim_repair(envelope, &repaired);
    if (repaired.unbound[0] || repaired.has_doubtful) {
        sx_envelope_fini(&repaired);
        return; /* refused */
    }
    scan = claims_check(repaired.bytes, repaired.len);
    claim_findings(&repaired, scan);
    for (unbound = scan->unbound; *unbound; unbound += strlen(unbound) + 1) {
        CLAIM(!is_known(unbound));
        /* the list is bounded: a repair may make room in it for others */
        CLAIM(is_listed(envelope->unbound, unbound) || bytes > SX_SCAN_UNBOUND_BYTES / 2);
    }
    sx_envelope_fini(&repaired);
}

/* The checker leaves room for declarations that an envelope which arrived may have used up. */
static bool has_many_declarations(const char *bytes)
{
    unsigned count = 0;
    while ((bytes = strstr(bytes, "xmlns")) && count <= FEW_DECLARATIONS) {
        bytes++;
        count++;
    }
    return count > FEW_DECLARATIONS;
}

void claims_about_envelope(const struct sx_envelope *envelope)
{
    if (!has_many_declarations(envelope->bytes))
        claim_all(envelope);
}
