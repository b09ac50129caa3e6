/* pem.h - a file in PEM, read into memory as a whole, and how it is told what is wrong with it.
 *
 * Noun: the PEM file. It is read once and then looked at as often as need be, so that what was
 * checked is what is used, whoever writes the file meanwhile. A byte order mark before the text is
 * no part of it, as in password files: OpenSSL would not see the first line behind it, and so lose
 * the first certificate.
 *
 * Any thread. Reading waits for the disk, for nothing else: a pipe that has nothing to read is
 * told.
 */
#ifndef SX_NET_PEM_H
#define SX_NET_PEM_H

#include "base/buffer.h"
#include "base/fault.h"

struct sx_pem {
    /* set by the owner */
    const char *member; /* of the configuration, with its variable: "ca_file (SOAP_XMPP_CAFILE)" */
    const char *file;   /* its name, NULL: there is none */
    /* read */
    struct sx_buffer text;
};

enum { SX_PEM_BYTES = 4 << 20 }; /* the most that is read */

/* Reads the file, if there is one. SX_EFILE with a clause: it can't be read, is empty, too large,
 * or DER; SX_ENOMEM. sx_pem_wipe() is due in any case. */
enum sx_err sx_pem_read(struct sx_pem *pem, char *why, size_t why_bytes);
void sx_pem_wipe(struct sx_pem *pem);

/* The text from its beginning, which must outlive it; the caller frees it. NULL: no memory. */
struct bio_st *sx_pem_open(const struct sx_pem *pem);

/* What is wrong with it, "holds no certificate", as a clause that names member and file: SX_EFILE.
 * Unless OpenSSL's errors say that memory is short: SX_ENOMEM. */
enum sx_err sx_pem_refuse(const struct sx_pem *pem, char *why, size_t why_bytes, const char *format,
                          ...) __attribute__((format(printf, 4, 5)));
/* That OpenSSL can't understand the text, and why. */
enum sx_err sx_pem_refuse_text(const struct sx_pem *pem, char *why, size_t why_bytes);

/* A pem_password_cb of OpenSSL, which would ask at the terminal without one. user: a bool that
 * becomes true, NULL allowed. */
int sx_pem_give_no_passphrase(char *out, int out_bytes, int is_writing, void *user);

#endif
