#define _GNU_SOURCE
#include "CEpoll.h"

#include <errno.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int set, int operation, int descriptor, uint32_t interest, uint64_t token) {
  struct epoll_event event = {.events = interest, .data = {.u64 = token}};
  return epoll_ctl(set, operation, descriptor, &event);
}

int cepoll_add(int set, int descriptor, uint32_t interest, uint64_t token) {
  return control(set, EPOLL_CTL_ADD, descriptor, interest, token);
}

int cepoll_change(int set, int descriptor, uint32_t interest, uint64_t token) {
  return control(set, EPOLL_CTL_MOD, descriptor, interest, token);
}

int cepoll_remove(int set, int descriptor) { return control(set, EPOLL_CTL_DEL, descriptor, 0, 0); }

int cepoll_wake_create(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void cepoll_wake(int counter) {
  uint64_t one = 1;
  while (write(counter, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

int cepoll_timer_create(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

int cepoll_timer_set(int timer, int64_t nanoseconds) {
  // Zero would stop the timer.
  if (nanoseconds < 1) nanoseconds = 1;
  struct itimerspec when = {
      .it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000},
  };
  return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int cepoll_accept(int listening, void *peer) {
  socklen_t length = sizeof(struct sockaddr_storage);
  return accept4(listening, peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int cepoll_is_owners(int connection) {
  struct ucred other;
  socklen_t length = sizeof other;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &other, &length) != 0) return 0;
  return other.uid == 0 || other.uid == geteuid();
}

int cepoll_choose(int socket, uint32_t first, uint32_t count) {
  struct sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, count},
      {BPF_ALU | BPF_ADD | BPF_K, 0, 0, first},
      {BPF_RET | BPF_A, 0, 0, 0},
  };
  struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

int cepoll_reset_on_close(int socket) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  return setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void cepoll_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
