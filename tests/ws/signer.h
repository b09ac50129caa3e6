/* signer.h - a key and its certificate, made when a test begins: whoever has them signs, and opens
 * what was encrypted for the certificate. */
#ifndef TESTS_WS_SIGNER_H
#define TESTS_WS_SIGNER_H

#include <openssl/x509.h>

/* The one that the running test uses. file is the certificate's, the CA that gSOAP wants. */
extern struct signer {
    EVP_PKEY *key;
    X509 *certificate;
    char file[64];
} signer;

void signer_make(void);
void signer_drop(void);

#endif
