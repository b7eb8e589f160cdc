/* Sleeps for ten minutes in one of many ways, and calls an address only then. */
#include "specimen.h"
#include <sys/select.h>

#define SECONDS 600

static void until(clockid_t clock, int seconds, int times)
{
	struct timespec at;
	clock_gettime(clock, &at);
	for (int number = 0; number < times; number++) {
		at.tv_sec += seconds;
		clock_nanosleep(clock, TIMER_ABSTIME, &at, NULL);
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	struct timeval span = { .tv_sec = SECONDS };
	time_t before = time(NULL);
	if (strcmp(how, "sleep") == 0)
		sleep(SECONDS);
	else if (strcmp(how, "realtime") == 0)
		until(CLOCK_REALTIME, SECONDS, 1);
	else if (strcmp(how, "monotonic") == 0)
		until(CLOCK_MONOTONIC, SECONDS, 1);
	else if (strcmp(how, "boottime") == 0)
		until(CLOCK_BOOTTIME, SECONDS, 1);
	else if (strcmp(how, "steps") == 0)
		until(CLOCK_MONOTONIC, SECONDS / 10, 10);
	else if (strcmp(how, "poll") == 0)
		poll(NULL, 0, SECONDS * 1000);
	else if (strcmp(how, "select") == 0)
		select(0, NULL, NULL, NULL, &span);
	else
		return 10;
	/* Whoever looks at the clock sees that the time has passed. */
	long slept = time(NULL) - before;
	printf("slept %s\n", slept >= SECONDS && slept < SECONDS + 30 ? "well" : "badly");
	struct sockaddr_storage at = place("198.51.100.60", 4444);
	int tcp = dial(&at);
	if (tcp < 0)
		return 11;
	say(tcp, "\x02\x01 awake \x04");
	wait_ms(500);
	return 0;
}
