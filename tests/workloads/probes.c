// A program with USDT probes: probes COUNT. Prints its pid, waits for a line, passes them, prints how often it found the
// semaphore of "guarded" raised, waits for another line. With a second argument it prints that semaphore for every line.
#define _SDT_HAS_SEMAPHORES 1
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

// What the header expects of every probe when there are semaphores.
#define SEMAPHORE(name) __extension__ unsigned short name __attribute__((unused)) __attribute__((section(".probes")))
SEMAPHORE(workload_guarded_semaphore);
SEMAPHORE(workload_numbers_semaphore);
SEMAPHORE(workload_text_semaphore);
SEMAPHORE(workload_twice_semaphore);
SEMAPHORE(workload_plain_semaphore);

#include <sys/sdt.h>

static int64_t table[8] = {10, 11, 12, 13, 14, 15, 16, 17};
int32_t global = -77;

__attribute__((noinline)) static void numbers(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f)
{
    int64_t wide = INT64_MIN;

    DTRACE_PROBE10(workload, numbers, a, b, c, d, e, f, wide, 4242, global, table[f & 7]);
}

__attribute__((noinline)) static void text(const char *name, int n)
{
    DTRACE_PROBE2(workload, text, name, n);
}

__attribute__((noinline)) static void twice(int n)
{
    if (n % 2)
        DTRACE_PROBE1(workload, twice, n);
    else
        DTRACE_PROBE1(workload, twice, (long)n);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0, raised = 0;

    printf("%d\n", getpid());
    fflush(stdout);
    while (argc > 2) {
        wait_for_line();
        printf("%d\n", *(volatile unsigned short *)&workload_guarded_semaphore);
        fflush(stdout);
    }
    wait_for_line();
    numbers(-128, 255, -32768, 65535, -5, 3);
    for (int n = 0; n < count; n++) {
        if (*(volatile unsigned short *)&workload_guarded_semaphore) {
            raised++;
            DTRACE_PROBE1(workload, guarded, n);
        }
        twice(n);
        DTRACE_PROBE(workload, plain);
    }
    text("\xff name", 1);
    text(NULL, 2);
    printf("%d\n", raised);
    fflush(stdout);
    wait_for_line();
    return 0;
}
