package picture_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/picture"
	"github.com/stretchr/testify/require"
)

func cells() []reach.Cell {
	whole := map[reach.Protocol]reach.PortSet{reach.TCP: reach.AllPorts, reach.UDP: reach.AllPorts, reach.ICMP: reach.Ports(8, 8)}
	return []reach.Cell{
		{From: "pods", To: "pods", Open: whole},
		{From: "pods", To: "a <database>", Open: map[reach.Protocol]reach.PortSet{reach.TCP: reach.Ports(5432, 5432)}},
		{From: "a <database>", To: "pods"},
		{From: "a <database>", To: "a <database>"},
	}
}

func TestTheTableNamesWhatIsOpen(t *testing.T) {
	require.Equal(t, "from \\ to     pods  a <database>\npods          all   tcp 5432\na <database>  -     -\n", picture.Table(cells()))
}

func TestThePictureIsWellFormedAndTellsTheSame(t *testing.T) {
	svg := picture.SVG(cells())
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
	}
	require.Contains(t, string(svg), "pods reaches of a &lt;database&gt;: tcp 5432")
}
