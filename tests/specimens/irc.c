/* Joins a channel and waits there for what it is told. */
#include "specimen.h"

int main(int argc, char **argv)
{
	char line[4096];
	struct sockaddr_storage host;
	if (resolve("irc.example.net", family_of(argc, argv), 6667, &host) != 0)
		return 10;
	int chat = dial(&host);
	if (chat < 0)
		return 11;
	say(chat, "NICK spec1234\r\nUSER spec 8 * :spec\r\n");
	for (int joined = 0; hear(chat, line, sizeof line, 120000) > 0;) {
		char *ping = strstr(line, "PING ");
		if (ping) {
			ping[1] = 'O';
			ping[strcspn(ping, "\r\n")] = 0;
			dprintf(chat, "%s\r\n", ping);
		}
		if (!joined && strstr(line, " 001 ")) {
			joined = 1;
			say(chat, "JOIN #specimens key\r\n");
		}
	}
	return 0;
}
