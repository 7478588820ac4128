# SPDX-License-Identifier: GPL-2.0
# As script.py: opens files on many lines, by one way through the interpreter, and says what
# its own tracebacks were. What is passed to keep stays open.
require 'json'

# Frames of C are in Ruby's tracebacks, too, by the line that calls them.
IN_C = %w[each map times sort_by call initialize].freeze

$kept = {}
$folder = ARGV[1]
$number = 0

# Of who has called keep.
def frames
  caller_locations(2).reject { |l| IN_C.include?(l.label) && !l.path.to_s.start_with?('<internal:') }
    .map { |l| [l.path, l.lineno, l.label] }
end

# Each is a file of its own, by which its descriptor is found later.
def fresh = "#{$folder}/#{$number += 1}"

def keep(file)
  $kept[file.path] = [file, frames]
end

class Pool
  def one
    keep(File.open(fresh, 'w'))
  end

  def clean
    File.open(fresh, 'w').close
  end

  def both
    keep(File.open(fresh, 'w')); File.open(fresh, 'w').close
    keep(File.open(fresh, 'w'))
  end

  def recurse(depth)
    depth > 0 ? recurse(depth - 1) : one
  end

  def self.apart = keep(File.open(fresh, 'w'))
end

def compare(pool)
  [2, 1].sort_by { |x| pool.one if x == 1; pool.clean; x }
end

def work(pool)
  pool.clean
  pool.one
  pool.both
  pool.recurse(5)
  compare(pool)
  [1].each { Pool.apart }
  $later.call
  part
  # What calls it is on another stack.
  Fiber.new { pool.one }.resume
  Thread.new { pool.one }.join
end

# By descriptor.
def told
  Dir.children('/proc/self/fd').each_with_object({}) do |fd, found|
    path = File.readlink("/proc/self/fd/#{fd}") rescue next
    found[fd] = $kept[path][1] if $kept[path]
  end
end

File.write("#{$folder}/part.rb", "\ndef part = keep(File.open(fresh, 'w'))\n")
load "#{$folder}/part.rb"
$later = lambda { keep(File.open(fresh, 'w')) }
STDOUT.sync = true
puts 'ready'
STDIN.gets
ARGV[0].to_i.times do
  work(Pool.new)
  sleep 0.01
end
puts 'done'
STDIN.gets
puts JSON.generate(told)
STDIN.gets
