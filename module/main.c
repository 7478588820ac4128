// SPDX-License-Identifier: GPL-2.0
/*
 * Load and unload. Nothing traces until the first target is added (target.c),
 * and nothing but the tables' heads is allocated until then.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_wait.h>
#include <linux/utsname.h>
#include <linux/version.h>

#include "code.h"
#include "heap.h"
#include "kind.h"
#include "leaktrace.h"
#include "netlink.h"
#include "object.h"
#include "pair.h"
#include "probe.h"
#include "ring.h"
#include "site.h"
#include "stack.h"
#include "work.h"

/* Guards the list of targets, and the attaching of probes. */
DEFINE_MUTEX(lt_mutex);
atomic64_t lt_lost[__LT_LOSSES];

unsigned int lt_max_objects = 1 << 20;
module_param_named(max_objects, lt_max_objects, uint, 0444);
MODULE_PARM_DESC(max_objects, "live fds, timers and threads of all targets (64 bytes each, default 1048576)");

unsigned int lt_max_sites = 100000;
module_param_named(max_sites, lt_max_sites, uint, 0444);
MODULE_PARM_DESC(max_sites, "birth sites of all targets (default 100000)");

unsigned int lt_max_stacks = 500000;
module_param_named(max_stacks, lt_max_stacks, uint, 0444);
MODULE_PARM_DESC(max_stacks, "distinct user stacks of all targets (default 500000)");

unsigned int lt_max_targets = 200;
module_param_named(max_targets, lt_max_targets, uint, 0444);
MODULE_PARM_DESC(max_targets, "processes traced at once (default 200)");

unsigned int lt_max_depth = 256;
module_param_named(max_depth, lt_max_depth, uint, 0444);
MODULE_PARM_DESC(max_depth, "frames kept of a user stack, 1 to 1024 (default 256)");

unsigned int lt_ring_bytes = 256 << 10;
module_param_named(ring_bytes, lt_ring_bytes, uint, 0444);
MODULE_PARM_DESC(ring_bytes, "event ring of one CPU, rounded up to a power of two (default 262144)");

unsigned int lt_table_bytes = 64 << 20;
module_param_named(table_bytes, lt_table_bytes, uint, 0444);
MODULE_PARM_DESC(table_bytes, "unwind tables of all programs and libraries (default 67108864)");

unsigned int lt_hold_ms = 1000;
module_param_named(hold_ms, lt_hold_ms, uint, 0444);
MODULE_PARM_DESC(hold_ms, "longest wait of a thread that has mapped code for its unwind table (default 1000, at most 60000)");

bool lt_gates;
module_param_named(gates, lt_gates, bool, 0444);
MODULE_PARM_DESC(gates, "lets leaktrace write gates into processes, for kind heap (default no)");

static bool untested;
module_param(untested, bool, 0444);
MODULE_PARM_DESC(untested, "load on a kernel of a newer series than any that was tested (default no)");

static int stop_set(const char *text, const struct kernel_param *kp)
{
	bool stop;
	int err = kstrtobool(text, &stop);

	if (err || !stop)
		return err;
	lt_give_up("stopped by hand");
	lt_heap_stop();
	lt_pair_stop();
	return 0;
}

static int stop_get(char *text, const struct kernel_param *kp)
{
	return sprintf(text, "%c\n", lt_gave_up() ? 'Y' : 'N');
}

static const struct kernel_param_ops stop_ops = { .set = stop_set, .get = stop_get };
module_param_cb(stop, &stop_ops, NULL, 0600);
MODULE_PARM_DESC(stop, "write 1: trace nothing any more, until loaded again");

static void clamp_parameters(void)
{
	lt_max_objects = clamp(lt_max_objects, 1U, 1U << 26);
	lt_max_sites = clamp(lt_max_sites, 1U, 1U << 24);
	lt_max_stacks = clamp(lt_max_stacks, 1U, 1U << 24);
	lt_max_targets = clamp(lt_max_targets, 1U, 4096U);
	lt_max_depth = clamp(lt_max_depth, 1U, (unsigned int)LEAKTRACE_STACK_DEPTH_MAX);
	lt_ring_bytes = clamp(lt_ring_bytes, 4096U, 64U << 20);
	lt_hold_ms = min(lt_hold_ms, 60000U);
}

/* What all kinds use; the kinds' own come after these. */
static const struct lt_store *const common_stores[] = {
	&lt_work_store,
	&lt_object_store,
	&lt_site_store,
	&lt_stack_store,
	&lt_ring_store,
};

enum { NSTORES = ARRAY_SIZE(common_stores) + LT_KINDS };

/*
 * Processors that have memory for their probes: those that were online at the first attach,
 * or came online since. One that goes offline keeps it until the last detach, as it may come
 * back. Under the lock of CPU hotplug, in whose callbacks lt_mutex is not to be taken.
 */
static cpumask_t equipped;
static bool primed;			/* something is traced */
static int hotplug_state;

/* NULL: that kind has none. */
static const struct lt_store *store_at(unsigned int i)
{
	return i < ARRAY_SIZE(common_stores) ? common_stores[i] :
	       lt_kinds[i - ARRAY_SIZE(common_stores)]->store;
}

static void exit_stores(unsigned int n)
{
	while (n--)
		if (store_at(n))
			store_at(n)->exit();
}

static int __init init_stores(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < NSTORES; i++) {
		err = store_at(i) ? store_at(i)->init() : 0;
		if (err) {
			exit_stores(i);
			return err;
		}
	}
	return 0;
}

static int equip_cpu(unsigned int cpu)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < NSTORES && !err; i++)
		if (store_at(i) && store_at(i)->cpu_get)
			err = store_at(i)->cpu_get(cpu);
	if (!err)
		cpumask_set_cpu(cpu, &equipped);
	return err;
}

static void forget_cpus(void)
{
	cpus_read_lock();
	primed = false;
	cpumask_clear(&equipped);
	cpus_read_unlock();
}

static int equip_online_cpus(void)
{
	unsigned int cpu;
	int err = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		err = err ?: equip_cpu(cpu);
	primed = !err;
	cpus_read_unlock();
	return err;
}

/* It comes online whether or not there is memory: a trace is not worth a processor. */
static int cpu_comes_online(unsigned int cpu)
{
	if (primed && !cpumask_test_cpu(cpu, &equipped))
		equip_cpu(cpu);
	return 0;
}

/**
 * lt_stores_reset() - memory back after the last target, in advance for the next
 * @prime: allocate what probes will need at first
 *
 * Context: may sleep, under lt_mutex, no probe attached.
 * Return: 0 or -ENOMEM.
 */
int lt_stores_reset(bool prime)
{
	unsigned int i;
	int err = 0;

	forget_cpus();
	for (i = 0; i < NSTORES && !err; i++)
		if (store_at(i) && store_at(i)->reset)
			err = store_at(i)->reset(prime);
	return err || !prime ? err : equip_online_cpus();
}

/**
 * lt_stores_bytes() - kernel memory of all tables that grow
 *
 * Context: any.
 * Return: bytes.
 */
u64 lt_stores_bytes(void)
{
	unsigned int i;
	u64 bytes = 0;

	for (i = 0; i < NSTORES; i++)
		if (store_at(i) && store_at(i)->bytes)
			bytes += store_at(i)->bytes();
	return bytes;
}

/**
 * lt_stores_cpu_bytes() - kernel memory of one processor that is online, in all tables
 * @cpus: set to how many have it now
 *
 * Context: any.
 * Return: bytes.
 */
u64 lt_stores_cpu_bytes(unsigned int *cpus)
{
	unsigned int i;
	u64 bytes = 0;

	for (i = 0; i < NSTORES; i++)
		if (store_at(i) && store_at(i)->cpu_bytes)
			bytes += store_at(i)->cpu_bytes();
	*cpus = cpumask_weight(&equipped);
	return bytes;
}

/* Alone in its section, where a test writes an older one: it has no kernel that is newer. */
static const u32 newest_tested __section(".leaktrace.tested") =
	KERNEL_VERSION(LEAKTRACE_TESTED_MAJOR, LEAKTRACE_TESTED_MINOR, 0);

/*
 * A new series may keep every name and type that we rely on and change what they mean, which
 * no compiler sees. This is the only question of a version number, as nothing else can answer
 * what was tested.
 */
static int __init check_series(void)
{
	u32 tested = READ_ONCE(newest_tested) >> 8, major, minor;

	if (sscanf(init_utsname()->release, "%u.%u", &major, &minor) != 2 ||
	    KERNEL_VERSION(major, minor, 0) >> 8 <= tested)
		return 0;
	if (untested) {
		pr_warn("Linux %u.%u is newer than %u.%u, the newest that was tested; loaded, as untested=1 asks\n",
			major, minor, tested >> 8, tested & 0xff);
		return 0;
	}
	pr_err("Linux %u.%u is newer than %u.%u, the newest that was tested: untested=1 loads the module nevertheless\n",
	       major, minor, tested >> 8, tested & 0xff);
	return -EOPNOTSUPP;
}

static int __init lt_init(void)
{
	int err = check_series();

	if (err)
		return err;
	clamp_parameters();
	err = init_stores();
	if (err)
		return err;
	hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "leaktrace:prepare",
						  cpu_comes_online, NULL);
	err = hotplug_state < 0 ? hotplug_state : lt_netlink_init();
	if (!err)
		return 0;
	if (hotplug_state > 0)
		cpuhp_remove_state_nocalls(hotplug_state);
	exit_stores(NSTORES);
	return err;
}

/*
 * Every target holds a reference to the module, so none is left here, and no
 * probe is attached. What may still run is the tail of a deferred work that
 * dropped the last reference: it has no more than a return to make.
 */
static void __exit lt_exit(void)
{
	lt_netlink_exit();
	synchronize_rcu_tasks();
	cpuhp_remove_state_nocalls(hotplug_state);
	exit_stores(NSTORES);
	lt_table_exit();
	rcu_barrier();
}

module_init(lt_init);
module_exit(lt_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("leaktrace developers");
MODULE_DESCRIPTION("Live objects of chosen processes and the stacks that made them");
MODULE_VERSION(LT_VERSION);
/*
 * No MODULE_ALIAS_GENL_FAMILY(): by that anybody who asks netlink for the family would have
 * the module loaded.
 */
