/*
 * Goes between a program and its files (LD_PRELOAD), for the files below FAULTS_BELOW only:
 *
 * - Faults, switched on and off from outside while the program runs, by words in a file that both sides have
 *   open (`struct control`; the other side is control.rs).
 * - Lost power: before a byte is changed, what was there is put into an undo file of that inode, and forgotten
 *   once an fsync or fdatasync that began later has succeeded. The same for names: a file that was made,
 *   removed or renamed is back where it was, unless a folder, or a file newly made, was synced since; that
 *   much a journaling file system keeps. What is left in the undo files after a kill is what power.rs takes
 *   back. A failed sync keeps nothing.
 *
 * Not seen: mmap (of SQLite's that is the -shm file, which it makes anew), mkdir, and what the kernel copies
 * from file to file. O_DIRECT is taken away, so that old bytes can be read. Never does this open or close a
 * watched file itself: that would let go of every POSIX lock that the program has on it.
 *
 * Every process holds a lock on a file of its own for as long as it lives, so that power.rs can kill all of
 * them; one of an earlier generation never gets into the lock below again.
 */
#define _GNU_SOURCE
#include <stdarg.h>

#include "preload/undo.h"

/* --- Which files ------------------------------------------------------------------------------------- */

/* A path from the root, whatever folder it was relative to. */
static int absolute(int folder, const char *path, char *out) {
  char base[PATH_MAX] = "";
  if (path[0] != '/') {
    if (folder == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) return 0;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      ssize_t length = readlink(link, base, sizeof base - 1);
      if (length < 0) return 0;
      base[length] = 0;
    }
    strncat(base, "/", sizeof base - strlen(base) - 1);
    while (!strncmp(path, "./", 2)) path += 2;
  }
  return snprintf(out, PATH_MAX, "%s%s", base, path) < PATH_MAX;
}

struct watched {
  int undo; /* 0: not watched */
  int is_folder;
  ino_t ino;
};

#define FILES 65536
static struct watched files[FILES];

static int is_below(const char *path) {
  size_t length = strlen(below);
  return !strncmp(path, below, length) && (path[length] == '/' || !path[length]);
}

/* SQLite's shared memory holds nothing that has to last: faults, but no undoing. */
static int is_memory(const char *path) {
  size_t length = strlen(path);
  return length > 4 && !strcmp(path + length - 4, "-shm");
}

static struct watched *find(int fd) {
  ready();
  if (!below || fd < 0 || fd >= FILES || !files[fd].undo) return NULL;
  struct stat st;
  if (fstat(fd, &st) || st.st_ino != files[fd].ino) return NULL;
  return &files[fd];
}

static void note_name(const char *line) {
  read_head(names);
  append(names, line, strlen(line));
}

static void watch(int fd, const char *path, int is_new) {
  struct stat st;
  if (fd >= FILES) die("too many files");
  if (fstat(fd, &st) || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) return;
  char name[64];
  snprintf(name, sizeof name, is_memory(path) ? "memory-%lu" : "undo-%lu", (unsigned long)st.st_ino);
  int undo = S_ISDIR(st.st_mode) ? names : open_in_journal(name, O_RDWR);
  struct head head = read_head(undo);
  if (is_new) {
    head.fresh = 1;
    write_head(undo, head);
  }
  files[fd] = (struct watched){undo, S_ISDIR(st.st_mode), st.st_ino};
}

/* --- What programs call ---------------------------------------------------------------------------------- */

static int do_open(int folder, const char *path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  ready();
  if (!below || !absolute(folder, path, whole) || !is_below(whole)) return real_openat(folder, path, flags, mode);
  if (fails(OPEN_ERROR, draw() & 1 ? EMFILE : EIO)) return -1;
  lock();
  int is_new = (flags & O_CREAT) && faccessat(AT_FDCWD, whole, F_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
  if (is_new && fails(FULL, ENOSPC)) {
    unlock();
    return -1;
  }
  char line[PATH_MAX + 8];
  if (is_new && !is_memory(whole)) {
    snprintf(line, sizeof line, "made\t%s\n", whole);
    note_name(line);
  }
  /* A file that may be cut at once is opened first, so that what was in it can be put down. */
  int cut = flags & O_TRUNC;
  flags &= ~(O_DIRECT | O_TRUNC);
  if ((flags & O_ACCMODE) == O_WRONLY) flags = (flags & ~O_ACCMODE) | O_RDWR;
  int fd = real_openat(folder, path, flags, mode), error = errno;
  if (fd >= 0) {
    watch(fd, whole, is_new);
    if (cut && !is_new && files[fd].undo) {
      put_down(fd, files[fd].undo, 0, UINT64_MAX, 0);
      if (real_ftruncate(fd, 0)) die("O_TRUNC");
    }
  }
  unlock();
  errno = error;
  return fd;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }
int open(const char *path, int flags, ...) { MODE(flags) return do_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return do_open(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return do_open(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return do_open(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
/* What _FORTIFY_SOURCE makes of an open without a mode. */
int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __openat_2(int folder, const char *path, int flags) { return do_open(folder, path, flags, 0); }
int __openat64_2(int folder, const char *path, int flags) { return do_open(folder, path, flags, 0); }

int close(int fd) {
  struct watched *file = find(fd);
  if (file) {
    int undo = file->undo;
    file->undo = 0;
    if (undo != names) real_close(undo);
  }
  return real_close(fd);
}

/* What stands on a full disk already can be written over; so it is below a server, whose doublewrite counts on it. */
static int needs_room(int fd, off_t offset, size_t length) {
  struct stat st;
  if (!is_whole || fstat(fd, &st)) return 1;
  if (offset < 0) offset = fcntl(fd, F_GETFL) & O_APPEND ? st.st_size : lseek(fd, 0, SEEK_CUR);
  return offset + (off_t)length > st.st_size;
}

/* `offset` is -1 where the file's own place counts. */
static ssize_t do_write(int fd, const struct iovec *parts, int count, off_t offset) {
  struct watched *file = find(fd);
  size_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  if (!file || !length)
    return offset < 0 ? real_writev(fd, parts, count) : real_pwritev(fd, parts, count, offset);

  /* A disk that fills up, or breaks, may do so in the middle of a write. */
  int is_full = needs_room(fd, offset, length) && strikes(FULL), is_broken = !is_full && strikes(WRITE_ERROR);
  int is_short = !is_full && !is_broken && length > 1 && strikes(SHORT_WRITE);
  size_t half = length > 1 && (is_short || draw() & 1) ? length / 2 : 0;
  if ((is_broken || is_full) && is_whole) half = 0;
  lock();
  off_t place = offset;
  if (offset < 0) {
    int is_append = fcntl(fd, F_GETFL) & O_APPEND;
    place = lseek(fd, 0, is_append ? SEEK_END : SEEK_CUR);
  }
  put_down(fd, file->undo, place, length, length);
  ssize_t written;
  if (is_full || is_broken || is_short) {
    size_t first = parts[0].iov_len < half ? parts[0].iov_len : half;
    written = !first ? 0 : offset < 0 ? real_write(fd, parts[0].iov_base, first)
                                      : real_pwrite(fd, parts[0].iov_base, first, offset);
  } else {
    written = offset < 0 ? real_writev(fd, parts, count) : real_pwritev(fd, parts, count, offset);
  }
  int error = errno;
  unlock();
  /* Half may be on the disk then, but the program is told nothing of it, and its place stays where it was. */
  if (is_broken || (is_full && written <= 0)) {
    if (offset < 0) lseek(fd, place, SEEK_SET);
    errno = is_full ? ENOSPC : EIO;
    return -1;
  }
  errno = error;
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  struct iovec part = {(void *)bytes, length};
  return find(fd) ? do_write(fd, &part, 1, -1) : real_write(fd, bytes, length);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return do_write(fd, parts, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  struct iovec part = {(void *)bytes, length};
  return find(fd) ? do_write(fd, &part, 1, offset) : real_pwrite(fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return pwrite(fd, bytes, length, offset); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return do_write(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) {
  return do_write(fd, parts, count, offset);
}

static int do_sync(int fd, int (*real)(int)) {
  struct watched *file = find(fd);
  if (!file) return real(fd);
  lock();
  int undo = file->undo, is_fresh = file->is_folder || read_head(undo).fresh;
  uint64_t position = end_of(undo), named = end_of(names);
  unlock();
  if (fails(SYNC_ERROR, EIO)) return -1;
  if (strikes(SLOW_SYNC)) usleep(20000 + draw() % 280000);
  int outcome = real(fd), error = errno;
  if (!outcome) {
    lock();
    if (!file->is_folder) settle(undo, position);
    if (is_fresh) settle(names, named);
    unlock();
  }
  errno = error;
  return outcome;
}

int fsync(int fd) { ready(); return do_sync(fd, real_fsync); }
int fdatasync(int fd) { ready(); return do_sync(fd, real_fdatasync); }

/* Keeps nothing: it writes neither sizes nor what the disk's own memory holds. */
int sync_file_range(int fd, off_t offset, off_t length, unsigned flags) {
  if (find(fd) && fails(SYNC_ERROR, EIO)) return -1;
  return real_sync_file_range(fd, offset, length, flags);
}

int ftruncate(int fd, off_t length) {
  struct watched *file = find(fd);
  if (!file) return real_ftruncate(fd, length);
  struct stat st;
  if (!fstat(fd, &st) && length > st.st_size && fails(FULL, ENOSPC)) return -1;
  if (fails(WRITE_ERROR, EIO)) return -1;
  lock();
  put_down(fd, file->undo, length, UINT64_MAX, 0);
  int outcome = real_ftruncate(fd, length), error = errno;
  unlock();
  errno = error;
  return outcome;
}
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int fallocate(int fd, int mode, off_t offset, off_t length) {
  struct watched *file = find(fd);
  if (!file) return real_fallocate(fd, mode, offset, length);
  if (fails(FULL, ENOSPC) || fails(WRITE_ERROR, EIO)) return -1;
  lock();
  put_down(fd, file->undo, offset, (uint64_t)length, 0);
  int outcome = real_fallocate(fd, mode, offset, length), error = errno;
  unlock();
  errno = error;
  return outcome;
}
int fallocate64(int fd, int mode, off_t offset, off_t length) { return fallocate(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) { return fallocate(fd, 0, offset, length) ? errno : 0; }
int posix_fallocate64(int fd, off_t offset, off_t length) { return posix_fallocate(fd, offset, length); }

/* Under another name in the journal its inode lives on, and can be called back. */
static void save(const char *path, char *saved) {
  struct stat st;
  *saved = 0;
  if (lstat(path, &st) || !S_ISREG(st.st_mode) || is_memory(path)) return;
  snprintf(saved, PATH_MAX, "%s/saved-%lu", journal, (unsigned long)st.st_ino);
  if (link(path, saved) && errno != EEXIST) die(saved);
}

int unlinkat(int folder, const char *path, int flags) {
  char whole[PATH_MAX], saved[PATH_MAX], line[2 * PATH_MAX + 16];
  ready();
  if (!below || flags & AT_REMOVEDIR || !absolute(folder, path, whole) || !is_below(whole))
    return real_unlinkat(folder, path, flags);
  if (fails(WRITE_ERROR, EIO)) return -1;
  lock();
  save(whole, saved);
  int outcome = real_unlinkat(folder, path, flags), error = errno;
  if (!outcome && *saved) {
    snprintf(line, sizeof line, "removed\t%s\t%s\n", whole, saved);
    note_name(line);
  }
  unlock();
  errno = error;
  return outcome;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rename(const char *from, const char *to) {
  char before[PATH_MAX], after[PATH_MAX], saved[PATH_MAX], line[3 * PATH_MAX + 16];
  ready();
  if (!below || !absolute(AT_FDCWD, from, before) || !absolute(AT_FDCWD, to, after) || !is_below(after))
    return real_rename(from, to);
  if (fails(WRITE_ERROR, EIO)) return -1;
  lock();
  save(after, saved);
  int outcome = real_rename(from, to), error = errno;
  if (!outcome) {
    snprintf(line, sizeof line, "renamed\t%s\t%s\t%s\n", before, after, saved);
    note_name(line);
  }
  unlock();
  errno = error;
  return outcome;
}
