package probe_test

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/netpol/probe"
	"github.com/stretchr/testify/require"
)

// free is a port of this machine that nobody has.
func free(t *testing.T) uint16 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

func at(port uint16) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))) }

func TestAnswers(t *testing.T) {
	open, closed := free(t), free(t)
	s, err := probe.Serve("127.0.0.1", []uint16{open})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	// A socket that takes datagrams and says nothing.
	mute, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { mute.Close() })
	answers := probe.Round{Patience: 400 * time.Millisecond, Questions: []probe.Question{
		{Network: "tcp", Address: at(open)}, {Network: "udp", Address: at(open)}, {Network: "tcp", Address: at(closed)}, {Network: "udp", Address: at(closed)},
		{Network: "udp", Address: mute.LocalAddr().String()}, {Network: "tcp", Address: at(open), From: "127.0.0.2"}, {Network: "udp", Address: at(open), From: "127.0.0.2"},
		{Network: "tcp", Address: "127.0.0.1:x"},
	}}.Ask()
	require.Equal(t, []probe.Answer{probe.Open, probe.Open, probe.Refused, probe.Refused, probe.Silent, probe.Open, probe.Open}, answers[:7])
	require.Contains(t, answers[7], "x")
}

func TestAPortThatIsTaken(t *testing.T) {
	port := free(t)
	s, err := probe.Serve("127.0.0.1", []uint16{port})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	_, err = probe.Serve("127.0.0.1", []uint16{port})
	require.Error(t, err)
}
