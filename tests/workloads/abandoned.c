// Calls that are left without a return: abandoned COUNT. Prints its pid, waits for a line; then outer_call() makes COUNT calls of
// left_call(), each from another place of the stack, which longjmp() leaves, and returns. Says so, and ends when another
// line arrives.
#include <alloca.h>
#include <setjmp.h>
#include <stdlib.h>

#include "line.h"

#define APART 16 // bytes of stack from one call to the next

static jmp_buf out;

__attribute__((noinline)) void left_call(volatile char *place)
{
    *place = 1;
    longjmp(out, 1);
}

// The deepest comes first: what was left deeper is known to be gone.
__attribute__((noinline)) static void leave_one(long depth)
{
    left_call(alloca(depth * APART));
}

__attribute__((noinline)) void outer_call(long count)
{
    for (volatile long n = count; n > 0; n--)
        if (!setjmp(out))
            leave_one(n);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    say_ready();
    outer_call(atol(argv[1]));
    say_done();
    return 0;
}
