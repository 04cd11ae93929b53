/* One system call as fast as a core makes it: flood getppid|openat SECONDS.
 * Prints its pid, waits for a line, calls for so long, prints how many calls it made and the nanoseconds they took. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BETWEEN_LOOKS 1024

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	int opens = !strcmp(argv[1], "openat");
	long long made = 0, start, end;
	char line[64];

	printf("%d\n", getpid());
	fflush(stdout);
	if (read(0, line, sizeof(line)) <= 0)
		return 1;
	start = now();
	end = start + atof(argv[2]) * 1e9;
	while (now() < end)
		for (int i = 0; i < BETWEEN_LOOKS; i++, made++)
			if (opens)
				syscall(SYS_openat, AT_FDCWD, "/nonexistent/fleetscope/flood/of/missing/paths", O_RDONLY);
			else
				syscall(SYS_getppid);
	/* write(2), not printf: stdio may call what is counted */
	return write(1, line, snprintf(line, sizeof(line), "%lld %lld\n", made, now() - start)) < 0;
}
