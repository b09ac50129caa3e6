/* sha1.h - SHA-1 in the place of libstrophe's own, which SCRAM-SHA-1 and components log in by.
 *
 * Noun: the hash (RFC 3174). The functions are those of libstrophe's internal sha1.h, the same from
 * 0.12.2 to 0.14.0, and stand before the archive on the linker's command line, as the parser does.
 * Its own are portable C with a static buffer: 130 million instructions for the 4,096 rounds of a
 * login, one login at a time in a process. OpenSSL's block function uses what the processor has for
 * it.
 *
 * Thread: any, a context each.
 */
#ifndef SX_NET_SHA1_H
#define SX_NET_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SX_SHA1_BLOCK_BYTES = 64, SX_SHA1_BYTES = 20 };

/* libstrophe allocates it: its size and the order of its members are not ours to choose. */
struct sx_sha1 {
    uint32_t state[5];
    uint32_t count[2]; /* bits, the low half first */
    uint8_t buffer[SX_SHA1_BLOCK_BYTES];
};

void crypto_SHA1_Init(struct sx_sha1 *context);
void crypto_SHA1_Update(struct sx_sha1 *context, const uint8_t *data, size_t len);
void crypto_SHA1_Final(struct sx_sha1 *context, uint8_t *digest);
void crypto_SHA1(const uint8_t *data, size_t len, uint8_t *digest);

#endif
