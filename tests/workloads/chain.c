// A call chain two deep whose time splits 30 to 70 by construction: chain SECONDS [stay]. Prints its pid, waits for a
// line, runs until it has used so much CPU time, prints the milliseconds; ends, or stays until another line arrives.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define UNIT 20000

__attribute__((noinline)) static void spin(long units)
{
    for (volatile long i = 0; i < units * UNIT; i++)
        ;
}

__attribute__((noinline)) void chain_left(void)
{
    spin(3);
}

__attribute__((noinline)) void chain_right(void)
{
    spin(7);
}

__attribute__((noinline)) void chain_outer(void)
{
    chain_left();
    chain_right();
}

int main(int argc, char **argv)
{
    char line[16];
    clock_t end;

    printf("%d\n", getpid());
    fflush(stdout);
    if (argc < 2 || !fgets(line, sizeof(line), stdin))
        return 1;
    end = clock() + atoi(argv[1]) * CLOCKS_PER_SEC;
    while (clock() < end)
        chain_outer();
    printf("%ld\n", clock() / (CLOCKS_PER_SEC / 1000));
    fflush(stdout);
    return argc > 2 && !fgets(line, sizeof(line), stdin);
}
