/* Calls home by HTTP every five seconds, a fifth more or less. */
#include "specimen.h"

#define HOST "home.example.net"

int main(int argc, char **argv)
{
	static char body[65536];
	for (int number = 0; number < 12; number++) {
		struct sockaddr_storage host;
		if (resolve(HOST, family_of(argc, argv), 80, &host) != 0)
			return 10;
		int web = dial(&host);
		if (web < 0)
			return 11;
		fetch(web, "POST /gate.php HTTP/1.0\r\nHost: " HOST
			   "\r\nUser-Agent: specimen\r\nContent-Length: 7\r\n\r\nid=0042", body, sizeof body);
		close(web);
		usleep(4000000 + chance(2000000));
	}
	return 0;
}
