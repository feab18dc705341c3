package fastclock

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The layout of .gopclntab since Go 1.20, little-endian, as in Go's
// runtime/symtab.go (pcHeader) and runtime/runtime2.go (_func). debug/gosym reads
// it too, but shows neither where a function really ends nor how it was written.
const (
	tableMagic = 0xfffffff1

	headerLen = 72 // pcHeader with eight words after its first eight bytes
	entryLen  = 8  // entry of the function list: two offsets
	funcLen   = 44 // _func without the lists that follow it

	atNameOff = 4
	atPcln    = 24
	atNpcdata = 28
	atFlag    = 41

	flagAsm = 1 << 2 // abi.FuncFlagAsm
)

// table is the list of all functions of a program.
type table struct {
	text, textLen     uint64
	names, pcs, funcs []byte
	count             int
}

// function is one entry of the table.
type function struct {
	name string
	// entry is where it starts, end where its code ends, next where the next
	// function starts: between end and next is padding.
	entry, end, next uint64
	// asm: written in assembly, and without a table of unsafe points.
	asm bool
}

// parse reads the table's header.
func parse(data []byte, text, textLen uint64) (*table, error) {
	if len(data) < headerLen {
		return nil, shape(".gopclntab has %d bytes", len(data))
	}
	if m := binary.LittleEndian.Uint32(data); m != tableMagic {
		return nil, shape(".gopclntab starts with %#x, want %#x (Go 1.20 or later)", m, uint32(tableMagic))
	}
	if !bytes.Equal(data[4:8], []byte{0, 0, 1, 8}) {
		return nil, shape(".gopclntab is not that of a 64-bit program for amd64")
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(data[8+8*i:]) }
	count, start := word(0), word(2)
	names, cus, pcs, funcs := word(3), word(4), word(6), word(7)
	if start != 0 && start != text { // Go 1.26 and later leave it empty
		return nil, shape("the function table starts at %#x, .text at %#x", start, text)
	}
	if bounds := []uint64{headerLen, names, cus, pcs, funcs, uint64(len(data))}; !slices.IsSorted(bounds) {
		return nil, shape(".gopclntab: its parts lie outside it")
	}
	list := data[funcs:]
	if count == 0 || count > uint64(len(list))/entryLen || count*entryLen+4 > uint64(len(list)) {
		return nil, shape(".gopclntab: %d functions do not fit into it", count)
	}
	return &table{text: text, textLen: textLen, names: data[names:cus], pcs: data[pcs:funcs], funcs: list, count: int(count)}, nil
}

// info returns the record of function i.
func (t *table) info(i int) ([]byte, bool) {
	at := uint64(binary.LittleEndian.Uint32(t.funcs[i*entryLen+4:]))
	if at+funcLen > uint64(len(t.funcs)) {
		return nil, false
	}
	return t.funcs[at:], true
}

// name returns the name in a function's record.
func (t *table) name(info []byte) []byte {
	at := binary.LittleEndian.Uint32(info[atNameOff:])
	if uint64(at) >= uint64(len(t.names)) {
		return nil
	}
	name := t.names[at:]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		return name[:end]
	}
	return nil
}

// function reads everything about function i; false when its record is damaged.
func (t *table) function(i int) (function, bool) {
	info, ok := t.info(i)
	if !ok {
		return function{}, false
	}
	start := uint64(binary.LittleEndian.Uint32(t.funcs[i*entryLen:]))
	next := uint64(binary.LittleEndian.Uint32(t.funcs[(i+1)*entryLen:]))
	size, ok := t.extent(binary.LittleEndian.Uint32(info[atPcln:]))
	if !ok || start+size > next || next > t.textLen {
		return function{}, false
	}
	npcdata := binary.LittleEndian.Uint32(info[atNpcdata:])
	bare := npcdata == 0 || len(info) >= funcLen+4 && binary.LittleEndian.Uint32(info[funcLen:]) == 0
	return function{
		name: string(t.name(info)), entry: t.text + start, end: t.text + start + size, next: t.text + next,
		asm: info[atFlag]&flagAsm != 0 && bare,
	}, true
}

// extent is the number of bytes that a table of program counters covers, which
// for the line numbers is the whole function: pairs of a value's difference and
// a length, ended by a difference of 0 that is not the first.
func (t *table) extent(at uint32) (uint64, bool) {
	if at == 0 || uint64(at) >= uint64(len(t.pcs)) {
		return 0, false
	}
	var size uint64
	rest := t.pcs[at:]
	for first := true; ; first = false {
		difference, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0, false
		}
		if difference == 0 && !first {
			return size, true
		}
		length, m := binary.Uvarint(rest[n:])
		if m <= 0 || length > t.textLen || size > t.textLen {
			return 0, false
		}
		size += length
		rest = rest[n+m:]
	}
}

// find returns the functions of the given names, each of which must be there once.
func (t *table) find(names []string) ([]function, error) {
	found := make([]function, len(names))
	seen := make([]int, len(names))
	for i := range t.count {
		info, ok := t.info(i)
		if !ok {
			return nil, shape("function %d of %d has no record", i, t.count)
		}
		k := slices.Index(names, string(t.name(info)))
		if k < 0 {
			continue
		}
		if found[k], ok = t.function(i); !ok {
			return nil, shape("the record of %s is damaged", names[k])
		}
		seen[k]++
	}
	for k, n := range seen {
		if n != 1 {
			return nil, shape("%d functions are named %s, want 1", n, names[k])
		}
	}
	return found, nil
}
