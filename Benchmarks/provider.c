// A provider that costs next to nothing: answers every POST with the same 1 KiB completion, or with a stream of 200
// events when the body asks for one. One thread, one epoll loop, keep-alive, no checks; for the benchmark only.
//   provider [PORT]     prints the port it listens on
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most_connections = 65536, most_request = 1 << 16, events = 200 };

struct connection {
  char *data;
  size_t length;
};

static struct connection connections[most_connections];
static char whole[2048], *stream;
static size_t whole_length, stream_length;

static void write_answers(void) {
  char body[1024];
  int head = snprintf(body, sizeof body,
                      "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"bench\",\"usage\":"
                      "{\"prompt_tokens\":250,\"completion_tokens\":150,\"total_tokens\":400},\"choices\":[{\"index\":0,"
                      "\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"");
  memset(body + head, 'a', sizeof body - head - 5);
  memcpy(body + sizeof body - 5, "\"}}]}", 5);
  whole_length = snprintf(whole, sizeof whole,
                          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s",
                          sizeof body, (int)sizeof body, body);

  stream = malloc(events * 256 + 512);
  char *end = stream;
  end += sprintf(end, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int index = 0; index < events; index++) {
    char event[256];
    int length = sprintf(event,
                         "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
                         "\"delta\":{\"content\":\"word %d \"}}]}\n\n", index);
    end += sprintf(end, "%x\r\n%s\r\n", (unsigned)length, event);
  }
  end += sprintf(end, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
  stream_length = end - stream;
}

// Sockets block: what the kernel does not take at once is waited for. The other side of a benchmark reads.
static int send_all(int file, const char *data, size_t length) {
  while (length > 0) {
    ssize_t sent = send(file, data, length, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    data += sent;
    length -= sent;
  }
  return 1;
}

static void drop(int file) {
  free(connections[file].data);
  connections[file] = (struct connection){0};
  close(file);
}

static void serve(int file) {
  struct connection *one = &connections[file];
  if (!one->data) one->data = malloc(most_request + 1);
  ssize_t got = recv(file, one->data + one->length, most_request - one->length, 0);
  if (got <= 0) return drop(file);
  one->length += got;
  for (;;) {
    one->data[one->length] = 0;
    char *head_end = memmem(one->data, one->length, "\r\n\r\n", 4);
    if (!head_end) break;
    *head_end = 0;
    char *field = strcasestr(one->data, "\r\ncontent-length:");
    *head_end = '\r';
    size_t body = field ? strtoul(field + 17, NULL, 10) : 0;
    size_t size = head_end + 4 - one->data + body;
    if (size > most_request) return drop(file);
    if (one->length < size) break;
    int streamed = memmem(head_end, size - (head_end - one->data), "\"stream\":true", 13) != NULL;
    if (!send_all(file, streamed ? stream : whole, streamed ? stream_length : whole_length)) return drop(file);
    memmove(one->data, one->data + size, one->length - size);
    one->length -= size;
  }
  if (one->length == most_request) drop(file);
}

int main(int count, char **arguments) {
  int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(arguments[1]) : 0)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
  socklen_t length = sizeof address;
  getsockname(listener, (void *)&address, &length);
  write_answers();
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  struct epoll_event ready[256], event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int many = epoll_wait(poll, ready, 256, -1);
    for (int index = 0; index < many; index++) {
      int file = ready[index].data.fd;
      if (file != listener) {
        serve(file);
        continue;
      }
      int fresh = accept(listener, NULL, NULL);
      if (fresh < 0 || fresh >= most_connections) continue;
      setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      event.data.fd = fresh;
      epoll_ctl(poll, EPOLL_CTL_ADD, fresh, &event);
    }
  }
}
