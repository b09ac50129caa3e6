/* See post.h. */
#include "serve/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soap/media_type.h"
#include "soap_xmpp.h"

/* Visible characters of ASCII, '%' but where it begins what was encoded; NULL: no memory. */
static char *encode(const char *jid)
{
    char *out = malloc(strlen(jid) * 3 + 1), *end = out;
    if (!out)
        return NULL;
    for (; *jid; jid++) {
        unsigned char c = (unsigned char)*jid;
        if (c > 0x20 && c < 0x7f && c != '%')
            *end++ = (char)c;
        else
            end += sprintf(end, "%%%02X", c);
    }
    *end = '\0';
    return out;
}

/* It stands between quotes. A URI has none of these characters (RFC 3986). */
static bool is_fit(const char *action)
{
    if (strlen(action) + 3 > GW_POST_ACTION_BYTES)
        return false;
    for (; *action; action++)
        if ((unsigned char)*action < 0x20 || *action == 0x7f || *action == '"' || *action == '\\')
            return false;
    return true;
}

static void add(struct gw_post *post, size_t *count, const char *name, const char *value)
{
    post->headers[(*count)++] = (struct gw_header){name, value};
}

int gw_post_write(struct gw_post *post, const struct gw_post_of *of, char *why, size_t why_bytes)
{
    size_t count = 0;
    memset(post, 0, sizeof *post);
    if (!is_fit(of->action)) {
        snprintf(why, why_bytes, "the request's action can't be said over HTTP");
        return -1;
    }
    post->from = encode(of->from);
    if (!post->from) {
        snprintf(why, why_bytes, "there is no memory left");
        return -1;
    }
    if (of->content_type)
        snprintf(post->content_type, sizeof post->content_type, "%s", of->content_type);
    else
        gw_media_type_write(of->version, of->action, post->content_type, sizeof post->content_type);
    snprintf(post->action, sizeof post->action, "\"%s\"", of->action);
    add(post, &count, "Content-Type", post->content_type);
    if (of->version == 11)
        add(post, &count, "SOAPAction", post->action);
    add(post, &count, "Accept",
        of->version == 11 ? "text/xml, multipart/related"
                          : "application/soap+xml, multipart/related");
    add(post, &count, "User-Agent", "soap-xmpp-gateway/" SOAP_XMPP_VERSION);
    add(post, &count, "X-Xmpp-From", post->from);
    add(post, &count, "traceparent", of->traceparent);
    return 0;
}

void gw_post_fini(struct gw_post *post)
{
    free(post->from);
    memset(post, 0, sizeof *post);
}
