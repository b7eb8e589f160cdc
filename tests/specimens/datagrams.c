/* Calls a hard-coded address by UDP every four seconds, an eighth more or less. */
#include "specimen.h"

int main(int argc, char **argv)
{
	char answer[512];
	int v6 = family_of(argc, argv) == AF_INET6;
	struct sockaddr_storage at = place(v6 ? "2001:db8:77::1" : "198.51.100.77", 4433);
	int udp = socket(at.ss_family, SOCK_DGRAM, 0);
	for (int tries = 0; connect(udp, (struct sockaddr *)&at, size_of(&at)) != 0; tries++) {
		if (tries == 50)
			return 11;
		wait_ms(100);
	}
	for (int number = 0; number < 10; number++) {
		if (write(udp, "\x01\x07specimen\x00\x2a", 12) != 12)
			return 12;
		hear(udp, answer, sizeof answer, 300);
		usleep(3500000 + chance(1000000));
	}
	return 0;
}
