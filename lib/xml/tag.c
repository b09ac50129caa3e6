/* tag.c - finds the end of a tag without expat.
 *
 * Happy path: begin with what expat couldn't finish -> add, chunk by chunk -> the end is there ->
 * the owner gives held to expat in one piece. Failure: what is no tag after all (a quote out of
 * place) is an error in any case; expat hears of it with the next '>', or the owner's limit ends
 * it.
 */
#include "xml/tag.h"

#include <string.h>

/* Whether the tag ends in these bytes. */
static bool look_for_end(struct sx_tag *tag, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    while (bytes < end) {
        if (tag->quote) {
            bytes = memchr(bytes, tag->quote, (size_t)(end - bytes));
            if (!bytes)
                return false;
            tag->quote = '\0';
        } else if (*bytes == '>') {
            return true;
        } else if (*bytes == '"' || *bytes == '\'') {
            tag->quote = *bytes;
        }
        bytes++;
    }
    return false;
}

bool sx_tag_begin(struct sx_tag *tag, const char *bytes, size_t len)
{
    if (len < 2 || bytes[0] != '<' || bytes[1] == '!' || bytes[1] == '?')
        return false;
    tag->quote = '\0';
    if (look_for_end(tag, bytes, len))
        return false;
    tag->is_open = true;
    tag->begun_bytes = len;
    return true;
}

bool sx_tag_add(struct sx_tag *tag, const char *bytes, size_t len)
{
    sx_buffer_add(&tag->held, bytes, len);
    return look_for_end(tag, bytes, len);
}

void sx_tag_fini(struct sx_tag *tag)
{
    sx_buffer_fini(&tag->held);
    *tag = (struct sx_tag){0};
}
