/* wsdl_text.h - a WSDL as it is given away: with the schemas inside, and a caller's address.
 *
 * Noun: the text. A receiver has nothing to resolve a relative schemaLocation against, and one
 * document is what most tools take. So the schemas that a WSDL refers to stand in its wsdl:types,
 * each once; what referred to them loses its schemaLocation, or, an include, goes. All else is byte
 * for byte as in the file. A wsdl:import stays as it is: the imported WSDL has a namespace, and a
 * text, of its own.
 *
 * Thread: any.
 */
#ifndef SX_SOAP_WSDL_TEXT_H
#define SX_SOAP_WSDL_TEXT_H

#include "base/buffer.h"
#include "soap/wsdl_set.h"

struct sx_wsdl_text {
    char *bytes; /* without the addresses */
    size_t len;
    size_t *holes; /* where they belong */
    size_t hole_count;
};

/* Makes the texts of all documents of a set; texts has room for SX_WSDL_SET_DOCUMENTS. A schema's
 * is its bytes. SX_OK; SX_ETOOBIG: a chameleon schema, say, makes them more than four times
 * SX_WSDL_SET_BYTES; SX_ENOMEM. On an error nothing is kept. */
enum sx_err sx_wsdl_texts_make(struct sx_wsdl_text *texts, const struct sx_wsdl_set *set);
void sx_wsdl_text_fini(struct sx_wsdl_text *text); /* frees, zeroes */

/* Appends the text, with the address, escaped. Errors show in out->failed. */
void sx_wsdl_text_write(const struct sx_wsdl_text *text, const char *address,
                        struct sx_buffer *out);

#endif
