/* quota.c - expat's allocator, with a header per block that says who pays.
 *
 * Invariant: held_bytes of a quota is the sum of the sizes of its live blocks, at most max_bytes.
 *
 * Happy path: expat's functions have no user data, so `charged` names the quota while expat runs on
 * this thread; each block remembers it, as blocks are also freed at other times.
 * Failure: no memory, or over max_bytes: expat gets NULL and ends with XML_ERROR_NO_MEMORY.
 */
#include "xml/quota.h"

#include <stdbool.h>
#include <stdlib.h>

/* expat >= 2.6 may keep a complete stanza back until more bytes come, which never do. */
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled)
    __attribute__((weak));

/* Before each block; its size keeps the block aligned for any type. */
union header {
    struct {
        struct sx_quota *quota;
        size_t size;
    } paid;
    max_align_t alignment;
};

static _Thread_local struct sx_quota *charged;

static bool is_affordable(const struct sx_quota *quota, size_t size)
{
    return size <= quota->max_bytes && quota->held_bytes <= quota->max_bytes - size;
}

static void *allocate(size_t size)
{
    union header *header;

    if (!is_affordable(charged, size))
        return NULL;
    header = malloc(sizeof *header + size);
    if (!header)
        return NULL;
    header->paid.quota = charged;
    header->paid.size = size;
    charged->held_bytes += size;
    return header + 1;
}

static void release(void *block)
{
    union header *header = block;

    if (!block)
        return;
    header--;
    header->paid.quota->held_bytes -= header->paid.size;
    free(header);
}

static void *reallocate(void *block, size_t size)
{
    union header *header = block;

    if (!block)
        return allocate(size);
    header--;
    if (size > header->paid.size && !is_affordable(header->paid.quota, size - header->paid.size))
        return NULL;
    header = realloc(header, sizeof *header + size);
    if (!header)
        return NULL;
    header->paid.quota->held_bytes += size - header->paid.size;
    header->paid.size = size;
    return header + 1;
}

/* ---- restricted markup ---- expat runs on this thread, so that `charged` is the parser's */

static void XMLCALL on_comment(void *user, const XML_Char *text)
{
    (void)text;
    charged->restricted(user, SX_QUOTA_COMMENT, NULL);
}

static void XMLCALL on_instruction(void *user, const XML_Char *target, const XML_Char *data)
{
    (void)target, (void)data;
    charged->restricted(user, SX_QUOTA_INSTRUCTION, NULL);
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    charged->restricted(user, SX_QUOTA_DOCTYPE, NULL);
}

static void XMLCALL on_declaration(void *user, const XML_Char *version, const XML_Char *encoding,
                                   int standalone)
{
    (void)version, (void)standalone;
    charged->restricted(user, SX_QUOTA_DECLARATION, encoding);
}

static void set_up(XML_Parser parser)
{
    XML_SetCommentHandler(parser, on_comment);
    XML_SetProcessingInstructionHandler(parser, on_instruction);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    XML_SetXmlDeclHandler(parser, on_declaration);
    if (XML_SetReparseDeferralEnabled)
        XML_SetReparseDeferralEnabled(parser, XML_FALSE);
}

/* ---- parsers ---- */

XML_Parser sx_quota_parser(struct sx_quota *quota)
{
    static const XML_Memory_Handling_Suite suite = {allocate, reallocate, release};
    struct sx_quota *outer = charged;
    XML_Parser parser;

    charged = quota;
    parser = XML_ParserCreate_MM("UTF-8", &suite, NULL);
    charged = outer;
    if (parser)
        set_up(parser);
    return parser;
}

bool sx_quota_reset(struct sx_quota *quota, XML_Parser parser)
{
    struct sx_quota *outer = charged;
    bool is_reset;

    charged = quota;
    is_reset = XML_ParserReset(parser, "UTF-8");
    charged = outer;
    if (is_reset)
        set_up(parser);
    return is_reset;
}

enum XML_Status sx_quota_parse(struct sx_quota *quota, XML_Parser parser, const char *bytes,
                               int len, bool is_last)
{
    struct sx_quota *outer = charged;
    enum XML_Status status;

    charged = quota;
    status = XML_Parse(parser, bytes, len, is_last);
    charged = outer;
    return status;
}
