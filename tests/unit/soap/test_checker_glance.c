/* Unit tests of the glance of lib/soap/checker.c: it tells what the full check tells, however the
 * envelope is cut into pieces, or refuses.
 */
#include "../envelope_fixture.h"

#include <dirent.h>
#include <limits.h>

extern CU_TestInfo tests_checker_glance[];

enum { FILE_BYTES = 1 << 20 };

struct seen {
    enum sx_err err;
    size_t bad_byte, fed;
    struct {
        int version;
        bool has_body, is_fault;
        char operation[SX_SCAN_NAME_BYTES], fault_code[SX_SCAN_NAME_BYTES];
    } scan;
    char why[160];
};

static struct seen look(struct sx_checker *checker, const char *bytes, size_t len, size_t piece)
{
    struct seen seen = {.err = SX_OK};
    const struct sx_scan *scan = NULL;
    size_t part;
    sx_checker_begin(checker, ULONG_MAX);
    while (!seen.err && !scan) {
        bool last = len - seen.fed <= piece;
        char *copy; /* of the exact size */
        part = last ? len - seen.fed : piece;
        copy = malloc(part ? part : 1);
        memcpy(copy, bytes + seen.fed, part);
        seen.err = sx_checker_glance(checker, copy, part, last, &scan, &seen.bad_byte, seen.why,
                                     sizeof seen.why);
        free(copy);
        seen.fed += part;
    }
    if (scan) {
        seen.scan.version = scan->version;
        seen.scan.has_body = scan->has_body;
        seen.scan.is_fault = scan->is_fault;
        strcpy(seen.scan.operation, scan->operation);
        strcpy(seen.scan.fault_code, scan->fault_code);
    }
    return seen;
}

static void compare(struct sx_checker *checker, const char *bytes, size_t len)
{
    static const size_t pieces[] = {FILE_BYTES, 4096, 7, 1};
    struct seen seen;
    struct verdict verdict;
    size_t i;
    for (i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        seen = look(checker, bytes, len, pieces[i]);
        verdict = check(checker, bytes, len);
        if (verdict.err) {
            /* behind what a glance sees, perhaps */
            CU_ASSERT(!seen.err || seen.err == verdict.err);
            continue;
        }
        CU_ASSERT_EQUAL(seen.err, SX_OK);
        CU_ASSERT_EQUAL(seen.scan.version, verdict.scan->version);
        CU_ASSERT_EQUAL(seen.scan.has_body, verdict.scan->has_body);
        CU_ASSERT_EQUAL(seen.scan.is_fault, verdict.scan->is_fault);
        ASSERT_TEXT(seen.scan.operation, verdict.scan->operation);
        ASSERT_TEXT(seen.scan.fault_code, verdict.scan->fault_code);
    }
}

static void compare_corpus(void)
{
    static const char folder[] = "tests/fuzz/corpus/envelope";
    struct sx_checker *checker = sx_checker_new(100);
    DIR *files = opendir(folder);
    const struct dirent *entry;
    char *bytes = malloc(FILE_BYTES), path[400];
    unsigned count = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(files); /* tests are run in the project's folder */
    while ((entry = readdir(files))) {
        FILE *file;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        file = fopen(path, "r");
        if (file && entry->d_name[0] != '.') {
            compare(checker, bytes, fread(bytes, 1, FILE_BYTES, file));
            count++;
        }
        if (file)
            fclose(file);
    }
    CU_ASSERT_TRUE(count > 10);
    closedir(files);
    free(bytes);
    sx_checker_free(checker);
}

static void compare_rows(void)
{
    static const char *const rows[] = {
        ROOT11 BODY TAIL,
        ROOT12 BODY "<op/>" TAIL,
        "  \n" ROOT11 BODY "<p:op xmlns:p='u'><x/></p:op>" TAIL "\n",
        ROOT11 "<E:Header><a/><op xmlns=''/></E:Header>" BODY "<op/>" TAIL,
        ROOT11 "<E:Header/><E:Header><x/></E:Header>" BODY "<op/><second/>" TAIL,
        ROOT11 BODY "<op/></E:Body>" BODY "<other/>" TAIL,
        ROOT11 BODY "<![CDATA[<other/>]]><op/>" TAIL,
        ROOT11 BODY "&lt;other/><op/>" TAIL,
        ROOT11 BODY "<E:Fault><faultcode>E:Client</faultcode></E:Fault>" TAIL,
        ROOT11 BODY "<E:Fault><x/></E:Fault>" TAIL,
        ROOT12 BODY "<E:Fault><E:Code><E:Value>E:Sender</E:Value></E:Code></E:Fault>" TAIL,
        ROOT11 BODY "<Fault/>" TAIL,
    };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        compare(checker, rows[i], strlen(rows[i]));
    sx_checker_free(checker);
}

/* What a full check refuses before the operation, so does a glance. */
static void refuse_rows(void)
{
#define REFUSED(text)                                                                              \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        REFUSED(""),
        REFUSED("  "),
        REFUSED("x"),
        REFUSED("<"),
        REFUSED("<\0E\0n\0v\0e\0l\0o\0p\0e\0/\0>\0"),
        REFUSED("   <\0E\0n\0v\0"),
        REFUSED("\xEF\xBB\xBF" ROOT11 BODY "<op/>" TAIL),
        REFUSED("\xFF\xFE<\0E\0"),
        REFUSED("<?xml version='1.0' encoding='UTF-16'?>" ROOT11 BODY "<op/>" TAIL),
        REFUSED("<!DOCTYPE e [<!ENTITY a 'b'>]>" ROOT11 BODY "<op/>" TAIL),
        REFUSED("<!-- -->" ROOT11 BODY "<op/>" TAIL),
        REFUSED("<?p?>" ROOT11 BODY "<op/>" TAIL),
        REFUSED(ROOT11 "<!-- --></E:Envelope>"),
        REFUSED(ROOT11 BODY "<?p?><op/>" TAIL),
        REFUSED(ROOT11 "<E:Body xmlns:E='u'><x/></E:Body>" BODY "<op/>" TAIL),
        REFUSED(ROOT11 "<E:Header>" BODY "<x/></E:Body></E:Header>" BODY "<op/>" TAIL),
        REFUSED(ROOT11 BODY "<p:op/>" TAIL),
        REFUSED(ROOT11 BODY "<op p:a=''/>" TAIL),
        REFUSED(ROOT11 BODY "<op a='' a=''/>" TAIL),
        REFUSED(ROOT11 BODY "&none;<op/>" TAIL),
        REFUSED("<E:Letter xmlns:E='u'>" BODY "<op/>" TAIL),
        REFUSED(ROOT11),
        REFUSED(ROOT11 "</E:Envelope>"),
    };
    static const size_t pieces[] = {4096, 1};
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    size_t i, j;
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        for (j = 0; j < sizeof pieces / sizeof *pieces; j++) {
            struct seen seen = look(checker, rows[i].bytes, rows[i].len, pieces[j]);
            if (seen.err != SX_EUNCARRIABLE)
                printf("\n    %zu: %s", i, rows[i].bytes);
            CU_ASSERT_EQUAL(seen.err, SX_EUNCARRIABLE);
            CU_ASSERT_NOT_EQUAL(seen.why[0], '\0');
            CU_ASSERT_TRUE(seen.bad_byte <= rows[i].len);
        }
    sx_checker_free(checker);
}

/* Whatever encoding it was told, expat takes this for UTF-16, and gSOAP doesn't. */
static void refuse_utf16(void)
{
    static const char text[] = ROOT11 BODY "<op/>" TAIL;
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    char wide[2 * sizeof text] = "";
    size_t i, piece;
    for (i = 0; i < sizeof text - 1; i++)
        wide[2 * i] = text[i];
    for (piece = 1; piece < 5; piece++) {
        struct seen seen = look(checker, wide, 2 * (sizeof text - 1), piece);
        CU_ASSERT_EQUAL(seen.err, SX_EUNCARRIABLE);
        ASSERT_CONTAINS(seen.why, "U+0000");
        CU_ASSERT_EQUAL(seen.bad_byte, 1);
    }
    sx_checker_free(checker);
}

static void stop_early(void)
{
    enum { LARGE_BYTES = 3 * SX_GLANCE_BYTES };
    struct sx_checker *checker = sx_checker_new(MAX_DEPTH);
    struct sx_buffer late = {0}, early = {0};
    struct seen seen;
    sx_buffer_add_text(&late, ROOT11 "<E:Header><a>");
    while (late.len < LARGE_BYTES)
        sx_buffer_add_text(&late, "too much ");
    sx_buffer_add_text(&late, "</a></E:Header>" BODY "<op/>" TAIL);
    seen = look(checker, late.bytes, late.len, 4096);
    CU_ASSERT_EQUAL(seen.err, SX_ETOOBIG);
    ASSERT_CONTAINS(seen.why, "before the operation");
    CU_ASSERT_TRUE(seen.fed <= SX_GLANCE_BYTES + 4096);
    sx_buffer_add_text(&early, ROOT11 BODY "<op>");
    while (early.len < LARGE_BYTES)
        sx_buffer_add_text(&early, "\x01 not looked at ");
    seen = look(checker, early.bytes, early.len, 100);
    CU_ASSERT_EQUAL(seen.err, SX_OK);
    ASSERT_TEXT(seen.scan.operation, "op");
    CU_ASSERT_EQUAL(seen.fed, 100);
    sx_buffer_fini(&late);
    sx_buffer_fini(&early);
    sx_checker_free(checker);
}

CU_TestInfo tests_checker_glance[] = {
    {"a glance tells what the check tells, of all that fuzzing has found", compare_corpus},
    {"a glance tells what the check tells, in pieces of any size", compare_rows},
    {"a glance refuses what hides the operation", refuse_rows},
    {"a glance refuses UTF-16", refuse_utf16},
    {"a glance stops at the operation, and at its bound", stop_early},
    CU_TEST_INFO_NULL,
};
