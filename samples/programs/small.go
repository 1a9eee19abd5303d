// A little program for Go's profilers: recursion, a function that is inlined, labels, allocations of known
// sizes, goroutines that wait, a contended mutex.
//
//	small FOLDER    writes cpu.pb.gz, heap.pb.gz, … and the text forms into FOLDER
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sort"
	"sync"
	"time"
)

var keep [][]byte

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func isEven(n int) bool { return n == 0 || isOdd(n-1) }

//go:noinline
func isOdd(n int) bool { return n != 0 && isEven(n-1) }

// Small enough to be inlined.
func next(state uint32) uint32 { return state*1664525 + 1013904223 }

func fill(items []int) {
	state := uint32(len(items))
	for i := range items {
		state = next(state)
		items[i] = int(state >> 8)
	}
}

func oneRound() int {
	items := make([]int, 4000)
	fill(items)
	sort.Ints(items)
	result := items[2000] + fib(16)
	if isEven(100) {
		result++
	}
	return result
}

func work(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		oneRound()
	}
}

//go:noinline
func allocate(n, size int) {
	for i := 0; i < n; i++ {
		keep = append(keep, make([]byte, size))
	}
}

func contend(mutex *sync.Mutex, all *sync.WaitGroup) {
	for i := 0; i < 20; i++ {
		mutex.Lock()
		time.Sleep(time.Millisecond)
		mutex.Unlock()
	}
	all.Done()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func create(name string) *os.File {
	file, err := os.Create(os.Args[1] + "/" + name)
	check(err)
	return file
}

func write(profile, name string, debug int) {
	file := create(name)
	check(pprof.Lookup(profile).WriteTo(file, debug))
	check(file.Close())
}

func cpu() {
	file := create("go-cpu.pb.gz")
	check(pprof.StartCPUProfile(file))
	work(300 * time.Millisecond)
	pprof.Do(context.Background(), pprof.Labels("request", "first", "thread", "worker"), func(context.Context) {
		work(300 * time.Millisecond)
	})
	pprof.StopCPUProfile()
	check(file.Close())
}

func main() {
	runtime.MemProfileRate = 0
	cpu()
	runtime.MemProfileRate = 512
	allocate(100, 1000)
	allocate(10, 100000)
	keep = append([][]byte(nil), keep[50:]...)
	runtime.GC()
	runtime.GC() // what is freed counts from the second on
	runtime.MemProfileRate = 0
	write("heap", "go-heap.pb.gz", 0)
	runtime.MemProfileRate = 512
	write("heap", "go-heap.txt", 1)
	runtime.MemProfileRate = 0
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	var mutex sync.Mutex
	var all sync.WaitGroup
	all.Add(3)
	for i := 0; i < 3; i++ {
		go contend(&mutex, &all)
	}
	time.Sleep(10 * time.Millisecond)
	write("goroutine", "go-goroutine.pb.gz", 0)
	write("goroutine", "go-goroutine.txt", 1)
	all.Wait()
	write("mutex", "go-mutex.pb.gz", 0)
	write("mutex", "go-mutex.txt", 1)
	write("block", "go-block.pb.gz", 0)
}
