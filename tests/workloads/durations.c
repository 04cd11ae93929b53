// Functions that take known times by their own clock: durations ROUNDS. Prints its pid, waits for a line, then in each round
// calls timed() with 1.5, 3, 6 ... 96 ms, recursive() DEPTH deep and escaping() once; prints how often timed() took how long, as
// "slot within around" with slots in powers of two of nanoseconds: by clocks read in the function and around its calls, which
// whoever measures it from its first to its last instruction lies between. Ends when another line arrives.
#include <setjmp.h>
#include <stdlib.h>
#include <time.h>

#include "line.h"

#ifndef DEPTH
#define DEPTH 7
#endif
#define STEPS 7

static long within[64], around[64];
static jmp_buf out;

static long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void wait_until(long end)
{
    struct timespec time = {.tv_sec = end / 1000000000L, .tv_nsec = end % 1000000000L};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int slot_since(long start)
{
    return 63 - __builtin_clzl(now() - start);
}

__attribute__((noinline)) void timed(long ns)
{
    long start = now();

    wait_until(start + ns);
    within[slot_since(start)]++;
}

__attribute__((noinline)) long recursive(int depth)
{
    long sum = depth ? recursive(depth - 1) : 0;

    wait_until(now() + 3000000);
    return sum + 1;
}

// Leaves without returning, from two levels down.
__attribute__((noinline)) void escaping(int depth)
{
    if (!depth)
        longjmp(out, 1);
    escaping(depth - 1);
    within[0]++;
}

__attribute__((noinline)) void around_escaping(void)
{
    if (!setjmp(out))
        escaping(2);
    wait_until(now() + 1500000);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    say_ready();
    for (int round = atoi(argv[1]); round > 0; round--) {
        for (int step = 0; step < STEPS; step++) {
            long start = now();

            timed(1500000L << step);
            around[slot_since(start)]++;
        }
        recursive(DEPTH - 1);
        around_escaping();
    }
    for (int slot = 0; slot < 64; slot++)
        if (within[slot] || around[slot])
            printf("%d %ld %ld\n", slot, within[slot], around[slot]);
    say_done();
    return 0;
}
