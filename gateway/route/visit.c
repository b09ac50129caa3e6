/* visit.c - a GET of a route: its WSDL, a document that this imports, or a page for a person.
 *
 * Happy path: the query says what is wanted; the contract is got; it is written on that worker.
 * Failure modes: no contract: a page without operations, or a status with a sentence as text. */
#include "route/visit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "route/endpoint.h"
#include "route/page.h"
#include "route/translation.h"
#include "route/wsdl.h"

enum { URL_BYTES = 2048, WHY_BYTES = 640 };

/* A document is whatever the service's owner has written. A browser would run what XHTML it holds
 * as a page of ours, which may call. */
#define DOCUMENT_SECURITY "default-src 'none'; sandbox"

enum want { WANT_PAGE, WANT_WSDL, WANT_SINGLE, WANT_SECTION };

struct visit {
    struct gw_exchange *exchange;
    enum want want;
    unsigned long section; /* of WANT_SECTION */
    char url[URL_BYTES];   /* of the route, without a query; "" if our own address isn't known */
};

static enum want want_of(const char *query, unsigned long *section)
{
    static const char *const numbered[] = {"wsdl=", "xsd="};
    if (strcasecmp(query, "wsdl") == 0)
        return WANT_WSDL;
    if (strcasecmp(query, "singleWsdl") == 0)
        return WANT_SINGLE;
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        size_t len = strlen(numbered[i]);
        if (strncasecmp(query, numbered[i], len) != 0)
            continue;
        char *end;
        errno = 0;
        *section = strtoul(query + len, &end, 10);
        bool is_number = query[len] >= '0' && query[len] <= '9' && !*end && !errno;
        *section = is_number ? *section : CT_CONTRACT_DOCUMENTS;
        return WANT_SECTION;
    }
    return WANT_PAGE;
}

static void end_visit(struct visit *visit, int status, const char *why)
{
    gw_exchange_text(visit->exchange, status, why);
    free(visit);
}

static void answer(struct visit *visit, const char *content_type, const char *security, char *body,
                   size_t body_bytes)
{
    const struct gw_answer answer = {.status = 200,
                                     .outcome = GW_NOT_EXECUTED,
                                     .end = "answer",
                                     .content_type = content_type,
                                     .security = security,
                                     .body = body,
                                     .body_bytes = body_bytes};
    gw_exchange_answer(visit->exchange, &answer);
    free(visit);
}

/* ---- the page ---- */

/* The contract of a page; NULL with a clause in why. Nothing is fetched for it. */
static struct ct_contract *read_contract(const struct ct_metadata *metadata, size_t root, char *why,
                                         size_t why_bytes)
{
    struct ct_source sources[CT_CONTRACT_DOCUMENTS];
    struct ct_reading reading = {.sources = sources};
    struct ct_contract *contract = NULL;
    struct ct_error error;
    for (size_t i = 0; i < metadata->count && reading.source_count < CT_CONTRACT_DOCUMENTS; i++) {
        const struct ct_metadata_section *section =
            &metadata->sections[i == 0      ? root
                                : i == root ? 0
                                            : i]; /* the WSDL is the first */
        if (section->bytes)
            sources[reading.source_count++] =
                (struct ct_source){section->location, section->bytes, section->len};
    }
    if (ct_contract_read(&reading, &contract, &error) != CT_OK)
        snprintf(why, why_bytes, "%s", error.text);
    return contract;
}

static void answer_page(struct visit *visit, const struct gw_description *contract, const char *why)
{
    char unread[WHY_BYTES] = "";
    struct ct_contract *read =
        contract ? read_contract(&contract->metadata, contract->root, unread, sizeof unread) : NULL;
    const struct gw_page page = {
        .url = visit->url,
        .endpoint = visit->exchange->endpoint,
        .contract = read,
        .why = *unread ? unread : why,
        .has_wsdl = contract != NULL,
    };
    size_t bytes;
    char *text = gw_page_write(&page, &bytes);
    ct_contract_free(read);
    if (text)
        answer(visit, "text/html; charset=utf-8", GW_PAGE_SECURITY, text, bytes);
    else
        end_visit(visit, 503, "no memory");
}

/* ---- the contract ---- */

static void answer_document(struct visit *visit, const struct gw_description *contract)
{
    const struct gw_address_map map = gw_translation_map(visit->exchange);
    const struct gw_wsdl_of of = {.contract = contract,
                                  .rewrite = &visit->exchange->route->rewrite,
                                  .map = &map,
                                  .url = visit->url};
    char why[WHY_BYTES];
    size_t bytes;
    char *text =
        visit->want == WANT_SINGLE
            ? gw_wsdl_write_single(&of, &bytes, why, sizeof why)
            : gw_wsdl_write(&of, visit->want == WANT_SECTION ? visit->section : contract->root,
                            &bytes, why, sizeof why);
    if (text)
        answer(visit, "text/xml; charset=utf-8", DOCUMENT_SECURITY, text, bytes);
    else
        end_visit(visit, 404, why);
}

/* gw_contract_done_fn. */
static void on_contract(void *user, struct gw_description *contract, int status, const char *why)
{
    struct visit *visit = user;
    if (visit->want == WANT_PAGE)
        answer_page(visit, contract, why);
    else if (contract)
        answer_document(visit, contract);
    else
        end_visit(visit, status, why);
    gw_description_release(contract);
}

/* ---- the request ---- */

/* 0; or a status with one sentence in why. */
static int begin(struct visit *visit, struct gw_contracts *contracts, const struct gw_match *match,
                 char *why, size_t why_bytes)
{
    struct gw_exchange *exchange = visit->exchange;
    const struct gw_endpoint_of of = {.route = exchange->route,
                                      .match = match,
                                      .user = gw_request_user(exchange->request),
                                      .query = ""};
    char from[GW_ENDPOINT_FROM_BYTES];
    int status = gw_endpoint_write(&of, exchange->endpoint, why, why_bytes);
    if (!status)
        status = gw_endpoint_from(&of, from, why, why_bytes);
    if (status)
        return status;
    if (exchange->route->wsdl == GW_WSDL_NONE)
        return snprintf(why, why_bytes, "the route gives no WSDL"), 404;
    const struct gw_contract_question question = {.config = exchange->config,
                                                  .route = exchange->route,
                                                  .endpoint = exchange->endpoint,
                                                  .from = from,
                                                  .traceparent = exchange->trace.parent};
    return gw_contracts_get(contracts, &question, on_contract, visit, why, why_bytes);
}

static void write_url(struct visit *visit)
{
    const struct gw_request *request = visit->exchange->request;
    const char *base = gw_request_base(request);
    int len = snprintf(visit->url, sizeof visit->url, "%s%s", base, gw_request_raw_path(request));
    if (!*base || (size_t)len >= sizeof visit->url)
        visit->url[0] = '\0';
}

void gw_visit_begin(struct gw_contracts *contracts, struct gw_exchange *exchange,
                    const struct gw_match *match)
{
    struct visit *visit = calloc(1, sizeof *visit);
    char why[WHY_BYTES] = "";
    if (!visit) {
        gw_exchange_text(exchange, 503, "no memory");
        return;
    }
    visit->exchange = exchange;
    visit->want = want_of(gw_request_query(exchange->request), &visit->section);
    write_url(visit);
    if (!*visit->url && visit->want != WANT_PAGE) {
        end_visit(visit, 400, "the request doesn't say how we are called: Host, or public-url");
        return;
    }
    int status = begin(visit, contracts, match, why, sizeof why);
    if (status && visit->want == WANT_PAGE && *exchange->endpoint)
        answer_page(visit, NULL, why);
    else if (status)
        end_visit(visit, status, why);
}
