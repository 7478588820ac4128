// SPDX-License-Identifier: GPL-2.0
/*
 * The key of a table, in the kernel and in the cache. Two objects with the same
 * key would share a table, and one of them would get wrong stacks.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "elf/image.h"
#include "unwind/key.h"
#include "unwind/unwind.h"
#include "util/hash.h"

enum { ID_BYTES = 15, MIN_ID_BYTES = 8 };

struct hash {
	uint64_t lane[3];
};

static void hash_init(struct hash *h)
{
	*h = (struct hash){ { HASH_START, 0x9ae16a3b2f90404f, 0xc949d7c7509e6557 } };
}

static void hash_add(struct hash *h, const void *data, size_t n)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < n; i++)
		for (int j = 0; j < 3; j++) {
			h->lane[j] = (h->lane[j] ^ at[i]) * (HASH_PRIME + 2 * j);
			h->lane[j] ^= h->lane[j] >> 32;
		}
}

static void hash_number(struct hash *h, uint64_t number)
{
	hash_add(h, &number, sizeof(number));
}

static void hash_segments(struct hash *h, const struct elf_image *image)
{
	for (size_t i = 0; i < image->nsegments; i++) {
		hash_number(h, image->segment[i].vaddr);
		hash_number(h, image->segment[i].offset_bytes);
		hash_number(h, image->segment[i].memory_bytes);
		hash_number(h, image->segment[i].exec);
	}
}

/**
 * unwind_key_of() - the key of a file that is open already
 *
 * Return: 0 or a negative error of fstat().
 */
int unwind_key_of(int fd, const struct elf_image *image, uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES])
{
	struct hash h;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	hash_init(&h);
	hash_number(&h, st.st_size);
	hash_add(&h, image->build_id, image->build_id_bytes);
	hash_segments(&h, image);
	memset(key, 0, LEAKTRACE_UNWIND_KEY_BYTES);
	if (image->build_id_bytes >= MIN_ID_BYTES && !st.st_uid) {
		size_t n = image->build_id_bytes;

		key[0] = 'B';
		memcpy(key + 1, image->build_id, n < ID_BYTES ? n : ID_BYTES);
		memcpy(key + 1 + ID_BYTES, h.lane, sizeof(h.lane[0]));
		return 0;
	}
	hash_number(&h, st.st_dev);
	hash_number(&h, st.st_ino);
	hash_number(&h, st.st_mtim.tv_sec);
	hash_number(&h, st.st_mtim.tv_nsec);
	hash_number(&h, st.st_ctim.tv_sec);
	hash_number(&h, st.st_ctim.tv_nsec);
	key[0] = 'F';
	memcpy(key + 1, h.lane, LEAKTRACE_UNWIND_KEY_BYTES - 1);
	return 0;
}

void unwind_key_of_bytes(const void *bytes, size_t n, uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES])
{
	struct hash h;

	hash_init(&h);
	hash_add(&h, bytes, n);
	key[0] = 'M';
	memcpy(key + 1, h.lane, LEAKTRACE_UNWIND_KEY_BYTES - 1);
}

/**
 * unwind_key_fd() - the key of an ELF file, without compiling it
 *
 * Return: 0, -ENOEXEC: not an ELF file, or what reading it gave.
 */
int unwind_key_fd(int fd, uint8_t key[LEAKTRACE_UNWIND_KEY_BYTES])
{
	struct elf_image *image = elf_image_map(fd);
	int error;

	if (!image)
		return -errno;
	error = unwind_key_of(fd, image, key);
	elf_image_close(image);
	return error;
}
