// ECDSA over secp256k1 with SHA-256 digests, through libsecp256k1 where that is there; the program runs without it.
//
// The library is found at run time, so there are no headers of it here and nothing to link. One context is made once,
// blinded with random bytes, and only read afterwards, so every function may be called from any thread at any time.
#ifndef CSECP256K1_H
#define CSECP256K1_H

#include <stddef.h>
#include <stdint.h>

/// Whether the library was found. Looks for it the first time.
int csecp_available(void);

/// Reads a public key of 33 or 65 bytes (SEC 1 section 2.3.4) into a form that only this library reads.
/// Returns 1, or 0 when the bytes are no point of the curve.
int csecp_read_key(const uint8_t *bytes, size_t count, uint8_t key[64]);

/// Writes the 33 bytes of a key that was read.
int csecp_compress(const uint8_t key[64], uint8_t bytes[33]);

/// Writes the 65 bytes of a key that was read.
int csecp_uncompress(const uint8_t key[64], uint8_t bytes[65]);

/// Whether `signature`, r and s big-endian, is the key's signature of the digest, with a low s. Returns 1 or 0.
int csecp_verify(const uint8_t key[64], const uint8_t digest[32], const uint8_t signature[64]);

/// The same for a signature in DER, as X9.62 has it.
int csecp_verify_der(const uint8_t key[64], const uint8_t digest[32], const uint8_t *signature, size_t count);

/// The key that belongs to 32 secret bytes. Returns 1, or 0 for zero and for anything that is not below the order.
int csecp_public_key(const uint8_t secret[32], uint8_t key[64]);

/// Signs the digest with a nonce after RFC 6979 and a low s. Returns 1 or 0.
int csecp_sign(const uint8_t secret[32], const uint8_t digest[32], uint8_t signature[64]);

/// The same signature in DER; `count` is the room before and the length after.
int csecp_der(const uint8_t signature[64], uint8_t *bytes, size_t *count);

/// The key that made the signature, by its number (0 to 3). Returns 1, or 0 where there is none, or no such function.
int csecp_recover(const uint8_t signature[64], int number, const uint8_t digest[32], uint8_t key[64]);

#endif
