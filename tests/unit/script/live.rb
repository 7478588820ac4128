# SPDX-License-Identifier: GPL-2.0
# As the programs in live.c: says what its own traceback is, and waits, in many kinds of code.

# Frames of C are in Ruby's tracebacks by the line that calls them.
IN_C = %w[each map times sort_by instance_eval eval send public_send new initialize call each_entry
	define_method catch resume require_relative instance_exec upto inject step].freeze

def tell
  told = caller_locations(1).reject { |l| IN_C.include?(l.label) && !l.path.to_s.start_with?('<internal:') }
    .map { |l| "#{l.path}:#{l.lineno} #{l.label}\n" }.join
  STDOUT.syswrite("#{Thread.current.native_thread_id}\n#{told}.\n")
  STDIN.sysread(1)
end

class Été
  def method_one(n)
    return method_one(n - 1) if n > 0
    tell(
    )
  end

  def method_missing(name, *)
    tell
  end

  define_method(:defined) { |x| tell }

  def self.of_class = tell
end

module Told
  def self.block
    yield 1
  end
end

def compare
  [2, 1].sort_by { |x| Été.new.method_one(3) if x == 1; x }
end

def deep(n)
  n > 0 ? deep(n - 1) : tell
end

def many_lines(a)
  a += 1
  a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1
  a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1

  a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1
  tell
  a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1; a += 1
  a = a > 0 ? a * 2 : [a, 1, 2].size
  a = a > 1 ? a * 2 : [a, 1, 2].size
  a = a > 2 ? a * 2 : [a, 1, 2].size
  a = a > 3 ? a * 2 : [a, 1, 2].size
  a = a > 4 ? a * 2 : [a, 1, 2].size
  a = a > 5 ? a * 2 : [a, 1, 2].size
  a = a > 6 ? a * 2 : [a, 1, 2].size
  a = a > 7 ? a * 2 : [a, 1, 2].size
  a = a > 8 ? a * 2 : [a, 1, 2].size
  a = a > 9 ? a * 2 : [a, 1, 2].size
  a = a > 10 ? a * 2 : [a, 1, 2].size
  a = a > 11 ? a * 2 : [a, 1, 2].size
  a = a > 12 ? a * 2 : [a, 1, 2].size
  a = a > 13 ? a * 2 : [a, 1, 2].size
  a = a > 14 ? a * 2 : [a, 1, 2].size
  a = a > 15 ? a * 2 : [a, 1, 2].size
  a = a > 16 ? a * 2 : [a, 1, 2].size
  a = a > 17 ? a * 2 : [a, 1, 2].size
  a = a > 18 ? a * 2 : [a, 1, 2].size
  a = a > 19 ? a * 2 : [a, 1, 2].size
  a = a > 20 ? a * 2 : [a, 1, 2].size
  a = a > 21 ? a * 2 : [a, 1, 2].size
  a = a > 22 ? a * 2 : [a, 1, 2].size
  a = a > 23 ? a * 2 : [a, 1, 2].size
  a = a > 24 ? a * 2 : [a, 1, 2].size
  a = a > 25 ? a * 2 : [a, 1, 2].size
  a = a > 26 ? a * 2 : [a, 1, 2].size
  a = a > 27 ? a * 2 : [a, 1, 2].size
  a = a > 28 ? a * 2 : [a, 1, 2].size
  a = a > 29 ? a * 2 : [a, 1, 2].size
  a = a > 30 ? a * 2 : [a, 1, 2].size
  a = a > 31 ? a * 2 : [a, 1, 2].size
  a = a > 32 ? a * 2 : [a, 1, 2].size
  a = a > 33 ? a * 2 : [a, 1, 2].size
  a = a > 34 ? a * 2 : [a, 1, 2].size
  a = a > 35 ? a * 2 : [a, 1, 2].size
  a = a > 36 ? a * 2 : [a, 1, 2].size
  a = a > 37 ? a * 2 : [a, 1, 2].size
  a = a > 38 ? a * 2 : [a, 1, 2].size
  a = a > 39 ? a * 2 : [a, 1, 2].size
  a = a > 40 ? a * 2 : [a, 1, 2].size
  a = a > 41 ? a * 2 : [a, 1, 2].size
  a = a > 42 ? a * 2 : [a, 1, 2].size
  a = a > 43 ? a * 2 : [a, 1, 2].size
  a = a > 44 ? a * 2 : [a, 1, 2].size
  a = a > 45 ? a * 2 : [a, 1, 2].size
  a = a > 46 ? a * 2 : [a, 1, 2].size
  a = a > 47 ? a * 2 : [a, 1, 2].size
  a = a > 48 ? a * 2 : [a, 1, 2].size
  a = a > 49 ? a * 2 : [a, 1, 2].size
  a = a > 50 ? a * 2 : [a, 1, 2].size
  a = a > 51 ? a * 2 : [a, 1, 2].size
  a = a > 52 ? a * 2 : [a, 1, 2].size
  a = a > 53 ? a * 2 : [a, 1, 2].size
  a = a > 54 ? a * 2 : [a, 1, 2].size
  a = a > 55 ? a * 2 : [a, 1, 2].size
  a = a > 56 ? a * 2 : [a, 1, 2].size
  a = a > 57 ? a * 2 : [a, 1, 2].size
  a = a > 58 ? a * 2 : [a, 1, 2].size
  a = a > 59 ? a * 2 : [a, 1, 2].size
  tell
  a
end

def ensured
  raise ArgumentError, 'x'
rescue ArgumentError
  tell
ensure
  tell
end

def work
  compare
  Told.block { |x| tell }
  Told.block do |x|
    [1].each { |y| [1].map(&->(z) { tell }) }
  end
  Été.new.nothing
  Été.new.defined(1)
  Été.of_class
  Été.new.instance_eval { tell }
  eval("\n\ntell", binding, 'evaluated', 7)
  many_lines(1)
  ensured
  catch(:x) { tell; throw :x }
  1.upto(1) { tell }
  [1].each_entry { |x| Été.new.send(:method_one, 1) }
  Fiber.new { tell; deep(3) }.resume
  Enumerator.new { |y| tell; y << 1 }.next
  deep(50)
end

5.times { work }
Thread.new { work }.join
at_exit { tell; STDOUT.syswrite("end\n") }
