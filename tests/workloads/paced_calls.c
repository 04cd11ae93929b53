// One system call or function, at a rate: paced_calls KIND [PATH]; the kinds are at the end. How it is asked: paced.h.
#include "paced.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/sdt.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>

#define MISSING "/nonexistent/fleetscope/paced/path/of/a/file"
#define PAGE 4096
#define PAGES 1024

static int file, terminal, listening;
static char *page;
static void *volatile block;
static volatile long passed;

// What a traced function costs depends on its first instruction: the kernel emulates some and steps through others.
long starts_with_push(long n);
long starts_with_mov(long n);
__asm__(".text\n.globl starts_with_push\n.type starts_with_push, @function\nstarts_with_push:\n"
        "push %rbp\nmov %rsp, %rbp\nmov %rdi, %rax\npop %rbp\nret\n.size starts_with_push, . - starts_with_push\n"
        ".globl starts_with_mov\n.type starts_with_mov, @function\nstarts_with_mov:\n"
        "mov %rdi, %rax\nret\n.size starts_with_mov, . - starts_with_mov\n");

static void do_getppid(void) { syscall(SYS_getppid); }
static void do_open(void) { syscall(SYS_openat, AT_FDCWD, MISSING, O_RDONLY); }
static void do_kill(void) { kill(getpid(), 0); }
static void do_listen(void) { listen(listening, 16); }
static void do_push(void) { passed += starts_with_push(passed); }
static void do_mov(void) { passed += starts_with_mov(passed); }
static void do_read(void) { need(pread(file, page, PAGE, passed++ % PAGES * PAGE) == PAGE, "read"); }

static void do_probe(void)
{
    passed++;
    DTRACE_PROBE1(paced, pass, passed);
}

static void do_stat(void)
{
    struct stat found;

    syscall(SYS_newfstatat, AT_FDCWD, MISSING, &found, 0);
}

static void do_allocate(void)
{
    block = malloc(100);
    free(block);
}

static void do_look_up(void)
{
    struct addrinfo *found;

    need(!getaddrinfo("127.0.0.1", "80", NULL, &found), "look-up");
    freeaddrinfo(found);
}

static void do_show(void)
{
    static const char line[] = "a line of sixty-three characters that a program shows on a terminal\n";
    char shown[128];

    need(write(terminal, line, sizeof(line) - 1) > 0 && read(file, shown, sizeof(shown)) > 0, "terminal");
}

static void do_spin(void)
{
    for (volatile long n = 0; n < 100000; n++)
        ;
}

static void open_file(const char *path)
{
    file = open(path, O_RDONLY);
    need(file >= 0, path);
}

static void open_disk(const char *path)
{
    file = open(path, O_RDONLY | O_DIRECT);
    need(file >= 0, path);
}

static void open_terminal(const char *unused)
{
    file = posix_openpt(O_RDWR | O_NOCTTY);
    need(file >= 0 && !grantpt(file) && !unlockpt(file), "terminal");
    terminal = open(ptsname(file), O_RDWR | O_NOCTTY);
    need(terminal >= 0 && dup2(terminal, 100) == 100, unused);
}

static void open_socket(const char *unused)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    listening = socket(AF_INET, SOCK_STREAM, 0);
    need(!bind(listening, (void *)&here, sizeof(here)), unused);
}

static void prepare_nothing(const char *unused)
{
    (void)unused;
}

static const struct {
    const char *name;
    void (*step)(void);
    void (*prepare)(const char *);
} kinds[] = {
    {"getppid", do_getppid, prepare_nothing}, {"open", do_open, prepare_nothing},
    {"stat", do_stat, prepare_nothing},       {"kill", do_kill, prepare_nothing},
    {"listen", do_listen, open_socket},       {"read", do_read, open_file},
    {"request", do_read, open_disk},          {"push", do_push, prepare_nothing},
    {"mov", do_mov, prepare_nothing},         {"probe", do_probe, prepare_nothing},
    {"allocate", do_allocate, prepare_nothing}, {"look-up", do_look_up, prepare_nothing},
    {"show", do_show, open_terminal},         {"spin", do_spin, prepare_nothing},
};

int main(int argc, char **argv)
{
    need(argc > 1 && !posix_memalign((void **)&page, PAGE, PAGE), "KIND [PATH]");
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i].name, argv[1]))
            continue;
        kinds[i].prepare(argc > 2 ? argv[2] : "");
        return serve(kinds[i].step);
    }
    return 1;
}
