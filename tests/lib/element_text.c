/* element_text.c - expat with namespaces, and an element for each of its own. */
#include "element_text.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 256 };

struct reader {
    struct sx_element *root, *innermost;
};

static void demand(int is_so)
{
    if (!is_so)
        abort();
}

/* "namespace name" */
static const char *split(char *both, const char **ns)
{
    char *space = strchr(both, ' ');
    *ns = space ? both : "";
    if (!space)
        return both;
    *space = '\0';
    return space + 1;
}

static void on_start(void *user, const char *both, const char **attributes)
{
    struct reader *reader = user;
    char own[NAME_BYTES];
    const char *name, *ns;
    demand(strlen(both) < sizeof own);
    strcpy(own, both);
    name = split(own, &ns);
    reader->innermost =
        reader->innermost ? sx_element_add(reader->innermost, name, ns) : sx_element_new(name, ns);
    demand(reader->innermost != NULL);
    if (!reader->root)
        reader->root = reader->innermost;
    for (; *attributes; attributes += 2)
        if (!strchr(attributes[0], ' '))
            demand(sx_element_add_attribute(reader->innermost, attributes[0], attributes[1]) ==
                   SX_OK);
}

static void on_text(void *user, const char *text, int len)
{
    const struct reader *reader = user;
    demand(sx_element_add_text(reader->innermost, text, (size_t)len) == SX_OK);
}

static void on_end(void *user, const char *name)
{
    struct reader *reader = user;
    (void)name;
    reader->innermost = sx_element_parent(reader->innermost);
}

struct sx_element *element_text_parse(const char *text)
{
    XML_Parser expat = XML_ParserCreateNS("UTF-8", ' ');
    struct reader reader = {NULL, NULL};
    demand(expat != NULL);
    XML_SetUserData(expat, &reader);
    XML_SetElementHandler(expat, on_start, on_end);
    XML_SetCharacterDataHandler(expat, on_text);
    demand(XML_Parse(expat, text, (int)strlen(text), XML_TRUE) == XML_STATUS_OK);
    XML_ParserFree(expat);
    return reader.root;
}
