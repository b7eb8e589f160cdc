/* Makes a hundred children, each of which ends with its own number. */
#include "specimen.h"

int main(void)
{
	int whole = 0;
	for (int number = 0; number < 100; number++) {
		pid_t child = fork();
		if (child == 0)
			_exit(number);
		int status = 0;
		waitpid(child, &status, 0);
		whole += WIFEXITED(status) && WEXITSTATUS(status) == number;
	}
	return whole == 100 ? 0 : 10;
}
