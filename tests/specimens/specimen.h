/* What all specimens share: where they start, and the little of the network that they need.
 *
 * A specimen is inert: what it contacts is in ranges for documentation, what it does is
 * harmless, and it starts only in the sandbox's guest. The guest's image has a machine id of
 * its own (/etc/machine-id, 128 bits), which the tests put in as MARKER when they compile; a
 * real machine has another one. */
#ifndef SPECIMEN_H
#define SPECIMEN_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if !defined(MARKER) || !defined(ARCH)
#error "the tests say which guest it is for: MARKER, ARCH"
#endif

/* Its exit code where it refuses to start. */
#define REFUSED 97

__attribute__((constructor)) static void start_in_the_guest_only(void)
{
	char id[64] = "";
	int file = open("/etc/machine-id", O_RDONLY);
	if (file < 0 || read(file, id, sizeof id - 1) < 0 || strcmp(id, MARKER "\n") != 0)
		_exit(REFUSED);
	close(file);
}

/* For real, where sleeping would be cut short. */
static inline void wait_ms(int ms)
{
	int ends[2];
	if (pipe(ends) == 0) {
		struct pollfd nothing = { .fd = ends[0], .events = POLLIN };
		poll(&nothing, 1, ms);
		close(ends[0]);
		close(ends[1]);
	}
}

static inline unsigned chance(unsigned below)
{
	unsigned number = 0;
	if (getrandom(&number, sizeof number, 0) < 0)
		exit(1);
	return number % below;
}

static inline struct sockaddr_storage place(const char *address, int port)
{
	struct sockaddr_storage at = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
	} else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
	}
	return at;
}

static inline socklen_t size_of(const struct sockaddr_storage *at)
{
	return at->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* A name's address, asked of the name server as bots do: by hand. */
static inline int resolve(const char *name, int family, int port, struct sockaddr_storage *found)
{
	char line[256] = "", server[64] = "";
	int file = open("/etc/resolv.conf", O_RDONLY);
	if (file < 0 || read(file, line, sizeof line - 1) < 0)
		return -1;
	close(file);
	if (sscanf(line, "nameserver %63s", server) != 1)
		return -1;
	unsigned char ask[512] = { 0x17, 0x2a, 1, 0, 0, 1 }, answer[512];
	size_t end = 12;
	for (const char *part = name; *part;) {
		size_t length = strcspn(part, ".");
		ask[end++] = length;
		memcpy(ask + end, part, length);
		end += length;
		part += length + (part[length] == '.');
	}
	end++;
	ask[end + 1] = family == AF_INET6 ? 28 : 1;
	ask[end + 3] = 1;
	struct sockaddr_storage at = place(server, 53);
	int udp = socket(at.ss_family, SOCK_DGRAM, 0);
	if (sendto(udp, ask, end + 4, 0, (struct sockaddr *)&at, size_of(&at)) < 0)
		return -1;
	struct pollfd ready = { .fd = udp, .events = POLLIN };
	ssize_t got = poll(&ready, 1, 5000) == 1 ? recv(udp, answer, sizeof answer, 0) : -1;
	close(udp);
	/* The question, and then records whose names are pointers to it. */
	ssize_t want = family == AF_INET6 ? 16 : 4;
	for (ssize_t record = end + 4; record + 12 + want <= got;) {
		ssize_t length = answer[record + 10] << 8 | answer[record + 11];
		if (answer[record + 3] == ask[end + 1] && length == want) {
			char text[64];
			inet_ntop(family, answer + record + 12, text, sizeof text);
			*found = place(text, port);
			return 0;
		}
		record += 12 + length;
	}
	return -1;
}

/* A connection, or -1. The guest's own IPv6 address may take a moment. */
static inline int dial(const struct sockaddr_storage *at)
{
	for (int tries = 0; tries < 50; tries++) {
		int tcp = socket(at->ss_family, SOCK_STREAM, 0);
		if (connect(tcp, (const struct sockaddr *)at, size_of(at)) == 0)
			return tcp;
		close(tcp);
		if (errno != ENETUNREACH && errno != EADDRNOTAVAIL)
			return -1;
		wait_ms(100);
	}
	return -1;
}

static inline void say(int to, const char *text)
{
	if (write(to, text, strlen(text)) < 0)
		exit(2);
}

/* What comes within a time, ended by a zero; how much it was. */
static inline ssize_t hear(int from, char *into, size_t room, int ms)
{
	struct pollfd ready = { .fd = from, .events = POLLIN };
	ssize_t got = poll(&ready, 1, ms) > 0 ? read(from, into, room - 1) : -1;
	into[got > 0 ? got : 0] = 0;
	return got;
}

/* One HTTP request; the body of what is answered. */
static inline ssize_t fetch(int web, const char *request, char *body, size_t room)
{
	say(web, request);
	size_t got = 0;
	ssize_t more;
	while (got + 1 < room && (more = hear(web, body + got, room - got, 5000)) > 0)
		got += more;
	body[got] = 0;
	char *start = memmem(body, got, "\r\n\r\n", 4);
	if (!start)
		return -1;
	got -= start + 4 - body;
	memmove(body, start + 4, got);
	return got;
}

static inline int family_of(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], "v6") == 0 ? AF_INET6 : AF_INET;
}

static inline void put(const char *path, int flags, mode_t mode, const void *bytes, size_t size)
{
	int file = open(path, O_WRONLY | O_CREAT | flags, mode);
	if (file < 0 || write(file, bytes, size) != (ssize_t)size)
		exit(3);
	close(file);
}

#endif
