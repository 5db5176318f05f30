// The Secret Service of the desktop, through libsecret where that is there; the program runs without it.
//
// libsecret is found at run time, so there are no headers of it here and nothing to link. Every call runs on a thread of
// its own and is given up after a time, as a service that waits for somebody to type a password never answers.
#ifndef CKEYRING_H
#define CKEYRING_H

#include <stddef.h>
#include <stdint.h>

enum {
    CKEYRING_OK = 0,
    CKEYRING_NOT_FOUND = 1,
    /// The keyring is closed and would have to ask its owner.
    CKEYRING_LOCKED = 2,
    /// No libsecret, no bus, no service, or an error of theirs.
    CKEYRING_UNAVAILABLE = 3,
    /// No answer in time.
    CKEYRING_TIMED_OUT = 4,
};

enum { CKEYRING_READ = 0, CKEYRING_WRITE = 1, CKEYRING_REMOVE = 2, CKEYRING_LIST = 3 };

/// One item of a list.
typedef struct ckeyring_item {
    char *account;
    uint64_t created;
    uint64_t modified;
} ckeyring_item;

/// What a call gave. `ckeyring_release` frees it, and overwrites the secret.
typedef struct ckeyring_result {
    int status;
    char *secret;
    size_t secret_length;
    ckeyring_item *items;
    size_t item_count;
    /// Why not, in the words of the service; never the secret.
    char reason[256];
} ckeyring_result;

/// Does one thing with the items of this service and account (all accounts for CKEYRING_LIST).
///
/// A write leaves one item: others with the same service and account go when the new one is there. A read takes the item
/// that was changed last. Strings are UTF-8; `secret` is needed for a write only.
/// - milliseconds: how long to wait at most.
ckeyring_result ckeyring_call(int what, const char *service, const char *account, const char *label, const char *secret,
                              int milliseconds);

void ckeyring_release(ckeyring_result *result);

#endif
