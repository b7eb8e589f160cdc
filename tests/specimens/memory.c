/* Eats all memory; `disk`: all room for files. */
#include "specimen.h"

int main(int argc, char **argv)
{
	static char page[1 << 20];
	memset(page, 7, sizeof page);
	if (argc > 1 && strcmp(argv[1], "disk") == 0) {
		int file = open("/tmp/full", O_WRONLY | O_CREAT, 0600);
		while (write(file, page, sizeof page) > 0)
			;
		return 0;
	}
	for (;;) {
		char *more = malloc(sizeof page);
		if (!more)
			return 0;
		memcpy(more, page, sizeof page);
	}
}
