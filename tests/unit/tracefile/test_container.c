// SPDX-License-Identifier: GPL-2.0
/* The container: whole, cut off, damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracefile/container.h"
#include "check.h"

enum { RECORDS = 3000 };

static char path[] = "/tmp/leaktrace-test-XXXXXX", err[256];

static void write_whole(void)
{
	struct file_writer *w = file_create(path, err, sizeof(err));
	char data[1000];

	CHECK(w != NULL, "%s", err);
	for (int i = 0; i < RECORDS; i++) {
		memset(data, i, sizeof(data));
		CHECK(!file_append(w, i % 7, data, i % sizeof(data)));
	}
	CHECK(!file_finish(w));
}

/* How many records can be read, and whether all of them are right. */
static int read_all(bool *complete, int *ret)
{
	struct file_reader *r = file_open(path, err, sizeof(err));
	unsigned int type;
	void *data;
	size_t len;
	int n = 0;

	*complete = false;
	*ret = -1;
	if (!r)
		return -1;
	while ((*ret = file_next(r, &type, &data, &len, err, sizeof(err))) > 0) {
		CHECK(type == (unsigned int)n % 7 && len == (size_t)n % 1000);
		CHECK(!len || ((uint8_t *)data)[len - 1] == (uint8_t)n);
		n++;
	}
	*complete = file_complete(r);
	file_close(r);
	return n;
}

static void cut_off(off_t size)
{
	bool complete;
	int ret, n;

	for (off_t at = size - 1; at > 0; at -= 1 + at / 40) {
		CHECK(!truncate(path, at));
		n = read_all(&complete, &ret);
		CHECK(n < RECORDS || ret == 0);
		CHECK(!complete, "cut off at %ld", (long)at);
		CHECK(ret <= 0);
	}
	CHECK(!truncate(path, 0));
	CHECK(read_all(&complete, &ret) == -1);
}

static void damage(off_t size)
{
	bool complete;
	int ret;

	srandom(2);
	for (int i = 0; i < 300; i++) {
		long at = random() % size;
		FILE *f = fopen(path, "r+");
		int old;

		fseek(f, at, SEEK_SET);
		old = getc(f);
		fseek(f, at, SEEK_SET);
		putc(old ^ 1 << random() % 8, f);
		fclose(f);
		read_all(&complete, &ret);
		/* all but the 4 bytes of flags in the file's header are covered */
		CHECK(ret < 0 || (at >= 12 && at < 16), "a flipped bit at %ld goes unseen", at);
		f = fopen(path, "r+");
		fseek(f, at, SEEK_SET);
		putc(old, f);
		fclose(f);
	}
}

int main(void)
{
	bool complete;
	struct stat st;
	int ret;

	close(mkstemp(path));
	write_whole();
	CHECK(read_all(&complete, &ret) == RECORDS && complete && ret == 0);
	CHECK(!stat(path, &st));
	damage(st.st_size);
	cut_off(st.st_size);
	unlink(path);
	CHECK(!file_open("/dev/null", err, sizeof(err)) && *err);
	CHECK(!file_open("/nonexistent", err, sizeof(err)));
	return verdict("file");
}
