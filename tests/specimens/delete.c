/* Deletes its own file, and goes on in a child. */
#include "specimen.h"

int main(int argc, char **argv)
{
	if (argc < 1 || unlink(argv[0]) != 0)
		return 10;
	if (fork() == 0)
		wait_ms(700);
	return 0;
}
