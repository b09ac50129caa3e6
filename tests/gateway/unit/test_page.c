/* Tests of gateway/route/page.c, document.c and wsdl.c: what a GET of a route gives. */
#include "shortage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/suite.h"
#include "route/document.h"
#include "route/page.h"
#include "route/wsdl.h"

#define WSDL                                                                                       \
    "<definitions name='A&amp;B' targetNamespace='urn:s' xmlns='http://schemas.xmlsoap.org/wsdl/'" \
    " xmlns:t='urn:s' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap12/'>"                          \
    "<types><x:schema xmlns:x='http://www.w3.org/2001/XMLSchema'>"                                 \
    "<x:import namespace='urn:s' schemaLocation='a/b.xsd'/></x:schema></types>"                    \
    "<message name='m'/><portType name='p'><operation name='go'><documentation>&lt;i></"           \
    "documentation><input message='t:m'/></operation></portType>"                                  \
    "<binding name='b' type='t:p'><s:binding transport='http://jabber.org/protocol/soap'/>"        \
    "<operation name='go'><s:operation soapAction='urn:go'/><input><s:body use='literal'/>"        \
    "</input></operation></binding><service name='S'><port name='b' binding='t:b'>"                \
    "<s:address location='http://10.0.0.1/s'/></port></service></definitions>"
#define SCHEMA                                                                                     \
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:s'>"              \
    "<xs:include schemaLocation='../c.xsd'/><xs:include schemaLocation='http://x/y.xsd'/>"         \
    "</xs:schema>"

static char folder[64], why[512];

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(void)
{
    char path[256];
    strcpy(folder, "/tmp/gateway-page-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a", folder);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    write_file("s.wsdl", WSDL);
    write_file("a/b.xsd", "\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- c -->" SCHEMA);
    write_file("c.xsd", "<schema xmlns='http://www.w3.org/2001/XMLSchema'/>");
}

static void remove_folder(void)
{
    static const char *const names[] = {"s.wsdl", "a/b.xsd", "c.xsd", "a", ""};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        CU_ASSERT_EQUAL(remove(path), 0);
    }
}

static int read_folder(struct ct_metadata *metadata)
{
    char path[256];
    snprintf(path, sizeof path, "%s/s.wsdl", folder);
    return gw_document_read(path, metadata, why, sizeof why);
}

static void test_a_file_is_read_with_what_it_imports(void)
{
    struct ct_metadata metadata;
    make_folder();
    CU_ASSERT_EQUAL_FATAL(read_folder(&metadata), 0);
    CU_ASSERT_EQUAL_FATAL(metadata.count, 3);
    ASSERT_TEXT(metadata.sections[0].location, "s.wsdl");
    ASSERT_TEXT(metadata.sections[0].dialect, "http://schemas.xmlsoap.org/wsdl/");
    ASSERT_TEXT(metadata.sections[1].location, "a/b.xsd");
    ASSERT_TEXT(metadata.sections[1].dialect, "http://www.w3.org/2001/XMLSchema");
    ASSERT_TEXT(metadata.sections[1].bytes, SCHEMA);
    ASSERT_TEXT(metadata.sections[2].location, "c.xsd");
    ct_metadata_fini(&metadata);
    remove_folder();
}

static void test_what_cannot_be_read_is_named(void)
{
    static const struct {
        const char *name, *text, *told;
    } rows[] = {
        {"a/b.xsd", "<schema><include schemaLocation='../../x.xsd'/></schema>", NULL},
        {"a/b.xsd",
         "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'>"
         "<s:include schemaLocation='../../x.xsd'/></s:schema>",
         "../../x.xsd: it leads out of the WSDL's folder"},
        {"a/b.xsd",
         "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'>"
         "<s:include schemaLocation='x.xsd'/></s:schema>",
         "x.xsd: No such file"},
        {"a/b.xsd", "<schema>", "a/b.xsd: "},
        {"a/b.xsd", "<!DOCTYPE a><a/>", "a/b.xsd: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ct_metadata metadata = {0};
        make_folder();
        write_file(rows[i].name, rows[i].text);
        why[0] = '\0';
        CU_ASSERT_EQUAL(read_folder(&metadata), rows[i].told ? -1 : 0);
        if (rows[i].told)
            ASSERT_CONTAINS(why, rows[i].told);
        ct_metadata_fini(&metadata);
        remove_folder();
    }
}

static void test_a_location_is_seen_from_its_document(void)
{
    static const struct {
        const char *from, *location, *found; /* found NULL: none */
    } rows[] = {
        {"s.wsdl", "a.xsd", "a.xsd"},
        {"s.wsdl", "./a//b.xsd", "a/b.xsd"},
        {"a/b/c.xsd", "../d.xsd", "a/d.xsd"},
        {"a/b/c.xsd", "../../d.xsd", "d.xsd"},
        {"a/b/c.xsd", "../../../d.xsd", NULL},
        {"a/b.xsd", "..", NULL},
        {"a/b.xsd", "c/..", NULL},
        {"a/b.xsd", "/etc/passwd", NULL},
        {"a/b.xsd", "file:///etc/passwd", NULL},
        {"a/b.xsd", "http://x/", NULL},
        {"a/b.xsd", "a:b", NULL},
        {"a/b.xsd", "c/a:b", "a/c/a:b"},
        {"", "a.xsd", "a.xsd"},
    };
    char out[64];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_found = gw_document_resolve(rows[i].from, rows[i].location, out, sizeof out);
        CU_ASSERT_EQUAL(is_found, rows[i].found != NULL);
        if (is_found && rows[i].found)
            ASSERT_TEXT(out, rows[i].found);
    }
    CU_ASSERT_FALSE(gw_document_resolve("a/", "bbbbbbbb", out, 10));
    CU_ASSERT_TRUE(gw_document_resolve("a/", "bbbbbbb", out, 10));
}

static void test_a_contract_is_written_for_who_asks(void)
{
    static const struct gw_config config;
    static const struct gw_rewrite_config on = {.categories = GW_REWRITE_WSDL}, off;
    static const struct gw_address_map map = {
        .config = &config, .base = "http://gw", .host = "", .user = ""};
    struct gw_description contract = {.root = 0};
    struct gw_wsdl_of of = {&contract, &on, &map, "http://gw/s"};
    size_t bytes;
    make_folder();
    CU_ASSERT_EQUAL_FATAL(read_folder(&contract.metadata), 0);
    char *text = gw_wsdl_write(&of, 0, &bytes, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), bytes);
    ASSERT_CONTAINS(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions");
    ASSERT_CONTAINS(text, "schemaLocation='http://gw/s?xsd=1'");
    ASSERT_CONTAINS(text, "location='http://gw/s'");
    ASSERT_CONTAINS(text, "transport='http://schemas.xmlsoap.org/soap/http'");
    free(text);
    text = gw_wsdl_write(&of, 1, &bytes, why, sizeof why);
    ASSERT_CONTAINS(text, "schemaLocation='http://gw/s?xsd=2'");
    ASSERT_CONTAINS(text, "schemaLocation='http://x/y.xsd'");
    free(text);
    CU_ASSERT_PTR_NULL(gw_wsdl_write(&of, 3, &bytes, why, sizeof why));
    ASSERT_CONTAINS(why, "no document 3");
    of.rewrite = &off;
    text = gw_wsdl_write(&of, 0, &bytes, why, sizeof why);
    ASSERT_CONTAINS(text, "'http://10.0.0.1/s'");
    free(text);
    ct_metadata_fini(&contract.metadata);
    remove_folder();
}

static struct ct_contract *read_contract(void)
{
    const struct ct_source source = {NULL, WSDL, sizeof WSDL - 1};
    const struct ct_reading reading = {.sources = &source, .source_count = 1};
    struct ct_contract *contract = NULL;
    struct ct_error error;
    CU_ASSERT_EQUAL_FATAL(ct_contract_read(&reading, &contract, &error), CT_OK);
    return contract;
}

static void test_a_page_has_no_markup_of_others(void)
{
    struct ct_contract *contract = read_contract();
    const struct gw_page page = {.url = "http://gw/it's?<b>&",
                                 .endpoint = "xmpp:a@b/<script>",
                                 .contract = contract,
                                 .why = "",
                                 .has_wsdl = true};
    size_t bytes;
    char *text = gw_page_write(&page, &bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), bytes);
    ASSERT_CONTAINS(text, "<title>A&amp;B</title>");
    ASSERT_CONTAINS(text, "<b>go</b>: &lt;i&gt;");
    ASSERT_CONTAINS(text, "xmpp:a@b/&lt;script&gt;");
    ASSERT_LACKS(text, "<script>");
    ASSERT_CONTAINS(text, "--data-binary @request.xml 'http://gw/it%27s?&lt;b&gt;&amp;'");
    ASSERT_CONTAINS(text, "application/soap+xml");
    free(text);
    ct_contract_free(contract);
}

static void test_a_page_without_a_contract_says_why(void)
{
    const struct gw_page page = {
        .url = "http://gw/s", .endpoint = "xmpp:a@b", .why = "it doesn't <describe> itself"};
    size_t bytes;
    char *text = gw_page_write(&page, &bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    ASSERT_CONTAINS(text, "<title>xmpp:a@b</title>");
    ASSERT_CONTAINS(text, "it doesn&apos;t &lt;describe&gt; itself");
    ASSERT_LACKS(text, "?wsdl");
    free(text);
}

static bool attempt_reading(unsigned number, bool lasts)
{
    struct ct_metadata metadata = {0};
    shortage_begin(number, lasts);
    int result = read_folder(&metadata);
    bool has_failed = shortage_end();
    CU_ASSERT_EQUAL(result != 0, has_failed);
    ct_metadata_fini(&metadata);
    return has_failed;
}

static bool attempt_page(unsigned number, bool lasts)
{
    const struct gw_page page = {.url = "u", .endpoint = "e", .why = "w"};
    size_t bytes;
    shortage_begin(number, lasts);
    char *text = gw_page_write(&page, &bytes);
    bool has_failed = shortage_end();
    CU_ASSERT_EQUAL(text == NULL, has_failed);
    free(text);
    return has_failed;
}

static void test_shortages_of_memory_are_told(void)
{
    make_folder();
    CU_ASSERT_TRUE(shortage_sweep(attempt_reading) > 10);
    CU_ASSERT_TRUE(shortage_sweep(attempt_page) > 1);
    remove_folder();
}

CU_TestInfo gateway_tests_page[] = {
    {"a file is read with what it imports", test_a_file_is_read_with_what_it_imports},
    {"what can't be read is named", test_what_cannot_be_read_is_named},
    {"a location is seen from its document", test_a_location_is_seen_from_its_document},
    {"a contract is written for who asks", test_a_contract_is_written_for_who_asks},
    {"a page has no markup of others", test_a_page_has_no_markup_of_others},
    {"a page without a contract says why", test_a_page_without_a_contract_says_why},
    {"shortages of memory are told", test_shortages_of_memory_are_told},
    CU_TEST_INFO_NULL,
};
