/* trust.h - whom a server's certificate is trusted by: ca_file's CAs and the system's.
 *
 * Noun: the trust. The system's folder of CAs (hashed names) is looked into for each issuer that is
 * missing; its file, some 140 CAs that take 480 million instructions, is read once one of them
 * may be needed, for nothing if ca_file has the server's.
 *
 * Any number of threads may use a store that is filled. OpenSSL locks what it adds to it; the file
 * is read under a mutex of ours, one for the process, so that no two threads read it at once: the
 * second one waits for what the first one reads.
 */
#ifndef SX_NET_TRUST_H
#define SX_NET_TRUST_H

#include <sys/stat.h>

#include "net/pem.h"

struct x509_store_st; /* OpenSSL's X509_STORE */

/* What the system trusts as it is now, for comparison byte by byte: another file or folder, or
 * one that was written, is another one. Zero where there is none. */
struct sx_trust_place {
    dev_t device;
    ino_t inode;
    off_t bytes;
    struct timespec written;
};
struct sx_trust_system {
    struct sx_trust_place file, folder;
};
void sx_trust_look_at_system(struct sx_trust_system *system);

/* Fills an empty store, before other threads see it. ca: read; without a file the system's alone
 * are trusted. SX_EFILE with a clause: it holds no certificate, or one that can't be read;
 * SX_ENOMEM. Then the store is of no use. */
enum sx_err sx_trust_fill(struct x509_store_st *store, const struct sx_pem *ca, char *why,
                          size_t why_bytes);

#endif
