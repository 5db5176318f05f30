#define _GNU_SOURCE
#include "CSecp256k1.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

// Prototypes of our own for what is used of libsecp256k1 (0.2 and later); its structures are opaque, 64 bytes each, and
// 65 with the number of the key.
typedef struct {
    uint8_t bytes[64];
} Opaque;

typedef struct {
    uint8_t bytes[65];
} Recoverable;

// SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY, SECP256K1_EC_COMPRESSED, SECP256K1_EC_UNCOMPRESSED.
enum { CONTEXT = 0x301, COMPRESSED = 0x102, UNCOMPRESSED = 0x002 };

static struct {
    int is_loaded;
    void *context;
    int (*key_parse)(const void *, Opaque *, const uint8_t *, size_t);
    int (*key_serialize)(const void *, uint8_t *, size_t *, const Opaque *, unsigned);
    int (*key_create)(const void *, Opaque *, const uint8_t *);
    int (*compact_parse)(const void *, Opaque *, const uint8_t *);
    int (*compact_serialize)(const void *, uint8_t *, const Opaque *);
    int (*der_parse)(const void *, Opaque *, const uint8_t *, size_t);
    int (*der_serialize)(const void *, uint8_t *, size_t *, const Opaque *);
    int (*verify)(const void *, const Opaque *, const uint8_t *, const Opaque *);
    int (*sign)(const void *, Opaque *, const uint8_t *, const uint8_t *, void *, const void *);
    // Not every build of the library has these two.
    int (*recoverable_parse)(const void *, Recoverable *, const uint8_t *, int);
    int (*recover)(const void *, Opaque *, const Recoverable *, const uint8_t *);
} lib;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static const char *const names[] = {"libsecp256k1.so.1", "libsecp256k1.so.2", "libsecp256k1.so.5",
                                        "libsecp256k1.so.6", "libsecp256k1.so.0", "libsecp256k1.dylib"};
    void *library = NULL;
    for (size_t index = 0; index < sizeof names / sizeof *names && !library; index++) {
        library = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
    }
    if (!library) return;
    void *(*context_create)(unsigned);
    int (*context_randomize)(void *, const uint8_t *);
#define GET(place, name)                                                                                               \
    if (!(*(void **)&place = dlsym(library, name))) return
    GET(context_create, "secp256k1_context_create");
    GET(context_randomize, "secp256k1_context_randomize");
    GET(lib.key_parse, "secp256k1_ec_pubkey_parse");
    GET(lib.key_serialize, "secp256k1_ec_pubkey_serialize");
    GET(lib.key_create, "secp256k1_ec_pubkey_create");
    GET(lib.compact_parse, "secp256k1_ecdsa_signature_parse_compact");
    GET(lib.compact_serialize, "secp256k1_ecdsa_signature_serialize_compact");
    GET(lib.der_parse, "secp256k1_ecdsa_signature_parse_der");
    GET(lib.der_serialize, "secp256k1_ecdsa_signature_serialize_der");
    GET(lib.verify, "secp256k1_ecdsa_verify");
    GET(lib.sign, "secp256k1_ecdsa_sign");
    *(void **)&lib.recoverable_parse = dlsym(library, "secp256k1_ecdsa_recoverable_signature_parse_compact");
    *(void **)&lib.recover = dlsym(library, "secp256k1_ecdsa_recover");
    lib.context = context_create(CONTEXT);
    if (!lib.context) return;
    // Blinds the multiplications with secrets, so that their timing says nothing of those.
    uint8_t seed[32];
    if (getentropy(seed, sizeof seed) != 0) return;
    int is_blinded = context_randomize(lib.context, seed);
    explicit_bzero(seed, sizeof seed);
    if (is_blinded) lib.is_loaded = 1;
}

int csecp_available(void) {
    pthread_once(&once, load);
    return lib.is_loaded;
}

int csecp_read_key(const uint8_t *bytes, size_t count, uint8_t key[64]) {
    Opaque opaque;
    // Its hybrid forms (06, 07) are another spelling of a point that has one.
    if (!csecp_available() || count == 0 || bytes[0] < 2 || bytes[0] > 4) return 0;
    if (!lib.key_parse(lib.context, &opaque, bytes, count)) return 0;
    memcpy(key, opaque.bytes, sizeof opaque.bytes);
    return 1;
}

static int serialize(const uint8_t key[64], uint8_t *bytes, size_t count, unsigned form) {
    Opaque opaque;
    if (!csecp_available()) return 0;
    memcpy(opaque.bytes, key, sizeof opaque.bytes);
    return lib.key_serialize(lib.context, bytes, &count, &opaque, form);
}

int csecp_compress(const uint8_t key[64], uint8_t bytes[33]) { return serialize(key, bytes, 33, COMPRESSED); }

int csecp_uncompress(const uint8_t key[64], uint8_t bytes[65]) { return serialize(key, bytes, 65, UNCOMPRESSED); }

static int verify(const uint8_t key[64], const uint8_t digest[32], const Opaque *signature) {
    Opaque opaque;
    memcpy(opaque.bytes, key, sizeof opaque.bytes);
    // Refuses a high s by itself.
    return lib.verify(lib.context, signature, digest, &opaque) == 1;
}

int csecp_verify(const uint8_t key[64], const uint8_t digest[32], const uint8_t signature[64]) {
    Opaque parsed;
    if (!csecp_available() || !lib.compact_parse(lib.context, &parsed, signature)) return 0;
    return verify(key, digest, &parsed);
}

int csecp_verify_der(const uint8_t key[64], const uint8_t digest[32], const uint8_t *signature, size_t count) {
    Opaque parsed;
    if (!csecp_available() || !lib.der_parse(lib.context, &parsed, signature, count)) return 0;
    return verify(key, digest, &parsed);
}

int csecp_public_key(const uint8_t secret[32], uint8_t key[64]) {
    Opaque opaque;
    if (!csecp_available() || !lib.key_create(lib.context, &opaque, secret)) return 0;
    memcpy(key, opaque.bytes, sizeof opaque.bytes);
    return 1;
}

int csecp_sign(const uint8_t secret[32], const uint8_t digest[32], uint8_t signature[64]) {
    Opaque made;
    // No nonce function means the library's own, which is RFC 6979's.
    if (!csecp_available() || !lib.sign(lib.context, &made, digest, secret, NULL, NULL)) return 0;
    return lib.compact_serialize(lib.context, signature, &made);
}

int csecp_der(const uint8_t signature[64], uint8_t *bytes, size_t *count) {
    Opaque parsed;
    if (!csecp_available() || !lib.compact_parse(lib.context, &parsed, signature)) return 0;
    return lib.der_serialize(lib.context, bytes, count, &parsed);
}

int csecp_recover(const uint8_t signature[64], int number, const uint8_t digest[32], uint8_t key[64]) {
    Recoverable parsed;
    Opaque opaque;
    if (!csecp_available() || !lib.recoverable_parse || !lib.recover || number < 0 || number > 3) return 0;
    if (!lib.recoverable_parse(lib.context, &parsed, signature, number)) return 0;
    if (!lib.recover(lib.context, &opaque, &parsed, digest)) return 0;
    memcpy(key, opaque.bytes, sizeof opaque.bytes);
    return 1;
}
