// Generic types: one piece of code for many.
package main

import "sync"

type mailbox[T any] struct {
	mu   sync.Mutex
	mail chan T
}

func (m *mailbox[T]) take() T { return <-m.mail }

func newMailbox[T any]() *mailbox[T] { return &mailbox[T]{mail: make(chan T)} }

// rt0: leaked main.takesInt 1
// rt0: leaked main.takesString 1
// rt0: alive main.takesPointer 1
// rt0: alive main.hasMailbox 1
func init() {
	program("generic-mailboxes", func() {
		lived := newMailbox[*server]()
		go takesInt(newMailbox[int]())
		go takesString(newMailbox[string]())
		go takesPointer(lived)
		go hasMailbox(lived)
	})
}

//go:noinline
func takesInt(m *mailbox[int]) { m.take() }

//go:noinline
func takesString(m *mailbox[string]) { m.take() }

//go:noinline
func takesPointer(m *mailbox[*server]) { m.take() }

//go:noinline
func hasMailbox(m *mailbox[*server]) {
	forAnHour()
	close(m.mail)
}
