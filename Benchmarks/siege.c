// Hostile clients, and the good one that is measured meanwhile. One thread, one epoll loop; for Benchmarks/siege only.
//   siege good     PORT SECONDS CONNECTIONS RATE TOKENS   requests at a fixed rate; latency from the time each was due
//   siege slow     PORT SECONDS CONNECTIONS RATE TOKENS   heads of which one byte comes each 1/RATE seconds
//   siege dribble  PORT SECONDS CONNECTIONS RATE TOKENS   the same for bodies, behind a good token
//   siege reset    PORT SECONDS CONNECTIONS RATE TOKENS   RATE connections a second: ask, and reset before the answer
//   siege tokens   PORT SECONDS CONNECTIONS RATE TOKENS   RATE requests a second in all, each with the next token
// TOKENS is a file with one token a line. Attackers come from 127.0.0.2 and its neighbours, 500 connections each. Prints one
// line of name=value words. A connection that the server ends is opened again.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_samples = 1 << 22, per_address = 500, most_pipelined = 64 };

struct client {
  int file;
  int sent;            // bytes of what this client has to say
  int waiting;         // requests without an answer yet
  int64_t due;         // when the request was due, or when the next byte is
  int64_t opened;
  char head[4096];     // of the answer that is coming
  int head_length;
  long body_left;
};

static struct client *clients;
static int poller, port, count, is_good;
static char **tokens;
static long token_count, next_token;
static int64_t *samples;
static long sample_count, opened, ended, answered, failed, statuses[600];
static int64_t longest_life, end_of_time;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void read_tokens(const char *path) {
  FILE *file = fopen(path, "r");
  char *line = NULL;
  size_t room = 0;
  if (!file) { perror(path); exit(1); }
  tokens = malloc(sizeof *tokens * 2000000);
  for (ssize_t length; (length = getline(&line, &room, file)) > 1 && token_count < 2000000;) {
    line[length - 1] = 0;
    tokens[token_count++] = strdup(line);
  }
  fclose(file);
  if (token_count == 0) { fprintf(stderr, "%s holds no token\n", path); exit(1); }
}

static const char *token(void) { return tokens[next_token++ % token_count]; }

static void open_client(struct client *client, int number) {
  int on = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001)};
  client->file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->file < 0) { perror("socket"); exit(1); }
  setsockopt(client->file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!is_good) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + number / per_address)};
    // The port is chosen when it connects, so that each address has all of them.
    setsockopt(client->file, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(client->file, (struct sockaddr *)&from, sizeof from) != 0) { perror("bind"); exit(1); }
  }
  if (connect(client->file, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
    close(client->file);
    client->file = -1;
    return;
  }
  client->sent = client->waiting = client->head_length = 0;
  client->body_left = 0;
  client->opened = now();
  opened++;
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
  epoll_ctl(poller, EPOLL_CTL_ADD, client->file, &event);
}

static void close_client(struct client *client) {
  int64_t life = now() - client->opened;
  if (life > longest_life) longest_life = life;
  failed += client->waiting;
  if (client->file >= 0) close(client->file);
  client->file = -1;
  ended++;
}

// The socket's buffer takes a request at once or the request counts as failed: these clients wait for nothing.
static int say(struct client *client, const char *text, size_t length) {
  return client->file >= 0 && send(client->file, text, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length;
}

static int request(char *text, size_t room, const char *bearer, long body) {
  static const char question[] = "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
  return snprintf(text, room,
                  "POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
                  "Authorization: Bearer %s\r\nContent-Length: %ld\r\n\r\n%s",
                  bearer, body < 0 ? (long)sizeof question - 1 : body, body < 0 ? question : "");
}

static void answer_ended(struct client *client) {
  answered++;
  if (client->waiting > 0) client->waiting--;
  if (is_good && sample_count < most_samples) samples[sample_count++] = now() - client->due;
}

// Reads what has come; 0 when the connection is over.
static int take(struct client *client) {
  static char bytes[1 << 18];
  for (;;) {
    ssize_t length = recv(client->file, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    if (length == 0) return 0;
    for (ssize_t at = 0; at < length;) {
      if (client->body_left > 0) {
        long part = length - at < client->body_left ? length - at : client->body_left;
        client->body_left -= part;
        at += part;
        if (client->body_left == 0) answer_ended(client);
        continue;
      }
      if (client->head_length == sizeof client->head - 1) return 0;
      client->head[client->head_length++] = bytes[at++];
      if (client->head_length < 4 || memcmp(client->head + client->head_length - 4, "\r\n\r\n", 4)) continue;
      client->head[client->head_length] = 0;
      int status = atoi(client->head + 9);
      char *field = strcasestr(client->head, "\r\ncontent-length:");
      client->body_left = field ? atol(field + 17) : 0;
      if (status > 0 && status < 600) statuses[status]++;
      if (is_good && status != 200) failed++;
      client->head_length = 0;
      if (client->body_left == 0) answer_ended(client);
    }
  }
}

static void serve(int64_t until) {
  struct epoll_event events[256];
  do {
    int64_t left = until - now();
    struct timespec wait = {.tv_sec = left > 0 ? left / 1000000000 : 0, .tv_nsec = left > 0 ? left % 1000000000 : 0};
    int ready = epoll_pwait2(poller, events, 256, &wait, NULL);
    for (int index = 0; index < ready; index++) {
      struct client *client = &clients[events[index].data.u32];
      if (client->file >= 0 && !take(client)) close_client(client);
    }
  } while (now() < until);
}

// Requests at a fixed rate over kept connections; one that finds all of them busy waits its turn, and its wait counts.
static void be_good(double rate) {
  char text[8192];
  int64_t step = 1e9 / rate, due = now();
  long turn = 0;
  while (due < end_of_time && now() < end_of_time) {
    serve(due);
    struct client *client = NULL;
    for (int tries = 0; tries < count && !client; tries++) {
      struct client *next = &clients[turn++ % count];
      if (next->file < 0) open_client(next, next - clients);
      if (next->waiting == 0) client = next;
    }
    if (!client) { serve(now() + 50000); continue; }
    client->due = due;
    client->waiting = 1;
    if (!say(client, text, request(text, sizeof text, token(), -1))) close_client(client);
    due += step;
  }
  // What could not even be asked has waited until now.
  for (; due < end_of_time; due += step)
    if (sample_count < most_samples) samples[sample_count++] = now() - due;
  serve(now() + 1000000000);
}

// One byte at a time, of a head or of the body behind a good head.
static void be_slow(double rate, int in_body) {
  char text[8192];
  const char head[] = "GET /v1/models HTTP/1.1\r\nHost: gate\r\nX-Slow: ";
  int64_t step = 1e9 / rate;
  for (int number = 0; number < count; number++) {
    clients[number].file = -1;
    clients[number].due = now() + number * (step / count);
  }
  while (now() < end_of_time) {
    for (int number = 0; number < count; number++) {
      struct client *client = &clients[number];
      if (now() < client->due) continue;
      client->due = now() + step;
      if (client->file < 0) {
        open_client(client, number);
        continue;
      }
      if (in_body && client->sent == 0) {
        if (say(client, text, request(text, sizeof text, token(), 1000000))) client->sent++;
      } else if (in_body) {
        say(client, " ", 1);  // White space before a JSON text is legal for as long as one likes.
      } else if (say(client, client->sent < (int)sizeof head - 1 ? head + client->sent : "x", 1)) {
        client->sent++;
      }
    }
    serve(now() + 2000000);
  }
}

static void reset(double rate) {
  char text[8192];
  int64_t step = 1e9 / rate, due = now();
  struct linger abrupt = {.l_onoff = 1, .l_linger = 0};
  for (long turn = 0; due < end_of_time; turn++, due += step) {
    serve(due);
    struct client *client = &clients[turn % count];
    if (client->file >= 0) {
      setsockopt(client->file, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
      client->waiting = 0;
      close_client(client);
    }
    open_client(client, turn % count);
    // One in three leaves without a word, one in the middle of a head, one while its answer is made.
    int length = request(text, sizeof text, token(), -1);
    if (client->file >= 0 && turn % 3 != 0) send(client->file, text, turn % 3 == 1 ? 40 : length, MSG_NOSIGNAL);
  }
}

static void offer_tokens(double rate) {
  char text[8192];
  int64_t begun = now();
  long asked = 0;
  for (int64_t time; (time = now()) < end_of_time;) {
    long owed = (time - begun) / 1e9 * rate;
    for (int number = 0; number < count && asked < owed; number++) {
      struct client *client = &clients[number];
      if (client->file < 0) open_client(client, number);
      while (asked < owed && client->waiting < most_pipelined) {
        if (!say(client, text, request(text, sizeof text, token(), 0))) break;
        client->waiting++;
        asked++;
      }
    }
    // What the server does not take in time is not asked for later.
    if (asked < owed) begun = time - asked / rate * 1e9;
    serve(time + 500000);
  }
}

static int by_value(const void *left, const void *right) {
  int64_t one = *(const int64_t *)left, two = *(const int64_t *)right;
  return (one > two) - (one < two);
}

int main(int argc, char **argv) {
  if (argc != 7) { fprintf(stderr, "siege good|slow|dribble|reset|tokens PORT SECONDS CONNECTIONS RATE TOKENS\n"); return 2; }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  const char *mode = argv[1];
  is_good = !strcmp(mode, "good");
  port = atoi(argv[2]);
  double seconds = atof(argv[3]), rate = atof(argv[5]);
  count = atoi(argv[4]);
  read_tokens(argv[6]);
  clients = calloc(count, sizeof *clients);
  samples = malloc(sizeof *samples * (is_good ? most_samples : 1));
  poller = epoll_create1(0);
  for (int number = 0; number < count; number++) clients[number].file = -1;
  int64_t begun = now();
  end_of_time = begun + seconds * 1e9;
  if (is_good) be_good(rate);
  else if (!strcmp(mode, "slow")) be_slow(rate, 0);
  else if (!strcmp(mode, "dribble")) be_slow(rate, 1);
  else if (!strcmp(mode, "reset")) reset(rate);
  else offer_tokens(rate);
  for (int number = 0; is_good && number < count; number++) failed += clients[number].waiting;
  qsort(samples, sample_count, sizeof *samples, by_value);
  double took = (now() - begun) / 1e9;
  printf("opened=%ld ended=%ld answered=%ld failed=%ld longest=%.1f rate=%.0f", opened, ended, answered, failed,
         longest_life / 1e9, answered / took);
  if (sample_count > 0)
    printf(" p50=%.0f p99=%.0f most=%.0f", samples[sample_count / 2] / 1e3, samples[sample_count * 99 / 100] / 1e3,
           samples[sample_count - 1] / 1e3);
  for (int status = 0; status < 600; status++)
    if (statuses[status]) printf(" s%d=%ld", status, statuses[status]);
  printf("\n");
  return 0;
}
