#define _GNU_SOURCE
#include "CKeyring.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Prototypes of our own for what is used of GLib and libsecret (0.18 and later).
typedef struct {
    uint32_t domain;
    int code;
    char *message;
} Error;

typedef struct List {
    void *data;
    struct List *next;
    struct List *previous;
} List;

typedef struct {
    const char *name;
    int flags;
    struct {
        const char *name;
        int type;
    } attributes[32];
    int reserved;
    void *reserved_pointers[7];
} Schema;

static const Schema schema = {
    "org.freedesktop.Secret.Generic",
    2, // SECRET_SCHEMA_DONT_MATCH_NAME: items of other programs have other schemas
    {{"service", 0}, {"username", 0}, {"application", 0}, {NULL, 0}},
    0,
    {NULL},
};

static const char *const application = "ostiary";

enum { SEARCH_ALL = 1 << 1, SEARCH_LOAD_SECRETS = 1 << 3, ERROR_IS_LOCKED = 2 };

static struct {
    int is_loaded;
    void *(*table_new)(void *hash, void *equal, void (*free_key)(void *), void (*free_value)(void *));
    int (*table_insert)(void *table, void *key, void *value);
    void *(*table_lookup)(void *table, const void *key);
    void (*table_unref)(void *table);
    void *string_hash;
    void *string_equal;
    void (*memory_free)(void *);
    char *(*string_copy)(const char *);
    void (*error_free)(Error *);
    void (*list_free)(List *);
    void (*object_unref)(void *);
    void *(*cancellable_new)(void);
    void (*cancellable_cancel)(void *);
    List *(*search)(void *service, const Schema *, void *attributes, int flags, void *cancellable, Error **);
    int (*store)(const Schema *, void *attributes, const char *collection, const char *label, const char *secret,
                 void *cancellable, Error **);
    void *(*item_attributes)(void *item);
    uint64_t (*item_created)(void *item);
    uint64_t (*item_modified)(void *item);
    int (*item_locked)(void *item);
    void *(*item_secret)(void *item);
    int (*item_delete)(void *item, void *cancellable, Error **);
    const char *(*value_get)(void *value, size_t *length);
    void (*value_unref)(void *value);
    uint32_t (*secret_error)(void);
} lib;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    // Never closed: GLib's types stay for good once they are registered.
    void *secret = dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
    void *glib = dlopen("libglib-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
    void *gobject = dlopen("libgobject-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
    void *gio = dlopen("libgio-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!secret || !glib || !gobject || !gio) return;
#define GET(member, library, name)                                                                                     \
    if (!(*(void **)&lib.member = dlsym(library, name))) return
    GET(table_new, glib, "g_hash_table_new_full");
    GET(table_insert, glib, "g_hash_table_insert");
    GET(table_lookup, glib, "g_hash_table_lookup");
    GET(table_unref, glib, "g_hash_table_unref");
    GET(string_hash, glib, "g_str_hash");
    GET(string_equal, glib, "g_str_equal");
    GET(memory_free, glib, "g_free");
    GET(string_copy, glib, "g_strdup");
    GET(error_free, glib, "g_error_free");
    GET(list_free, glib, "g_list_free");
    GET(object_unref, gobject, "g_object_unref");
    GET(cancellable_new, gio, "g_cancellable_new");
    GET(cancellable_cancel, gio, "g_cancellable_cancel");
    GET(search, secret, "secret_service_search_sync");
    GET(store, secret, "secret_password_storev_sync");
    GET(item_attributes, secret, "secret_item_get_attributes");
    GET(item_created, secret, "secret_item_get_created");
    GET(item_modified, secret, "secret_item_get_modified");
    GET(item_locked, secret, "secret_item_get_locked");
    GET(item_secret, secret, "secret_item_get_secret");
    GET(item_delete, secret, "secret_item_delete_sync");
    GET(value_get, secret, "secret_value_get");
    GET(value_unref, secret, "secret_value_unref");
    GET(secret_error, secret, "secret_error_get_quark");
    lib.is_loaded = 1;
}

// One call. Two hold it, the one who waits and the one who works; the last one frees it.
typedef struct {
    int what;
    char *service;
    char *account;
    char *label;
    char *secret;
    void *cancellable;
    ckeyring_result result;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    int is_finished;
    atomic_int holders;
} Job;

// Threads whose service does not answer. More than a few mean that it never will.
static atomic_int working;
enum { WORKING_LIMIT = 8 };

static void forget(char *text) {
    if (!text) return;
    explicit_bzero(text, strlen(text));
    free(text);
}

static void drop(Job *job) {
    if (atomic_fetch_sub(&job->holders, 1) != 1) return;
    free(job->service);
    free(job->account);
    free(job->label);
    forget(job->secret);
    if (job->cancellable) lib.object_unref(job->cancellable);
    ckeyring_release(&job->result);
    pthread_mutex_destroy(&job->lock);
    pthread_cond_destroy(&job->finished);
    free(job);
}

static void *attributes(const char *service, const char *account, const char *owner) {
    void *table = lib.table_new(lib.string_hash, lib.string_equal, lib.memory_free, lib.memory_free);
    lib.table_insert(table, lib.string_copy("service"), lib.string_copy(service));
    if (account) lib.table_insert(table, lib.string_copy("username"), lib.string_copy(account));
    if (owner) lib.table_insert(table, lib.string_copy("application"), lib.string_copy(owner));
    return table;
}

static void fail(ckeyring_result *result, Error *error) {
    result->status = CKEYRING_UNAVAILABLE;
    if (!error) return;
    const char *message = error->message ? error->message : "";
    // What the service says when there is no open keyring to look into.
    int is_closed = strstr(message, "Object does not exist") || strstr(message, "IsLocked") ||
                    strstr(message, "prompt") || strstr(message, "dismissed");
    if (error->domain == lib.secret_error() && error->code == ERROR_IS_LOCKED) is_closed = 1;
    if (is_closed) result->status = CKEYRING_LOCKED;
    snprintf(result->reason, sizeof result->reason, "%s", message);
    lib.error_free(error);
}

static int is_ours(void *item) {
    void *table = lib.item_attributes(item);
    if (!table) return 0;
    const char *owner = lib.table_lookup(table, "application");
    int same = owner && strcmp(owner, application) == 0;
    lib.table_unref(table);
    return same;
}

// The item that counts: changed last, and of two changed in one second ours.
static void *newest(List *items) {
    void *best = NULL;
    for (List *at = items; at; at = at->next) {
        if (!best) {
            best = at->data;
            continue;
        }
        uint64_t mine = lib.item_modified(at->data), other = lib.item_modified(best);
        if (mine > other || (mine == other && is_ours(at->data) && !is_ours(best))) best = at->data;
    }
    return best;
}

static void read_newest(ckeyring_result *result, List *items) {
    void *item = newest(items);
    if (!item) {
        result->status = CKEYRING_NOT_FOUND;
        return;
    }
    void *value = lib.item_locked(item) ? NULL : lib.item_secret(item);
    if (!value) {
        result->status = CKEYRING_LOCKED;
        snprintf(result->reason, sizeof result->reason, "the keyring that holds it is closed");
        return;
    }
    size_t length = 0;
    const char *bytes = lib.value_get(value, &length);
    char *copy = malloc(length + 1);
    if (copy) {
        memcpy(copy, bytes, length);
        copy[length] = 0;
        result->secret = copy;
        result->secret_length = length;
        result->status = CKEYRING_OK;
    } else {
        result->status = CKEYRING_UNAVAILABLE;
    }
    lib.value_unref(value);
}

static void list_all(ckeyring_result *result, List *items) {
    size_t count = 0;
    for (List *at = items; at; at = at->next) count++;
    result->items = calloc(count ? count : 1, sizeof *result->items);
    result->status = result->items ? CKEYRING_OK : CKEYRING_UNAVAILABLE;
    if (!result->items) return;
    for (List *at = items; at; at = at->next) {
        void *table = lib.item_attributes(at->data);
        const char *account = table ? lib.table_lookup(table, "username") : NULL;
        char *copy = account ? strdup(account) : NULL;
        if (copy) {
            ckeyring_item *item = &result->items[result->item_count++];
            item->account = copy;
            item->created = lib.item_created(at->data);
            item->modified = lib.item_modified(at->data);
        }
        if (table) lib.table_unref(table);
    }
}

static void delete_items(Job *job, List *items, int including_ours) {
    ckeyring_result *result = &job->result;
    result->status = items ? CKEYRING_OK : CKEYRING_NOT_FOUND;
    for (List *at = items; at; at = at->next) {
        if (!including_ours && is_ours(at->data)) continue;
        Error *error = NULL;
        if (lib.item_locked(at->data)) {
            result->status = CKEYRING_LOCKED;
            snprintf(result->reason, sizeof result->reason, "the keyring that holds it is closed");
        } else if (!lib.item_delete(at->data, job->cancellable, &error)) {
            fail(result, error);
        }
    }
}

static void work(Job *job) {
    ckeyring_result *result = &job->result;
    Error *error = NULL;
    if (job->what == CKEYRING_WRITE) {
        void *table = attributes(job->service, job->account, application);
        int stored = lib.store(&schema, table, "default", job->label, job->secret, job->cancellable, &error);
        lib.table_unref(table);
        if (!stored) {
            fail(result, error);
            return;
        }
    }
    void *table = attributes(job->service, job->what == CKEYRING_LIST ? NULL : job->account, NULL);
    int flags = SEARCH_ALL | (job->what == CKEYRING_READ ? SEARCH_LOAD_SECRETS : 0);
    List *items = lib.search(NULL, &schema, table, flags, job->cancellable, &error);
    lib.table_unref(table);
    if (error) {
        fail(result, error);
        return;
    }
    switch (job->what) {
    case CKEYRING_READ: read_newest(result, items); break;
    case CKEYRING_LIST: list_all(result, items); break;
    case CKEYRING_REMOVE: delete_items(job, items, 1); break;
    default:
        delete_items(job, items, 0);
        break;
    }
    for (List *at = items; at; at = at->next) lib.object_unref(at->data);
    lib.list_free(items);
}

static void *run(void *context) {
    Job *job = context;
    work(job);
    pthread_mutex_lock(&job->lock);
    job->is_finished = 1;
    pthread_cond_signal(&job->finished);
    pthread_mutex_unlock(&job->lock);
    drop(job);
    atomic_fetch_sub(&working, 1);
    return NULL;
}

static ckeyring_result refused(int status, const char *reason) {
    ckeyring_result result = {0};
    result.status = status;
    snprintf(result.reason, sizeof result.reason, "%s", reason);
    return result;
}

static Job *make(int what, const char *service, const char *account, const char *label, const char *secret) {
    Job *job = calloc(1, sizeof *job);
    if (!job) return NULL;
    job->what = what;
    job->service = strdup(service);
    job->account = account ? strdup(account) : NULL;
    job->label = label ? strdup(label) : NULL;
    job->secret = secret ? strdup(secret) : NULL;
    job->cancellable = lib.cancellable_new();
    pthread_mutex_init(&job->lock, NULL);
    pthread_condattr_t by_monotonic;
    pthread_condattr_init(&by_monotonic);
    pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&job->finished, &by_monotonic);
    pthread_condattr_destroy(&by_monotonic);
    atomic_init(&job->holders, 2);
    return job;
}

ckeyring_result ckeyring_call(int what, const char *service, const char *account, const char *label, const char *secret,
                              int milliseconds) {
    pthread_once(&once, load);
    if (!lib.is_loaded) return refused(CKEYRING_UNAVAILABLE, "libsecret-1.so.0 is not installed");
    if (atomic_fetch_add(&working, 1) >= WORKING_LIMIT) {
        atomic_fetch_sub(&working, 1);
        return refused(CKEYRING_TIMED_OUT, "earlier questions are not answered yet");
    }
    Job *job = make(what, service, account, label, secret);
    pthread_t thread;
    if (!job || pthread_create(&thread, NULL, run, job) != 0) {
        atomic_fetch_sub(&working, 1);
        if (job) {
            atomic_store(&job->holders, 1);
            drop(job);
        }
        return refused(CKEYRING_UNAVAILABLE, "there is no memory for a thread");
    }
    pthread_detach(thread);

    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec += 1;
    }
    pthread_mutex_lock(&job->lock);
    int status = 0;
    while (!job->is_finished && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&job->finished, &job->lock, &until);
    ckeyring_result result;
    if (job->is_finished) {
        result = job->result;
        memset(&job->result, 0, sizeof job->result);
    } else {
        result = refused(CKEYRING_TIMED_OUT, "no answer in time; it may be waiting for somebody to type a password");
        // The thread ends by this, or when the service answers; nobody waits for it.
        lib.cancellable_cancel(job->cancellable);
    }
    pthread_mutex_unlock(&job->lock);
    drop(job);
    return result;
}

void ckeyring_release(ckeyring_result *result) {
    if (result->secret) {
        explicit_bzero(result->secret, result->secret_length);
        free(result->secret);
    }
    for (size_t index = 0; index < result->item_count; index++) free(result->items[index].account);
    free(result->items);
    memset(result, 0, sizeof *result);
}
