// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind tables, one an ELF object, shared by all processes that map it. User
 * space compiles them and hands them over in a file; every field is checked
 * before use (unwind_check.h), so a hostile table can make a stack wrong, but
 * cannot make the walker leave it.
 *
 * A table without users stays for the next process that maps the object, up
 * to table_bytes for all; the longest unused goes first.
 *
 * Lock: tables_lock guards the list. Walkers need none: maps hold references
 * to tables, and are themselves under RCU.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "code.h"
#include "leaktrace.h"
#include "pool.h"
#include "unwind_check.h"

static LIST_HEAD(tables);		/* most recently used first */
static DEFINE_MUTEX(tables_lock);	/* protects tables, total_bytes */
static u64 total_bytes;
static u32 last_id;

static struct lt_table *find(u32 id, const u8 *key)
{
	struct lt_table *tb;

	list_for_each_entry(tb, &tables, node)
		if (key ? !memcmp(tb->header->key, key, LEAKTRACE_UNWIND_KEY_BYTES) :
			  tb->id == id)
			return tb;
	return NULL;
}

static void drop(struct lt_table *tb)
{
	list_del(&tb->node);
	total_bytes -= tb->bytes;
	kvfree(tb->header);
	kfree(tb);
}

static void shrink(u64 bound)
{
	struct lt_table *tb, *tmp;

	list_for_each_entry_safe_reverse(tb, tmp, &tables, node) {
		if (total_bytes <= bound)
			return;
		if (!tb->users)
			drop(tb);
	}
}

/**
 * lt_table_get() - use a table
 * @id: its id
 *
 * Context: may sleep.
 * Return: the table, held, or NULL.
 */
struct lt_table *lt_table_get(u32 id)
{
	struct lt_table *tb;

	mutex_lock(&tables_lock);
	tb = find(id, NULL);
	if (tb) {
		tb->users++;
		list_move(&tb->node, &tables);
	}
	mutex_unlock(&tables_lock);
	return tb;
}

/**
 * lt_table_hold() - use a table that is in use already
 * @tb: the table, or NULL
 *
 * Context: may sleep.
 */
void lt_table_hold(struct lt_table *tb)
{
	if (!tb)
		return;
	mutex_lock(&tables_lock);
	tb->users++;
	mutex_unlock(&tables_lock);
}

/**
 * lt_table_put() - use a table no more; no walker can be in it
 * @tb: the table, or NULL
 *
 * Context: may sleep.
 */
void lt_table_put(struct lt_table *tb)
{
	if (!tb)
		return;
	mutex_lock(&tables_lock);
	tb->users--;
	shrink(lt_table_bytes);
	mutex_unlock(&tables_lock);
}

/**
 * lt_table_find() - is there a table of this object
 * @key: LEAKTRACE_UNWIND_KEY_BYTES
 *
 * Context: may sleep.
 * Return: its id, or 0.
 */
u32 lt_table_find(const u8 *key)
{
	struct lt_table *tb;
	u32 id = 0;

	mutex_lock(&tables_lock);
	tb = find(0, key);
	if (tb) {
		id = tb->id;
		list_move(&tb->node, &tables);
	}
	mutex_unlock(&tables_lock);
	return id;
}

static struct lt_table *make(struct leaktrace_unwind_header *h, size_t bytes)
{
	struct lt_table *tb = kzalloc(sizeof(*tb), GFP_KERNEL);

	if (!tb)
		return NULL;
	tb->header = h;
	tb->bytes = bytes;
	tb->granule = (u32 *)(h + 1);
	tb->row = tb->granule + h->ngranules + 1;
	tb->rule = (struct leaktrace_unwind_rule *)(tb->row + h->nrows);
	return tb;
}

/* The whole file, checked. */
static struct leaktrace_unwind_header *read_blob(struct file *file, size_t *bytes)
{
	loff_t size = i_size_read(file_inode(file)), at = 0;
	struct leaktrace_unwind_header *h;
	ssize_t n;

	if (!S_ISREG(file_inode(file)->i_mode))
		return ERR_PTR(-EINVAL);
	if (size < (loff_t)sizeof(*h) || size > LEAKTRACE_UNWIND_MAX_BYTES)
		return ERR_PTR(-EFBIG);
	h = kvmalloc(size, LT_GFP_TABLE);
	if (!h)
		return ERR_PTR(-ENOMEM);
	while (at < size) {
		n = kernel_read(file, (void *)h + at, size - at, &at);
		if (n <= 0)
			break;
		cond_resched();
	}
	if (at != size || leaktrace_unwind_check(h, size)) {
		kvfree(h);
		return ERR_PTR(at == size ? -EINVAL : -EIO);
	}
	*bytes = size;
	return h;
}

/**
 * lt_table_add() - load a table from a file
 * @file: open for reading, a regular file
 * @id: set to its id
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL: not a valid table, -EFBIG, -EIO, -ENOMEM, -ENOSPC:
 *	the tables in use leave no space for it.
 */
int lt_table_add(struct file *file, u32 *id)
{
	struct leaktrace_unwind_header *h;
	struct lt_table *tb, *old;
	size_t bytes;

	h = read_blob(file, &bytes);
	if (IS_ERR(h))
		return PTR_ERR(h);
	tb = make(h, bytes);
	if (!tb) {
		kvfree(h);
		return -ENOMEM;
	}
	mutex_lock(&tables_lock);
	old = find(0, h->key);
	if (old) {
		*id = old->id;
	} else if (shrink(lt_table_bytes > bytes ? lt_table_bytes - bytes : 0),
		   total_bytes + bytes <= lt_table_bytes) {
		while (!++last_id || find(last_id, NULL))
			;
		tb->id = last_id;
		*id = last_id;
		list_add(&tb->node, &tables);
		total_bytes += bytes;
		h = NULL;
	} else {
		*id = 0;
	}
	mutex_unlock(&tables_lock);
	if (h) {
		kvfree(h);
		kfree(tb);
	}
	return *id ? 0 : -ENOSPC;
}

/**
 * lt_table_exit() - free all tables; none is in use
 *
 * Context: may sleep.
 */
void lt_table_exit(void)
{
	mutex_lock(&tables_lock);
	shrink(0);
	mutex_unlock(&tables_lock);
}

/**
 * lt_table_usage() - how many tables there are
 * @bytes: set to their kernel memory
 *
 * Context: may sleep.
 * Return: number.
 */
u32 lt_table_usage(u64 *bytes)
{
	struct lt_table *tb;
	u32 n = 0;

	mutex_lock(&tables_lock);
	list_for_each_entry(tb, &tables, node)
		n++;
	*bytes = total_bytes;
	mutex_unlock(&tables_lock);
	return n;
}
