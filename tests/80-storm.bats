#!/usr/bin/env bats
# Many at once: exact, or every loss flagged.
# bats file_tags=vm,smp,storm

load lib/common

setup() {
	need_module
	hide_debug_files
	# a bystander that does all that the probes listen to
	"$VICTIMS/victim_storm" churn >/dev/null 2>&1 3>&- &
	bystander=$!
}

teardown() {
	kill -KILL "$bystander" 2>/dev/null || true
	wait "$bystander" 2>/dev/null || true
	clean_up
}

@test "storm: 16 threads open and close 200,000 descriptors while another process churns" {
	start_and_attach fd victim_storm
	tell storm 16 200000 37
	expect "$(answer opened) $(answer closed)" "200000 199963" "the victim's own count"
	report
	assert_exact
	assert_site storm_open fd 37 200000
	assert_released storm_open fd storm_close
	assert_fd_count
	assert_unrepaired
	expect "$(loss objects) $(loss stacks)" "0 0" losses
	kill -0 "$bystander"
}

# bats test_tags=core
@test "storm: 8 threads, 20,000 descriptors" {
	start_and_attach fd victim_storm
	tell storm 8 20000 11
	report
	assert_exact
	assert_site storm_open fd 11 20000
	assert_fd_count
	assert_unrepaired
	kill -0 "$bystander"
}

# bats test_tags=core,debug
@test "storm: 8 threads touch and unmap 25,600 pages" {
	start_and_attach page victim_storm
	tell pages 8 32 100
	report
	assert_exact
	assert_site storm_touch page 0 25600
	assert_all_pages
	kill -0 "$bystander"
}

@test "storm: 8 threads make and delete 4,000 timers" {
	start_and_attach timer victim_storm
	tell timers 8 4000
	report
	assert_exact
	assert_site storm_timer timer 0 4000
	assert_total timer live "$(proc_timer_count "$VICTIM")"
	kill -0 "$bystander"
}

@test "storm: 8 threads make 2,000 threads" {
	start_and_attach thread victim_storm
	tell spawn 8 2000
	report
	assert_exact
	assert_site storm_spawn thread 0 2000
	assert_total thread live "$(proc_task_count "$VICTIM")"
	kill -0 "$bystander"
}

@test "storm: all four kinds at once, nobody listening, then reported while it rages" {
	start_victim victim_storm
	attach
	send storm 8 40000 5
	report
	# a moving target: whatever it says must fit together
	jq -e '.totals | all(.[]; .live >= 0)' "$REPORT"
	hear
	report
	assert_site storm_open fd 5 40000
	assert_fd_count
	assert_exact
	assert_all_pages
}
