// SPDX-License-Identifier: GPL-2.0

package main

import (
	"context"
	"sync"
)

func init() {
	kernels = append(kernels, []kernel{
		{"NeverCancelled", leakNeverCancelled, soundNeverCancelled},
		{"Background", leakBackground, soundBackground},
		{"WrongParent", leakWrongParent, soundWrongParent},
		{"IgnoresContext", leakIgnoresContext, soundIgnoresContext},
		{"WaitThenCancel", leakWaitThenCancel, soundWaitThenCancel},
		{"JoinedContexts", leakJoinedContexts, soundJoinedContexts},
	}...)
}

func leakNeverCancelled() {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-ctx.Done()
	}()
	_ = cancel
}

func soundNeverCancelled() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-ctx.Done()
	}()
}

// Its Done is a nil channel.
func leakBackground() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func(context.Context) {
		<-context.Background().Done()
	}(ctx)
}

func soundBackground() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func(ctx context.Context) {
		<-ctx.Done()
	}(ctx)
}

type key struct{}

// That of the request is cancelled, that of its work is not its child.
func leakWrongParent() {
	_, cancelRequest := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, 1))
	go func() {
		<-ctx.Done()
		cancel()
	}()
	cancelRequest()
}

func soundWrongParent() {
	request, cancelRequest := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(context.WithValue(request, key{}, 1))
	go func() {
		<-ctx.Done()
		cancel()
	}()
	cancelRequest()
}

func leakIgnoresContext() {
	ctx, cancel := context.WithCancel(context.Background())
	rows := make(chan int)
	go func() {
		for i := 0; ctx.Err() == nil || i < 3; i++ {
			rows <- i
		}
	}()
	<-rows
	cancel()
}

func soundIgnoresContext() {
	ctx, cancel := context.WithCancel(context.Background())
	rows := make(chan int)
	go func() {
		for i := 0; ; i++ {
			select {
			case rows <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	<-rows
	cancel()
}

func leakWaitThenCancel() {
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	all.Add(1)
	go func() {
		defer all.Done()
		<-ctx.Done()
	}()
	go func() {
		all.Wait()
		cancel()
	}()
}

func soundWaitThenCancel() {
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	all.Add(1)
	go func() {
		defer all.Done()
		<-ctx.Done()
	}()
	go func() {
		cancel()
		all.Wait()
	}()
}

// For each request a goroutine that waits for whichever ends first: neither does.
func leakJoinedContexts() {
	server, stop := context.WithCancel(context.Background())
	request, end := context.WithCancel(context.Background())
	_ = stop
	go func() {
		select {
		case <-server.Done():
		case <-request.Done():
		}
		end()
	}()
}

func soundJoinedContexts() {
	server, stop := context.WithCancel(context.Background())
	request, end := context.WithCancel(context.Background())
	go func() {
		select {
		case <-server.Done():
		case <-request.Done():
		}
		stop()
	}()
	end()
}
