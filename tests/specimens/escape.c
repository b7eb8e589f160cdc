/* Reaches for whatever might lie outside of the machine, and says how far it came. Addresses
 * and ports of the host's are its arguments. */
#include "specimen.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static void told(const char *what, int success)
{
	printf("%s: %s\n", what, success ? "YES" : "no");
	fflush(stdout);
}

static int by_vsock(void)
{
	int reached = 0;
	for (unsigned cid = 0; cid < 4; cid++) {
		struct sockaddr_vm at = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = 22 };
		int vsock = socket(AF_VSOCK, SOCK_STREAM, 0);
		if (vsock >= 0 && connect(vsock, (struct sockaddr *)&at, sizeof at) == 0)
			reached++;
		if (vsock >= 0)
			close(vsock);
	}
	return reached;
}

static int by_mount(void)
{
	static const char *const tags[] = { "hostshare", "share", "host0", "/dev/root", NULL };
	int reached = 0;
	mkdir("/tmp/host", 0700);
	for (const char *const *tag = tags; *tag; tag++) {
		reached += mount(*tag, "/tmp/host", "9p", 0, "trans=virtio") == 0;
		reached += mount(*tag, "/tmp/host", "virtiofs", 0, NULL) == 0;
	}
	return reached;
}

/* Memory that others share with the machine: devices' own, in which QEMU listens. */
static int by_memory(void)
{
	char bytes[64];
	int reached = 0, memory = open("/dev/mem", O_RDWR);
	if (memory >= 0)
		reached = pread(memory, bytes, sizeof bytes, 64 << 20) > 0;
	for (int number = 0; number < 8; number++) {
		char path[64];
		snprintf(path, sizeof path, "/dev/shm/ivshmem%d", number);
		reached += access(path, F_OK) == 0;
		snprintf(path, sizeof path, "/dev/uio%d", number);
		reached += access(path, F_OK) == 0;
	}
	return reached;
}

static void call(const char *address, int port)
{
	struct sockaddr_storage at = place(address, port);
	if (at.ss_family == 0)
		return;
	int tcp = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int udp = socket(at.ss_family, SOCK_DGRAM, 0), all = 1;
	setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &all, sizeof all);
	connect(tcp, (struct sockaddr *)&at, size_of(&at));
	sendto(udp, "anybody", 7, 0, (struct sockaddr *)&at, size_of(&at));
	wait_ms(20);
	close(tcp);
	close(udp);
}

static const char *const addresses[] = {
	"0.0.0.0", "10.0.2.2", "10.0.2.3", "100.64.0.1", "127.0.0.1", "127.0.0.53", "169.254.169.254",
	"172.17.0.1", "192.168.122.1", "192.168.178.1", "198.18.0.1", "224.0.0.1", "239.255.255.250",
	"240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "fe80::1", "fec0::2",
	"fd00::1", "ff02::1", "2001:db8:1::1", NULL
};

static void by_frames(void)
{
	static unsigned char frame[65536];
	static const int kinds[] = { ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, 0x8035, 0x8100, 0x88cc, 0, 0xffff };
	struct ifreq card = { .ifr_name = "eth0" };
	int raw = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ioctl(raw, SIOCGIFINDEX, &card);
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = card.ifr_ifindex };
	card.ifr_mtu = 65535;
	ioctl(raw, SIOCSIFMTU, &card);
	for (int number = 0; number < 4000; number++) {
		/* Every length, huge ones, and some whose heads are almost right. */
		size_t size = number % 50 == 0 ? sizeof frame - 1 : 14 + chance(number % 5 ? 120 : 3000);
		if (getrandom(frame, size < 256 ? size : 256, 0) < 0)
			return;
		int kind = kinds[chance(sizeof kinds / sizeof *kinds)];
		frame[12] = kind >> 8;
		frame[13] = kind;
		if (kind == ETH_P_IP)
			frame[14] = 0x40 | chance(16);
		if (kind == ETH_P_IPV6)
			frame[14] = 0x60;
		if (number % 3 == 0)
			memset(frame, 0xff, 6);
		sendto(raw, frame, size, 0, (struct sockaddr *)&at, sizeof at);
	}
	card.ifr_mtu = 1500;
	ioctl(raw, SIOCSIFMTU, &card);
}

/* Packets of every protocol with a forged source, to the host's own address. */
static void by_packets(const char *host)
{
	struct sockaddr_storage at = place(host, 0);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	for (int protocol = 0; protocol < 256 && at.ss_family == AF_INET; protocol++) {
		unsigned char packet[64] = { 0x45, 0, 0, 64, 0, 0, 0, 0, 64, protocol, 0, 0, 127, 0, 0, 1 };
		memcpy(packet + 16, &((struct sockaddr_in *)&at)->sin_addr, 4);
		sendto(raw, packet, sizeof packet, 0, (struct sockaddr *)&at, size_of(&at));
	}
}

int main(int argc, char **argv)
{
	told("vsock", by_vsock());
	told("shared folders", by_mount());
	told("shared memory", by_memory());
	for (const char *const *address = addresses; *address; address++) {
		static const int ports[] = { 22, 80, 4444, 5900, 6379, 8080, 16509 };
		for (size_t port = 0; port < sizeof ports / sizeof *ports; port++)
			call(*address, ports[port]);
	}
	for (int number = 2; number < argc; number++) {
		call(argv[number], atoi(argv[1]));
		by_packets(argv[number]);
	}
	by_frames();
	/* After all that, the network is as it was. */
	struct sockaddr_storage at = place("198.51.100.65", 4449);
	int tcp = dial(&at);
	if (tcp < 0)
		return 11;
	say(tcp, "\x02\x05 no way out \x04");
	wait_ms(700);
	return 0;
}
