/* Calls home by HTTPS every five seconds, a fifth more or less, by the guest's own curl, as
 * programs do that bring no TLS of their own. */
#include "specimen.h"

#define URL "https://secure.example.net/gate"

int main(void)
{
	for (int number = 0; number < 12; number++) {
		pid_t child = fork();
		if (child == 0) {
			int nothing = open("/dev/null", O_WRONLY);
			dup2(nothing, 1);
			execl("/usr/bin/curl", "curl", "-s", "-k", "--max-time", "20", "-A", "specimen", "-d",
			      "id=0042", URL, NULL);
			_exit(13);
		}
		int status = 0;
		waitpid(child, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			return 10;
		usleep(4000000 + chance(2000000));
	}
	return 0;
}
