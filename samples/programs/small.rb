# small.rb OUT MODE INTERVAL RAW: recursion, a block, a sort with a block, under stackprof.
require "stackprof"

def fib(n)
  n < 2 ? n : fib(n - 1) + fib(n - 2)
end

class Store
  def initialize
    @count = Hash.new(0)
  end

  def add(names)
    names.each { |name| @count[name] += 1 }
    @count.sort_by { |name, n| [-n, name] }
  end
end

def one_round(store)
  store.add((0...300).map { |i| "item #{i * 7919 % 300}" })
  fib(14)
end

out, mode, interval, raw = ARGV
StackProf.run(mode: mode.to_sym, interval: interval.to_i, raw: raw == "raw", out: out) do
  store = Store.new
  60.times { one_round(store) }
end
