/* fuzz_backend.c - addresses and paths that callers and backends choose.
 *
 * Input: a byte of switches, a byte that says what the text is, then the text: a JID that was
 * called, a path, an address of an envelope, a location of a WSDL.
 * Claims: whatever it is, the URL that is called has the configuration's scheme, host and port, no
 * character that ends a line, and where the caller has chosen its path, that lies below the folder
 * and leads nowhere else once it is decoded. What becomes an xmpp: address becomes a URL again that
 * fits.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "serve/backend.h"
#include "serve/documents.h"

#define AUTHORITY "http://cam1.lan:8080"

static char *aliases[] = {"192.168.1.10", "{node}.inner:81"};
static struct gw_link_config links[] = {{.name = "main", .jid = "cams.test", .is_component = true},
                                        {.name = "main", .jid = "cam1@cams.test/desk"}};
static struct gw_serve_config serve = {.url = "http://{node}.lan:8080/onvif/device_service",
                                       .aliases = {aliases, 2}};
static struct gw_service service = {.serve = &serve};
static struct gw_services services = {.list = &service, .count = 1};

/* Once, before the first input. */
static void prepare(void)
{
    char why[200];
    if (!serve.pattern)
        serve.pattern = gw_pattern_new("{node}@cams.test", why, sizeof why);
    CLAIM(serve.pattern);
}

static int value_of(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* As a server decodes it, that of the path alone. */
static void decode(const char *path, char *out)
{
    for (; *path && *path != '?'; path++) {
        if (*path == '%') {
            CLAIM(isxdigit((unsigned char)path[1]) && isxdigit((unsigned char)path[2]));
            *out++ = (char)(value_of(path[1]) * 16 + value_of(path[2]));
            path += 2;
        } else {
            *out++ = *path;
        }
    }
    *out = '\0';
}

static void claim_authority(const char *url)
{
    size_t bytes = strlen(AUTHORITY);
    CLAIM(strncmp(url, AUTHORITY, bytes) == 0 && url[bytes] == '/');
}

static void claim_url(const char *url)
{
    char path[GW_BACKEND_URL_BYTES];
    claim_authority(url);
    for (const char *at = url; *at; at++)
        CLAIM(*at > ' ' && *at < 0x7f);
    CLAIM(!strchr(url, '#') && (serve.with_query || !strchr(url, '?')));
    decode(url + strlen(AUTHORITY), path);
    CLAIM(strncmp(path, "/onvif/", 7) == 0);
    CLAIM(!strstr(path, "//") && !strchr(path, '\\'));
    CLAIM(!strstr(path, "/../") && !strstr(path, "/./") && !strstr(path, "/..;"));
    CLAIM(strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/..") != 0);
}

static void call(const char *to)
{
    const char *condition = NULL;
    struct gw_backend backend;
    char why[200] = "";
    if (gw_backend_find(&backend, &services, "main", to, &condition, why, sizeof why) != 0)
        CLAIM(condition && *why);
    else if (strncmp(backend.jid, "cam1@", 5) == 0)
        claim_url(backend.url);
}

static void rewrite(struct gw_backend *backend, const char *address)
{
    char out[4096] = "", back[4096] = "";
    if (gw_backend_to_http(backend, address, out, sizeof out) == 1)
        claim_url(out);
    if (gw_backend_to_xmpp(backend, address, out, sizeof out) != 1)
        return;
    CLAIM(strncmp(out, "xmpp:cam1@cams.test", 19) == 0);
    CLAIM(gw_backend_to_http(backend, out, back, sizeof back) == 1);
    claim_url(back);
}

static void locate(struct gw_backend *backend, const char *reference)
{
    char out[GW_BACKEND_URL_BYTES];
    if (gw_documents_locate(backend, AUTHORITY "/onvif/device_service?wsdl", reference, out,
                            sizeof out))
        claim_authority(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    unsigned switches = fuzz_draw(&input, 16), what = fuzz_draw(&input, 4);
    struct gw_backend backend;
    const char *condition;
    char why[200], to[GW_BACKEND_JID_BYTES], *text = fuzz_text(input.bytes, input.len);
    prepare();
    serve.link = &links[switches & 1];
    serve.with_query = switches & 2;
    serve.path = switches & 1 ? GW_PATH_HEADER : GW_PATH_RESOURCE;
    CLAIM(gw_backend_find(&backend, &services, "main", "cam1@cams.test", &condition, why,
                          sizeof why) == 0);
    snprintf(to, sizeof to, "cam1@cams.test/%s", text);
    if (what == 0)
        call(to);
    else if (what == 1)
        call(text);
    else if (what == 2)
        rewrite(&backend, text);
    else
        locate(&backend, text);
    if (gw_backend_set_path(&backend, text, &condition, why, sizeof why) == 0)
        claim_url(backend.url);
    free(text);
    return 0;
}
