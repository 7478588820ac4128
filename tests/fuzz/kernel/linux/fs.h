/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What module/table.c sees of a kernel, beyond tests/walk/kernel/kernel.h: lists,
 * memory, and files of bytes that the fuzzer makes up.
 */
#ifndef FUZZ_KERNEL_FS_H
#define FUZZ_KERNEL_FS_H

#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "kernel.h"

#define container_of(at, type, member) ((type *)((char *)(at) - offsetof(type, member)))
#define list_entry(at, head, member) container_of(at, __typeof__(*(head)), member)
#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }
#define list_for_each_entry(at, head, member)					\
	for ((at) = list_entry((head)->next, at, member); &(at)->member != (head);	\
	     (at) = list_entry((at)->member.next, at, member))
#define list_for_each_entry_safe_reverse(at, tmp, head, member)			\
	for ((at) = list_entry((head)->prev, at, member),				\
	     (tmp) = list_entry((at)->member.prev, at, member);				\
	     &(at)->member != (head);							\
	     (at) = (tmp), (tmp) = list_entry((tmp)->member.prev, tmp, member))

static inline void list_del(struct list_head *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
}

static inline void list_add(struct list_head *node, struct list_head *head)
{
	node->next = head->next;
	node->prev = head;
	head->next->prev = node;
	head->next = node;
}

static inline void list_move(struct list_head *node, struct list_head *head)
{
	list_del(node);
	list_add(node, head);
}

#define DEFINE_MUTEX(name) int name
#define mutex_lock(lock) ((void)(lock))
#define mutex_unlock(lock) ((void)(lock))
#define cond_resched() do { } while (0)
#define kzalloc(bytes, flags) calloc(1, bytes)
#define kvmalloc(bytes, flags) malloc(bytes)
#define kfree(at) free(at)

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *at)
{
	return (long)at;
}

static inline bool IS_ERR(const void *at)
{
	return (unsigned long)at >= -4095UL;
}

/* A file may be shorter than it says, come in pieces, and fail at any of them. */
struct inode {
	mode_t i_mode;
	loff_t size;
};

struct file {
	struct inode inode;
	const unsigned char *bytes;
	size_t nbytes;
	size_t piece_bytes;		/* at most so many at once */
	int error;			/* at its end; 0: none */
};

static inline struct inode *file_inode(struct file *file)
{
	return &file->inode;
}

static inline loff_t i_size_read(const struct inode *inode)
{
	return inode->size;
}

static inline ssize_t kernel_read(struct file *file, void *to, size_t bytes, loff_t *at)
{
	size_t left = file->nbytes - *at;

	if (!left)
		return file->error;
	bytes = bytes < left ? bytes : left;
	bytes = bytes < file->piece_bytes ? bytes : file->piece_bytes;
	memcpy(to, file->bytes + *at, bytes);
	*at += bytes;
	return bytes;
}

extern u64 lt_table_bytes;

#endif
