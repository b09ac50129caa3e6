/* See serving.h. */
#include "serving.h"

#include "suite.h"

static struct gw_link_config component = {.name = "main", .jid = "cams.test", .is_component = true};
static struct gw_serve_config serve;
static struct gw_service service;
static struct gw_services services = {.list = &service, .count = 1};

struct gw_serve_config *serving_begin(struct gw_backend *backend)
{
    const char *condition;
    char why[300];
    serve = (struct gw_serve_config){
        .url = "http://{node}.lan/onvif/device_service",
        .link = &component,
        .path = GW_PATH_RESOURCE,
        .rewrite = {.categories = GW_REWRITE_WSDL | GW_REWRITE_XADDR | GW_REWRITE_WSA}};
    serve.pattern = gw_pattern_new("{node}@cams.test", why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(serve.pattern);
    service.serve = &serve;
    CU_ASSERT_EQUAL_FATAL(
        gw_backend_find(backend, &services, "main", "cam1@cams.test", &condition, why, sizeof why),
        0);
    return &serve;
}

void serving_end(void)
{
    gw_pattern_free(serve.pattern);
}
