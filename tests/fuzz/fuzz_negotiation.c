/* fuzz_negotiation.c - what a server says until a link is online, in any order.
 *
 * Input: elements, each of which is a stanza of the login. A '$' in the text of a <challenge/>
 * stands for what is behind it, up to the next '$', in base64. Each input is shown to three logins:
 * with TLS, without, and a component's.
 *
 * Claims: nothing that helps to log in goes out before TLS, where TLS is wanted; online is said
 * once, after a success and a binding, as a JID; what is told is whole words in UTF-8; a limit is
 * one that can be meant; what ends a login says why, and it stays ended.
 */
#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "net/login.h"
#include "net/redirect.h"
#include "wire/jid.h"
#include "fuzz.h"

#define SEPARATOR '\n' /* between a namespace and a name */
#define ROOT      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

enum { LEAST_BYTES = 10000, NAME_BYTES = 300, SLICES = SX_SCRAM_MOST_ITERATIONS / 2000 + 1 };

struct world {
    XML_Parser parser;
    bool has_root;
    struct sx_element *stanza, *at; /* NULL between stanzas */
    struct sx_config config;
    struct sx_sasl_memory memory;
    struct sx_login login;
    struct sx_negotiation negotiation;
    bool has_success, is_online, has_ended;
};

/* ---- claims ---- */

static void claim_words(const char *text, size_t bytes)
{
    CLAIM(memchr(text, '\0', bytes));
    while (*text) {
        size_t len = sx_utf8_xml_len(text);
        CLAIM(len);
        text += len;
    }
}

static void claims_about_negotiation(const struct sx_negotiation *negotiation)
{
    claim_words(negotiation->error.name, sizeof negotiation->error.name);
    claim_words(negotiation->error.text, sizeof negotiation->error.text);
    claim_words(negotiation->other_host, sizeof negotiation->other_host);
    CLAIM(!negotiation->server_max_bytes || negotiation->server_max_bytes >= LEAST_BYTES);
}

static void claims_about_out(struct world *world)
{
    const struct sx_buffer *out = &world->login.out;
    bool needs_tls = world->config.tls != SOAP_XMPP_TLS_OFF;
    CLAIM(!out->failed);
    if (out->len && needs_tls && !world->login.channel.has_tls)
        CLAIM(strcmp(out->bytes, "<starttls xmlns='" SX_NS_TLS "'/>") == 0);
    sx_buffer_fini(&world->login.out);
}

static void claims_about_online(struct world *world)
{
    char *jid = NULL;
    CLAIM(!world->is_online);
    world->is_online = true;
    CLAIM(world->config.is_component || world->has_success);
    CLAIM(world->config.tls == SOAP_XMPP_TLS_OFF || world->login.channel.has_tls);
    CLAIM(sx_jid_read(world->login.jid, &jid) == SX_OK);
    free(jid);
}

/* Nobody without TLS sends us anywhere, a component is sent nowhere, and what is a host has letters
 * of one. */
static void claims_about_redirect(const struct world *world)
{
    static const char forbidden[] = " /@\\'\"<>&%[]\n\r\t";
    struct sx_redirect redirect = {0};
    const char *target = world->login.redirect, *why;
    if (!target[0])
        return;
    CLAIM(world->login.channel.has_tls && !world->config.is_component);
    if (sx_redirect_add(&redirect, target, false, &why) != SX_OK)
        return;
    CLAIM(redirect.count == 1 && redirect.at[0].host[0]);
    CLAIM(!strpbrk(redirect.at[0].host, forbidden));
    CLAIM(redirect.at[0].port >= 0 && redirect.at[0].port <= 65535);
}

static void follow(struct world *world, enum sx_login_step step)
{
    unsigned slices = 0;
    while (step == SX_LOGIN_HASH) {
        CLAIM(++slices <= SLICES);
        claims_about_out(world);
        step = sx_login_hash(&world->login);
    }
    claims_about_out(world);
    if (step == SX_LOGIN_TLS) {
        CLAIM(world->config.tls != SOAP_XMPP_TLS_OFF);
        world->login.channel.has_tls = world->login.channel.may_send_password = true;
    } else if (step == SX_LOGIN_ONLINE) {
        claims_about_online(world);
    } else if (step == SX_LOGIN_END) {
        CLAIM(world->login.err != SX_OK && world->login.why[0]);
        claims_about_redirect(world);
        world->has_ended = true;
    }
}

static void inspect(struct world *world)
{
    const struct sx_element *stanza = world->stanza;
    const char *why = NULL;
    enum sx_err err = sx_negotiation_read(&world->negotiation, stanza, &why);
    CLAIM(!err == !why && (!err || err == SX_ESTREAM));
    claims_about_negotiation(&world->negotiation);
    world->has_success |= sx_element_is(stanza, "success", SX_NS_SASL);
    if (err)
        world->has_ended = true;
    else
        follow(world, sx_login_stanza(&world->login, stanza, false, &world->negotiation));
}

/* ---- stanzas ---- */

static void split_name(const char *name, const char **local, char ns[NAME_BYTES])
{
    const char *end = strrchr(name, SEPARATOR);
    size_t len = end ? (size_t)(end - name) : 0;
    *local = end ? end + 1 : name;
    len = len < NAME_BYTES ? len : 0;
    memcpy(ns, name, len);
    ns[len] = '\0';
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct world *world = user;
    const char *local;
    char ns[NAME_BYTES];
    if (!world->has_root) {
        world->has_root = true;
        follow(world, sx_login_header(&world->login, "1"));
        return;
    }
    split_name(name, &local, ns);
    if (!world->stanza)
        world->at = world->stanza = sx_element_new(local, ns);
    else
        world->at = sx_element_add(world->at, local, ns);
    CLAIM(world->at);
    for (; *attributes; attributes += 2) {
        split_name(attributes[0], &local, ns);
        CLAIM(sx_element_add_attribute(world->at, local, attributes[1]) == SX_OK);
    }
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct world *world = user;
    (void)name;
    world->at = world->at ? sx_element_parent(world->at) : NULL;
    if (world->at || !world->stanza)
        return;
    inspect(world);
    sx_element_free(world->stanza);
    world->stanza = NULL;
    if (world->has_ended)
        XML_StopParser(world->parser, XML_FALSE);
}

static void XMLCALL on_text(void *user, const char *text, int len)
{
    struct world *world = user;
    if (world->at)
        CLAIM(sx_element_add_text(world->at, text, (size_t)len) == SX_OK);
}

/* Before anything is read: a '$' that has no other behind it stands for itself. */
static void write_input(struct sx_buffer *out, const char *bytes, size_t len)
{
    sx_buffer_add_text(out, ROOT);
    while (len) {
        const char *from = memchr(bytes, '$', len);
        size_t before = from ? (size_t)(from - bytes) : len, left = len - before;
        const char *to = left > 1 ? memchr(from + 1, '$', left - 1) : NULL;
        sx_buffer_add(out, bytes, to ? before : len);
        if (!to)
            break;
        sx_base64_add(out, from + 1, (size_t)(to - from) - 1);
        len -= (size_t)(to + 1 - bytes);
        bytes = to + 1;
    }
    CLAIM(!out->failed);
}

static bool read_no_binding(enum sx_binding binding, unsigned char out[SX_BINDING_BYTES],
                            size_t *len)
{
    (void)binding;
    (void)out;
    (void)len;
    return false;
}

static void run(const struct sx_buffer *input, char *jid, enum soap_xmpp_tls tls, bool is_component)
{
    static char password[] = "secret";
    struct world world = {.parser = XML_ParserCreateNS("UTF-8", SEPARATOR),
                          .config = {.jid = jid,
                                     .password = password,
                                     .tls = tls,
                                     .is_component = is_component,
                                     .mechanisms = SX_MECHANISM_ALL}};
    CLAIM(world.parser);
    world.login.config = &world.config;
    world.login.server = "server";
    world.login.memory = &world.memory;
    world.login.channel.may_send_password = tls == SOAP_XMPP_TLS_OFF;
    world.login.channel.read_binding = read_no_binding;
    CLAIM(sx_login_begin(&world.login, false) == SX_LOGIN_OPEN);
    XML_SetUserData(world.parser, &world);
    XML_SetElementHandler(world.parser, on_start, on_end);
    XML_SetCharacterDataHandler(world.parser, on_text);
    (void)XML_Parse(world.parser, input->bytes, (int)input->len, 0);
    XML_ParserFree(world.parser);
    sx_element_free(world.stanza);
    sx_login_fini(&world.login);
    sx_sasl_memory_wipe(&world.memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char account[] = "me@example.org/x", component[] = "calc.example.org";
    struct sx_buffer input = {0};
    write_input(&input, (const char *)bytes, len);
    run(&input, account, SOAP_XMPP_TLS_REQUIRED, false);
    run(&input, account, SOAP_XMPP_TLS_OFF, false);
    run(&input, component, SOAP_XMPP_TLS_OFF, true);
    sx_buffer_fini(&input);
    return 0;
}
