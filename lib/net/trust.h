/* trust.h - whom a server's certificate is trusted by: ca_file's CAs and the system's.
 *
 * Noun: the trust. The system's folder of CAs (hashed names) is looked into for each issuer that is
 * missing; its file, some 140 CAs that take 480 million instructions, is read once one of them
 * may be needed: never, if ca_file has the server's CA.
 *
 * Any number of threads may use a store that is filled. OpenSSL locks what it adds to it; the file
 * is read under a mutex of ours, one for the process, so that no two threads read it at once: the
 * second one waits for what the first one reads.
 */
#ifndef SX_NET_TRUST_H
#define SX_NET_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "net/pem.h"

struct evp_md_ctx_st; /* OpenSSL's EVP_MD_CTX */
struct x509_store_st; /* OpenSSL's X509_STORE */

/* Adds what the system trusts as it is now: another file, another list of folders, or one of them
 * that was written, make another digest. False: no memory. */
bool sx_trust_digest_system(struct evp_md_ctx_st *md);

/* Fills an empty store, before other threads see it. ca: read; without a file the system's alone
 * are trusted. SX_EFILE with a clause: it holds no certificate, or one that can't be read;
 * SX_ENOMEM. Then the store is of no use. */
enum sx_err sx_trust_fill(struct x509_store_st *store, const struct sx_pem *ca, char *why,
                          size_t why_bytes);

#endif
