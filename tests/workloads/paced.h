// The frame of a workload that does one thing so many times at a rate, as often as it is asked to: a line "COUNT PER_SECOND"
// on stdin (0: as fast as it can) is answered with "CPU_NS WALL_NS", the CPU time of the process and of its children that
// have ended, and the time that it took. Include it first; main() calls serve(). Ends with stdin.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L
#define WAKES 100 // a second, at most: to sleep and wake is dear beside what is measured

static void need(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    _exit(1);
}

static long read_clock(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static long used(void)
{
    struct rusage children;

    getrusage(RUSAGE_CHILDREN, &children);
    return read_clock(CLOCK_PROCESS_CPUTIME_ID) +
           (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * SECOND +
           (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000;
}

static void wait_until(long due)
{
    struct timespec time = {.tv_sec = due / SECOND, .tv_nsec = due % SECOND};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void repeat(void (*step)(void), long count, long per_second)
{
    long start = read_clock(CLOCK_MONOTONIC), batch = per_second > WAKES ? per_second / WAKES : 1;

    for (long done = 1; done <= count; done++) {
        step();
        if (per_second && done % batch == 0)
            wait_until(start + done * SECOND / per_second);
    }
}

static int serve(void (*step)(void))
{
    char line[64];

    printf("%d\n", getpid());
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        long count, per_second, cpu = used(), start = read_clock(CLOCK_MONOTONIC);

        need(sscanf(line, "%ld %ld", &count, &per_second) == 2, "COUNT PER_SECOND");
        repeat(step, count, per_second);
        printf("%ld %ld\n", used() - cpu, read_clock(CLOCK_MONOTONIC) - start);
        fflush(stdout);
    }
    return 0;
}
