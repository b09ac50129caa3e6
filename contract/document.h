/* document.h - the documents of a contract while it is read: those that are there, those fetched.
 *
 * Noun: the document. Invariant: at most CT_CONTRACT_DOCUMENTS with CT_CONTRACT_BYTES together;
 * each location is asked for once. */
#ifndef CT_DOCUMENT_H
#define CT_DOCUMENT_H

#include <stdbool.h>
#include <libxml/tree.h>

#include "contract/contract.h"

struct ct_document {
    char *location; /* "": it has none */
    xmlDocPtr doc;  /* NULL: it could not be had */
    char why[256];  /* why not: a clause */
};

struct ct_documents {
    const struct ct_reading *reading;
    struct ct_document list[CT_CONTRACT_DOCUMENTS];
    size_t count;
    size_t bytes_left;
};

/* Reads all that is there. CT_ECONTRACT, CT_ELIMIT, CT_ENOMEM; fini is due in any case. */
enum ct_err ct_document_begin(struct ct_documents *documents, const struct ct_reading *reading,
                              struct ct_error *error);
void ct_document_fini(struct ct_documents *documents);

/* What a document imports from there for that namespace; either may be NULL. *found is NULL if no
 * location is told and no document is of that namespace, which is no error; one whose doc is NULL
 * can't be had. CT_ELIMIT, CT_ENOMEM. */
enum ct_err ct_document_find(struct ct_documents *documents, const struct ct_document *importer,
                             const char *location, const char *ns, struct ct_document **found,
                             struct ct_error *error);

/* What it is called in a sentence: the last part of its location, or "the contract". */
const char *ct_document_name(const struct ct_document *document);

#endif
