package twin

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/fintrack/platform/test/kit/reach"
	"golang.org/x/sys/unix"
)

// Serve makes every host and everybody far answer on ports, by TCP and UDP.
func (t *Twin) Serve(ports []reach.Port) error {
	spaces := map[string]bool{internet: true}
	for _, h := range t.hosts {
		spaces[h.Name] = true
	}
	for _, s := range t.spaces {
		spaces[s.name] = spaces[s.name] || t.isService(s.name)
	}
	for name, serves := range spaces {
		if !serves {
			continue
		}
		err := t.within(name, func() error {
			for _, p := range ports {
				if err := t.listen(p); err != nil {
					return fmt.Errorf("listen on %d in %s: %w", p, name, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Twin) isService(space string) bool {
	for _, f := range t.far {
		for _, s := range t.spaces {
			if s.name != space || space == internet {
				continue
			}
			for _, line := range s.batch {
				if line == fmt.Sprintf("addr add %s/32 dev lo", f.Addr) {
					return true
				}
			}
		}
	}
	return false
}

// listen opens a TCP port, whose handshakes the kernel answers by itself, and a UDP
// port that a goroutine answers.
func (t *Twin) listen(p reach.Port) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	t.serving = append(t.serving, s)
	if err := errors.Join(unix.SetsockoptInt(s, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), unix.Bind(s, &unix.SockaddrInet4{Port: int(p)}), unix.Listen(s, 4096)); err != nil {
		return err
	}
	u, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	t.serving = append(t.serving, u)
	if err := errors.Join(unix.SetsockoptInt(u, unix.IPPROTO_IP, unix.IP_PKTINFO, 1), unix.Bind(u, &unix.SockaddrInet4{Port: int(p)})); err != nil {
		return err
	}
	go echo(u)
	return nil
}

// echo answers datagrams from the address that they were sent to.
func echo(u int) {
	buf, oob := make([]byte, 64), make([]byte, 128)
	for {
		n, on, _, from, err := unix.Recvmsg(u, buf, oob, 0)
		if err != nil {
			if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ENETUNREACH) {
				continue
			}
			return
		}
		if n > 0 {
			_ = unix.Sendmsg(u, buf[:n], source(oob[:on]), from, 0) // what does not go is not answered
		}
	}
}

// source is the control message that makes an answer come from the address that the
// question went to.
func source(oob []byte) []byte {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		if m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= unix.SizeofInet4Pktinfo {
			info := unix.Inet4Pktinfo{}
			copy(info.Spec_dst[:], m.Data[4:8])
			return unix.PktInfo4(&info)
		}
	}
	return nil
}

// try is a connection under way.
type try struct {
	Answer
	fd   int
	udp  bool
	done bool
	sent int
}

// Ask tries all questions at once and waits at most patience for those that are not
// answered. A packet that is dropped leaves no trace but the waiting, so what did
// not pass is tried again with twice the patience before it counts.
func (t *Twin) Ask(questions []Question, patience time.Duration) ([]Answer, error) {
	answers := make([]Answer, len(questions))
	open := make([]int, len(questions))
	for i := range open {
		open[i] = i
	}
	for round := range 2 {
		var batch []Question
		for _, i := range open {
			batch = append(batch, questions[i])
		}
		got, err := t.round(batch, patience<<round)
		if err != nil {
			return nil, err
		}
		var again []int
		for k, i := range open {
			answers[i] = got[k]
			if !got[k].Passed {
				again = append(again, i)
			}
		}
		open = again
	}
	return answers, nil
}

// most is how many connections are under way at a time.
const most = 4000

func (t *Twin) round(questions []Question, patience time.Duration) ([]Answer, error) {
	var out []Answer
	for len(questions) > 0 {
		n := min(len(questions), most)
		tries := make([]*try, n)
		bySpace := map[string][]*try{}
		for i, q := range questions[:n] {
			_, own, space := t.addrs(q.From)
			asked, inside, _ := t.addrs(q.To)
			if space == "" || !asked.IsValid() {
				return nil, fmt.Errorf("from %q to %q: %w", q.From, q.To, errNoAddr)
			}
			if a := t.public(q.To); space == internet && a.IsValid() {
				asked = a
			}
			tries[i] = &try{Answer: Answer{Question: q, Packet: reach.Packet{From: own, To: inside, ToPort: q.ToPort}}, fd: -1, udp: q.Protocol == reach.UDP}
			tries[i].Why = asked.String() // until it is tried
			bySpace[space] = append(bySpace[space], tries[i])
		}
		for space, list := range bySpace {
			if err := t.within(space, func() error { return start(list) }); err != nil {
				return nil, err
			}
		}
		wait(tries, patience)
		for _, y := range tries {
			if y.fd >= 0 {
				_ = unix.Close(y.fd)
			}
			out = append(out, y.Answer)
		}
		questions = questions[n:]
	}
	return out, nil
}

// start opens the sockets and sends the first packets.
func start(list []*try) error {
	for _, y := range list {
		to, err := netip.ParseAddr(y.Why)
		if err != nil {
			return err
		}
		kind := unix.SOCK_STREAM
		if y.udp {
			kind = unix.SOCK_DGRAM
		}
		if y.fd, err = unix.Socket(unix.AF_INET, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		// A refused or finished connection leaves its port at once.
		err = errors.Join(unix.SetsockoptLinger(y.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}), unix.SetsockoptInt(y.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
			unix.Bind(y.fd, &unix.SockaddrInet4{Addr: y.Packet.From.As4(), Port: int(y.FromPort)}))
		if err != nil {
			return fmt.Errorf("from %s (%s port %d): %w", y.From, y.Packet.From, y.FromPort, err)
		}
		y.Why = "no answer"
		err = unix.Connect(y.fd, &unix.SockaddrInet4{Addr: to.As4(), Port: int(y.ToPort)})
		if name, e := unix.Getsockname(y.fd); e == nil {
			if in, ok := name.(*unix.SockaddrInet4); ok {
				y.Packet.FromPort = reach.Port(in.Port)
			}
		}
		switch {
		case err == nil && !y.udp:
			y.Passed, y.done = true, true
		case err != nil && !errors.Is(err, unix.EINPROGRESS):
			y.Why, y.done = err.Error(), true
		}
	}
	return nil
}

// wait polls until every connection is settled or patience is over.
func wait(tries []*try, patience time.Duration) {
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		var polled []unix.PollFd
		var whose []*try
		for _, y := range tries {
			if y.done {
				continue
			}
			events := int16(unix.POLLOUT)
			if y.udp {
				events = unix.POLLIN
				if y.sent < 3 {
					y.sent++
					_, _ = unix.Write(y.fd, []byte("?")) // an error is polled below
				}
			}
			polled, whose = append(polled, unix.PollFd{Fd: int32(y.fd), Events: events}), append(whose, y)
		}
		if len(polled) == 0 {
			return
		}
		if n, err := unix.Poll(polled, 100); err != nil || n == 0 {
			continue
		}
		for i, p := range polled {
			if p.Revents != 0 {
				whose[i].settle()
			}
		}
	}
}

// settle finds out how a connection ended.
func (y *try) settle() {
	y.done = true
	code, err := unix.GetsockoptInt(y.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err == nil && y.udp {
		var buf [8]byte
		_, err = unix.Read(y.fd, buf[:])
	}
	if err != nil {
		y.Why = err.Error()
		return
	}
	y.Passed, y.Why = true, ""
}
