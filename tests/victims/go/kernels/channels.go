// SPDX-License-Identifier: GPL-2.0

package main

func init() {
	kernels = append(kernels, []kernel{
		{"TimedOut", leakTimedOut, soundTimedOut},
		{"FirstAnswer", leakFirstAnswer, soundFirstAnswer},
		{"NoClose", leakNoClose, soundNoClose},
		{"NilReceive", leakNilReceive, soundNilReceive},
		{"NilSend", leakNilSend, soundNilSend},
		{"ReturnOnError", leakReturnOnError, soundReturnOnError},
		{"ReceiveTwice", leakReceiveTwice, soundReceiveTwice},
		{"SmallBuffer", leakSmallBuffer, soundSmallBuffer},
		{"DoneFirst", leakDoneFirst, soundDoneFirst},
		{"Semaphore", leakSemaphore, soundSemaphore},
		{"Pipeline", leakPipeline, soundPipeline},
		{"WrongClose", leakWrongClose, soundWrongClose},
		{"OwnQueue", leakOwnQueue, soundOwnQueue},
		{"DroppedRequest", leakDroppedRequest, soundDroppedRequest},
		{"WakeOne", leakWakeOne, soundWakeOne},
		{"LostToken", leakLostToken, soundLostToken},
		{"Generator", leakGenerator, soundGenerator},
		{"BothReceive", leakBothReceive, soundBothReceive},
	}...)
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Who asked has gone when the answer is there.
func leakTimedOut() {
	answer, late := make(chan int), make(chan struct{})
	go func() {
		<-late
		answer <- 1
	}()
	select {
	case <-answer:
	case <-closed():
	}
	close(late)
}

func soundTimedOut() {
	answer, late := make(chan int, 1), make(chan struct{})
	go func() {
		<-late
		answer <- 1
	}()
	select {
	case <-answer:
	case <-closed():
	}
	close(late)
}

func leakFirstAnswer() {
	answers := make(chan int)
	for i := 0; i < 3; i++ {
		go func(i int) {
			answers <- i
		}(i)
	}
	<-answers
}

func soundFirstAnswer() {
	answers := make(chan int, 3)
	for i := 0; i < 3; i++ {
		go func(i int) {
			answers <- i
		}(i)
	}
	<-answers
}

func leakNoClose() {
	lines := make(chan int)
	go func() {
		for range lines {
		}
	}()
	lines <- 1
}

func soundNoClose() {
	lines := make(chan int)
	go func() {
		for range lines {
		}
	}()
	lines <- 1
	close(lines)
}

type client struct {
	requests chan int
	done     chan struct{}
}

// The field was never given a channel.
func leakNilReceive() {
	c := &client{requests: make(chan int)}
	go func() {
		<-c.done
	}()
}

func soundNilReceive() {
	c := &client{done: make(chan struct{})}
	go func() {
		<-c.done
	}()
	close(c.done)
}

func leakNilSend() {
	c := &client{done: make(chan struct{})}
	go func() {
		c.requests <- 1
	}()
}

func soundNilSend() {
	c := &client{requests: make(chan int, 1)}
	go func() {
		c.requests <- 1
	}()
}

func readUntilError(rows <-chan int) error {
	for row := range rows {
		if row == 1 {
			return errEmpty
		}
	}
	return nil
}

func leakReturnOnError() {
	rows := make(chan int)
	go func() {
		defer close(rows)
		for i := 0; i < 4; i++ {
			rows <- i
		}
	}()
	_ = readUntilError(rows)
}

func soundReturnOnError() {
	rows := make(chan int)
	go func() {
		defer close(rows)
		for i := 0; i < 4; i++ {
			rows <- i
		}
	}()
	_ = readUntilError(rows)
	for range rows {
	}
}

func leakReceiveTwice() {
	answer := make(chan int, 1)
	answer <- 1
	go func() {
		if <-answer == 1 {
			<-answer
		}
	}()
}

func soundReceiveTwice() {
	answer := make(chan int, 1)
	answer <- 1
	go func() {
		<-answer
	}()
}

func leakSmallBuffer() {
	failures := make(chan error, 1)
	for i := 0; i < 3; i++ {
		go func() {
			failures <- errEmpty
		}()
	}
	<-failures
}

func soundSmallBuffer() {
	failures := make(chan error, 3)
	for i := 0; i < 3; i++ {
		go func() {
			failures <- errEmpty
		}()
	}
	<-failures
}

// Each waits for what the other does afterwards.
func leakDoneFirst() {
	results, done := make(chan int), make(chan struct{})
	go func() {
		results <- 1
		close(done)
	}()
	go func() {
		<-done
		<-results
	}()
}

func soundDoneFirst() {
	results, done := make(chan int), make(chan struct{})
	go func() {
		results <- 1
		close(done)
	}()
	go func() {
		<-results
		<-done
	}()
}

func work(slots chan struct{}, n int) error {
	slots <- struct{}{}
	if n == 0 {
		return errEmpty
	}
	<-slots
	return nil
}

func leakSemaphore() {
	slots := make(chan struct{}, 1)
	_ = work(slots, 0)
	go func() {
		_ = work(slots, 1)
	}()
}

func soundSemaphore() {
	slots := make(chan struct{}, 1)
	_ = work(slots, 1)
	go func() {
		_ = work(slots, 1)
	}()
}

// Both stages, though only the last one was left.
func leakPipeline() {
	numbers, squares := make(chan int), make(chan int)
	go func() {
		for i := 0; ; i++ {
			numbers <- i
		}
	}()
	go func() {
		for n := range numbers {
			squares <- n * n
		}
	}()
	<-squares
}

func soundPipeline() {
	numbers, squares := make(chan int), make(chan int)
	go func() {
		defer close(numbers)
		for i := 0; i < 3; i++ {
			numbers <- i
		}
	}()
	go func() {
		defer close(squares)
		for n := range numbers {
			squares <- n * n
		}
	}()
	for range squares {
	}
}

func leakWrongClose() {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		<-quit
	}()
	close(done)
}

func soundWrongClose() {
	quit := make(chan struct{})
	go func() {
		<-quit
	}()
	close(quit)
}

// Nobody but itself reads the queue.
func leakOwnQueue() {
	events := make(chan int, 1)
	events <- 1
	go func() {
		for event := range events {
			events <- event + 1
			events <- event + 2
		}
	}()
}

func soundOwnQueue() {
	events := make(chan int, 1)
	events <- 1
	go func() {
		for queue := []int{<-events}; len(queue) > 0; queue = queue[1:] {
			if queue[0] < 4 {
				queue = append(queue, queue[0]+1, queue[0]+2)
			}
		}
	}()
}

func request(queue chan chan int, drop bool) chan int {
	reply := make(chan int, 1)
	select {
	case queue <- reply:
	default:
		if !drop {
			close(reply)
		}
	}
	return reply
}

func leakDroppedRequest() {
	reply := request(make(chan chan int), true)
	go func() {
		<-reply
	}()
}

func soundDroppedRequest() {
	reply := request(make(chan chan int), false)
	go func() {
		<-reply
	}()
}

func leakWakeOne() {
	ready := make(chan struct{})
	for i := 0; i < 3; i++ {
		go func() {
			<-ready
		}()
	}
	ready <- struct{}{}
}

func soundWakeOne() {
	ready := make(chan struct{})
	for i := 0; i < 3; i++ {
		go func() {
			<-ready
		}()
	}
	close(ready)
}

func leakLostToken() {
	ring := [3]chan int{make(chan int), make(chan int), make(chan int)}
	for i := range ring {
		go func(i int) {
			token := <-ring[i]
			if token == 1 {
				return
			}
			ring[(i+1)%len(ring)] <- token + 1
		}(i)
	}
	ring[0] <- 0
}

func soundLostToken() {
	ring := [4]chan int{make(chan int), make(chan int), make(chan int), make(chan int, 1)}
	for i := 0; i < 3; i++ {
		go func(i int) {
			ring[i+1] <- <-ring[i] + 1
		}(i)
	}
	ring[0] <- 0
	<-ring[3]
}

func leakGenerator() {
	numbers := make(chan int)
	go func() {
		for i := 0; ; i++ {
			numbers <- i
		}
	}()
	<-numbers
}

func soundGenerator() {
	numbers, enough := make(chan int), make(chan struct{})
	go func() {
		for i := 0; ; i++ {
			select {
			case numbers <- i:
			case <-enough:
				return
			}
		}
	}()
	<-numbers
	close(enough)
}

func leakBothReceive() {
	ping, pong := make(chan int), make(chan int)
	go func() {
		<-ping
		pong <- 1
	}()
	go func() {
		<-pong
		ping <- 1
	}()
}

func soundBothReceive() {
	ping, pong := make(chan int), make(chan int)
	go func() {
		<-ping
		pong <- 1
	}()
	go func() {
		ping <- 1
		<-pong
	}()
}
