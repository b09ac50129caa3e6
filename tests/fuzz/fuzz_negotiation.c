/* fuzz_negotiation.c - what a server says about the stream itself, in any order.
 *
 * Input: elements, each of which is a stanza of the login. A '$' in the text of a <challenge/>
 * stands for what is behind it, up to the next '$', in base64.
 *
 * Claims: a login only gets further, by the stanzas that libstrophe gets further by; what is told
 * is whole words in UTF-8; whatever SCRAM libstrophe would do, by its own reading of a challenge,
 * stays in bounds; a limit is one that can be meant; nothing is asked about TLS behind the login;
 * what ends a login says why.
 */
#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "net/negotiation.h"
#include "fuzz.h"

#define SEPARATOR '\n' /* between a namespace and a name */
#define NS_SASL   "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_TLS    "urn:ietf:params:xml:ns:xmpp-tls"
#define ROOT      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

enum { ITERATIONS = 1000000, CHALLENGES = 10, LEAST_BYTES = 10000, NAME_BYTES = 300 };

struct world {
    XML_Parser parser;
    bool has_root;
    struct sx_element *stanza, *at; /* NULL between stanzas */
    struct sx_login login;
    unsigned challenges;
    unsigned long iterations; /* that libstrophe would do */
    bool has_ended;
};

/* ---- by the fuzzer's own reading ---- */

static bool is_for(const struct sx_element *stanza, const char *name, const char *ns)
{
    const struct sx_element *child;
    if (strcmp(sx_element_name(stanza), name) != 0)
        return false;
    if (strcmp(sx_element_ns(stanza), ns) == 0)
        return true;
    for (child = sx_element_first(stanza); child; child = sx_element_next(child))
        if (strcmp(sx_element_ns(child), ns) == 0)
            return true;
    return false;
}

/* As libstrophe does it: base64 without anything else, cut at commas, the last number counts. */
static unsigned long iterations_of(const char *text)
{
    char *plain = fuzz_text(text, strlen(text)), *word, *rest = NULL;
    unsigned long iterations = 0;
    size_t len;
    if (sx_base64_decode(plain, strlen(plain), &len)) {
        plain[len] = '\0';
        for (word = strtok_r(plain, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
            if (strncmp(word, "i=", 2) == 0)
                iterations = (uint32_t)strtol(word + 2, NULL, 10);
    }
    free(plain);
    return iterations;
}

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

static void claims_about_login(const struct sx_login *login)
{
    claim_words(login->sasl_condition, sizeof login->sasl_condition);
    claim_words(login->sasl_text, sizeof login->sasl_text);
    claim_words(login->bind_condition, sizeof login->bind_condition);
    claim_words(login->bind_text, sizeof login->bind_text);
    claim_words(login->stream_condition, sizeof login->stream_condition);
    claim_words(login->stream_text, sizeof login->stream_text);
    CLAIM(!login->server_max_bytes || login->server_max_bytes >= LEAST_BYTES);
    CLAIM(!login->offers_external || login->offers_sasl);
}

static void claims_about_challenge(struct world *world, const struct sx_element *stanza,
                                   enum sx_err err)
{
    world->challenges++;
    world->iterations += iterations_of(sx_element_text(stanza));
    CLAIM(err || world->challenges <= CHALLENGES);
    CLAIM(err || world->iterations <= ITERATIONS);
}

static void inspect(struct world *world)
{
    const struct sx_element *stanza = world->stanza;
    const struct sx_login before = world->login;
    struct sx_login *login = &world->login;
    const char *why = NULL;
    bool begins_tls = sx_negotiation_begins_tls(login, stanza);
    enum sx_err err = sx_negotiation_inspect(login, stanza, &why);
    bool is_success = is_for(stanza, "success", NS_SASL);
    CLAIM(begins_tls == (!before.authenticated && is_for(stanza, "proceed", NS_TLS)));
    CLAIM(login->authenticated == (before.authenticated || is_success));
    CLAIM(login->bound || !before.bound);
    CLAIM(login->bound == before.bound || strcmp(sx_element_name(stanza), "iq") == 0);
    CLAIM(err == SX_OK || err == SX_ESTREAM || err == SX_EPROTOCOL || err == SX_ETLS);
    CLAIM(!err == !why && (!why || *why));
    if (!is_success && is_for(stanza, "challenge", NS_SASL) && !is_for(stanza, "failure", NS_SASL))
        claims_about_challenge(world, stanza, err);
    claims_about_login(login);
    world->has_ended = err != SX_OK;
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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct world world = {.parser = XML_ParserCreateNS("UTF-8", SEPARATOR)};
    struct sx_buffer input = {0};
    CLAIM(world.parser);
    write_input(&input, (const char *)bytes, len);
    XML_SetUserData(world.parser, &world);
    XML_SetElementHandler(world.parser, on_start, on_end);
    XML_SetCharacterDataHandler(world.parser, on_text);
    (void)XML_Parse(world.parser, input.bytes, (int)input.len, 0);
    XML_ParserFree(world.parser);
    sx_element_free(world.stanza);
    sx_buffer_fini(&input);
    return 0;
}
