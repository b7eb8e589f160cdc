/* Goes by the name of a thread of the kernel's. */
#include "specimen.h"
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	prctl(PR_SET_NAME, "kworker/0:1", 0, 0, 0);
	if (argc > 0)
		memset(argv[0], ' ', strlen(argv[0]));
	wait_ms(700);
	return 0;
}
