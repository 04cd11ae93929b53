// Two threads on one CPU that hand over to each other and back, at a rate. How it is asked: paced.h.
#include "paced.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>

static int there, back;

static void pass(int to)
{
    need(!eventfd_write(to, 1), "handing over");
}

static void await(int from)
{
    eventfd_t value;

    need(!eventfd_read(from, &value), "waiting");
}

static void *answer(void *unused)
{
    for (;;) {
        await(there);
        pass(back);
    }
    return unused;
}

static void hand_over(void)
{
    pass(there);
    await(back);
}

int main(void)
{
    cpu_set_t one;
    pthread_t other;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    need(!sched_setaffinity(0, sizeof(one), &one), "one CPU");
    there = eventfd(0, 0);
    back = eventfd(0, 0);
    need(!pthread_create(&other, NULL, answer, NULL), "a thread");
    return serve(hand_over);
}
