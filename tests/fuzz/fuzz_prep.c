/* fuzz_prep.c - names, passwords and domains beyond ASCII.
 *
 * Input: one text. Claims: what is prepared is valid, as short as promised, and stays so when it is
 * prepared again; the way for ASCII is libidn's; a domain's normal form and its form in ASCII give
 * each other, and themselves.
 */
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "wire/domain.h"
#include "wire/prep.h"

enum { TEXT_BYTES = 1023 };

typedef enum sx_err prep_fn(const char *text, char **out);

static bool is_utf8(const char *text)
{
    while (*text)
        if (sx_utf8_next(&text) >= 0x110000)
            return false;
    return true;
}

/* The same by libidn, which the way for ASCII goes around. */
static void claim_like_library(const char *text, const char *profile, enum sx_err err,
                               const char *prepared)
{
    char *theirs = NULL;
    int failure = stringprep_profile(text, &theirs, profile, 0);
    CLAIM(failure == STRINGPREP_OK ? err == SX_OK : err == SX_EENDPOINT);
    CLAIM(err || strcmp(theirs, prepared) == 0);
    free(theirs);
}

static void try_profile(prep_fn *prep, const char *profile, const char *text)
{
    char *prepared = NULL, *again = NULL;
    enum sx_err err = prep(text, &prepared);
    if (sx_utf8_is_ascii(text))
        claim_like_library(text, profile, err, prepared);
    CLAIM(err == SX_OK ? prepared != NULL : err == SX_EENDPOINT && !prepared);
    if (err)
        return;
    CLAIM(is_utf8(prepared));
    CLAIM(strlen(prepared) <= SX_PREP_GROWTH * strlen(text));
    CLAIM(prep(prepared, &again) == SX_OK);
    CLAIM(strcmp(prepared, again) == 0);
    free(prepared);
    free(again);
}

static void claim_same_ascii(const char *domain, const char *ascii)
{
    char again[SX_DOMAIN_ASCII_BYTES];
    CLAIM(sx_domain_to_ascii(domain, again) == SX_OK);
    CLAIM(strcmp(again, ascii) == 0);
}

static void try_domain(const char *text)
{
    char ascii[SX_DOMAIN_ASCII_BYTES], *normal = NULL, *again = NULL;
    const char *why = NULL;
    enum sx_err err = sx_domain_prep(text, &normal, &why);
    bool has_ascii = sx_domain_to_ascii(text, ascii) == SX_OK;
    CLAIM(err == SX_OK ? normal && !sx_domain_check(normal)
                       : err == SX_EENDPOINT && !normal && why);
    if (has_ascii) {
        CLAIM(sx_utf8_is_ascii(ascii) && ascii[0]);
        claim_same_ascii(ascii, ascii);
    }
    if (err)
        return;
    CLAIM(is_utf8(normal));
    CLAIM(sx_domain_prep(normal, &again, &why) == SX_OK);
    CLAIM(strcmp(normal, again) == 0);
    if (!sx_utf8_is_ascii(text))
        CLAIM(has_ascii);
    if (has_ascii)
        claim_same_ascii(normal, ascii);
    free(normal);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len < TEXT_BYTES ? len : TEXT_BYTES);
    try_profile(sx_prep_node, "Nodeprep", text);
    try_profile(sx_prep_resource, "Resourceprep", text);
    try_profile(sx_prep_password, "SASLprep", text);
    if (*text && is_utf8(text))
        try_domain(text);
    free(text);
    return 0;
}
