// Package probe makes and answers connections, to see which of them a network lets
// pass. It has no dependency beside the standard library: it runs in pods.
package probe

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// Question is one connection to try.
type Question struct {
	// Network is tcp or udp, Address host:port with an IP address.
	Network, Address string
	// From is the address to ask from; empty for the one that the routes give.
	From string `json:",omitempty"`
}

// Answer is what came of it.
type Answer string

const (
	// Open is a connection that the other end took, or a datagram that it answered.
	Open Answer = "open"
	// Refused came back from the other end's kernel: the packet arrived, and nobody
	// listens.
	Refused Answer = "refused"
	// Silent is that nothing came back in time.
	Silent Answer = "silent"
)

// Round is questions to ask side by side.
type Round struct {
	Questions []Question
	// Patience is how long one may take.
	Patience time.Duration
	// AtOnce is how many are asked at a time; 64 when it is 0.
	AtOnce int
}

// query is a question for the addresses of a name in the domain of a cluster: what a
// name server understands (RFC 1035, section 4.1), and everybody else sends back.
var query = []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0akubernetes\x07default\x03svc\x07cluster\x05local\x00\x00\x01\x00\x01")

// resend is how often a datagram is sent again: it may be lost.
const resend = 250 * time.Millisecond

// Ask returns the answers in the order of the questions. What is none of the three
// answers is told in words.
func (r Round) Ask() []Answer {
	out := make([]Answer, len(r.Questions))
	most := r.AtOnce
	if most == 0 {
		most = 64
	}
	tokens := make(chan struct{}, most)
	var wg sync.WaitGroup
	for i, q := range r.Questions {
		wg.Add(1)
		tokens <- struct{}{}
		go func() {
			defer wg.Done()
			out[i] = ask(q, r.Patience)
			<-tokens
		}()
	}
	wg.Wait()
	return out
}

func ask(q Question, patience time.Duration) Answer {
	deadline := time.Now().Add(patience)
	d := net.Dialer{Timeout: patience}
	if q.From != "" {
		ip := net.ParseIP(q.From)
		if d.LocalAddr = (&net.TCPAddr{IP: ip}); q.Network == "udp" {
			d.LocalAddr = &net.UDPAddr{IP: ip}
		}
	}
	c, err := d.Dial(q.Network, q.Address)
	if err != nil {
		return of(err)
	}
	defer c.Close()
	if q.Network == "tcp" {
		return Open
	}
	buffer := make([]byte, 512)
	for time.Now().Before(deadline) {
		if _, err := c.Write(query); err != nil {
			return of(err)
		}
		until := time.Now().Add(resend)
		if until.After(deadline) {
			until = deadline
		}
		if err := c.SetReadDeadline(until); err != nil {
			return of(err)
		}
		_, err := c.Read(buffer)
		if err == nil {
			return Open
		}
		if a := of(err); a != Silent {
			return a
		}
	}
	return Silent
}

func of(err error) Answer {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return Silent
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	}
	return Answer(err.Error())
}
