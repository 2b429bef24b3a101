/*
 * What preload.c stands on: the words that control.rs sets, the lock over all processes, and the undo files.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Numbers and places are known to control.rs. */
enum fault { NONE, FULL, WRITE_ERROR, SYNC_ERROR, SHORT_WRITE, OPEN_ERROR, SLOW_SYNC, KINDS };

struct control {
  _Atomic uint64_t fault;
  _Atomic uint64_t share; /* of 65536 calls that it could hit */
  _Atomic uint64_t seed;
  _Atomic uint64_t generation; /* of processes: at each end of all of them one more */
  _Atomic uint64_t draws;
  _Atomic uint64_t hits[KINDS];
};

/* Heads an undo file, and `names`. Positions are counted on through all cuts. */
struct head {
  uint64_t base;  /* position of the first byte behind the head */
  uint64_t start; /* of what has not been synced */
  uint64_t fresh; /* made, and not synced since */
};

/* One change. Followed by `kept` bytes that were at `offset`. */
struct change {
  uint64_t offset, kept, written, size;
};

static struct control *control;
static const char *below, *journal;
static int lock_file, names;
static uint64_t born; /* in which generation */
static int is_whole;  /* a write that fails has changed nothing */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define REAL(type, name, ...) static type (*real_##name)(__VA_ARGS__)
REAL(int, openat, int, const char *, int, ...);
REAL(int, close, int);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, writev, int, const struct iovec *, int);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);
REAL(int, sync_file_range, int, off_t, off_t, unsigned);
REAL(int, ftruncate, int, off_t);
REAL(int, fallocate, int, int, off_t, off_t);
REAL(int, unlinkat, int, const char *, int);
REAL(int, rename, const char *, const char *);

static void die(const char *what) {
  dprintf(2, "preload: %s: %s\n", what, strerror(errno));
  abort();
}

static int open_in_journal(const char *name, int flags) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", journal, name);
  int fd = real_openat(AT_FDCWD, path, flags | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) die(path);
  return fd;
}

static void begin(void) {
#define FIND(name) if (!(real_##name = dlsym(RTLD_NEXT, #name))) die(#name)
  FIND(openat); FIND(close); FIND(write); FIND(writev); FIND(pwrite); FIND(pwritev); FIND(fsync); FIND(fdatasync);
  FIND(sync_file_range); FIND(ftruncate); FIND(fallocate); FIND(unlinkat); FIND(rename);
  const char *folder = getenv("FAULTS_BELOW");
  journal = getenv("FAULTS_JOURNAL");
  if (!folder || !journal) return;
  int fd = open_in_journal("control", O_RDWR);
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (control == MAP_FAILED) die("control");
  lock_file = open_in_journal("lock", O_RDWR);
  names = open_in_journal("names", O_RDWR);
  char process[64];
  snprintf(process, sizeof process, "process-%d", getpid());
  if (flock(open_in_journal(process, O_RDWR), LOCK_EX)) die(process);
  born = control->generation;
  is_whole = getenv("FAULTS_WHOLE") != NULL;
  below = folder;
}

static void ready(void) { pthread_once(&once, begin); }

/* --- The lock ------------------------------------------------------------------------------------ */

static void lock(void) {
  pthread_mutex_lock(&mutex);
  while (flock(lock_file, LOCK_EX) < 0)
    if (errno != EINTR) die("lock");
  while (control->generation != born) kill(getpid(), SIGKILL);
}

static void unlock(void) {
  flock(lock_file, LOCK_UN);
  pthread_mutex_unlock(&mutex);
}

/* --- Faults -------------------------------------------------------------------------------------- */

/* splitmix64 of the seed and the number of the draw. */
static uint64_t draw(void) {
  uint64_t z = control->seed + 0x9e3779b97f4a7c15 * ++control->draws;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

static int strikes(enum fault fault) {
  if (control->fault != fault || (draw() & 0xffff) >= control->share) return 0;
  control->hits[fault]++;
  return 1;
}

static int fails(enum fault fault, int error) {
  if (!strikes(fault)) return 0;
  errno = error;
  return 1;
}

/* --- What is put down before it changes ------------------------------------------------------------ */

static uint64_t size_of(int fd) {
  struct stat st;
  if (fstat(fd, &st)) die("fstat");
  return (uint64_t)st.st_size;
}

static void append(int undo, const void *bytes, size_t length) {
  if (real_pwrite(undo, bytes, length, (off_t)size_of(undo)) != (ssize_t)length) die("a journal");
}

static void write_head(int undo, struct head head) {
  if (real_pwrite(undo, &head, sizeof head, 0) != sizeof head) die("a head");
}

static struct head read_head(int undo) {
  struct head head = {0};
  if (pread(undo, &head, sizeof head, 0) != sizeof head) write_head(undo, head);
  return head;
}

static uint64_t end_of(int undo) {
  struct head head = read_head(undo);
  return head.base + size_of(undo) - sizeof head;
}

/* Up to `position` it is on the disk. */
static void settle(int undo, uint64_t position) {
  struct head head = read_head(undo);
  head.fresh = 0;
  if (position > head.start) head.start = position;
  if (head.start == end_of(undo)) {
    if (real_ftruncate(undo, sizeof head)) die("a journal");
    head.base = head.start;
  }
  write_head(undo, head);
}

/* Inside the lock: `length` bytes from `offset` on are about to be written, or cut off. */
static void put_down(int fd, int undo, off_t offset, uint64_t length, uint64_t written) {
  uint64_t size = size_of(fd), from = (uint64_t)offset;
  uint64_t kept = from >= size ? 0 : size - from < length ? size - from : length;
  struct change change = {from, kept, written, size};
  char *bytes = malloc(sizeof change + kept);
  if (!bytes) die("malloc");
  memcpy(bytes, &change, sizeof change);
  for (uint64_t done = 0; done < kept;) {
    ssize_t count = pread(fd, bytes + sizeof change + done, kept - done, offset + (off_t)done);
    if (count <= 0) die("old bytes");
    done += (uint64_t)count;
  }
  read_head(undo);
  append(undo, bytes, sizeof change + kept);
  free(bytes);
}
