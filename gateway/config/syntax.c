/* See syntax.h. */
#include "config/syntax.h"

#include <stdio.h>
#include <string.h>

#include "contract/nearest.h"

#define TEXT(name)                                                                                 \
    {                                                                                              \
        name, false                                                                                \
    }
#define LIST(name)                                                                                 \
    {                                                                                              \
        name, true                                                                                 \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, false                                                                                \
    }

static const struct gw_syntax_option whole[] = {TEXT("public-url"),
                                                LIST("trusted-proxies"),
                                                TEXT("drain"),
                                                TEXT("log"),
                                                TEXT("ready"),
                                                TEXT("metrics-operations"),
                                                END};

static const struct gw_syntax_option listen_[] = {TEXT("cert"), TEXT("key"),      TEXT("client-ca"),
                                                  TEXT("auth"), TEXT("insecure"), END};

static const struct gw_syntax_option admin[] = {TEXT("auth"), TEXT("try"), END};

static const struct gw_syntax_option auth[] = {TEXT("type"), TEXT("file"), LIST("groups"), END};

/* The library's variables without their prefix, but for those that a gateway says elsewhere
 * (allow, wsdl, shared across links). */
static const struct gw_syntax_option link_[] = {
    TEXT("jid"),        TEXT("password"),     TEXT("password_file"),
    TEXT("host"),       TEXT("port"),         TEXT("ca_file"),
    TEXT("cert_file"),  TEXT("key_file"),     TEXT("tls"),
    TEXT("packing"),    TEXT("trusted_host"), TEXT("shared_jid"),
    TEXT("presence"),   TEXT("messages"),     TEXT("policy"),
    TEXT("trace"),      TEXT("trace_to"),     TEXT("max_memory_bytes"),
    TEXT("mechanisms"), TEXT("give_up"),      END};

static const struct gw_syntax_option limits[] = {TEXT("body"),
                                                 TEXT("header"),
                                                 TEXT("memory"),
                                                 TEXT("in-flight"),
                                                 TEXT("connections"),
                                                 TEXT("idle"),
                                                 END};

static const struct gw_syntax_option route[] = {
    TEXT("to"),           TEXT("link"),           TEXT("path"),
    LIST("users"),        TEXT("from"),           TEXT("timeout"),
    TEXT("fault-status"), TEXT("wsdl"),           LIST("rewrite"),
    LIST("element"),      TEXT("rewrite-signed"), TEXT("once"),
    TEXT("message"),      LIST("mtom"),           END};

static const struct gw_syntax_option serve[] = {TEXT("url"),
                                                TEXT("link"),
                                                TEXT("path"),
                                                LIST("paths"),
                                                TEXT("query"),
                                                LIST("allow"),
                                                TEXT("login"),
                                                TEXT("user"),
                                                TEXT("password_file"),
                                                TEXT("ca"),
                                                TEXT("cert"),
                                                TEXT("key"),
                                                TEXT("timeout"),
                                                TEXT("connections"),
                                                TEXT("keepalive"),
                                                TEXT("wsdl"),
                                                LIST("rewrite"),
                                                LIST("element"),
                                                TEXT("rewrite-signed"),
                                                LIST("aliases"),
                                                LIST("mtom"),
                                                END};

static const struct gw_syntax_section sections[] = {
    {"", NULL, whole},
    {"listen", "an address (\"127.0.0.1:8080\")", listen_},
    {"admin", "an address (\"127.0.0.1:9180\")", admin},
    {"auth", "a name (\"staff\")", auth},
    {"link", "a name (\"main\")", link_},
    {"limits", NULL, limits},
    {"route", "a path (\"/cam/{name}\")", route},
    {"serve", "a JID (\"{node}@cams.example.org\")", serve}};

enum { SECTIONS = sizeof sections / sizeof *sections };

const struct gw_syntax_section *gw_syntax_at(size_t which)
{
    return which < SECTIONS ? &sections[which] : NULL;
}

const struct gw_syntax_section *gw_syntax_find(const char *name)
{
    size_t i;
    for (i = 0; i < SECTIONS; i++) {
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    }
    return NULL;
}

bool gw_syntax_equal(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b))
            return false;
    }
    return *a == *b;
}

const struct gw_syntax_option *gw_syntax_find_option(const struct gw_syntax_section *section,
                                                     const char *name)
{
    const struct gw_syntax_option *option;
    for (option = section->options; option->name; option++) {
        if (gw_syntax_equal(option->name, name))
            return option;
    }
    return NULL;
}

void gw_syntax_hint(const struct gw_syntax_section *section, const char *name, char *hint,
                    size_t hint_bytes)
{
    const char *names[64] = {0}, *nearest;
    size_t count = 0, i, used;
    for (i = 0; section && section->options[i].name; i++)
        names[count++] = section->options[i].name;
    for (i = 1; !section && i < SECTIONS; i++)
        names[count++] = sections[i].name;
    for (i = 0; !section && whole[i].name; i++)
        names[count++] = whole[i].name;
    nearest = ct_nearest_one(name, names, count);
    if (nearest) {
        snprintf(hint, hint_bytes, ": did you mean %s?", nearest);
        return;
    }
    used = (size_t)snprintf(hint, hint_bytes, "; there are");
    for (i = 0; i < count && used < hint_bytes; i++)
        used += (size_t)snprintf(hint + used, hint_bytes - used, "%s %s", i ? "," : "", names[i]);
}
