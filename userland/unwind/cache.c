// SPDX-License-Identifier: GPL-2.0
/*
 * Tables as files: a sealed memfd for the kernel, and the cache, so that an
 * object is compiled once. The cache is only an optimisation: files that are
 * damaged, outdated or owned by somebody else are not used, and a failure to
 * write one is not an error. Its size is bounded: the oldest files are removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "unwind/unwind.h"
#include "util/array.h"

/* Increment whenever the compiler's output for a file changes. */
enum { COMPILER_VERSION = 4 };

enum {
	NAME_BYTES = 2 * LEAKTRACE_UNWIND_KEY_BYTES + 32,
	MAX_CACHE_BYTES = 512 << 20,
};

struct cache_header {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
	uint64_t bytes;
	uint64_t skipped_fdes;
	uint64_t crc;			/* of the blob */
};

static const char cache_magic[8] = "LTUNWIND";

static int write_all(int fd, const void *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		data = (const char *)data + n;
		bytes -= n;
	}
	return 0;
}

static bool read_all(int fd, void *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = read(fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data = (char *)data + n;
		bytes -= n;
	}
	return true;
}

/**
 * unwind_blob_memfd() - a table in a sealed memfd
 *
 * Return: a descriptor at position 0, or a negative error.
 */
int unwind_blob_memfd(const struct unwind_blob *b)
{
	int fd = memfd_create("leaktrace-unwind", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error;

	if (fd < 0)
		return -errno;
	error = write_all(fd, b->data, b->bytes);
	if (!error && (lseek(fd, 0, SEEK_SET) < 0 ||
		       fcntl(fd, F_ADD_SEALS,
			     F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

/* Others could put wrong tables into files and directories that they can write to. */
static bool is_ours(int fd, mode_t type)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static int open_cache(void)
{
	const char *dir = secure_getenv("LEAKTRACE_CACHE_DIR");
	int fd;

	if (!dir)
		dir = "/var/cache/leaktrace";
	if (!*dir)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !mkdir(dir, 0700))
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && !is_ours(fd, S_IFDIR)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void name_of(const uint8_t *key, char name[NAME_BYTES])
{
	for (int i = 0; i < LEAKTRACE_UNWIND_KEY_BYTES; i++)
		name += sprintf(name, "%02x", key[i]);
	strcpy(name, ".unw");
}

static bool read_blob(int fd, struct unwind_blob *out)
{
	struct leaktrace_unwind_header *h;
	struct cache_header header;

	if (!is_ours(fd, S_IFREG) || !read_all(fd, &header, sizeof(header)) ||
	    memcmp(header.magic, cache_magic, sizeof(cache_magic)) ||
	    header.version != COMPILER_VERSION || header.bytes > LEAKTRACE_UNWIND_MAX_BYTES)
		return false;
	h = malloc(header.bytes ? header.bytes : 1);
	if (!h)
		return false;
	if (!read_all(fd, h, header.bytes) || lzma_crc64((void *)h, header.bytes, 0) != header.crc ||
	    !unwind_blob_valid(h, header.bytes) || memcmp(h->key, out->key, sizeof(out->key))) {
		free(h);
		return false;
	}
	out->data = h;
	out->bytes = header.bytes;
	out->nrows = h->nrows;
	out->nrules = h->nrules;
	out->skipped_fdes = header.skipped_fdes;
	return true;
}

struct cached {
	struct timespec mtime;
	off_t bytes;
	char name[NAME_BYTES];
};

static int by_age(const void *a, const void *b)
{
	const struct cached *x = a, *y = b;

	if (x->mtime.tv_sec != y->mtime.tv_sec)
		return x->mtime.tv_sec < y->mtime.tv_sec ? -1 : 1;
	return x->mtime.tv_nsec < y->mtime.tv_nsec ? -1 : x->mtime.tv_nsec > y->mtime.tv_nsec;
}

static bool list_file(int dir, const char *name, struct cached *file)
{
	size_t n = strlen(name);
	struct stat st;

	if (n < 4 || n >= NAME_BYTES || (strcmp(name + n - 4, ".unw") && !strstr(name, ".unw.")) ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return false;
	memcpy(file->name, name, n + 1);
	file->bytes = st.st_size;
	file->mtime = st.st_mtim;
	return true;
}

/* Removes the oldest files until the rest fits. */
static void shrink(int dir)
{
	DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct cached *file = NULL;
	struct dirent *entry;
	size_t n = 0, capacity = 0;
	off_t total = 0;

	if (!stream)
		return;
	while ((entry = readdir(stream))) {
		if (!array_reserve(file, capacity, n, 1))
			break;
		if (list_file(dir, entry->d_name, &file[n]))
			total += file[n++].bytes;
	}
	closedir(stream);
	if (total > MAX_CACHE_BYTES) {
		qsort(file, n, sizeof(*file), by_age);
		for (size_t i = 0; i < n && total > MAX_CACHE_BYTES; i++) {
			unlinkat(dir, file[i].name, 0);
			total -= file[i].bytes;
		}
	}
	free(file);
}

/* Written under a temporary name and renamed: readers see all of a file or none of it. */
static void write_blob(int dir, const char *name, const struct unwind_blob *b)
{
	struct cache_header header = {
		.version = COMPILER_VERSION, .bytes = b->bytes, .skipped_fdes = b->skipped_fdes,
		.crc = lzma_crc64(b->data, b->bytes, 0),
	};
	char mine[NAME_BYTES + 16];
	int fd;

	memcpy(header.magic, cache_magic, sizeof(cache_magic));
	snprintf(mine, sizeof(mine), "%s.%d", name, (int)getpid());
	unlinkat(dir, mine, 0);
	fd = openat(dir, mine, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write_all(fd, &header, sizeof(header)) || write_all(fd, b->data, b->bytes) ||
	    renameat(dir, mine, dir, name) < 0)
		unlinkat(dir, mine, 0);
	close(fd);
	shrink(dir);
}

/**
 * unwind_cached_fd() - unwind_compile_sandboxed(), or from the cache
 *
 * $LEAKTRACE_CACHE_DIR names the cache directory; if it is empty, nothing is cached.
 *
 * Return: as unwind_compile_sandboxed().
 */
int unwind_cached_fd(int fd, struct unwind_blob *out)
{
	char name[NAME_BYTES];
	int dir = open_cache(), file, error;
	bool found = false;

	memset(out, 0, sizeof(*out));
	error = dir < 0 ? 0 : unwind_key_fd(fd, out->key);
	if (!error && dir >= 0) {
		name_of(out->key, name);
		file = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (file >= 0) {
			found = read_blob(file, out);
			close(file);
		}
	}
	if (!error && !found) {
		error = unwind_compile_sandboxed(fd, out);
		if (!error && dir >= 0)
			write_blob(dir, name, out);
	}
	if (dir >= 0)
		close(dir);
	return error;
}
