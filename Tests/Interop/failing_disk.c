/* Put in front of the C library by tests: files below a folder fail as a broken disk does, once a file says how.
 *
 * FAILING_FOLDER is a part of the paths that fail; the file FAILING_HOW holds words: read, write, sync, open, remove. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int says(const char *word) {
    const char *how = getenv("FAILING_HOW");
    if (!how) return 0;
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    ssize_t (*real_read)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    char text[256];
    int file = real_open(how, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = real_read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    return strstr(text, word) != NULL;
}

static int is_below(const char *path) {
    const char *folder = getenv("FAILING_FOLDER");
    return folder && path && strstr(path, folder) != NULL;
}

static int is_file(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count <= 0) return 0;
    path[count] = 0;
    return is_below(path);
}

#define FAILS(file, word) (is_file(file) && says(word))

#define DATA(result, name, word, parameters, arguments)                                            \
    result name parameters {                                                                       \
        static result(*real) parameters;                                                           \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                                 \
        if (FAILS(file, word)) {                                                                   \
            errno = EIO;                                                                           \
            return -1;                                                                             \
        }                                                                                          \
        return real arguments;                                                                     \
    }

DATA(ssize_t, pread, "read", (int file, void *bytes, size_t count, off_t at), (file, bytes, count, at))
DATA(ssize_t, pread64, "read", (int file, void *bytes, size_t count, off64_t at), (file, bytes, count, at))
DATA(ssize_t, pwrite, "write", (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at))
DATA(ssize_t, pwrite64, "write", (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
DATA(int, fsync, "sync", (int file), (file))
DATA(int, fdatasync, "sync", (int file), (file))

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        static int (*real)(const char *, int, ...);                                                \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                                 \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                    \
        va_end(rest);                                                                              \
        if (is_below(path) && says("open")) {                                                      \
            errno = EIO;                                                                           \
            return -1;                                                                             \
        }                                                                                          \
        return real(path, flags, mode);                                                            \
    }

OPEN(open)
OPEN(open64)

int unlink(const char *path) {
    static int (*real)(const char *);
    if (!real) real = dlsym(RTLD_NEXT, "unlink");
    if (is_below(path) && says("remove")) {
        errno = EIO;
        return -1;
    }
    return real(path);
}
