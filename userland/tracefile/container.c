// SPDX-License-Identifier: GPL-2.0
/*
 * The container of trace files, described in docs/trace-format.md. Chunks are
 * compressed and checksummed one by one and only ever appended: whatever
 * happens to the writer, its complete chunks can be read. The reader trusts
 * nothing: every length is checked before memory is allocated.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "tracefile/container.h"
#include "util/format.h"

#define MAGIC		"LEAKTRC\n"
#define RECORD_ALIGN(n)	(((n) + 7) & ~(size_t)7)

enum { VERSION_SNAPSHOT = 1, VERSION_RECORDING = 2 };
enum { CHUNK_RECORDS = 1, CHUNK_END = 2 };

enum {
	CHUNK_BYTES = 1 << 20,		/* a writer ends a chunk at this size */
	RAW_MAX = 64 << 20,		/* a reader's limits */
	STORED_MAX = 64 << 20,
	RECORD_MAX = 32 << 20,
};

struct file_header {
	char magic[8];
	uint32_t version, flags;
};

struct chunk_header {
	uint32_t type, flags;
	uint64_t raw_bytes, stored_bytes;
	uint32_t crc, header_crc;	/* of the stored bytes; of the header up to here */
};

struct record_header {
	uint32_t type, bytes;		/* of the following data, without padding */
};

_Static_assert(sizeof(struct file_header) == 16 && sizeof(struct chunk_header) == 32 &&
	       sizeof(struct record_header) == 8, "as in docs/trace-format.md");

struct file_writer {
	int fd;
	char *path, *aside;
	uint64_t bytes;			/* written completely */
	uint8_t *buf;
	size_t used, capacity;
	int err;
};

struct file_reader {
	FILE *f;
	uint8_t *buf;
	size_t used, at;
	uint64_t limit_bytes;		/* 0: none */
	bool ended;
};

static uint32_t crc_of(const void *data, size_t len)
{
	return crc32_z(0, data, len);
}

/* Writes everything or nothing: a full disk must not leave half a chunk. */
static int write_whole(struct file_writer *w, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(w->fd, (const char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			w->err = n < 0 ? -errno : -EIO;
			/* fails on a pipe, and readers cope: this is for later appends */
			if (ftruncate(w->fd, w->bytes))
				return w->err;
			return w->err;
		}
		done += n;
	}
	w->bytes += len;
	return 0;
}

/* ours: a name that we generate, where somebody may have put a symlink or a FIFO. */
static int open_for(const char *name, bool ours)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY |
		      (ours ? O_NOFOLLOW | O_NONBLOCK : 0), 0666);
	struct stat st;

	if (fd >= 0 && ours && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EEXIST;
		return -1;
	}
	return fd;
}

static bool is_aside(const struct file_writer *w)
{
	return strcmp(w->path, w->aside);
}

static struct file_writer *begin(const char *path, char *aside, uint32_t version, char *err,
				 size_t errlen)
{
	struct file_header h = { MAGIC, htole32(version), 0 };
	struct file_writer *w = calloc(1, sizeof(*w));

	if (w) {
		w->path = strdup(path);
		w->aside = aside;
		w->fd = w->path && aside ? open_for(aside, is_aside(w)) : -1;
	}
	if (w && w->fd >= 0 && !write_whole(w, &h, sizeof(h)))
		return w;
	snprintf(err, errlen, "cannot write %s: %s", path, strerror(w && w->err ? -w->err : errno));
	if (w) {
		if (w->fd >= 0)
			close(w->fd);
		free(w->path);
		free(w);
	}
	free(aside);
	return NULL;
}

/* Writes to a temporary file that is renamed when it is complete. */
struct file_writer *file_create(const char *path, char *err, size_t errlen)
{
	struct stat st;

	/* a device or a pipe is written to directly */
	return begin(path, stat(path, &st) || S_ISREG(st.st_mode) ? strdup_printf("%s.partial", path) :
		     strdup(path), VERSION_SNAPSHOT, err, errlen);
}

/* Writes under the final name from the first byte: if we are killed, the data so far is there. */
struct file_writer *file_record(const char *path, char *err, size_t errlen)
{
	return begin(path, strdup(path), VERSION_RECORDING, err, errlen);
}

uint64_t file_bytes(const struct file_writer *w)
{
	return w->bytes;
}

/*
 * Continues in another file, which holds a compacted form of our first
 * from_bytes: the rest is copied to its end, and it takes our name.
 */
int file_move(struct file_writer *w, const char *other, uint64_t from_bytes)
{
	int in = open(w->path, O_RDONLY | O_CLOEXEC);
	struct file_writer next = { .fd = open(other, O_WRONLY | O_APPEND | O_CLOEXEC) };
	char buf[1 << 16];
	struct stat st;
	ssize_t n = 0;
	int err = in < 0 || next.fd < 0 || fstat(next.fd, &st) ? -errno : 0;

	next.bytes = err ? 0 : st.st_size;
	while (!err && (n = pread(in, buf, sizeof(buf), from_bytes)) > 0) {
		err = write_whole(&next, buf, n);
		from_bytes += n;
	}
	if (!err && (n < 0 || fsync(next.fd) || rename(other, w->path)))
		err = -errno;
	if (in >= 0)
		close(in);
	if (err) {
		if (next.fd >= 0)
			close(next.fd);
		return err;
	}
	close(w->fd);
	w->fd = next.fd;
	w->bytes = next.bytes;
	return 0;
}

static int put_chunk(struct file_writer *w, uint32_t type, const void *raw, size_t len)
{
	size_t bound = ZSTD_compressBound(len), stored;
	struct chunk_header h = { .type = htole32(type), .raw_bytes = htole64(len) };
	uint8_t *out = malloc(sizeof(h) + bound);

	if (!out)
		return w->err = -ENOMEM;
	stored = len ? ZSTD_compress(out + sizeof(h), bound, raw, len, 3) : 0;
	if (ZSTD_isError(stored)) {
		free(out);
		return w->err = -EIO;
	}
	h.stored_bytes = htole64(stored);
	h.crc = htole32(crc_of(out + sizeof(h), stored));
	h.header_crc = htole32(crc_of(&h, offsetof(struct chunk_header, header_crc)));
	memcpy(out, &h, sizeof(h));
	write_whole(w, out, sizeof(h) + stored);
	free(out);
	return w->err;
}

int file_flush(struct file_writer *w)
{
	int err = w->err;

	if (!err && w->used)
		err = put_chunk(w, CHUNK_RECORDS, w->buf, w->used);
	w->used = 0;
	if (err)
		w->err = err;
	return err;
}

int file_append(struct file_writer *w, unsigned int type, const void *data, size_t len)
{
	struct record_header h = { htole32(type), htole32(len) };
	size_t need = sizeof(h) + RECORD_ALIGN(len);

	if (len > RECORD_MAX)
		return w->err = -EFBIG;
	if (w->used && w->used + need > CHUNK_BYTES && file_flush(w))
		return w->err;
	if (w->used + need > w->capacity) {
		size_t capacity = w->used + need > CHUNK_BYTES ? w->used + need : CHUNK_BYTES;
		uint8_t *more = realloc(w->buf, capacity);

		if (!more)
			return w->err = -ENOMEM;
		w->buf = more;
		w->capacity = capacity;
	}
	memcpy(w->buf + w->used, &h, sizeof(h));
	if (len)
		memcpy(w->buf + w->used + sizeof(h), data, len);
	memset(w->buf + w->used + sizeof(h) + len, 0, RECORD_ALIGN(len) - len);
	w->used += need;
	return w->err;
}

/* Closes without an end chunk: the caller continues the file, or removes it. */
void file_abandon(struct file_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->path);
	free(w->aside);
	free(w->buf);
	free(w);
}

void file_discard(struct file_writer *w)
{
	if (is_aside(w))
		unlink(w->aside);
	file_abandon(w);
}

int file_finish(struct file_writer *w)
{
	int err = file_flush(w) ?: put_chunk(w, CHUNK_END, NULL, 0);

	/* The new content must be on disk before it replaces the old. */
	if (!err && is_aside(w) && fsync(w->fd))
		err = -errno;
	if (close(w->fd) && !err)
		err = -errno;
	w->fd = -1;
	if (!err && is_aside(w) && rename(w->aside, w->path))
		err = -errno;
	if (err)
		file_discard(w);
	else
		file_abandon(w);
	return err;
}

struct file_reader *file_open(const char *path, char *err, size_t errlen)
{
	struct file_reader *r = calloc(1, sizeof(*r));
	struct file_header h;
	struct stat st;
	int fd;

	/* O_NONBLOCK: opening a FIFO or a terminal must not block */
	fd = r ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	if (fd < 0 || fstat(fd, &st)) {
		snprintf(err, errlen, "cannot open %s: %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(err, errlen, "%s is not a regular file", path);
		goto fail;
	}
	r->f = fdopen(fd, "r");
	if (!r->f || fread(&h, 1, sizeof(h), r->f) != sizeof(h) || memcmp(h.magic, MAGIC, 8)) {
		snprintf(err, errlen, "%s is not a leaktrace trace file", path);
		goto fail;
	}
	if (le32toh(h.version) < VERSION_SNAPSHOT || le32toh(h.version) > VERSION_RECORDING) {
		snprintf(err, errlen, "%s has format version %u, this leaktrace reads %d to %d: use a newer leaktrace",
			 path, le32toh(h.version), VERSION_SNAPSHOT, VERSION_RECORDING);
		goto fail;
	}
	return r;
fail:
	if (r && r->f)
		fclose(r->f);
	else if (fd >= 0)
		close(fd);
	free(r);
	return NULL;
}

/* Reads the content of a chunk with a valid header. 1, or 0 if it is truncated. */
static int take_chunk(struct file_reader *r, const struct chunk_header *h, char *err, size_t errlen)
{
	uint64_t raw = le64toh(h->raw_bytes), stored = le64toh(h->stored_bytes);
	uint8_t *in;
	size_t got;
	int ret = -EBADMSG;

	free(r->buf);
	r->buf = NULL;
	r->used = r->at = 0;
	if (raw > RAW_MAX || stored > STORED_MAX) {
		snprintf(err, errlen, "damaged file: impossible chunk size");
		return -EBADMSG;
	}
	in = malloc(stored ?: 1);
	r->buf = calloc(1, raw ?: 1);
	if (!in || !r->buf) {
		snprintf(err, errlen, "out of memory");
		free(in);
		return -ENOMEM;
	}
	if (fread(in, 1, stored, r->f) != stored) {
		ret = 0;
		goto out;
	}
	if (crc_of(in, stored) != le32toh(h->crc)) {
		snprintf(err, errlen, "damaged file: checksum mismatch");
		goto out;
	}
	got = stored ? ZSTD_decompress(r->buf, raw, in, stored) : 0;
	if (ZSTD_isError(got) || got != raw) {
		snprintf(err, errlen, "damaged file: a chunk cannot be decompressed");
		goto out;
	}
	r->used = raw;
	ret = 1;
out:
	free(in);
	return ret;
}

/* The offset of the end of the current chunk. */
static uint64_t position(const struct file_reader *r)
{
	off_t at = ftello(r->f);

	return at < 0 ? 0 : at;
}

/* Chunks that begin at this offset or later are not read. */
void file_limit(struct file_reader *r, uint64_t bytes)
{
	r->limit_bytes = bytes;
}

/* 1: there is another chunk of records; 0: the end; negative: an error, described in err. */
static int next_chunk(struct file_reader *r, char *err, size_t errlen)
{
	struct chunk_header h;
	int ret;

	for (;;) {
		if (r->limit_bytes && position(r) >= r->limit_bytes)
			return 0;
		if (fread(&h, 1, sizeof(h), r->f) != sizeof(h))
			return 0;
		if (crc_of(&h, offsetof(struct chunk_header, header_crc)) != le32toh(h.header_crc)) {
			snprintf(err, errlen, "damaged file: invalid chunk header");
			return -EBADMSG;
		}
		ret = take_chunk(r, &h, err, errlen);
		if (ret <= 0)
			return ret;
		/* an end chunk may be followed by data that was appended later */
		r->ended = le32toh(h.type) == CHUNK_END;
		if (le32toh(h.type) == CHUNK_RECORDS)
			return 1;
	}
}

int file_next(struct file_reader *r, unsigned int *type, void **data, size_t *len,
	      char *err, size_t errlen)
{
	struct record_header h;
	int ret;

	while (r->at == r->used) {
		ret = next_chunk(r, err, errlen);
		if (ret <= 0)
			return ret;
	}
	if (r->used - r->at < sizeof(h))
		goto damaged;
	memcpy(&h, r->buf + r->at, sizeof(h));
	*type = le32toh(h.type);
	*len = le32toh(h.bytes);
	if (*len > RECORD_MAX || RECORD_ALIGN(*len) > r->used - r->at - sizeof(h))
		goto damaged;
	*data = r->buf + r->at + sizeof(h);
	r->at += sizeof(h) + RECORD_ALIGN(*len);
	return 1;
damaged:
	snprintf(err, errlen, "damaged file: a record extends beyond its chunk");
	return -EBADMSG;
}

bool file_complete(const struct file_reader *r)
{
	return r->ended;
}

void file_close(struct file_reader *r)
{
	if (!r)
		return;
	fclose(r->f);
	free(r->buf);
	free(r);
}
