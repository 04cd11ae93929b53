// Counted system calls: calls GETPPID FAILED SLEEPS. Prints its pid, waits for a line, then makes so many getppid(2), so
// many close(2) of a descriptor that is not open, and so many sleeps of 1 ms; says so, and ends when another line arrives.
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#include "line.h"

int main(int argc, char **argv)
{
    struct timespec millisecond = {.tv_nsec = 1000000};

    if (argc < 4)
        return 1;
    say_ready();
    for (long n = atol(argv[1]); n > 0; n--)
        syscall(SYS_getppid);
    for (long n = atol(argv[2]); n > 0; n--)
        syscall(SYS_close, -1);
    for (long n = atol(argv[3]); n > 0; n--)
        syscall(SYS_nanosleep, &millisecond, NULL);
    say_done();
    return 0;
}
