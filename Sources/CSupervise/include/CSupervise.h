// What a guardian of child processes needs of Linux and Swift cannot call: fork, descriptors sent over a socket, and the
// functions with a variable number of arguments.
#ifndef CSUPERVISE_H
#define CSUPERVISE_H

#include <stdint.h>
#include <sys/types.h>

/// A pair of connected sockets that keep the borders of messages (SOCK_SEQPACKET), closed on exec; 0, or -1 with errno.
int csupervise_pair(int pair[2]);
/// A pipe whose ends are closed on exec; 0, or -1 with errno.
int csupervise_pipe(int pipe[2]);
/// Sends one message with descriptors; the bytes sent, or -1 with errno.
ssize_t csupervise_send(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count);
/// Takes one message and at most `*descriptor_count` descriptors, closed on exec; the bytes taken, 0 at the end, or -1 with
/// errno. A message that does not fit is EMSGSIZE.
ssize_t csupervise_receive(int socket, void *bytes, size_t capacity, int *descriptors, size_t *descriptor_count);

/// A file of memory that has no name anywhere (memfd_create(2)), mode 600, closed on exec; -1 with errno.
int csupervise_memory(const char *label);
/// Lets nobody change what is in it any more; 0, or -1 with errno.
int csupervise_seal(int memory);
/// Whether the folder behind this descriptor lies in memory (tmpfs, ramfs).
int csupervise_is_in_memory(int folder);

/// Blocks all signals and gives a descriptor that they are read from (signalfd(2)); -1 with errno.
int csupervise_signals(void);
/// The number of the next signal, 0 where there is none.
int csupervise_next_signal(int signals);
/// Becomes the parent of all orphans below (PR_SET_CHILD_SUBREAPER); 0, or -1 with errno.
int csupervise_adopt_orphans(void);
/// Has the kernel send this signal when the parent's thread ends (PR_SET_PDEATHSIG); 0, or -1 with errno.
int csupervise_tell_parent_death(int signal);
/// Nothing below gains privileges by an exec any more (PR_SET_NO_NEW_PRIVS); 0, or -1 with errno.
int csupervise_no_new_privileges(void);
/// Sets soft and hard limit of a resource, at most to the hard limit of now; 0, or -1 with errno.
int csupervise_limit(int resource, uint64_t amount);
/// The resources that are set, by their numbers (setrlimit(2)).
static const int csupervise_core = 4;          // RLIMIT_CORE
static const int csupervise_processes = 6;     // RLIMIT_NPROC
static const int csupervise_address_space = 9; // RLIMIT_AS

/// Where a start failed.
enum csupervise_step {
  csupervise_fork = 1,
  csupervise_parent,
  csupervise_descriptor,
  csupervise_folder,
  csupervise_execute,
};

struct csupervise_start {
  /// An absolute path.
  const char *executable;
  char *const *arguments;
  char *const *environment;
  /// `NULL` for the folder of now.
  const char *folder;
  /// The child's descriptors from 0 on; all others are closed.
  const int *descriptors;
  int descriptor_count;
  /// How many files it may have open (RLIMIT_NOFILE); 0 for as many as now.
  uint64_t open_files;
  /// A terminal whose foreground the child's group becomes, or -1.
  int terminal;
};

/// Starts a child in a process group of its own, with all signals at their defaults and none blocked, that is killed when
/// this thread ends. Returns when it has become the other program.
/// - Returns: its number, or -1 with errno and `*step`.
pid_t csupervise_spawn(const struct csupervise_start *start, int *step);

/// A descriptor of a process (pidfd_open(2)), closed on exec; -1 with errno.
int csupervise_process(pid_t process);

#endif
