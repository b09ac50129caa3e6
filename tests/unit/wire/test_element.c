/* Elements: building, reading, writing, and memory that runs short. */
#include "../../lib/element_text.h"
#include "../../lib/shortage.h"
#include "../../lib/suite.h"

#include <stdio.h>
#include <string.h>

#define XML                                                                                        \
    "<iq xmlns=\"jabber:client\" id=\"1\">"                                                        \
    "<error type=\"cancel\"><gone xmlns=\"urn:s\">a</gone>"                                        \
    "<text xmlns=\"urn:s\">1 &lt; 2</text></error>"                                                \
    "<gone/></iq>"

static void test_reading(void)
{
    struct sx_element *iq = element_text_parse(XML);
    const struct sx_element *error = sx_element_child(iq, "error"), *gone;
    const struct sx_attribute *attribute = sx_element_attributes(iq);
    ASSERT_TEXT(sx_element_name(iq), "iq");
    ASSERT_TEXT(sx_element_ns(iq), "jabber:client");
    ASSERT_TEXT(sx_element_attribute(iq, "id"), "1");
    CU_ASSERT_PTR_NULL(sx_element_attribute(iq, "xmlns"));
    CU_ASSERT_FATAL(attribute && error);
    ASSERT_TEXT(attribute->name, "id");
    CU_ASSERT_PTR_NULL(attribute->next);
    CU_ASSERT_PTR_EQUAL(sx_element_first(iq), error);
    CU_ASSERT_PTR_EQUAL(sx_element_parent(error), iq);
    CU_ASSERT_PTR_NULL(sx_element_parent(iq));
    CU_ASSERT_PTR_NULL(sx_element_attributes(sx_element_next(error)));
    CU_ASSERT_PTR_NULL(sx_element_next(sx_element_next(error)));
    CU_ASSERT_PTR_NULL(sx_element_child(iq, "text"));
    gone = sx_element_child(error, "gone");
    CU_ASSERT_PTR_EQUAL(gone, sx_element_child_of(error, "gone", "urn:s"));
    CU_ASSERT_PTR_NULL(sx_element_child_of(iq, "gone", "urn:s"));
    CU_ASSERT_PTR_NULL(sx_element_child_of(error, "text", "jabber:client"));
    ASSERT_TEXT(sx_element_text(gone), "a");
    ASSERT_TEXT(sx_element_text(sx_element_child(error, "text")), "1 < 2");
    ASSERT_TEXT(sx_element_text(error), "");
    sx_element_free(iq);
}

static void test_first_attribute(void)
{
    struct sx_element *element = sx_element_new("a", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(element);
    CU_ASSERT_EQUAL(sx_element_add_attribute(element, "lang", "en"), SX_OK);
    CU_ASSERT_EQUAL(sx_element_add_attribute(element, "lang", "de"), SX_OK);
    ASSERT_TEXT(sx_element_attribute(element, "lang"), "en");
    sx_element_free(element);
}

/* ---- walking ---- */

struct walk {
    char log[200];
    unsigned steps_left;
};

static bool take_step(struct walk *walk, const char *text, size_t len)
{
    if (!walk->steps_left)
        return false;
    walk->steps_left--;
    snprintf(walk->log + strlen(walk->log), sizeof walk->log - strlen(walk->log), "%.*s ", (int)len,
             text);
    return true;
}

static bool on_open(void *walk, const struct sx_element *element)
{
    return take_step(walk, sx_element_name(element), 1);
}

static bool on_text(void *walk, const char *text, size_t len)
{
    return take_step(walk, text, len);
}

static bool on_close(void *walk, const struct sx_element *element)
{
    (void)element;
    return take_step(walk, ".", 1);
}

static void expect_walk(const char *xml, unsigned steps, const char *expected, bool is_whole)
{
    struct sx_element *root = element_text_parse(xml);
    struct walk walk = {.steps_left = steps};
    const struct sx_element_visitor visitor = {&walk, on_open, on_text, on_close};
    CU_ASSERT_EQUAL(sx_element_walk(root, &visitor), is_whole);
    ASSERT_TEXT(walk.log, expected);
    sx_element_free(root);
}

/* Text is one, and is told in its order. */
static void test_mixed(void)
{
    static const char mixed[] = "<p>12<b/>34<c>5</c><d><e/></d>67</p>";
    struct sx_element *p = element_text_parse(mixed);
    ASSERT_TEXT(sx_element_text(p), "123467");
    sx_element_free(p);
    expect_walk(mixed, 100, "p 12 b . 34 c 5 . d e . . 67 . ", true);
    expect_walk("<p/>", 100, "p . ", true);
    expect_walk("<p><b/></p>", 100, "p b . . ", true);
}

static void test_ended_walk(void)
{
    static const char xml[] = "<p>1<b><c/></b>2</p>", all[] = "p 1 b c . . 2 . ";
    char expected[sizeof all];
    unsigned steps;
    for (steps = 0; steps <= 8; steps++) {
        snprintf(expected, sizeof expected, "%.*s", (int)(2 * steps), all);
        expect_walk(xml, steps, expected, steps == 8);
    }
}

static void test_writing(void)
{
    static const char error[] = XML;
    static const char *const texts[] = {
        error,
        "<a/>",
        "<a b=\"&quot;&amp;\">x &amp; y</a>",
        "<p>ab<b/>cd<b>x</b><b/>ef</p>",
        "<a xmlns=\"u\"><b xmlns=\"\"><c/></b></a>",
    };
    size_t i;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sx_element *element = element_text_parse(texts[i]);
        struct sx_buffer out = {0};
        sx_element_write(element, &out);
        CU_ASSERT_FALSE(out.failed);
        if (i == 0) /* gone has its parent's namespace again */
            ASSERT_CONTAINS(out.bytes, "</error><gone/></iq>");
        ASSERT_TEXT(out.bytes, texts[i]);
        sx_buffer_fini(&out);
        sx_element_free(element);
    }
}

/* Names are local: a:b and c:b are two of one name. */
static void test_write_second(void)
{
    struct sx_element *root = sx_element_new("a", "");
    struct sx_buffer out = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT(!sx_element_add_attribute(root, "b", "1") &&
              !sx_element_add_attribute(root, "c", "2") &&
              !sx_element_add_attribute(root, "b", "3"));
    sx_element_write(root, &out);
    ASSERT_TEXT(out.bytes, "<a b=\"1\" c=\"2\"/>");
    sx_buffer_fini(&out);
    sx_element_free(root);
}

/* Memory grows with what stands in the tree, however it came. */
static void test_memory(void)
{
    static const char piece[] = "0123456789";
    enum { PIECES = 20000 };
    struct sx_element *root = sx_element_new("a", "urn:a");
    size_t i;
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT(sx_element_tree_bytes(root) < 2000);
    for (i = 0; i < PIECES; i++) {
        CU_ASSERT_EQUAL(sx_element_add_text(root, piece, sizeof piece - 1), SX_OK);
        if (i % 100 == 0)
            CU_ASSERT_PTR_NOT_NULL(sx_element_add(root, "b", "urn:a"));
    }
    CU_ASSERT_EQUAL(strlen(sx_element_text(root)), PIECES * (sizeof piece - 1));
    CU_ASSERT(sx_element_tree_bytes(root) < 5 * PIECES * (sizeof piece - 1));
    sx_element_free(root);
    sx_element_free(NULL);
}

/* What there was no memory for leaves the tree as it was. */
static bool attempt_building(struct shortage shortage)
{
    static char text[3000];
    struct sx_element *root, *child = NULL;
    const struct sx_element *added_child;
    struct sx_buffer out = {0};
    bool has_failed;
    unsigned i, added = 0;
    memset(text, 'x', sizeof text - 1);
    shortage_begin(shortage);
    root = sx_element_new("a", "urn:a");
    for (i = 0; root && i < 30; i++) {
        child = sx_element_add(root, "b", "urn:b");
        if (!child)
            break;
        added++;
        if (sx_element_add_attribute(child, "c", "d") ||
            sx_element_add_text(child, text, sizeof text - 1) ||
            sx_element_add_text(child, "yy", 2))
            break;
    }
    if (root)
        sx_element_write(root, &out);
    has_failed = shortage_end();
    CU_ASSERT_EQUAL(has_failed, !root || i < 30 || out.failed);
    for (added_child = root ? sx_element_first(root) : NULL; added_child;
         added_child = sx_element_next(added_child)) {
        size_t len = strlen(sx_element_text(added_child));
        CU_ASSERT(len == 0 || len == sizeof text - 1 || len == sizeof text + 1);
        added--;
    }
    CU_ASSERT_EQUAL(added, 0);
    sx_buffer_fini(&out);
    sx_element_free(root);
    return has_failed;
}

static void test_shortage(void)
{
    CU_ASSERT(shortage_sweep(attempt_building) >= 10);
}

/* As <a xmlns='urn:a' xml:xmlns='urn:b'/> is told. */
static void test_write_declaration(void)
{
    struct sx_element *root = sx_element_new("a", "urn:a");
    struct sx_buffer out = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT(!sx_element_add_attribute(root, "xmlns", "urn:b"));
    sx_element_write(root, &out);
    ASSERT_TEXT(out.bytes, "<a xmlns=\"urn:a\"/>");
    sx_buffer_fini(&out);
    sx_element_free(root);
}

CU_TestInfo tests_element[] = {
    {"names, attributes, children and text are found", test_reading},
    {"of two attributes with one name the first counts", test_first_attribute},
    {"text between children is one, and told in its order", test_mixed},
    {"a walk ends when it is told to", test_ended_walk},
    {"what is written is what was read", test_writing},
    {"memory is in proportion to text and children", test_memory},
    {"without memory nothing is half added", test_shortage},
    {"of two attributes of one name the first is written", test_write_second},
    {"an attribute that would be a declaration isn't written", test_write_declaration},
    CU_TEST_INFO_NULL,
};
