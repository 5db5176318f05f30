// The parts of the system's event interface that Swift's C library module leaves out (Linux).
#ifndef CEPOLL_H
#define CEPOLL_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

// What a descriptor may be watched for, and what may have happened to it (epoll_ctl(2)). As plain numbers, since Swift
// takes an enumeration's constants for values of a type of their own.
static const uint32_t cepoll_in = EPOLLIN;
static const uint32_t cepoll_out = EPOLLOUT;
static const uint32_t cepoll_read_hang_up = EPOLLRDHUP;
static const uint32_t cepoll_hang_up = EPOLLHUP;
static const uint32_t cepoll_error = EPOLLERR;
static const uint32_t cepoll_edge = EPOLLET;
static const uint32_t cepoll_exclusive = 1u << 28; // EPOLLEXCLUSIVE

/// A new set of watched descriptors, closed on exec; -1 with errno.
int cepoll_create(void);
/// Watches `descriptor` (EPOLL_CTL_ADD), or changes what it is watched for (EPOLL_CTL_MOD); 0, or -1 with errno.
int cepoll_add(int set, int descriptor, uint32_t interest, uint64_t token);
int cepoll_change(int set, int descriptor, uint32_t interest, uint64_t token);
int cepoll_remove(int set, int descriptor);

/// What was told when a descriptor was added. The field of the system's structure is a union, and not aligned.
static inline uint64_t cepoll_token(const struct epoll_event *event) { return event->data.u64; }

/// A counter that wakes a loop from another thread: nonblocking, closed on exec; -1 with errno.
int cepoll_wake_create(void);
/// Wakes. It cannot fail in a way that matters: a full counter means that a wake is on its way.
void cepoll_wake(int counter);

/// A timer on CLOCK_MONOTONIC: nonblocking, closed on exec; -1 with errno.
int cepoll_timer_create(void);
/// Lets the timer expire at this many nanoseconds of CLOCK_MONOTONIC, at once when that is past; 0, or -1 with errno.
int cepoll_timer_set(int timer, int64_t nanoseconds);

/// Takes a connection from a listening socket: nonblocking, closed on exec; -1 with errno. `peer` has room for a
/// `struct sockaddr_storage`, which this header does not name lest it seem to be its own.
int cepoll_accept(int listening, void *peer);

/// Whether the other end of a connection by a socket file was a process of this process's user, or of root, when it
/// connected (SO_PEERCRED). 0 where the kernel does not say.
int cepoll_is_owners(int connection);

/// Lets the kernel choose only among `count` sockets from the one at `first`, by their order in the group that shares
/// the port (SO_ATTACH_REUSEPORT_CBPF); a place where there is none means any. 0, or -1 with errno.
int cepoll_choose(int socket, uint32_t first, uint32_t count);

/// Makes the close that follows send RST instead of FIN: a linger time of zero.
int cepoll_reset_on_close(int socket);

/// Names the calling thread, for tools that list threads; 15 characters show.
void cepoll_name_thread(const char *name);

#endif
