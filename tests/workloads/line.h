// What a workload has in common: it prints its pid, waits for a line before it begins, and for another before it ends.
#include <stdio.h>
#include <unistd.h>

static inline void wait_for_line(void)
{
    char byte;

    while (read(0, &byte, 1) == 1 && byte != '\n')
        ;
}

static inline void say_ready(void)
{
    printf("%d\n", getpid());
    fflush(stdout);
    wait_for_line();
}

static inline void say_done(void)
{
    printf("done\n");
    fflush(stdout);
    wait_for_line();
}
