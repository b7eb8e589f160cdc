/* Calls an address, and ends the guest: `panic`, `restart`; `reboot` only its own world; or
 * takes all its time: `hang`. */
#include "specimen.h"
#include <sched.h>
#include <sys/reboot.h>

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	struct sockaddr_storage at = place("198.51.100.62", 4446);
	int tcp = dial(&at);
	if (tcp < 0)
		return 11;
	say(tcp, "\x02\x03 goodbye \x04");
	wait_ms(1500);
	if (strcmp(how, "panic") == 0)
		put("/proc/sysrq-trigger", 0, 0, "c", 1);
	else if (strcmp(how, "restart") == 0)
		put("/proc/sysrq-trigger", 0, 0, "b", 1);
	else if (strcmp(how, "reboot") == 0)
		reboot(RB_AUTOBOOT);
	struct sched_param most = { .sched_priority = sched_get_priority_max(SCHED_FIFO) };
	sched_setscheduler(0, SCHED_FIFO, &most);
	for (;;)
		;
}
