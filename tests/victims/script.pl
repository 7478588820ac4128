# SPDX-License-Identifier: GPL-2.0
# As script.py: opens files on many lines, by one way through the interpreter, and says what
# its own tracebacks were. What is passed to keep stays open.
use strict;
use warnings;
use JSON::PP;
use POSIX ();
use threads;
use threads::shared;

my %kept;
my %told : shared;
my ($times, $folder) = @ARGV;
my $number : shared = 0;

# Of who has called keep. A block that eval runs is part of its sub; a file's own code has no name.
sub frames {
	my (@calls, @frames);
	for (my $i = 1; my @call = caller($i); $i++) {
		push @calls, \@call unless $i > 1 && $call[3] eq '(eval)' && !defined $call[6];
	}
	for my $i (0 .. $#calls) {
		my $name = $i < $#calls ? $calls[$i + 1][3] : '(main)';
		$name = '(main)' if $name eq '(eval)' && $calls[$i][1] !~ /^\(eval /;
		push @frames, [$calls[$i][1], $calls[$i][2] + 0, $name];
	}
	return \@frames;
}

# Each is a file of its own, by which its descriptor is found later.
sub fresh {
	lock $number;
	return "$folder/" . ++$number;
}

sub keep {
	my ($file, $path) = @_;
	$kept{$path} = $file;
	$told{$path} = encode_json(frames());
}

package Pool;

sub new { return bless {}, shift }

sub one {
	my $path = main::fresh();
	open(my $f, '>', $path); main::keep($f, $path);
}

sub clean {
	my $path = main::fresh();
	open(my $f, '>', $path); close $f;
}

sub both {
	my ($path, $other, $last) = map { main::fresh() } 1 .. 3;
	open(my $f, '>', $path); main::keep($f, $path); open(my $g, '>', $other); close $g;
	open(my $h, '>', $last); main::keep($h, $last);
}

sub recurse {
	my ($self, $depth) = @_;
	return $depth ? $self->recurse($depth - 1) : $self->one;
}

# The first statement of a block without variables is no statement of its own.
sub in_block {
	my ($self, $path) = @_;
	my $f;
	if ($path) {
		open($f, '>', $path); main::keep($f, $path);
	}
}

sub DESTROY {
	my ($self) = @_;
	$self->one if $self->{last};
}

package main;

sub compare {
	my ($pool) = @_;
	my @sorted = sort { $pool->one if $a == 1; $pool->clean; $a <=> $b } 2, 1;
}

my $later = sub { my $path = fresh(); open(my $f, '>', $path); keep($f, $path) };

my ($asked, $answered) : shared = (0, 0);

# Its code is its own, and goes with it, so it stays.
sub in_thread {
	lock $asked;
	for (;;) {
		cond_wait($asked) while $asked == $answered;
		my $path = fresh();
		keep(POSIX::open($path, POSIX::O_CREAT), $path);
		$answered = $asked;
		cond_signal($asked);
	}
}

sub ask_thread {
	lock $asked;
	$asked++;
	cond_signal($asked);
	cond_wait($asked) while $asked != $answered;
}

sub work {
	my ($pool) = @_;
	$pool->clean;
	$pool->one;
	$pool->both;
	$pool->recurse(5);
	compare($pool);
	$pool->in_block(fresh());
	$later->();
	eval { $pool->in_block(fresh()); die };
	of_text($pool);
	part();
	# What calls it is on another stack.
	Pool->new->{last} = 1;
	ask_thread();
}

# By descriptor.
sub told {
	my %found;
	for my $fd (map { m{([0-9]+)$} } glob '/proc/self/fd/*') {
		my $path = readlink "/proc/self/fd/$fd" or next;
		$found{$fd} = decode_json($told{$path}) if $told{$path};
	}
	return \%found;
}

open(my $part, '>', "$folder/part.pl") or die;
print $part "sub part {\nmy \$path = fresh();\nopen(my \$f, '>', \$path); keep(\$f, \$path);\n}\n1;\n";
close $part;
require "$folder/part.pl";
eval "\nsub of_text { shift->one }; 1" or die $@;
threads->create(\&in_thread)->detach;
$| = 1;
print "ready\n";
<STDIN>;
for (1 .. $times) {
	work(Pool->new);
	select(undef, undef, undef, 0.01);
}
print "done\n";
<STDIN>;
print encode_json(told()), "\n";
<STDIN>;
