/* Names and passwords prepared: the RFCs' examples, what is prohibited, what passes. */
#include "../../lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/prep.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef enum sx_err prep_fn(const char *text, char **out);

static prep_fn *const profiles[] = {sx_prep_node, sx_prep_resource, sx_prep_password};

struct row {
    const char *text, *prepared; /* NULL: refused */
};

static void prepare_all(prep_fn *prep, const struct row *rows, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        char *out = NULL, *again = NULL;
        enum sx_err err = prep(rows[i].text, &out);
        CU_ASSERT_EQUAL(err, rows[i].prepared ? SX_OK : SX_EENDPOINT);
        if (rows[i].prepared && out) {
            ASSERT_TEXT(out, rows[i].prepared);
            CU_ASSERT_EQUAL(prep(out, &again), SX_OK);
            ASSERT_TEXT(again, out);
        } else {
            CU_ASSERT(!rows[i].prepared && !out);
        }
        free(out);
        free(again);
    }
}

static void passwords_are_as_rfc_4013_shows(void)
{
    static const struct row rows[] = {
        {"I\xC2\xADX", "IX"},   /* soft hyphen mapped to nothing */
        {"user", "user"},       /* no transformation */
        {"USER", "USER"},       /* case preserved */
        {"\xC2\xAA", "a"},      /* U+00AA: NFKC */
        {"\xE2\x85\xA8", "IX"}, /* U+2168: NFKC */
        {"\x07", NULL},         /* prohibited character */
        {"\xD8\xA7\x31", NULL}, /* U+0627 1: bidirectional check */
        {"a\xC2\xA0"
         "b",
         "a b"}, /* no-break space */
        {"a\xE3\x80\x80"
         "b",
         "a b"},                                         /* ideographic space */
        {"cafe\xCC\x81", "caf\xC3\xA9"},                 /* e and U+0301 */
        {"\xEF\xBC\xA1\xEF\xBD\x82\xEF\xBC\x91", "Ab1"}, /* full width */
        {"stra\xC3\x9F"
         "e",
         "stra\xC3\x9F"
         "e"}, /* no folding */
        {"", ""},
        {"\xC2\xAD", ""},
        {"\xD8\xA7\xD8\xA8", "\xD8\xA7\xD8\xA8"},
        {"\xEE\x80\x80", NULL}, /* U+E000: private use */
        {"\xE2\x80\x8E"
         "a",
         NULL}, /* U+200E: changes display */
    };
    prepare_all(sx_prep_password, rows, COUNT(rows));
}

static void nodes_are_small_and_composed(void)
{
    static const struct row rows[] = {
        {"Alice", "alice"},
        {"M\xC3\x9CLLER", "m\xC3\xBCller"},
        {"mu\xCC\x88ller", "m\xC3\xBCller"},
        {"stra\xC3\x9F"
         "e",
         "strasse"},
        {"\xCE\xA3", "\xCF\x83"}, /* capital sigma */
        {"\xE2\x84\xAA", "k"},    /* Kelvin */
        {"\xEF\xBC\xA1\xEF\xBD\x82", "ab"},
        {"a\xC2\xAD"
         "b",
         "ab"},
        {"\xC4\xB0", "i\xCC\x87"}, /* U+0130, RFC 3454 B.2 */
        {"\xC7\xB0", "\xC7\xB0"},  /* U+01F0: j, U+030C, composed again */
        {"\xF0\x90\x90\x80", "\xF0\x90\x90\xA8"},
        {"meter=17", "meter=17"},
        {"a,b", "a,b"},
    };
    prepare_all(sx_prep_node, rows, COUNT(rows));
}

static void nodes_have_no_prohibited_character(void)
{
    static const char *const rows[] = {
        "a b",
        "a\"b",
        "a&b",
        "a'b",
        "a/b",
        "a:b",
        "a<b",
        "a>b",
        "a@b",
        "a\x7F",
        "\n",
        "a\xC2\xA0"
        "b", /* becomes a space */
        "a\xEF\xBC\xA0"
        "b", /* full width @ */
        "a\xEF\xBC\x8F"
        "b", /* full width / */
        "a\xE1\x9A\x80"
        "b",                 /* U+1680 */
        "a\xC2\x85",         /* control */
        "a\xEF\xB7\x90",     /* U+FDD0: no character */
        "a\xEF\xBF\xBD",     /* U+FFFD */
        "a\xF3\xA0\x80\x81", /* U+E0001: tag */
        "a\xE2\x81\xAA",     /* U+206A: deprecated */
        "a\xE2\xBF\xB0",     /* U+2FF0: ideographic description */
        "\xD7\x90"
        "a\xD7\x90", /* right to left around left to right */
        "\xD7\x90"
        "1", /* right to left has to end so */
    };
    size_t i;
    for (i = 0; i < COUNT(rows); i++)
        prepare_all(sx_prep_node, &(struct row){rows[i], NULL}, 1);
}

static void resources_keep_case_and_spaces(void)
{
    static const struct row rows[] = {
        {"My Desk", "My Desk"},
        {"M\xC3\x9C", "M\xC3\x9C"},
        {"Mu\xCC\x88", "M\xC3\xBC"},
        {"stra\xC3\x9F"
         "e",
         "stra\xC3\x9F"
         "e"},
        {"\xEF\xBC\xA1", "A"},
        {"a\xC2\xA0"
         "b",
         "a b"},
        {"\" & ' / : < > @", "\" & ' / : < > @"},
        {"a\tb", NULL},
        {"a\xE1\x9A\x80", NULL}, /* U+1680 has no normal form */
        {"a\xEE\x80\x80", NULL},
    };
    prepare_all(sx_prep_resource, rows, COUNT(rows));
}

static void what_unicode_3_2_does_not_know_passes(void)
{
    static const struct row rows[] = {
        {"\xE1\xB2\x92", "\xE1\xB2\x92"},         /* U+1C92, of later a capital of ... */
        {"\xE1\x83\x92", "\xE1\x83\x92"},         /* ... U+10D2 */
        {"\xE2\xB1\xA0", "\xE2\xB1\xA0"},         /* U+2C60 */
        {"\xC8\xBA", "\xC8\xBA"},                 /* U+023A */
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"}, /* U+1F600 */
    };
    size_t i;
    for (i = 0; i < COUNT(profiles); i++)
        prepare_all(profiles[i], rows, COUNT(rows));
}

static void what_is_no_utf8_is_refused(void)
{
    static const char *const rows[] = {
        "\x80", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xE2\x82"};
    size_t i, j;
    for (i = 0; i < COUNT(profiles); i++)
        for (j = 0; j < COUNT(rows); j++)
            prepare_all(profiles[i], &(struct row){rows[j], NULL}, 1);
}

/* Unicode's PR 29: by Unicode 3.2's words jamos compose across marks, which leaves these in another
 * order than a second preparation has them in. */
static void what_has_no_stable_form_is_refused(void)
{
    static const struct row rows[] = {
        /* U+1107 U+0366 U+3154 U+0338 would be U+BCA0 U+0366 U+0338, and that U+BCA0 U+0338 U+0366
         */
        {"\xE1\x84\x87\xCD\xA6\xE3\x85\x94\xCC\xB8", NULL},
        {"\xEB\xB2\xA0\xCD\xA6\xCC\xB8", "\xEB\xB2\xA0\xCC\xB8\xCD\xA6"},
        /* U+1100 U+0300 U+1161 */
        {"\xE1\x84\x80\xCC\x80\xE1\x85\xA1", "\xEA\xB0\x80\xCC\x80"},
    };
    size_t i;
    for (i = 0; i < COUNT(profiles); i++)
        prepare_all(profiles[i], rows, COUNT(rows));
}

static void no_character_grows_more_than_promised(void)
{
    uint32_t c;
    size_t i;
    for (c = 1; c < 0x110000; c++) {
        char text[SX_UTF8_CHAR_BYTES + 1] = "";
        size_t len = c >= 0xD800 && c < 0xE000 ? 0 : sx_utf8_encode(c, text);
        for (i = 0; len && i < COUNT(profiles); i++) {
            char *out = NULL;
            enum sx_err err = profiles[i](text, &out);
            if (err == SX_OK ? strlen(out) > SX_PREP_GROWTH * len : err != SX_EENDPOINT)
                CU_FAIL("a character grows more than promised, or fails for another reason");
            free(out);
        }
    }
}

static void what_grows_most_has_room(void)
{
    char text[341 * 3 + 1] = "", *out = NULL;
    size_t i;
    for (i = 0; i < 341; i++)
        strcat(text, "\xEF\xB7\xBA"); /* U+FDFA */
    CU_ASSERT_EQUAL(sx_prep_resource(text, &out), SX_OK);
    CU_ASSERT_EQUAL(out ? strlen(out) : 0, sizeof text / 3 * 33);
    free(out);
}

CU_TestInfo tests_prep[] = {
    {"passwords are prepared as RFC 4013 shows", passwords_are_as_rfc_4013_shows},
    {"nodes are small letters, composed", nodes_are_small_and_composed},
    {"a node with a prohibited character is refused", nodes_have_no_prohibited_character},
    {"resources keep their case and their spaces", resources_keep_case_and_spaces},
    {"what Unicode 3.2 doesn't know passes", what_unicode_3_2_does_not_know_passes},
    {"what is no UTF-8 is refused", what_is_no_utf8_is_refused},
    {"what is prepared stays so, or is refused", what_has_no_stable_form_is_refused},
    {"no character grows more than promised", no_character_grows_more_than_promised},
    {"what grows most has room", what_grows_most_has_room},
    CU_TEST_INFO_NULL,
};
