/* parser.h - libstrophe's src/parser.h, which isn't installed; the same from 0.12.2 to 0.14.0.
 *
 * Noun: the parser of one stream, or of a string. libstrophe calls these functions, and parser.c
 * defines them, so that the linker never pulls in libstrophe's own (tools/check-libstrophe.sh).
 */
#ifndef SX_NET_PARSER_H
#define SX_NET_PARSER_H

#include <strophe.h>

typedef struct _parser_t parser_t;
typedef void (*parser_start_callback)(char *name, char **attributes, void *user);
typedef void (*parser_end_callback)(char *name, void *user);
typedef void (*parser_stanza_callback)(xmpp_stanza_t *stanza, void *user);

/* Each callback may be NULL. NULL: no memory; of an armed stream (stream.h) err tells it. */
parser_t *parser_new(xmpp_ctx_t *ctx, parser_start_callback on_start, parser_end_callback on_end,
                     parser_stanza_callback on_stanza, void *user);
void parser_free(parser_t *parser); /* NULL allowed */

/* A new stream begins. During a callback that takes effect when the callback's chunk is done, the
 * rest of which belongs to the old stream. 0: no memory. */
int parser_reset(parser_t *parser);

/* 0: the stream has failed. */
int parser_feed(parser_t *parser, char *chunk, int len);

/* The name of an attribute without its prefix, for libstrophe to free; NULL: no memory. */
char *parser_attr_name(xmpp_ctx_t *ctx, char *qname);

#endif
