package fastclock_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock"
	"github.com/stretchr/testify/require"
)

const (
	textAddr   = 0x401000
	textOffset = 0x1000
	alignment  = 32
	bodyLen    = 40
)

// synthetic describes a program that is never run: the smallest in which the
// functions can be found and redirected.
type synthetic struct {
	functions []synthFunc
	magic     uint32
	start     uint64 // where the function table says that the code starts
	count     uint64 // functions that the table says it has, besides those it has
	textFlags elf.SectionFlag
	segment   elf.ProgFlag
}

type synthFunc struct {
	name    string
	code    []byte
	flags   byte
	pcdata  []uint32
	padding byte
}

// near and far are functions with a stack check of either form; the block that
// grows the stack is the jump back to the entry alone.
func near() []byte {
	code := append([]byte{0x49, 0x3b, 0x66, 0x10, 0x76, bodyLen - 2 - 6}, bytes.Repeat([]byte{0x90}, bodyLen-2-6)...)
	return append(code, 0xeb, 0x100-bodyLen)
}

func far() []byte {
	code := append([]byte{0x49, 0x3b, 0x66, 0x10, 0x0f, 0x86, bodyLen - 5 - 10, 0, 0, 0}, bytes.Repeat([]byte{0x90}, bodyLen-5-10)...)
	return append(code, 0xe9, 0x100-bodyLen, 0xff, 0xff, 0xff)
}

func ordinary() synthetic {
	const asm = 4
	return synthetic{
		functions: []synthFunc{
			{name: "one.asm", code: []byte{0xc3}, flags: asm, padding: 0xcc},
			{name: "compiled", code: []byte{0xc3}, padding: 0xcc},
			{name: "full.asm", code: bytes.Repeat([]byte{0x90}, alignment-4), flags: asm, padding: 0xcc},
			{name: "two.asm", code: []byte{0xc3}, flags: asm, pcdata: []uint32{0}, padding: 0xcc},
			{name: "time.Sleep", code: far(), padding: 0xcc},
			{name: "time.NewTimer", code: near(), padding: 0xcc},
		},
		magic: 0xfffffff1, start: textAddr,
		textFlags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, segment: elf.PF_R | elf.PF_X,
	}
}

var le = binary.LittleEndian

// build lays the program out as the Go linker does.
func (s synthetic) build() []byte {
	var text []byte
	names, pcs := []byte{0}, []byte{0}
	list, records := []byte{}, []byte{}
	listLen := uint32(8*len(s.functions) + 4)
	for _, f := range s.functions {
		list = le.AppendUint32(list, uint32(len(text)))
		list = le.AppendUint32(list, listLen+uint32(len(records)))
		record := make([]byte, 44)
		le.PutUint32(record, uint32(len(text)))
		le.PutUint32(record[4:], uint32(len(names)))
		le.PutUint32(record[24:], uint32(len(pcs)))
		le.PutUint32(record[28:], uint32(len(f.pcdata)))
		record[41] = f.flags
		for _, p := range f.pcdata {
			record = le.AppendUint32(record, p)
		}
		records = append(records, record...)
		names = append(append(names, f.name...), 0)
		pcs = append(binary.AppendUvarint(append(pcs, 2), uint64(len(f.code))), 0)
		text = append(text, f.code...)
		for len(text)%alignment != 0 {
			text = append(text, f.padding)
		}
	}
	list = le.AppendUint32(list, uint32(len(text)))

	table := le.AppendUint32(nil, s.magic)
	table = append(table, 0, 0, 1, 8)
	const header = 72
	at := uint64(header)
	table = le.AppendUint64(table, uint64(len(s.functions))+s.count)
	table = le.AppendUint64(table, 0)
	table = le.AppendUint64(table, s.start)
	for _, n := range []int{0, len(names), 0, 0, len(pcs)} { // names, units, files, pcs, functions
		at += uint64(n)
		table = le.AppendUint64(table, at)
	}
	table = slices.Concat(table, names, pcs, list, records)

	return s.wrap(text, table)
}

// wrap makes the ELF file.
func (s synthetic) wrap(text, table []byte) []byte {
	names := []byte("\x00.text\x00.gopclntab\x00.shstrtab\x00")
	tableOffset := textOffset + len(text)
	namesOffset := tableOffset + len(table)
	headers := namesOffset + len(names)
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, le, v) } // a buffer takes everything
	put(elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Shoff: uint64(headers), Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64, Shnum: 4, Shstrndx: 3,
	})
	put(elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(s.segment), Off: textOffset, Vaddr: textAddr, Filesz: uint64(len(text)), Memsz: uint64(len(text))})
	b.Write(make([]byte, textOffset-b.Len()))
	b.Write(slices.Concat(text, table, names))
	put(elf.Section64{})
	put(elf.Section64{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(s.textFlags), Addr: textAddr, Off: textOffset, Size: uint64(len(text))})
	put(elf.Section64{Name: 7, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Addr: 0x500000, Off: uint64(tableOffset), Size: uint64(len(table))})
	put(elf.Section64{Name: 18, Type: uint32(elf.SHT_STRTAB), Off: uint64(namesOffset), Size: uint64(len(names))})
	return b.Bytes()
}

func TestEitherFormOfTheStackCheckIsRedirected(t *testing.T) {
	patched, report, err := fastclock.Patch(ordinary().build(), 32)
	require.NoError(t, err)
	// Each function takes a multiple of 32 bytes, the caves one byte of padding in.
	require.Equal(t, []fastclock.Redirected{
		{Name: "time.Sleep", Behind: "one.asm", Entry: textAddr + 4*alignment, Cave: textAddr + 2},
		{Name: "time.NewTimer", Behind: "two.asm", Entry: textAddr + 6*alignment, Cave: textAddr + 3*alignment + 2},
	}, report.Functions)
	at := func(addr uint64, n int) []byte {
		return patched[addr-textAddr+textOffset:][:n]
	}
	rel := func(from, to int) []byte { return le.AppendUint32(nil, uint32(int32(to-from))) }
	for i, c := range []struct{ check, more int }{{10, bodyLen - 5}, {6, bodyLen - 2}} {
		f := report.Functions[i]
		entry, cave := int(f.Entry), int(f.Cave)
		require.Equal(t, slices.Concat([]byte{0xe9}, rel(entry+5, cave), bytes.Repeat([]byte{0x90}, c.check-5)), at(f.Entry, c.check), f.Name)
		require.Equal(t, slices.Concat(
			[]byte{0x49, 0x3b, 0x66, 0x10}, []byte{0x0f, 0x86}, rel(cave+10, entry+c.more),
			[]byte{0x48, 0xc1, 0xf8, 5}, []byte{0xe9}, rel(cave+19, entry+c.check)), at(f.Cave, 19), f.Name)
	}
}

func TestEachExpectationIsNamedWhenItFails(t *testing.T) {
	sleep := func(code []byte) func(*synthetic) {
		return func(s *synthetic) { s.functions[4].code = code }
	}
	outside := far()
	outside[7] = 0x7f
	for says, change := range map[string]func(*synthetic){
		".gopclntab starts with 0xfffffffb, want 0xfffffff1": func(s *synthetic) { s.magic = 0xfffffffb },
		"the function table starts at 0x401001":              func(s *synthetic) { s.start++ },
		"functions do not fit into it":                       func(s *synthetic) { s.count = 1 << 40 },
		".text is not mapped as executable code":             func(s *synthetic) { s.segment = elf.PF_R },
		".text is not mapped":                                func(s *synthetic) { s.textFlags = elf.SHF_ALLOC },
		"0 functions are named time.Sleep, want 1":           func(s *synthetic) { s.functions[4].name = "time.Slept" },
		"2 functions are named time.Sleep, want 1":           func(s *synthetic) { s.functions[1].name = "time.Sleep" },
		"1 of 2 gaps of 20 padding bytes":                    func(s *synthetic) { s.functions[0].padding = 0 },
		"0 of 2 gaps of 20 padding bytes": func(s *synthetic) {
			s.functions[0].flags, s.functions[3].pcdata = 0, []uint32{1} // compiled; with a table of unsafe points
		},
		"time.Sleep starts with 55 48":      sleep(append([]byte{0x55, 0x48}, far()...)),
		"no branch behind the stack check":  sleep(append(far()[:4], make([]byte, bodyLen)...)),
		"the branch of its stack check":     sleep(outside),
		"no jump back to its entry":         sleep(append(far(), 0x90)),
		"time.Sleep starts with 49 3b 66 1": sleep(far()[:20]),
	} {
		t.Run(says, func(t *testing.T) {
			s := ordinary()
			change(&s)
			_, _, err := fastclock.Patch(s.build(), 32)
			require.ErrorIs(t, err, fastclock.ErrShape)
			require.ErrorContains(t, err, says)
		})
	}
}

func FuzzPatch(f *testing.F) {
	f.Add(ordinary().build(), 32)
	without := ordinary()
	without.start = 0
	f.Add(without.build(), 2)
	f.Add([]byte("\x7fELF"), 32)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, raw []byte, factor int) {
		before := bytes.Clone(raw)
		out, report, err := fastclock.Patch(raw, factor)
		require.Equal(t, before, raw, "the original is never changed")
		if err != nil {
			require.Nil(t, out)
			return
		}
		require.Len(t, out, len(raw))
		require.Len(t, report.Functions, 2)
		_, _, err = fastclock.Patch(out, factor)
		require.ErrorIs(t, err, fastclock.ErrShape, "a copy is not patched again")
	})
}
