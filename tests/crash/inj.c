/* Stands between a server and the C library, counts the calls that change files below one folder,
 * and makes a chosen one of them the last, or fail. Preloaded; idle until `inject_attach` is called.
 *
 * Every call seen is a line of a file. What to do stands in a page that is shared with the harness (struct control, mirrored in shim.py).
 * Not seen: stores through a memory map (SQLite's -shm file), io_uring.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum action { PASS, KILL, TEAR, SHORT, FAIL };

struct control {
    _Atomic long long count;  /* calls seen */
    _Atomic long long target; /* the call to act on, counted from 1 */
    _Atomic int action;
    _Atomic int error; /* errno of FAIL */
    char call[32];     /* the call that was acted on, */
    char path[480];    /* and its file */
};

static struct control *control;
static int trace = -1; /* a line for each call seen */
static char prefix[PATH_MAX];
static size_t prefix_length;

int inject_attach(const char *page, const char *traced, const char *below)
{
    int descriptor = open(page, O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    struct control *mapped = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (mapped == MAP_FAILED)
        return -1;
    trace = open(traced, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (trace < 0)
        return -1;
    prefix_length = (size_t)snprintf(prefix, sizeof prefix, "%s", below);
    control = mapped;
    return 0;
}

static void *next_symbol(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

static int is_below(const char *path)
{
    return strncmp(path, prefix, prefix_length) == 0 && (path[prefix_length] == '/' || path[prefix_length] == '\0');
}

static int path_of_descriptor(int descriptor, char *path, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return 1;
}

static int path_at(int folder, const char *name, char *path, size_t size)
{
    if (name[0] == '/' || folder == AT_FDCWD)
        return (size_t)snprintf(path, size, "%s", name) < size;
    char parent[PATH_MAX];
    if (!path_of_descriptor(folder, parent, sizeof parent))
        return 0;
    return (size_t)snprintf(path, size, "%s/%s", parent, name) < size;
}

/* What is to happen to this call; PASS for most. FAIL has set errno. */
static enum action verdict(const char *call, const char *path)
{
    if (!is_below(path))
        return PASS;
    char line[PATH_MAX];
    int length = snprintf(line, sizeof line, "%s %s\n", call, path + prefix_length);
    syscall(SYS_write, trace, line, length);
    if (atomic_fetch_add(&control->count, 1) + 1 != atomic_load(&control->target))
        return PASS;
    enum action action = atomic_load(&control->action);
    if (action == PASS)
        return PASS;
    snprintf(control->path, sizeof control->path, "%s", path);
    snprintf(control->call, sizeof control->call, "%s", call);
    if (action == FAIL)
        errno = atomic_load(&control->error);
    return action;
}

static _Noreturn void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static enum action on_descriptor(const char *call, int descriptor)
{
    char path[PATH_MAX];
    int before = errno;
    if (!control || !path_of_descriptor(descriptor, path, sizeof path)) {
        errno = before;
        return PASS;
    }
    errno = before;
    return verdict(call, path);
}

static enum action on_name(const char *call, int folder, const char *name)
{
    char path[PATH_MAX];
    if (!control || !path_at(folder, name, path, sizeof path))
        return PASS;
    return verdict(call, path);
}

/* A call that is done whole or not at all. */
static int is_refused(enum action action)
{
    if (action == KILL || action == TEAR)
        die();
    return action == FAIL;
}

#define ATOMIC(name, signature, arguments, decided)        \
    int name signature                                     \
    {                                                      \
        static int(*real) signature;                       \
        if (!real)                                         \
            real = (int(*) signature)next_symbol(#name);   \
        return is_refused(decided) ? -1 : real arguments;  \
    }

ATOMIC(fsync, (int fd), (fd), on_descriptor("fsync", fd))
ATOMIC(fdatasync, (int fd), (fd), on_descriptor("fdatasync", fd))
ATOMIC(ftruncate, (int fd, off_t length), (fd, length), on_descriptor("ftruncate", fd))
ATOMIC(ftruncate64, (int fd, off64_t length), (fd, length), on_descriptor("ftruncate", fd))
ATOMIC(fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length), on_descriptor("fallocate", fd))
ATOMIC(fallocate64, (int fd, int mode, off64_t at, off64_t length), (fd, mode, at, length),
       on_descriptor("fallocate", fd))
ATOMIC(truncate, (const char *name, off_t length), (name, length), on_name("truncate", AT_FDCWD, name))
ATOMIC(truncate64, (const char *name, off64_t length), (name, length), on_name("truncate", AT_FDCWD, name))
ATOMIC(rename, (const char *from, const char *to), (from, to), on_name("rename", AT_FDCWD, to))
ATOMIC(renameat, (int f, const char *from, int t, const char *to), (f, from, t, to), on_name("rename", t, to))
ATOMIC(renameat2, (int f, const char *from, int t, const char *to, unsigned flags), (f, from, t, to, flags),
       on_name("rename", t, to))
ATOMIC(link, (const char *from, const char *to), (from, to), on_name("link", AT_FDCWD, to))
ATOMIC(linkat, (int f, const char *from, int t, const char *to, int flags), (f, from, t, to, flags),
       on_name("link", t, to))
ATOMIC(unlink, (const char *name), (name), on_name("unlink", AT_FDCWD, name))
ATOMIC(unlinkat, (int folder, const char *name, int flags), (folder, name, flags), on_name("unlink", folder, name))
ATOMIC(mkdir, (const char *name, mode_t mode), (name, mode), on_name("mkdir", AT_FDCWD, name))
ATOMIC(mkdirat, (int folder, const char *name, mode_t mode), (folder, name, mode), on_name("mkdir", folder, name))
ATOMIC(rmdir, (const char *name), (name), on_name("rmdir", AT_FDCWD, name))

/* Opening changes something only where it creates or empties. */
#define CHANGING (O_CREAT | O_TRUNC)

static int has_mode(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE_OF(flags, last)                 \
    mode_t mode = 0;                         \
    if (has_mode(flags)) {                   \
        va_list rest;                        \
        va_start(rest, last);                \
        mode = (mode_t)va_arg(rest, int);    \
        va_end(rest);                        \
    }

#define OPEN(symbol)                                                                  \
    int symbol(const char *name, int flags, ...)                                      \
    {                                                                                 \
        static int (*real)(const char *, int, ...);                                   \
        MODE_OF(flags, flags)                                                         \
        if (!real)                                                                    \
            real = (int (*)(const char *, int, ...))next_symbol(#symbol);             \
        if ((flags & CHANGING) && is_refused(on_name("open", AT_FDCWD, name)))        \
            return -1;                                                                \
        return real(name, flags, mode);                                               \
    }

#define OPENAT(symbol)                                                                \
    int symbol(int folder, const char *name, int flags, ...)                          \
    {                                                                                 \
        static int (*real)(int, const char *, int, ...);                              \
        MODE_OF(flags, flags)                                                         \
        if (!real)                                                                    \
            real = (int (*)(int, const char *, int, ...))next_symbol(#symbol);        \
        if ((flags & CHANGING) && is_refused(on_name("open", folder, name)))          \
            return -1;                                                                \
        return real(folder, name, flags, mode);                                       \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* Writes of one piece: TEAR writes half of it and dies, SHORT takes half of it and says so. */
#define PIECE(symbol, signature, whole, half, size)                    \
    ssize_t symbol signature                                           \
    {                                                                  \
        static ssize_t(*real) signature;                               \
        if (!real)                                                     \
            real = (ssize_t(*) signature)next_symbol(#symbol);         \
        switch (on_descriptor(#symbol, fd)) {                          \
        case KILL:                                                     \
            die();                                                     \
        case TEAR:                                                     \
            (void)!(real half);                                        \
            die();                                                     \
        case SHORT:                                                    \
            return (size) > 1 ? real half : real whole;                \
        case FAIL:                                                     \
            return -1;                                                 \
        default:                                                       \
            return real whole;                                         \
        }                                                              \
    }

PIECE(write, (int fd, const void *from, size_t size), (fd, from, size), (fd, from, size / 2), size)
PIECE(pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at), (fd, from, size / 2, at), size)
PIECE(pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at), (fd, from, size / 2, at),
      size)
PIECE(sendfile, (int fd, int from, off_t *at, size_t size), (fd, from, at, size), (fd, from, at, size / 2), size)
PIECE(sendfile64, (int fd, int from, off64_t *at, size_t size), (fd, from, at, size), (fd, from, at, size / 2), size)
PIECE(copy_file_range, (int from, off64_t *at, int fd, off64_t *to, size_t size, unsigned flags),
      (from, at, fd, to, size, flags), (from, at, fd, to, size / 2, flags), size)

/* Writes of several pieces: half of them means the first half of the pieces. */
PIECE(writev, (int fd, const struct iovec *from, int size), (fd, from, size), (fd, from, size / 2), size)
PIECE(pwritev, (int fd, const struct iovec *from, int size, off_t at), (fd, from, size, at), (fd, from, size / 2, at),
      size)
PIECE(pwritev64, (int fd, const struct iovec *from, int size, off64_t at), (fd, from, size, at),
      (fd, from, size / 2, at), size)
PIECE(pwritev2, (int fd, const struct iovec *from, int size, off_t at, int flags), (fd, from, size, at, flags),
      (fd, from, size / 2, at, flags), size)
PIECE(pwritev64v2, (int fd, const struct iovec *from, int size, off64_t at, int flags), (fd, from, size, at, flags),
      (fd, from, size / 2, at, flags), size)
