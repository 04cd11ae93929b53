// Counted allocations, some of them given back: leaks COUNT. Prints its pid, waits for a line; then leaky() makes COUNT blocks
// of 100 bytes and keeps them, balanced() makes COUNT of 1000 and gives each back, growing() takes one block from 1 to COUNT
// times 16 bytes and keeps it, aligned() makes COUNT blocks of 64 bytes by three other calls and keeps one in three, zeroed()
// makes COUNT of 7 times 8 bytes and keeps them. Says so, and ends when another line arrives.
#include <stdlib.h>

#include "line.h"

static void *volatile kept;

__attribute__((noinline)) void leaky(long count)
{
    while (count--)
        kept = malloc(100);
}

__attribute__((noinline)) void balanced(long count)
{
    while (count--) {
        kept = malloc(1000);
        free(kept);
    }
}

__attribute__((noinline)) void growing(long count)
{
    void *block = NULL;

    for (long n = 1; n <= count; n++)
        block = realloc(block, n * 16);
    kept = block;
}

__attribute__((noinline)) void aligned(long count)
{
    void *block;

    while (count--) {
        if (posix_memalign(&block, 128, 64))
            exit(1);
        free(block);
        kept = aligned_alloc(128, 64);
        free(kept);
        kept = aligned_alloc(256, 64);
    }
}

__attribute__((noinline)) void zeroed(long count)
{
    while (count--)
        kept = calloc(7, 8);
}

int main(int argc, char **argv)
{
    long count;

    if (argc < 2)
        return 1;
    count = atol(argv[1]);
    say_ready();
    leaky(count);
    balanced(count);
    growing(count);
    aligned(count);
    zeroed(count);
    say_done();
    return 0;
}
