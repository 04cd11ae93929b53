// Functions that call themselves, each always from the same place: recursion DEPTH TIMES. Prints its pid, waits for a line; then
// descend() and dive() go DEPTH levels deep, TIMES times. Says so, and ends when another line arrives. As a library: dive()
// calls what it is given at its deepest level.
#include <stdlib.h>

#include "line.h"

// Compilers put the question before the frame, because the deepest level needs none.
__attribute__((noinline)) long descend(long depth)
{
    return 1 + (depth > 1 ? descend(depth - 1) : 0);
}

__attribute__((noinline)) long dive(long depth, void (*deepest)(void))
{
    if (depth > 1)
        return 1 + dive(depth - 1, deepest);
    if (deepest)
        deepest();
    return 1;
}

int main(int argc, char **argv)
{
    volatile long calls = 0;

    if (argc < 3)
        return 1;
    say_ready();
    for (long n = atol(argv[2]); n > 0; n--)
        calls += descend(atol(argv[1])) + dive(atol(argv[1]), NULL);
    say_done();
    return 0;
}
