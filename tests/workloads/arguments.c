// Calls functions with known arguments: arguments COUNT. Prints its pid, waits for a line, calls, prints "done", waits for
// another line.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "line.h"

static volatile long sum;

__attribute__((noinline)) int8_t edges(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h)
{
    sum += a + b + c + d + e + f + g + h;
    return a;
}

__attribute__((noinline)) long text(long n, const char *name)
{
    sum += (long)name & 1;
    return n + 1;
}

__attribute__((noinline)) long bytes(const void *data, long size)
{
    sum += (long)data & 1;
    return size;
}

// Fills what the caller gives it.
__attribute__((noinline)) long answer(char *to, long size)
{
    memset(to, 'a', size);
    return size / 2;
}

__attribute__((noinline)) const char *word(long n)
{
    sum += n;
    return n % 2 ? "odd" : NULL;
}

__attribute__((noinline)) long factorial(long n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

__attribute__((noinline)) void slow(long ms)
{
    struct timespec time = {.tv_sec = 0, .tv_nsec = ms * 1000000};

    nanosleep(&time, NULL);
    sum++;
}

__attribute__((noinline)) void *count_up(void *count)
{
    for (long n = 0; n < (long)count; n++)
        text(n, "counted");
    return NULL;
}

static void strings(void)
{
    static const int lengths[] = {0, 1, 61, 62, 63, 64, 65, 509, 510, 511, 512, 513, 4094, 4095, 4096, 5000};
    char *buffer = malloc(8192);

    for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        memset(buffer, 'x', lengths[i]);
        buffer[lengths[i]] = 0;
        text(lengths[i], buffer);
    }
    text(-1, NULL);
    text(-2, (const char *)16);
    text(-3, "\xff\xfe caf\xc3\xa9");
    memset(buffer, 'b', 8192);
    memcpy(buffer, "nul\0inside", 10);
    bytes(buffer, 10);
    bytes(buffer, 100);
    bytes(buffer, 8192);
    bytes(buffer, 0);
    bytes(buffer, -1);
    bytes(NULL, 5);
    answer(buffer, 100);
    free(buffer);
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 0;
    pthread_t second;

    say_ready();
    edges(-128, 255, -32768, 65535, -2147483647 - 1, 4294967295u, INT64_MIN, UINT64_MAX);
    edges(127, 0, 32767, 0, 2147483647, 0, INT64_MAX, 0);
    strings();
    for (long n = 0; n < 7; n++)
        word(n);
    factorial(7);
    slow(20);
    slow(60);
    pthread_create(&second, NULL, count_up, (void *)count);
    count_up((void *)count);
    pthread_join(second, NULL);
    say_done();
    return 0;
}
