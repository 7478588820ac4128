// SPDX-License-Identifier: GPL-2.0
/* Why a host has not let the module in. */
#include "fake_root.h"
#include "netlink/module_absent.h"

static struct module_host host = { .root = root, .may_load = true, .release = "6.1.0-1-amd64" };

static bool says(const char *what)
{
	char text[384];
	bool yes;

	module_absent(&host, text, sizeof(text));
	yes = strstr(text, what) && !strchr(text, '\n');
	if (!yes)
		fprintf(stderr, "it says: %s\n", text);
	return yes;
}

int main(void)
{
	root_begin();
	CHECK(says("built without modules"));
	put_file("", "/proc/modules");
	CHECK(says("run 'insmod leaktrace.ko' (none is installed for Linux 6.1.0-1-amd64)"));
	put_file("", "/lib/modules/6.1.0-1-amd64/updates/dkms/leaktrace.ko.xz");
	CHECK(says("run 'modprobe leaktrace'"));
	host.may_load = false;
	CHECK(says("as root"));
	put_file("", "/run/.containerenv");
	CHECK(says("in this container"));
	host.may_load = true;
	CHECK(says("run 'modprobe leaktrace'"), "a container that may");
	put_file("[none] integrity confidentiality\n", "/sys/kernel/security/lockdown");
	put_file("N\n", "/sys/module/module/parameters/sig_enforce");
	CHECK(says("run 'modprobe leaktrace'"));
	put_file("none [integrity] confidentiality\n", "/sys/kernel/security/lockdown");
	CHECK(says("accepts only signed modules"));
	put_file("[none] integrity confidentiality\n", "/sys/kernel/security/lockdown");
	put_file("Y\n", "/sys/module/module/parameters/sig_enforce");
	CHECK(says("accepts only signed modules"));
	put_file("1\n", "/proc/sys/kernel/modules_disabled");
	CHECK(says("no more modules until it is booted again"));
	put_file("live\n", "/sys/module/leaktrace/initstate");
	CHECK(says("network namespace"));
	root_end();
	return verdict("why there is no module");
}
