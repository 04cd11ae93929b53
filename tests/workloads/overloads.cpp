// C++ functions called counted times: overloads COUNT, where app::work(int) is called COUNT times and the others a known
// multiple of it. Prints its pid, waits for a line, calls, prints "done" and ends when another line arrives.
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

static volatile long sum;

namespace app {

__attribute__((noinline)) void work(int n)
{
    sum += n;
}

__attribute__((noinline)) void work(double n)
{
    sum += (long)n;
}

template <typename T> struct Queue {
    __attribute__((noinline)) void push(const T &item) { sum += (long)item; }
    __attribute__((noinline)) long size() const { return sum; }
};

template <typename T> __attribute__((noinline)) T apply(T n)
{
    sum += (long)n;
    return n;
}

struct Adder {
    __attribute__((noinline)) int operator()(int n) const { return (int)(sum += n); }
};

} // namespace app

namespace {

__attribute__((noinline)) void hidden()
{
    sum++;
}

} // namespace

extern "C" {
__attribute__((noinline)) void plain_work(int n)
{
    sum += n;
}
void __plain_work_alias(int n) __attribute__((alias("plain_work")));
}

static void wait_for_line()
{
    char byte;

    while (read(0, &byte, 1) == 1 && byte != '\n')
        ;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0;
    app::Queue<int> ints;
    app::Queue<char> chars;
    app::Adder add;

    printf("%d\n", getpid());
    fflush(stdout);
    wait_for_line();
    for (int n = 0; n < count; n++) {
        app::work(n);
        for (int twice = 0; twice < 2; twice++)
            app::work((double)n);
        for (int thrice = 0; thrice < 3; thrice++)
            ints.push(n);
        for (int times = 0; times < 5; times++)
            chars.push('c');
        for (int times = 0; times < 7; times++)
            app::apply<long>(n);
        for (int times = 0; times < 11; times++)
            add(n);
        plain_work(n);
        __plain_work_alias(n);
    }
    sum += ints.size();
    hidden();
    puts("done");
    fflush(stdout);
    wait_for_line();
    return 0;
}
