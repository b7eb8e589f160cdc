/* Drops a copy of itself into a hidden folder and starts it. */
#include "specimen.h"

#define FOLDER "/var/tmp/.helper"

int main(int argc, char **argv)
{
	static char bytes[4 << 20];
	if (argc > 1) {
		put(FOLDER "/log", O_TRUNC, 0600, "started\n", 8);
		return 5;
	}
	int own = open(argv[0], O_RDONLY);
	ssize_t size = read(own, bytes, sizeof bytes);
	close(own);
	mkdir(FOLDER, 0700);
	put(FOLDER "/helper", O_TRUNC, 0600, bytes, size);
	chmod(FOLDER "/helper", 0755);
	pid_t child = fork();
	if (child == 0) {
		execl(FOLDER "/helper", "helper", "stage", NULL);
		_exit(13);
	}
	int status = 0;
	waitpid(child, &status, 0);
	return WEXITSTATUS(status) == 5 ? 0 : 14;
}
