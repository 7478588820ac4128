// SPDX-License-Identifier: GPL-2.0
/*
 * Doors in the text of a process that runs: nobody is stopped. x86-64 only, as the order of
 * the writes is what its processors allow:
 *
 *   open    int3, by the kernel's own uprobe, which from then on executes the old instruction
 *           for whoever comes; all processors; the tail; all; the first byte; all
 *   close   int3, by us; all; the old tail; all; the old first byte; all
 *
 * Bytes behind an int3 are not executed: they belong to the same instruction, and nothing
 * branches there. 'All' is an interrupt on each processor that ends in an instruction which
 * serialises. The mmap_lock that our callers hold for writing keeps fork, unmapping and other
 * uprobes away, from int3 to the end. For reading it would not do: a uprobe that removes itself
 * from a process copies the page, and would lose what is written meanwhile.
 *
 * The uprobe stays registered while the door is open. Its int3 is overwritten, so it does not
 * fire; but while it is there nobody else's uprobe_unregister() writes the file's first byte in
 * front of our tail.
 *
 * Nothing is written that does not lie in one page, in a mapping of a file's code that nobody
 * shares, and where what is there is not what is expected.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uprobes.h>
#ifdef CONFIG_X86_64
#include <asm/sync_core.h>
#endif
#include <linux/leaktrace_gate.h>

#include "patch.h"

enum { INT3 = 0xcc };

#if defined(CONFIG_X86_64) && defined(CONFIG_UPROBES)

/**
 * lt_patch_supported() - are there doors here at all
 *
 * Context: any.
 * Return: whether there are.
 */
bool lt_patch_supported(void)
{
	return true;
}

static void sync_here(void *unused)
{
	sync_core();
}

static void sync_all(void)
{
	on_each_cpu(sync_here, NULL, 1);
}

/* v6.5, ca5e863233e8 and 54d020692b34: nobody wants the vmas any more. */
static int get_page_of(struct mm_struct *mm, unsigned long at, unsigned int flags,
		       struct page **page)
{
#ifdef LT_HAVE_GUP_VMAS
	long n = get_user_pages_remote(mm, at, 1, flags, page, NULL, NULL);
#else
	long n = get_user_pages_remote(mm, at, 1, flags, page, NULL);
#endif

	return n == 1 ? 0 : n < 0 ? n : -EFAULT;
}

/* @n bytes at @at, all in one page, which is put back by put_bytes(). */
static u8 *get_bytes(struct mm_struct *mm, unsigned long at, unsigned int n, bool write,
		     struct page **page)
{
	int err;

	if (!n || offset_in_page(at) + n > PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	err = get_page_of(mm, at & PAGE_MASK, FOLL_FORCE | (write ? FOLL_WRITE : 0), page);
	return err ? ERR_PTR(err) : (u8 *)page_address(*page) + offset_in_page(at);
}

static void put_bytes(struct page *page, bool write)
{
	if (write)
		set_page_dirty_lock(page);
	put_page(page);
}

/**
 * lt_patch_find() - which file's code is mapped there
 * @mm: address space
 * @at: address
 * @place: filled in
 *
 * Context: may sleep; @mm's mmap_lock is held.
 * Return: 0; -ENOENT: nothing that may be patched.
 */
int lt_patch_find(struct mm_struct *mm, unsigned long at, struct lt_patch_place *place)
{
	struct vm_area_struct *vma = find_vma(mm, at);

	if (!vma || vma->vm_start > at || !vma->vm_file)
		return -ENOENT;
	if ((vma->vm_flags & (VM_EXEC | VM_WRITE | VM_MAYSHARE | VM_HUGETLB)) != VM_EXEC)
		return -ENOENT;
	place->inode = file_inode(vma->vm_file);
	place->offset = ((loff_t)vma->vm_pgoff << PAGE_SHIFT) + (at - vma->vm_start);
	return 0;
}

/**
 * lt_patch_read() - what is there
 * @mm: address space
 * @at: address
 * @to: @n bytes
 * @n: all in one page
 *
 * Context: may sleep; @mm's mmap_lock is held.
 * Return: 0 or negative errno.
 */
int lt_patch_read(struct mm_struct *mm, unsigned long at, void *to, unsigned int n)
{
	struct page *page;
	u8 *p = get_bytes(mm, at, n, false, &page);

	if (IS_ERR(p))
		return PTR_ERR(p);
	memcpy(to, p, n);
	put_bytes(page, false);
	return 0;
}

/**
 * lt_patch_write() - write where nobody executes
 * @mm: address space
 * @at: address
 * @from: @n bytes
 * @n: all in one page
 *
 * Context: may sleep; @mm's mmap_lock is held for writing.
 * Return: 0 or negative errno.
 */
int lt_patch_write(struct mm_struct *mm, unsigned long at, const void *from, unsigned int n)
{
	struct page *page;
	u8 *p = get_bytes(mm, at, n, true, &page);

	if (IS_ERR(p))
		return PTR_ERR(p);
	memcpy(p, from, n);
	put_bytes(page, true);
	return 0;
}

/**
 * lt_patch_write_word() - write a word that the process itself reads and writes
 * @mm: address space
 * @at: address, aligned
 * @word: what to write
 *
 * Context: may sleep; @mm's mmap_lock is held.
 * Return: 0 or negative errno.
 */
int lt_patch_write_word(struct mm_struct *mm, unsigned long at, u64 word)
{
	struct page *page;
	u8 *p = get_bytes(mm, at, sizeof(word), true, &page);

	if (IS_ERR(p))
		return PTR_ERR(p);
	WRITE_ONCE(*(u64 *)p, word);
	put_bytes(page, true);
	return 0;
}

static bool has_tail(const u8 *p, const u8 *bytes, unsigned int n)
{
	return !memcmp(p + 1, bytes + 1, n - 1);
}

/**
 * lt_patch_open() - open a door at which the uprobe's int3 stands
 * @mm: address space
 * @door: of a plan that was checked
 *
 * Context: may sleep; @mm's mmap_lock is held for writing.
 * Return: 0; -ESTALE: something else is there; or negative errno.
 */
int lt_patch_open(struct mm_struct *mm, const struct leaktrace_gate_door *door)
{
	unsigned int n = door->jump_bytes;
	struct page *page;
	u8 *p = get_bytes(mm, door->address, n, true, &page);
	int err = 0;

	if (IS_ERR(p))
		return PTR_ERR(p);
	if (*p == INT3 && has_tail(p, door->old, n)) {
		sync_all();
		memcpy(p + 1, door->jump + 1, n - 1);
		sync_all();
		WRITE_ONCE(*p, door->jump[0]);
		sync_all();
	} else {
		err = -ESTALE;
	}
	put_bytes(page, true);
	return err;
}

static bool is_open(const u8 *p, const struct leaktrace_gate_door *door)
{
	return (*p == door->jump[0] || *p == INT3) && has_tail(p, door->jump, door->jump_bytes);
}

/**
 * lt_patch_close() - close it; the uprobe is still registered
 * @mm: address space
 * @door: the door
 *
 * Somebody else's int3 stays, as does what is not ours.
 *
 * Context: may sleep; @mm's mmap_lock is held for writing.
 * Return: 0 or negative errno.
 */
int lt_patch_close(struct mm_struct *mm, const struct leaktrace_gate_door *door)
{
	unsigned int n = door->jump_bytes;
	struct page *page;
	u8 *p = get_bytes(mm, door->address, n, true, &page);
	bool foreign;

	if (IS_ERR(p))
		return PTR_ERR(p);
	if (is_open(p, door)) {
		foreign = *p == INT3;
		WRITE_ONCE(*p, INT3);
		sync_all();
		memcpy(p + 1, door->old + 1, n - 1);
		sync_all();
		if (!foreign) {
			WRITE_ONCE(*p, door->old[0]);
			sync_all();
		}
	}
	put_bytes(page, true);
	return 0;
}

/**
 * lt_patch_close_child() - close a door that fork has copied
 * @mm: of a child that has executed nothing yet
 * @door: the door
 *
 * Context: may sleep; @mm's mmap_lock is held.
 * Return: 0 or negative errno.
 */
int lt_patch_close_child(struct mm_struct *mm, const struct leaktrace_gate_door *door)
{
	unsigned int n = door->jump_bytes;
	struct page *page;
	u8 *p = get_bytes(mm, door->address, n, true, &page);

	if (IS_ERR(p))
		return PTR_ERR(p);
	/* Or the old first byte: an int3 of somebody's was there, and has been removed. */
	if (is_open(p, door) || (*p == door->old[0] && has_tail(p, door->jump, n))) {
		memcpy(p + 1, door->old + 1, n - 1);
		if (*p != INT3)
			WRITE_ONCE(*p, door->old[0]);
	}
	put_bytes(page, true);
	return 0;
}

/* v6.13, 59da880afed2 and da09a9e0c3ea: the handler gets room for a word. */
#ifdef LT_HAVE_UPROBE_DATA
static int on_trap(struct uprobe_consumer *c, struct pt_regs *regs, __u64 *data)
#else
static int on_trap(struct uprobe_consumer *c, struct pt_regs *regs)
#endif
{
	struct lt_patch_probe *p = container_of(c, struct lt_patch_probe, consumer);

	if (!p->wants(p, current->mm))
		return UPROBE_HANDLER_REMOVE;
	p->trapped(p);
	return 0;
}

/* v6.12, 59da880afed2: why it is asked is not said any more. */
#ifdef LT_HAVE_UPROBE_FILTER_CTX
static bool on_filter(struct uprobe_consumer *c, enum uprobe_filter_ctx ctx, struct mm_struct *mm)
#else
static bool on_filter(struct uprobe_consumer *c, struct mm_struct *mm)
#endif
{
	struct lt_patch_probe *p = container_of(c, struct lt_patch_probe, consumer);

	return p->wants(p, mm);
}

/**
 * lt_patch_register() - have int3 written, in the address spaces that are wanted
 * @p: the probe; its inode is held by the caller until lt_patch_unregister()
 *
 * Context: may sleep, no mmap_lock held.
 * Return: 0 or negative errno.
 */
int lt_patch_register(struct lt_patch_probe *p)
{
	int err;

	p->consumer.handler = on_trap;
	p->consumer.filter = on_filter;
	/* v6.12, 3c83a9ad0295: by a handle; and 04b01625da13: one function for all */
#ifdef LT_HAVE_UPROBE_HANDLE
	p->uprobe = uprobe_register(p->inode, p->offset, 0, &p->consumer);
	err = PTR_ERR_OR_ZERO(p->uprobe);
#else
	err = uprobe_register(p->inode, p->offset, &p->consumer);
#endif
	p->registered = !err;
	return err;
}

/**
 * lt_patch_unregister() - have it removed again
 * @p: the probe; lt_patch_unregistered() says when nobody uses it any more
 *
 * Context: may sleep, no mmap_lock held.
 */
void lt_patch_unregister(struct lt_patch_probe *p)
{
	if (!p->registered)
		return;
	p->registered = false;
#ifdef LT_HAVE_UPROBE_HANDLE
	uprobe_unregister_nosync(p->uprobe, &p->consumer);
#else
	uprobe_unregister(p->inode, p->offset, &p->consumer);
#endif
}

/**
 * lt_patch_unregistered() - wait until no probe that was unregistered is in use
 *
 * Context: may sleep.
 */
void lt_patch_unregistered(void)
{
#ifdef LT_HAVE_UPROBE_HANDLE
	uprobe_unregister_sync();
#endif
}

#else /* another architecture, or a kernel without uprobes */

bool lt_patch_supported(void)
{
	return false;
}

int lt_patch_find(struct mm_struct *mm, unsigned long at, struct lt_patch_place *place)
{
	return -ENOENT;
}

int lt_patch_read(struct mm_struct *mm, unsigned long at, void *to, unsigned int n)
{
	return -EOPNOTSUPP;
}

int lt_patch_write(struct mm_struct *mm, unsigned long at, const void *from, unsigned int n)
{
	return -EOPNOTSUPP;
}

int lt_patch_write_word(struct mm_struct *mm, unsigned long at, u64 word)
{
	return -EOPNOTSUPP;
}

int lt_patch_open(struct mm_struct *mm, const struct leaktrace_gate_door *door)
{
	return -EOPNOTSUPP;
}

int lt_patch_close(struct mm_struct *mm, const struct leaktrace_gate_door *door)
{
	return 0;
}

int lt_patch_close_child(struct mm_struct *mm, const struct leaktrace_gate_door *door)
{
	return 0;
}

int lt_patch_register(struct lt_patch_probe *p)
{
	return -EOPNOTSUPP;
}

void lt_patch_unregister(struct lt_patch_probe *p)
{
}

void lt_patch_unregistered(void)
{
}

#endif
