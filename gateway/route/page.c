/* page.c - what a person sees of a route: HTML, with a line to copy.
 *
 * Failure modes: no memory. */
#include "route/page.h"

#include <stdlib.h>
#include <string.h>

#include "contract/text.h"

enum { MOST_OPERATIONS = 500 };

static void put_title(struct ct_text *out, const struct gw_page *page)
{
    const char *name = page->contract ? ct_contract_name(page->contract) : "";
    ct_text_put_xml(out, *name ? name : page->endpoint);
}

/* Within single quotes of a shell, where a quote stands as %27. */
static void put_quoted(struct ct_text *out, const char *url)
{
    for (; *url; url++) {
        char c[2] = {*url, '\0'};
        ct_text_put_xml(out, *url == '\'' ? "%27" : c);
    }
}

static void put_call(struct ct_text *out, const struct gw_page *page)
{
    const struct ct_operation *operation =
        page->contract ? ct_contract_operation(page->contract, 0) : NULL;
    bool is_12 = operation && operation->versions == 1U << CT_SOAP_12;
    const char *action = operation ? operation->actions[is_12 ? CT_SOAP_12 : CT_SOAP_11] : NULL;
    ct_text_put(out, "<h2>Call it</h2>\n<pre>curl -H 'Content-Type: ");
    ct_text_put(out, is_12 ? "application/soap+xml" : "text/xml");
    ct_text_put(out, "; charset=utf-8' ");
    if (!is_12) {
        ct_text_put(out, "-H 'SOAPAction: &quot;");
        put_quoted(out, action ? action : "");
        ct_text_put(out, "&quot;' ");
    }
    ct_text_put(out, "--data-binary @request.xml '");
    put_quoted(out, page->url);
    ct_text_put(out, "'</pre>\n");
}

static void put_operations(struct ct_text *out, const struct gw_page *page)
{
    if (!page->contract) {
        ct_text_put(out, "<p>Its operations aren't known: ");
        ct_text_put_xml(out, page->why);
        ct_text_put(out, ".</p>\n");
        return;
    }
    size_t count = ct_contract_operation_count(page->contract);
    ct_text_put(out, "<h2>Operations</h2>\n<ul>\n");
    for (size_t i = 0; i < count && i < MOST_OPERATIONS; i++) {
        const struct ct_operation *operation = ct_contract_operation(page->contract, i);
        ct_text_put(out, "<li><b>");
        ct_text_put_xml(out, operation->name);
        ct_text_put(out, "</b>");
        if (operation->documentation) {
            ct_text_put(out, ": ");
            ct_text_put_xml(out, operation->documentation);
        }
        ct_text_put(out, "</li>\n");
    }
    ct_text_put(out, "</ul>\n");
    if (count > MOST_OPERATIONS)
        ct_text_print(out, "<p>And %zu more.</p>\n", count - MOST_OPERATIONS);
}

char *gw_page_write(const struct gw_page *page, size_t *bytes)
{
    struct ct_text out = {0};
    ct_text_put(&out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"color-scheme\" content=\"light dark\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    put_title(&out, page);
    ct_text_put(&out, "</title>\n</head>\n<body>\n<h1>");
    put_title(&out, page);
    ct_text_put(&out, "</h1>\n<p>A SOAP service at <code>");
    ct_text_put_xml(&out, page->endpoint);
    ct_text_put(&out, "</code>, by SOAP 1.1 and 1.2 at <code>");
    ct_text_put_xml(&out, page->url);
    ct_text_put(&out, "</code>.</p>\n");
    if (page->has_wsdl)
        ct_text_put(&out, "<p>Its contract: <a href=\"?wsdl\">WSDL</a>.</p>\n");
    put_operations(&out, page);
    put_call(&out, page);
    ct_text_put(&out, "</body>\n</html>\n");
    size_t len = out.len;
    char *text = ct_text_take(&out);
    if (text)
        *bytes = len;
    return text;
}
