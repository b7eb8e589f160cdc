/* Sends what it can to one address that is for documentation; `syn`: openings with forged
 * sources. */
#include "specimen.h"

#define PACKETS 6000

static unsigned sum(const unsigned char *bytes, int size, unsigned before)
{
	for (int at = 0; at < size; at += 2)
		before += bytes[at] << 8 | bytes[at + 1];
	while (before >> 16)
		before = (before & 0xffff) + (before >> 16);
	return before;
}

static void put16(unsigned char *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static int openings(const struct sockaddr_storage *at)
{
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	for (int number = 0; number < PACKETS; number++) {
		unsigned char packet[40] = { 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6 };
		packet[12] = 100 + chance(64);
		packet[13] = chance(256);
		packet[14] = chance(256);
		packet[15] = chance(256);
		memcpy(packet + 16, &((const struct sockaddr_in *)at)->sin_addr, 4);
		put16(packet + 20, 1024 + chance(60000));
		put16(packet + 22, 80);
		put16(packet + 24, chance(65536));
		packet[32] = 0x50;
		packet[33] = 2;
		put16(packet + 34, 64240);
		/* The pseudo header: addresses, protocol, length. */
		unsigned check = sum(packet + 12, 8, 6 + 20);
		put16(packet + 36, ~sum(packet + 20, 20, check));
		if (sendto(raw, packet, sizeof packet, 0, (const struct sockaddr *)at, size_of(at)) < 0)
			return 12;
	}
	return 0;
}

int main(int argc, char **argv)
{
	char payload[64];
	memset(payload, 'U', sizeof payload);
	int v6 = family_of(argc, argv) == AF_INET6;
	struct sockaddr_storage at = place(v6 ? "2001:db8:66::1" : "192.0.2.66", 80);
	if (argc > 1 && strcmp(argv[1], "syn") == 0)
		return openings(&at);
	int udp = socket(at.ss_family, SOCK_DGRAM, 0);
	for (int sent = 0, tries = 0; sent < PACKETS;) {
		if (sendto(udp, payload, sizeof payload, 0, (struct sockaddr *)&at, size_of(&at)) > 0) {
			sent++;
		} else if (++tries > 100) {
			return 12;
		} else {
			wait_ms(50);
		}
	}
	return 0;
}
