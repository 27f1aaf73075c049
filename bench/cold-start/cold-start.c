// cold-start VXD DRIVER: what one `vxd run` of a driver costs, whole process, as a multiple of /bin/true measured in
// the same run. Both are started the same way (posix_spawn, output to /dev/null), by turns. The fastest of many starts
// are compared: on a machine that does other things too they say what the program costs; the medians stand beside.
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { ROUNDS = 201 };

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Nanoseconds from start to exit; ends the benchmark when the program fails.
static uint64_t time_process(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status;
    uint64_t start = now_ns();
    if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid ||
        !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "cold-start: %s failed\n", argv[0]);
        exit(1);
    }
    uint64_t end = now_ns();
    posix_spawn_file_actions_destroy(&actions);
    return end - start;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double milliseconds(uint64_t ns)
{
    return (double)ns / 1e6;
}

int main(int argc, char **argv)
{
    static uint64_t ours[ROUNDS], nothing[ROUNDS];
    if (argc != 3) {
        fprintf(stderr, "usage: cold-start VXD DRIVER\n");
        return 2;
    }
    char *const run[] = {argv[1], "run", "--quiet", argv[2], NULL};
    char *const nop[] = {"/bin/true", NULL};
    time_process(run);
    time_process(nop);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = time_process(run);
        nothing[i] = time_process(nop);
    }
    qsort(ours, ROUNDS, sizeof *ours, compare);
    qsort(nothing, ROUNDS, sizeof *nothing, compare);
    printf("cold start: vxd run --quiet of the demo driver %.2f ms, /bin/true %.2f ms: %.1f times (fastest of %d)\n",
           milliseconds(ours[0]), milliseconds(nothing[0]), milliseconds(ours[0]) / milliseconds(nothing[0]), ROUNDS);
    printf("            medians: %.2f ms, %.2f ms\n", milliseconds(ours[ROUNDS / 2]),
           milliseconds(nothing[ROUNDS / 2]));
    return 0;
}
