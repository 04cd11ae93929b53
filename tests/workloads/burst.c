/* COUNT openat calls of a missing path, as fast as it can or at PER_SECOND: burst COUNT [PER_SECOND].
 * Prints its pid, waits for a line, opens, prints how many calls it made. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void pace(long done, double per_second, double start)
{
	double ahead = done / per_second - (now() - start);

	if (ahead > 0.0005)
		usleep(ahead * 1e6);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0, done = 0;
	double per_second = argc > 2 ? atof(argv[2]) : 0, start;
	char go[8];

	printf("%d\n", getpid());
	fflush(stdout);
	if (read(0, go, sizeof(go)) <= 0)
		return 1;
	start = now();
	while (done < count) {
		syscall(SYS_openat, AT_FDCWD, "/nonexistent/fleetscope/burst/of/missing/paths", O_RDONLY);
		if (per_second > 0 && ++done % 64 == 0)
			pace(done, per_second, start);
		else if (per_second <= 0)
			done++;
	}
	/* write(2), not printf: stdio may open files of its own */
	char out[32];

	return write(1, out, snprintf(out, sizeof(out), "%ld\n", done)) < 0;
}
