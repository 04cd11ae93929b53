// Waits and work of known length on two paths: waits LEFT RIGHT BURN. Prints its pid, waits for a line; then sleeps LEFT times
// 11 ms by way of wait_left() and RIGHT times 23 ms by way of wait_right(), and after each burns BURN ms of CPU time.
// Prints how many nanoseconds each kind of sleep took by its own clock, and ends when another line arrives.
#include <stdlib.h>
#include <time.h>

#include "line.h"

#define MS 1000000L

static long burn;

static long read_clock(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

__attribute__((noinline)) static long work_after(long ns)
{
    struct timespec time = {.tv_nsec = ns};
    long start = read_clock(CLOCK_MONOTONIC), end;

    nanosleep(&time, NULL);
    end = read_clock(CLOCK_MONOTONIC);
    for (long until = read_clock(CLOCK_THREAD_CPUTIME_ID) + burn; read_clock(CLOCK_THREAD_CPUTIME_ID) < until;)
        ;
    return end - start;
}

__attribute__((noinline)) long wait_left(void)
{
    return work_after(11 * MS) + 0;
}

__attribute__((noinline)) long wait_right(void)
{
    return work_after(23 * MS) + 0;
}

int main(int argc, char **argv)
{
    long left = 0, right = 0;

    if (argc < 4)
        return 1;
    burn = atol(argv[3]) * MS;
    say_ready();
    for (int n = atoi(argv[1]); n > 0; n--)
        left += wait_left();
    for (int n = atoi(argv[2]); n > 0; n--)
        right += wait_right();
    printf("%ld %ld\n", left, right);
    fflush(stdout);
    wait_for_line();
    return 0;
}
