#include "soapH.h"
#include "scene.h"

#include <string.h>

#include "base/buffer.h"
#include "../lib/suite.h"
#include "scale.h"

struct soap_xmpp_link *scene_open_link(const struct site *site, const char *user,
                                       const char *resource, int plain_delivery)
{
    struct site_account account;
    struct soap_xmpp_link *link;
    site_account(site, user, resource, &account);
    account.config.max_stanza_bytes = SCENE_STANZA_BYTES;
    account.config.max_requests = SCENE_REQUESTS;
    account.config.plain_delivery = plain_delivery;
    account.config.allow = "*";
    link = soap_xmpp_open(&account.config, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(link);
    CU_ASSERT_EQUAL(soap_xmpp_wait_online(link, -1), 0);
    return link;
}

struct stranger *scene_open_stranger(const struct site *site, const char *user,
                                     const char *resource)
{
    struct site_account account;
    site_account(site, user, resource, &account);
    return stranger_open(site->port, account.jid, account.password);
}

void scene_open(struct scene *scene, const struct site *site, int threads)
{
    *scene = (struct scene){.site = site};
    scene->service = scene_open_link(site, "bob", "soap", 0);
    scene->caller = scene_open_link(site, "alice", "desk", 1);
    scene->laboratory = laboratory_start(scene->service, threads);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene->laboratory);
    scene->soap = laboratory_client(scene->caller, SOAP_IO_DEFAULT);
    snprintf(scene->endpoint, SCENE_TEXT_BYTES, "xmpp:bob@%s/soap", site->domain);
    snprintf(scene->evil_endpoint, SCENE_TEXT_BYTES, "xmpp:bob@%s/evil", site->domain);
    snprintf(scene->service_jid, SCENE_TEXT_BYTES, "bob@%s/soap", site->domain);
    snprintf(scene->caller_jid, SCENE_TEXT_BYTES, "alice@%s/desk", site->domain);
    scene->evil = scene_open_stranger(site, "bob", "evil");
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene->evil);
}

void scene_close(struct scene *scene)
{
    stranger_close(scene->evil);
    laboratory_client_free(scene->soap);
    CU_ASSERT_EQUAL(laboratory_stop(scene->laboratory, 5000), SOAP_OK);
    soap_xmpp_close(scene->service);
    soap_xmpp_close(scene->caller);
}

void scene_assert_served(struct scene *scene)
{
    double sum = 0;
    int err = soap_call_lab__add(scene->soap, scene->endpoint, NULL, 1, 2, &sum);
    if (err)
        printf("\n    %s: %s", scene->site->label, laboratory_fault(scene->soap));
    CU_ASSERT_EQUAL(err, SOAP_OK);
    CU_ASSERT_EQUAL(sum, 3);
}

/* ---- stanzas ---- */

static void add_piece(struct sx_buffer *out, const char *piece, unsigned number)
{
    for (; *piece; piece++) {
        if (*piece == '#')
            sx_buffer_add_format(out, "%u", number);
        else
            sx_buffer_add(out, piece, 1);
    }
}

static void add_filling(struct sx_buffer *out, const struct filling *filling)
{
    unsigned i;
    for (i = 0; i < filling->count; i++)
        add_piece(out, filling->piece, i);
    for (i = 0; filling->closing && i < filling->count; i++)
        sx_buffer_add_text(out, filling->closing);
}

char *scene_fill_in(const char *text, const char *to, const char *id, const struct filling *filling)
{
    struct sx_buffer out = {0};
    size_t len;
    while (*text) {
        size_t plain = strcspn(text, "$");
        sx_buffer_add(&out, text, plain);
        text += plain;
        if (strncmp(text, "$TO", 3) == 0)
            sx_buffer_add_text(&out, to);
        else if (strncmp(text, "$ID", 3) == 0)
            sx_buffer_add_text(&out, id);
        else if (strncmp(text, "$FILL", 5) == 0)
            add_filling(&out, filling);
        text += !*text ? 0 : strncmp(text, "$FILL", 5) == 0 ? 5 : 3;
    }
    CU_ASSERT_FALSE_FATAL(out.failed);
    return sx_buffer_take(&out, &len);
}

bool scene_is_too_much(const struct filling *filling)
{
    return scale_is_small() && filling->piece &&
           filling->count *
                   (strlen(filling->piece) + (filling->closing ? strlen(filling->closing) : 0)) >
               SCENE_SMALL_BYTES;
}

bool scene_push(struct stranger *stranger)
{
    enum { PUSH_BYTES = 30000, SMALL_PUSH_BYTES = 300 };
    static char blanks[PUSH_BYTES + 1];
    memset(blanks, ' ', PUSH_BYTES);
    blanks[scale_of(PUSH_BYTES, SMALL_PUSH_BYTES)] = '\0';
    return stranger_say(stranger, blanks);
}
