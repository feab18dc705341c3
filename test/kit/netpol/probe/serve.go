package probe

import (
	"errors"
	"fmt"
	"io"
	"net"
)

// Server answers on ports.
type Server struct{ open []io.Closer }

// Serve answers TCP, by taking a connection and ending it, and UDP, by sending back
// what comes, on every port. host is an address of this machine; empty for all of
// them, IPv4 and IPv6.
func Serve(host string, ports []uint16) (*Server, error) {
	s := &Server{}
	for _, p := range ports {
		address := net.JoinHostPort(host, fmt.Sprint(p))
		stream, err := net.Listen("tcp", address)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.open = append(s.open, stream)
		go accept(stream)
		packets, err := net.ListenPacket("udp", address)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.open = append(s.open, packets)
		go echo(packets)
	}
	return s, nil
}

// Close ends it.
func (s *Server) Close() error {
	var errs []error
	for _, c := range s.open {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			c.Close()
		}
	}
}

func echo(c net.PacketConn) {
	buffer := make([]byte, 512)
	for {
		n, from, err := c.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			_, err = c.WriteTo(buffer[:n], from)
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}
