#define _GNU_SOURCE
#include "CSupervise.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

enum { most_descriptors = 64 };

int csupervise_pair(int pair[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair); }

int csupervise_pipe(int pipe[2]) { return pipe2(pipe, O_CLOEXEC); }

ssize_t csupervise_send(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count) {
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int) * most_descriptors)];
  } control;
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptor_count > most_descriptors) {
    errno = EINVAL;
    return -1;
  }
  if (descriptor_count > 0) {
    size_t size = sizeof(int) * descriptor_count;
    memset(&control, 0, sizeof control);
    message.msg_control = control.room;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(head), descriptors, size);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

ssize_t csupervise_receive(int socket, void *bytes, size_t capacity, int *descriptors, size_t *descriptor_count) {
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int) * most_descriptors)];
  } control;
  struct iovec part = {.iov_base = bytes, .iov_len = capacity};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
  size_t room = *descriptor_count, taken = 0;
  ssize_t count;
  do count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  *descriptor_count = 0;
  if (count < 0) return -1;
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    size_t size = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < size; index++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(head) + index * sizeof(int), sizeof descriptor);
      if (taken < room)
        descriptors[taken++] = descriptor;
      else
        close(descriptor);
    }
  }
  *descriptor_count = taken;
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
    errno = EMSGSIZE;
    return -1;
  }
  return count;
}

int csupervise_memory(const char *label) {
  int memory = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memory >= 0) fchmod(memory, 0600);
  return memory;
}

int csupervise_seal(int memory) {
  return fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

int csupervise_is_in_memory(int folder) {
  struct statfs system;
  if (fstatfs(folder, &system) != 0) return 0;
  return system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
}

int csupervise_signals(void) {
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, NULL) != 0) return -1;
  // A signal that is ignored never arrives at the descriptor.
  for (int number = 1; number < NSIG; number++) {
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  }
  return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

int csupervise_next_signal(int signals) {
  struct signalfd_siginfo told;
  return read(signals, &told, sizeof told) == sizeof told ? (int)told.ssi_signo : 0;
}

int csupervise_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int csupervise_tell_parent_death(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int csupervise_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int csupervise_limit(int resource, uint64_t amount) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return -1;
  rlim_t wanted = amount < now.rlim_max ? (rlim_t)amount : now.rlim_max;
  struct rlimit next = {.rlim_cur = wanted, .rlim_max = wanted};
  return setrlimit(resource, &next);
}

// Only what may be called between fork and exec (signal-safety(7)).
static _Noreturn void become(const struct csupervise_start *start, pid_t parent, int told) {
  int step = csupervise_parent;
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) goto failed;
  // The parent may have ended before this was asked for.
  if (getppid() != parent) _exit(127);
  if (start->terminal >= 0) tcsetpgrp(start->terminal, getpid());

  step = csupervise_descriptor;
  int high[most_descriptors];
  for (int index = 0; index < start->descriptor_count; index++) {
    high[index] = fcntl(start->descriptors[index], F_DUPFD_CLOEXEC, 2 * most_descriptors);
    if (high[index] < 0) goto failed;
  }
  told = fcntl(told, F_DUPFD_CLOEXEC, 2 * most_descriptors);
  if (told < 0) _exit(127);
  for (int index = 0; index < start->descriptor_count; index++) {
    if (dup2(high[index], index) < 0) goto failed;
  }
  if (syscall(SYS_close_range, start->descriptor_count, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    // Kernels before 5.11.
    long end = sysconf(_SC_OPEN_MAX);
    for (int descriptor = start->descriptor_count; descriptor < end; descriptor++) {
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
  }

  // Not earlier, as the numbers above may lie beyond the limit.
  if (start->open_files > 0) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      if (start->open_files < limit.rlim_max) limit.rlim_max = start->open_files;
      limit.rlim_cur = limit.rlim_max;
      setrlimit(RLIMIT_NOFILE, &limit);
    }
  }

  step = csupervise_folder;
  if (start->folder && chdir(start->folder) != 0) goto failed;

  // What was ignored or blocked stays so across an exec.
  struct sigaction usual;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &usual, NULL);
  // The C library keeps two for itself and lets nobody set them; a parent may have them ignored all the same.
  unsigned long long plain[4] = {0};
  syscall(SYS_rt_sigaction, 32, plain, NULL, 8);
  syscall(SYS_rt_sigaction, 33, plain, NULL, 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  step = csupervise_execute;
  execve(start->executable, start->arguments, start->environment);
failed:;
  int fault[2] = {step, errno};
  while (write(told, fault, sizeof fault) < 0 && errno == EINTR) {
  }
  _exit(127);
}

pid_t csupervise_spawn(const struct csupervise_start *start, int *step) {
  int told[2];
  *step = csupervise_fork;
  if (start->descriptor_count < 0 || start->descriptor_count > most_descriptors) {
    errno = EINVAL;
    return -1;
  }
  if (pipe2(told, O_CLOEXEC) != 0) return -1;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) become(start, parent, told[1]);
  int reason = errno;
  close(told[1]);
  if (child < 0) {
    close(told[0]);
    errno = reason;
    return -1;
  }
  setpgid(child, child);
  int fault[2];
  ssize_t count;
  do count = read(told[0], fault, sizeof fault);
  while (count < 0 && errno == EINTR);
  close(told[0]);
  if (count == 0) return child;
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
  *step = count == sizeof fault ? fault[0] : csupervise_execute;
  errno = count == sizeof fault ? fault[1] : EIO;
  return -1;
}

int csupervise_process(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }
