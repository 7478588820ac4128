// SPDX-License-Identifier: GPL-2.0
/*
 * What keeps a module out is asked in the order in which one would have to get round it: what
 * nobody can change until the next boot first.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "netlink/kernel_series.h"
#include "netlink/module_absent.h"
#include "util/macros.h"

enum { CAP_SYS_MODULE_BIT = 16 };

static bool exists(const struct module_host *h, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", h->root, file);
	return !access(path, F_OK);
}

static bool contains(const struct module_host *h, const char *file, const char *word)
{
	char path[PATH_MAX], text[128] = "";
	bool yes;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", h->root, file);
	f = fopen(path, "re");
	if (!f)
		return false;
	yes = fgets(text, sizeof(text), f) && strstr(text, word);
	fclose(f);
	return yes;
}

/* Secure Boot sets lockdown or signature enforcement; the kernel command line may set either. */
static bool requires_signatures(const struct module_host *h)
{
	const char *lockdown = "/sys/kernel/security/lockdown";

	return contains(h, "/sys/module/module/parameters/sig_enforce", "Y") ||
		contains(h, lockdown, "[integrity]") || contains(h, lockdown, "[confidentiality]");
}

static bool is_container(const struct module_host *h)
{
	return exists(h, "/.dockerenv") || exists(h, "/run/.containerenv") || exists(h, "/run/systemd/container") ||
		exists(h, "/run/host/container-manager");
}

static bool is_installed(const struct module_host *h)
{
	static const char *const folders[] = { "updates/dkms", "updates", "extra", "extra/leaktrace" };
	static const char *const endings[] = { "", ".xz", ".zst", ".gz" };
	char path[512];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		for (size_t k = 0; k < ARRAY_SIZE(endings); k++) {
			snprintf(path, sizeof(path), "/lib/modules/%s/%s/leaktrace.ko%s", h->release, folders[i], endings[k]);
			if (exists(h, path))
				return true;
		}
	return false;
}

void module_host_read(struct module_host *h)
{
	static struct utsname name;
	unsigned long long caps = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "CapEff: %llx", &caps);
	if (f)
		fclose(f);
	h->root = "";
	h->may_load = caps >> CAP_SYS_MODULE_BIT & 1;
	h->release = uname(&name) ? "" : name.release;
}

void module_absent(const struct module_host *h, char *buf, size_t len)
{
	char untested[128];

	if (exists(h, "/sys/module/leaktrace"))
		snprintf(buf, len, "module not loaded for this network namespace: run leaktrace on the host, which has it");
	else if (!exists(h, "/proc/modules"))
		snprintf(buf, len, "module not loaded: this kernel is built without modules");
	else if (contains(h, "/proc/sys/kernel/modules_disabled", "1"))
		snprintf(buf, len, "module not loaded: this kernel loads no more modules until it is booted again (kernel.modules_disabled)");
	else if (requires_signatures(h))
		snprintf(buf, len, "module not loaded: this kernel accepts only signed modules: sign leaktrace.ko (leaktrace(1), SECURE BOOT), then run 'insmod leaktrace.ko' (or 'modprobe leaktrace')");
	else if (!h->may_load && is_container(h))
		snprintf(buf, len, "module not loaded: no module can be loaded in this container: run 'insmod leaktrace.ko' on the host");
	else if (!h->may_load)
		snprintf(buf, len, "module not loaded: run 'insmod leaktrace.ko' (or 'modprobe leaktrace') as root");
	else if (kernel_series_sentence(untested, sizeof(untested)))
		snprintf(buf, len, "module not loaded: %s: run 'insmod leaktrace.ko untested=1' to use it nevertheless", untested);
	else if (is_installed(h))
		snprintf(buf, len, "module not loaded: run 'modprobe leaktrace' (or 'insmod leaktrace.ko')");
	else
		snprintf(buf, len, "module not loaded: run 'insmod leaktrace.ko' (none is installed for Linux %s)", h->release);
}
