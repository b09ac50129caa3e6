/* See writer.h.
 *
 * Which prefixes an element in the Body needs is known when it is closed; their declarations are
 * inserted behind its name then. */
#include "contract/writer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "contract/envelope.h"
#include "contract/xml.h"

enum { BY_NAMESPACE, BY_PREFIX };

struct ct_writer_prefix {
    const char *prefix, *ns;
    struct ct_writer_prefix *next;
};

void ct_writer_begin(struct ct_writer *writer, const struct ct_model *model, struct ct_pool *pool,
                     enum ct_version version, bool is_indented, const char *header,
                     struct ct_text *out)
{
    *writer = (struct ct_writer){
        .model = model, .pool = pool, .out = out, .version = version, .is_indented = is_indented};
    const char *line = is_indented ? "\n  " : "";
    ct_text_print(out, "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"%s\">", ct_envelope_namespace(version));
    if (header && *header) {
        ct_text_print(out, "%s<SOAP-ENV:Header>", line);
        ct_text_put(out, header);
        ct_text_put(out, "</SOAP-ENV:Header>");
    }
    ct_text_print(out, "%s<SOAP-ENV:Body>", line);
}

static void break_line(struct ct_writer *writer, unsigned level)
{
    if (writer->is_indented)
        ct_text_print(writer->out, "\n%*s", (int)(2 * level), "");
}

void ct_writer_end(struct ct_writer *writer)
{
    if (writer->has_children)
        break_line(writer, 1);
    ct_text_put(writer->out, "</SOAP-ENV:Body>");
    break_line(writer, 0);
    ct_text_put(writer->out, "</SOAP-ENV:Envelope>");
    if (writer->is_indented)
        ct_text_put(writer->out, "\n");
}

static bool is_free(const struct ct_writer *writer, const char *prefix)
{
    return strncasecmp(prefix, "xml", 3) != 0 && strcmp(prefix, "SOAP-ENV") != 0 &&
           !ct_table_find(&writer->table, BY_PREFIX, (struct ct_name){"", prefix});
}

/* The prefix that people know the namespace by, or one that is made up. */
static const char *choose_prefix(struct ct_writer *writer, const char *ns)
{
    const char *known = strcmp(ns, CT_XML_INSTANCE) == 0 ? "xsi"
                        : strcmp(ns, CT_XML_SCHEMA) == 0 ? "xsd"
                        : writer->model ? ct_table_find(&writer->model->table, CT_KIND_PREFIX,
                                                        (struct ct_name){ns, ""})
                                        : NULL;
    if (known && is_free(writer, known))
        return known;
    char *prefix = ct_pool_take(writer->pool, 16);
    do {
        if (prefix)
            snprintf(prefix, 16, "ns%u", ++writer->made_up);
    } while (prefix && !is_free(writer, prefix));
    return prefix;
}

/* The prefix of the namespace, NULL if the pool gives no more. */
static const char *prefix_of(struct ct_writer *writer, const char *ns)
{
    if (strcmp(ns, CT_XML_XML) == 0)
        return "xml";
    const struct ct_writer_prefix *there =
        ct_table_find(&writer->table, BY_NAMESPACE, (struct ct_name){ns, ""});
    if (there)
        return there->prefix;
    struct ct_writer_prefix *new = ct_pool_take(writer->pool, sizeof *new);
    const char *prefix = new ? choose_prefix(writer, ns) : NULL;
    if (!prefix)
        return NULL;
    *new = (struct ct_writer_prefix){prefix, ns, NULL};
    if (!ct_table_add(&writer->table, writer->pool, BY_NAMESPACE, (struct ct_name){ns, ""}, new) ||
        !ct_table_add(&writer->table, writer->pool, BY_PREFIX, (struct ct_name){"", prefix}, new))
        return NULL;
    *writer->last_prefix = new;
    writer->last_prefix = &new->next;
    return prefix;
}

static void put_name(struct ct_writer *writer, struct ct_name name)
{
    const char *prefix = *name.ns ? prefix_of(writer, name.ns) : NULL;
    if (*name.ns && !prefix) {
        writer->no_memory = true;
        return;
    }
    if (prefix)
        ct_text_print(writer->out, "%s:", prefix);
    ct_text_put(writer->out, name.local);
}

const char *ct_writer_qname(struct ct_writer *writer, struct ct_name name)
{
    const char *prefix = *name.ns ? prefix_of(writer, name.ns) : "";
    size_t len = prefix ? strlen(prefix) + strlen(name.local) + 2 : 0;
    char *qname = prefix ? ct_pool_take(writer->pool, len) : NULL;
    if (qname)
        snprintf(qname, len, "%s%s%s", prefix, *prefix ? ":" : "", name.local);
    else
        writer->no_memory = true;
    return qname;
}

static void end_tag(struct ct_writer *writer)
{
    if (writer->is_tag_open)
        ct_text_put(writer->out, ">");
    writer->is_tag_open = false;
}

void ct_writer_open(struct ct_writer *writer, struct ct_name name)
{
    end_tag(writer);
    break_line(writer, writer->level + 2);
    ct_text_put(writer->out, "<");
    if (writer->level == 0) {
        ct_table_init(&writer->table);
        writer->prefixes = NULL;
        writer->last_prefix = &writer->prefixes;
        writer->made_up = 0;
    }
    put_name(writer, name);
    if (writer->level++ == 0)
        writer->declarations_at = writer->out->len;
    writer->is_tag_open = true;
    writer->has_children = false;
}

static void declare(struct ct_writer *writer)
{
    struct ct_text declarations = {0};
    for (const struct ct_writer_prefix *p = writer->prefixes; p; p = p->next) {
        ct_text_print(&declarations, " xmlns:%s=\"", p->prefix);
        ct_text_put_xml(&declarations, p->ns);
        ct_text_put(&declarations, "\"");
    }
    writer->no_memory |= ct_text_failed(&declarations);
    if (!ct_text_failed(&declarations) && !ct_text_failed(writer->out))
        ct_text_insert(writer->out, writer->declarations_at, declarations.bytes, declarations.len);
    ct_text_fini(&declarations);
}

void ct_writer_close(struct ct_writer *writer, struct ct_name name)
{
    writer->level--;
    if (writer->is_tag_open) {
        ct_text_put(writer->out, "/>");
        writer->is_tag_open = false;
    } else {
        if (writer->has_children)
            break_line(writer, writer->level + 2);
        ct_text_put(writer->out, "</");
        put_name(writer, name);
        ct_text_put(writer->out, ">");
    }
    writer->has_children = true;
    if (writer->level == 0)
        declare(writer);
}

void ct_writer_attribute(struct ct_writer *writer, struct ct_name name, const char *value)
{
    ct_text_put(writer->out, " ");
    put_name(writer, name);
    ct_text_put(writer->out, "=\"");
    ct_text_put_xml(writer->out, value);
    ct_text_put(writer->out, "\"");
}

void ct_writer_type(struct ct_writer *writer, struct ct_name type)
{
    const char *qname = ct_writer_qname(writer, type);
    if (qname)
        ct_writer_attribute(writer, (struct ct_name){CT_XML_INSTANCE, "type"}, qname);
}

void ct_writer_nil(struct ct_writer *writer)
{
    ct_writer_attribute(writer, (struct ct_name){CT_XML_INSTANCE, "nil"}, "true");
}

void ct_writer_text(struct ct_writer *writer, const char *text)
{
    if (!*text)
        return;
    end_tag(writer);
    ct_text_put_xml(writer->out, text);
}

void ct_writer_comment(struct ct_writer *writer, const char *text, bool is_beside)
{
    end_tag(writer);
    if (is_beside)
        ct_text_put(writer->out, " ");
    else
        break_line(writer, writer->level + 2);
    ct_text_put(writer->out, "<!-- ");
    for (; *text; text++) /* "--" would end it */
        ct_text_add(writer->out, text[0] == '-' && text[1] == '-' ? "-\xE2\x80\x8B" : text,
                    text[0] == '-' && text[1] == '-' ? 4 : 1);
    ct_text_put(writer->out, " -->");
    writer->has_children = true;
}
