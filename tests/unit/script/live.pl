# SPDX-License-Identifier: GPL-2.0
# As the programs in live.c: says what its own traceback is, and waits, in many kinds of code.
use strict;
use warnings;
use utf8;
use threads;

# A call has the line that it was made from; the next one has the sub that this is in. A block
# that eval runs is part of its sub, where it has got to. A file's own code has no name, which
# caller() knows as an eval's.
sub tell_it {
	my (@calls, $said, $i);
	for ($i = 0; my @call = caller($i); $i++) {
		next if $i && $call[3] eq '(eval)' && !defined $call[6];
		push @calls, \@call;
	}
	$said = syscall(186) . "\n";
	for ($i = 0; $i < @calls; $i++) {
		my $in = $i + 1 < @calls ? $calls[$i + 1] : undef;
		my $name = $in ? $in->[3] : '(main)';
		$name = '(main)' if $name eq '(eval)' && $calls[$i][1] !~ /^\(eval /;
		$said .= "$calls[$i][1]:$calls[$i][2] $name\n";
	}
	utf8::encode($said);
	syswrite(STDOUT, "$said.\n");
	sysread(STDIN, my $answer, 1);
}

package Été;
use overload '+' => sub { main::tell_it(); 1 }, '""' => \&as_text;

our $AUTOLOAD;

sub new { return bless {}, shift }

sub as_text { main::tell_it(); return 'text' }

sub method {
	my ($self, $n) = @_;
	return $self->method($n - 1) if $n > 0;
	return main::tell_it(
	);
}

sub AUTOLOAD { main::tell_it() }

sub DESTROY { main::tell_it() }

package Tied;

sub TIESCALAR { return bless [], shift }

sub FETCH { main::tell_it(); return 1 }

package main;

sub compare {
	for my $x (1, 2) {
		while (1) {
			Été->new->method(3);
			last;
		}
	}
	return 0;
}

sub deep {
	my ($n) = @_;
	if ($n) {
		deep($n - 1);
	} else {
		tell_it();
	}
}

sub with_eval {
	eval {
		my $x = 1;
		eval {
			tell_it();
			die;
		};
		tell_it();
	};
	tell_it();
}

sub work {
	my @sorted = sort compare 2, 1;
	@sorted = sort { tell_it(); $a <=> $b } 2, 1;
	map { tell_it() } 1;
	grep { my $later = sub { tell_it() }; $later->(); 0 } 1;
	my $object = Été->new;
	my $sum = $object + 1;
	my $text = "$object";
	$object->unknown(1);
	undef $object;
	tie my $tied, 'Tied';
	my $value = $tied;
	eval "no warnings 'redefine';\n\ntell_it(); sub once { tell_it() } once(); 1" or die $@;
	with_eval();
	(my $copy = 'a') =~ s/a/tell_it(); 'b'/e;
	local $SIG{__WARN__} = sub { tell_it() };
	warn 'x';
	local $SIG{ALRM} = sub { tell_it() };
	kill ALRM => $$;
	with_blocks($_) for 0 .. 3;
	deep(50);
}

# The first statement of a block without variables is no statement of its own.
sub with_blocks {
	my ($n) = @_;
	if ($n == 0) {
		tell_it();
		tell_it();
	} elsif ($n == 1) {
		my $x = tell_it();
	} elsif ($n == 2) {
		for (1 .. 2) {
			tell_it() unless $_ > 1;
		}
		unless ($n == 1) {
			tell_it(
				1,
			);
		}
	} else {
		my %of = (a => sub {
			tell_it();
		});
		do { $of{a}->() };
	}
	return $n
		? tell_it()
		: 0;
}

work() for 1 .. 10;
push @INC, sub {
	my ($self, $name) = @_;
	return unless $name eq 'Part.pm';
	open(my $in, '<', \"package Part;\n\nmain::tell_it();\nsub import { main::tell_it() }\n1;\n") or die;
	return $in;
};
eval 'use Part; 1' or die $@;
threads->create(sub { compare(); deep(3) })->join;
syswrite(STDOUT, "end\n");
