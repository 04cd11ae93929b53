// The frame of a workload that does one thing so many times at a rate, as often as it is asked to: a line "COUNT PER_SECOND
// LIMIT_MS" on stdin (0 per second: as fast as it can) is answered with "DONE CPU_NS WALL_NS": how often within the limit, the
// CPU time of the process and of its children that have ended, and the time that it took. Include it first; main() calls
// serve(). Ends with stdin.
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

static long repeat(void (*step)(void), long count, long per_second, long limit)
{
    long start = read_clock(CLOCK_MONOTONIC), batch = per_second > WAKES ? per_second / WAKES : 1, done = 0;

    while (done < count) {
        step();
        if (++done % batch)
            continue;
        if (read_clock(CLOCK_MONOTONIC) - start > limit)
            break;
        if (per_second)
            wait_until(start + done * SECOND / per_second);
    }
    return done;
}

static int serve(void (*step)(void))
{
    char line[64];

    printf("%d\n", getpid());
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        long count, per_second, limit, cpu = used(), start = read_clock(CLOCK_MONOTONIC), done;

        need(sscanf(line, "%ld %ld %ld", &count, &per_second, &limit) == 3, "COUNT PER_SECOND LIMIT_MS");
        done = repeat(step, count, per_second, limit * SECOND / 1000);
        printf("%ld %ld %ld\n", done, used() - cpu, read_clock(CLOCK_MONOTONIC) - start);
        fflush(stdout);
    }
    return 0;
}
