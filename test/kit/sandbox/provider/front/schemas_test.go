package front_test

import (
	"bytes"
	"testing"

	"github.com/fintrack/platform/test/kit/sandbox/provider/front"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// entry is an entry of a map whose values are messages.
func entry(number protowire.Number, key, value string) []byte {
	var m []byte
	m = protowire.AppendTag(m, 1, protowire.BytesType)
	m = protowire.AppendString(m, key)
	m = protowire.AppendTag(m, 2, protowire.BytesType)
	m = protowire.AppendString(m, value)
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), m)
}

func TestSchemasOfOtherTypesAreLeftOut(t *testing.T) {
	provider := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte{8, 1})
	capabilities := protowire.AppendBytes(protowire.AppendTag(nil, 6, protowire.BytesType), []byte{8, 1})
	function := entry(7, "arn_parse", "f")
	queue, role, data := entry(2, "aws_sqs_queue", "q"), entry(2, "aws_iam_role", "r"), entry(3, "aws_iam_role", "d")
	answer := bytes.Join([][]byte{provider, queue, role, data, capabilities, function}, nil)
	s, err := front.Parse(answer)
	require.NoError(t, err)
	require.Equal(t, answer, s.Of(nil))
	require.Equal(t, bytes.Join([][]byte{provider, role, data, capabilities, function}, nil), s.Of(map[string]bool{"aws_iam_role": true, "aws_other": true}))
	require.Equal(t, bytes.Join([][]byte{provider, capabilities, function}, nil), s.Of(map[string]bool{}))
}

func TestSchemasThatCannotBeReadAreAnError(t *testing.T) {
	for name, answer := range map[string][]byte{
		"a tag without an end":       {0x80},
		"a length beyond the answer": {0x12, 0x7f, 0x01},
		"a group that is not closed": {0x13},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := front.Parse(answer)
			require.ErrorContains(t, err, "the provider's schemas")
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(entry(2, "aws_sqs_queue", "q"), "aws_sqs_queue")
	f.Add([]byte{0x12, 0x02, 0x0a, 0x00, 0x08, 0x01}, "")
	f.Fuzz(func(t *testing.T, answer []byte, name string) {
		s, err := front.Parse(answer)
		if err != nil {
			return
		}
		require.True(t, bytes.Equal(answer, s.Of(nil)), "all of it is what came")
		require.LessOrEqual(t, len(s.Of(map[string]bool{name: true})), len(answer))
	})
}
