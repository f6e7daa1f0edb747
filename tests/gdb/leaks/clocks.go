// Contexts, timers and tickers: what the clock holds.
package main

import (
	"context"
	"time"
)

type contextKey struct{}

// rt0: leaked main.waitsCancelLost 1
func init() {
	program("context-cancel-lost", func() {
		ctx, cancel := context.WithCancel(context.Background())
		_ = cancel
		go waitsCancelLost(ctx)
	})
}

//go:noinline
func waitsCancelLost(ctx context.Context) { <-ctx.Done() }

// rt0: leaked main.waitsBackground 1
func init() { program("context-background", func() { go waitsBackground(context.Background()) }) }

//go:noinline
func waitsBackground(ctx context.Context) { <-ctx.Done() }

// rt0: alive main.waitsDeadline 2
func init() {
	program("context-timeout", func() {
		ctx, cancel := context.WithTimeout(context.Background(), 1000*time.Hour)
		child, cancelChild := context.WithCancel(context.WithValue(ctx, contextKey{}, 1))
		_, _ = cancel, cancelChild
		go waitsDeadline(ctx)
		go waitsDeadline(child)
	})
}

//go:noinline
func waitsDeadline(ctx context.Context) { <-ctx.Done() }

// rt0: leaked main.waitsOther 1
func init() {
	program("context-timeout-cancelled", func() {
		ctx, cancel := context.WithTimeout(context.Background(), 1000*time.Hour)
		c := make(chan int)
		go waitsOther(context.WithValue(ctx, contextKey{}, c))
		cancel()
	})
}

//go:noinline
func waitsOther(ctx context.Context) {
	<-ctx.Done()
	<-ctx.Value(contextKey{}).(chan int)
}

// rt0: alive main.waitsCancel 2
// rt0: alive main.cancelsLater 1
func init() {
	program("context-cancel-later", func() {
		ctx, cancel := context.WithCancel(context.Background())
		child, cancelChild := context.WithCancel(ctx)
		_ = cancelChild
		go waitsCancel(ctx)
		go waitsCancel(child)
		go cancelsLater(cancel)
	})
}

//go:noinline
func waitsCancel(ctx context.Context) { <-ctx.Done() }

//go:noinline
func cancelsLater(cancel func()) {
	forAnHour()
	cancel()
}

// rt0: alive main.waitsForValue 1
// rt0: alive main.carriesValue 1
func init() {
	program("context-value", func() {
		c := make(chan int)
		go waitsForValue(c)
		go carriesValue(context.WithValue(context.Background(), contextKey{}, c))
	})
}

//go:noinline
func waitsForValue(c chan int) { <-c }

//go:noinline
func carriesValue(ctx context.Context) {
	forAnHour()
	ctx.Value(contextKey{}).(chan int) <- 1
}

// rt0: alive main.waitsAfter 1
func init() { program("timer-after", func() { go waitsAfter() }) }

//go:noinline
func waitsAfter() { <-time.After(1000 * time.Hour) }

// rt0: alive main.waitsAfterFunc 2
func init() {
	program("timer-afterfunc", func() {
		c, holder := make(chan int), &struct{ done chan int }{make(chan int)}
		go waitsAfterFunc(c)
		go waitsAfterFunc(holder.done)
		time.AfterFunc(1000*time.Hour, func() { close(c) })
		time.AfterFunc(1000*time.Hour, func() { close(holder.done) })
	})
}

//go:noinline
func waitsAfterFunc(c chan int) { <-c }

// rt0: leaked main.waitsStopped 1
// rt0: leaked main.waitsStoppedFunc 1
// rt0: leaked main.waitsStoppedTicker 1
func init() {
	program("timers-stopped", func() {
		timer, ticker, c := time.NewTimer(1000*time.Hour), time.NewTicker(time.Hour), make(chan int)
		calls := time.AfterFunc(1000*time.Hour, func() { close(c) })
		timer.Stop()
		ticker.Stop()
		calls.Stop()
		go waitsStopped(timer)
		go waitsStoppedTicker(ticker)
		go waitsStoppedFunc(c)
	})
}

//go:noinline
func waitsStopped(timer *time.Timer) { <-timer.C }

//go:noinline
func waitsStoppedTicker(ticker *time.Ticker) { <-ticker.C }

//go:noinline
func waitsStoppedFunc(c chan int) { <-c }

// rt0: alive main.ticks 1
// rt0: alive main.waitsForTicking 1
func init() {
	program("ticker", func() {
		c := make(chan int)
		go ticks(time.NewTicker(1000*time.Hour), c)
		go waitsForTicking(c)
	})
}

//go:noinline
func ticks(ticker *time.Ticker, c chan int) {
	for range ticker.C {
		c <- 1
	}
}

//go:noinline
func waitsForTicking(c chan int) { <-c }

// rt0: alive main.waitsForReset 1
// rt0: alive main.resetsLater 1
func init() {
	program("timer-reset-later", func() {
		timer := time.NewTimer(1000 * time.Hour)
		timer.Stop()
		go waitsForReset(timer)
		go resetsLater(timer)
	})
}

//go:noinline
func waitsForReset(timer *time.Timer) { <-timer.C }

//go:noinline
func resetsLater(timer *time.Timer) {
	forAnHour()
	timer.Reset(1)
}
