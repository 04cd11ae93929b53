// Processes that start and end, at a rate: paced_processes fork, which end at once, or exec, which are /bin/true. How it is
// asked: paced.h.
#include "paced.h"

#include <spawn.h>
#include <sys/wait.h>

static void fork_one(void)
{
    pid_t child = fork();

    if (!child)
        _exit(0);
    need(waitpid(child, NULL, 0) == child, "fork");
}

static void exec_one(void)
{
    char *words[] = {"true", "of", "three", NULL}, *none[] = {NULL};
    pid_t child;

    need(!posix_spawn(&child, "/bin/true", NULL, NULL, words, none), "exec");
    need(waitpid(child, NULL, 0) == child, "exec");
}

int main(int argc, char **argv)
{
    return serve(argc > 1 && !strcmp(argv[1], "exec") ? exec_one : fork_one);
}
