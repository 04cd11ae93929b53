// Functions called counted times: functions LEFT RIGHT. Prints its pid, waits for a line; then the main thread and after it
// a second one each call leaf() LEFT times by way of by_left() and RIGHT times by way of by_right(). Prints the CPU
// time that all of it took in nanoseconds, and ends when another line arrives.
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "line.h"

static long left, right;
static volatile long sum;

__attribute__((noinline)) static void add(long n)
{
    sum += n;
}

// Calls another, because compilers leave out the frame of a function that calls none.
__attribute__((noinline)) void leaf(long n)
{
    add(n);
    sum++;
}

__attribute__((noinline)) void by_left(long n)
{
    leaf(n);
    sum++;
}

__attribute__((noinline)) void by_right(long n)
{
    leaf(-n);
    sum--;
}

__attribute__((noinline)) void *call_all(void *unused)
{
    for (long n = 0; n < left; n++)
        by_left(n);
    for (long n = 0; n < right; n++)
        by_right(n);
    return unused;
}

static long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

int main(int argc, char **argv)
{
    pthread_t second;
    long start;

    if (argc < 3)
        return 1;
    left = atol(argv[1]);
    right = atol(argv[2]);
    say_ready();
    start = now();
    call_all(NULL);
    pthread_create(&second, NULL, call_all, NULL);
    pthread_join(second, NULL);
    printf("%ld\n", now() - start);
    fflush(stdout);
    wait_for_line();
    return 0;
}
