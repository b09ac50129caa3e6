/* writer.h - elements of an envelope's Body, with prefixes for their namespaces.
 *
 * Noun: the writer. Invariant: each element in the Body declares the prefixes that it and what is
 * in it uses, so that it can stand alone; they are those that the contract declares, where that is
 * possible.
 *
 *   ct_writer_begin(&writer, model, pool, version, header, out);
 *   ct_writer_open(&writer, name); ct_writer_attribute(...); ct_writer_text(...);
 * ct_writer_close(); ct_writer_end(&writer);
 */
#ifndef CT_WRITER_H
#define CT_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"
#include "contract/model.h"
#include "contract/text.h"

struct ct_writer_prefix;

struct ct_writer {
    const struct ct_model *model; /* NULL: there is no contract */
    struct ct_pool *pool;
    struct ct_text *out;
    enum ct_version version;
    bool is_indented;
    /* Of the element in the Body that is being written. */
    struct ct_table table; /* prefixes by namespace, and by themselves */
    struct ct_writer_prefix *prefixes, **last_prefix;
    size_t declarations_at; /* where they go, in out */
    unsigned level;         /* of the innermost open element; the Body's content is at 0 */
    bool is_tag_open;       /* its '>' is still to be written */
    bool has_children;      /* something but text stands before, in the innermost element */
    unsigned made_up;       /* prefixes so far */
    bool no_memory;         /* the pool gave no more */
};

/* header: XML for the Header, or NULL. */
void ct_writer_begin(struct ct_writer *writer, const struct ct_model *model, struct ct_pool *pool,
                     enum ct_version version, bool is_indented, const char *header,
                     struct ct_text *out);
void ct_writer_end(struct ct_writer *writer);

void ct_writer_open(struct ct_writer *writer, struct ct_name name);
void ct_writer_close(struct ct_writer *writer, struct ct_name name);
/* Right behind ct_writer_open(). */
void ct_writer_attribute(struct ct_writer *writer, struct ct_name name, const char *value);
/* xsi:type, and xsi:nil='true'. */
void ct_writer_type(struct ct_writer *writer, struct ct_name type);
void ct_writer_nil(struct ct_writer *writer);
void ct_writer_text(struct ct_writer *writer, const char *text);
/* On a line of its own, or (is_beside) behind what was written last. */
void ct_writer_comment(struct ct_writer *writer, const char *text, bool is_beside);

/* "prefix:local", declared; a name in no namespace is as it is. In the pool, or NULL. */
const char *ct_writer_qname(struct ct_writer *writer, struct ct_name name);

#endif
