/* quota.c - expat's allocator, with a header per block that says who pays.
 *
 * Invariant: held_bytes of a tally is the sum of the sizes of its live blocks, at most max_bytes.
 *
 * Happy path: expat's functions have no user data, so `charged` names the tally while expat runs on
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
        struct sx_quota *tally;
        size_t size;
    } paid;
    max_align_t alignment;
};

static _Thread_local struct sx_quota *charged;

static bool is_affordable(const struct sx_quota *tally, size_t size)
{
    return size <= tally->max_bytes && tally->held_bytes <= tally->max_bytes - size;
}

static void *allocate(size_t size)
{
    union header *header;

    if (!is_affordable(charged, size))
        return NULL;
    header = malloc(sizeof *header + size);
    if (!header)
        return NULL;
    header->paid.tally = charged;
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
    header->paid.tally->held_bytes -= header->paid.size;
    free(header);
}

static void *reallocate(void *block, size_t size)
{
    union header *header = block;

    if (!block)
        return allocate(size);
    header--;
    if (size > header->paid.size && !is_affordable(header->paid.tally, size - header->paid.size))
        return NULL;
    header = realloc(header, sizeof *header + size);
    if (!header)
        return NULL;
    header->paid.tally->held_bytes += size - header->paid.size;
    header->paid.size = size;
    return header + 1;
}

XML_Parser sx_quota_parser(struct sx_quota *tally)
{
    static const XML_Memory_Handling_Suite suite = {allocate, reallocate, release};
    struct sx_quota *outer = charged;
    XML_Parser parser;

    charged = tally;
    parser = XML_ParserCreate_MM("UTF-8", &suite, NULL);
    charged = outer;
    if (parser && XML_SetReparseDeferralEnabled)
        XML_SetReparseDeferralEnabled(parser, XML_FALSE);
    return parser;
}

enum XML_Status sx_quota_parse(struct sx_quota *tally, XML_Parser parser, const char *bytes,
                               int len)
{
    struct sx_quota *outer = charged;
    enum XML_Status status;

    charged = tally;
    status = XML_Parse(parser, bytes, len, XML_FALSE);
    charged = outer;
    return status;
}
