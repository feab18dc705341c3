// Package fastclock compresses time in a program that waits by the clock: in a
// copy of a Go program it divides the durations given to time.Sleep and to
// time.NewTimer. The AWS provider sleeps between its looks at a new resource
// (80 s for a database); against an emulator those waits prove nothing.
//
// It is for the emulated environment alone. The copy is only written when every
// byte that is to change is what it is expected to be.
package fastclock

import (
	"bytes"
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// ErrShape is returned for a program that does not look as expected; nothing is
// written then.
var ErrShape = errors.New("the program has not the expected shape")

// functions are what is slowed down by. time.After and time.NewTicker's users
// of timers go through NewTimer; context deadlines use AfterFunc, and stay as
// long as they were so that a loaded machine does not run into them.
var functions = []string{"time.Sleep", "time.NewTimer"}

// prologue is how the Go compiler starts a function that checks its stack on
// amd64: cmp rsp, [r14+16]; jbe rel32.
var prologue = []byte{0x49, 0x3b, 0x66, 0x10, 0x0f, 0x86}

const (
	entryLen = 10 // prologue and its rel32
	caveLen  = 4 + 4 + 6 + 5
	padding  = 0xcc
)

// Patch returns a copy of the ELF program raw in which the first argument of
// time.Sleep and time.NewTimer is divided by factor, a power of two from 2 to
// 1024. The copy jumps from each function's entry into a run of padding bytes
// between functions, shifts the argument there, and jumps back.
func Patch(raw []byte, factor int) ([]byte, error) {
	if factor < 2 || factor > 1024 || factor&(factor-1) != 0 {
		return nil, fmt.Errorf("factor %d: want a power of two from 2 to 1024", factor)
	}
	img, err := read(raw)
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(raw)
	caves, err := img.caves(len(functions))
	if err != nil {
		return nil, err
	}
	for i, name := range functions {
		if err := img.redirect(out, name, caves[i], bits.TrailingZeros(uint(factor))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// image is what is known of a program.
type image struct {
	raw       []byte
	addr, off uint64
	text      []byte
	entries   map[string]*gosym.Func
	table     *gosym.Table
}

func shape(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrShape, fmt.Sprintf(format, args...))
}

func read(raw []byte) (img *image, err error) {
	defer func() { // debug/gosym panics on some damaged tables
		if p := recover(); p != nil {
			img, err = nil, shape("damaged function table: %v", p)
		}
	}()
	f, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		return nil, shape("not an ELF file: %v", err)
	}
	if f.Machine != elf.EM_X86_64 {
		return nil, shape("machine %s, want %s", f.Machine, elf.EM_X86_64)
	}
	if f.Type != elf.ET_EXEC {
		return nil, shape("type %s, want %s (position-independent programs are not handled)", f.Type, elf.ET_EXEC)
	}
	text, tab := f.Section(".text"), f.Section(".gopclntab")
	if text == nil || tab == nil {
		return nil, shape("no .text or no .gopclntab section")
	}
	if text.Flags&elf.SHF_EXECINSTR == 0 || text.Offset+text.Size > uint64(len(raw)) || text.Offset+text.Size < text.Offset {
		return nil, shape(".text is not executable or lies outside the file")
	}
	data, err := tab.Data()
	if err != nil {
		return nil, shape("read .gopclntab: %v", err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text.Addr))
	if err != nil {
		return nil, shape("parse .gopclntab: %v", err)
	}
	img = &image{raw: raw, addr: text.Addr, off: text.Offset, text: raw[text.Offset : text.Offset+text.Size], entries: map[string]*gosym.Func{}, table: table}
	for i := range table.Funcs {
		img.entries[table.Funcs[i].Name] = &table.Funcs[i]
	}
	return img, nil
}

// caves returns the addresses of n runs of padding between functions that are
// long enough. The functions' ends are in the function table only up to the
// next one's entry, so the padding is told by its bytes: the compiler fills the
// gap before an aligned entry with int3, which no function contains in a run.
func (img *image) caves(n int) ([]uint64, error) {
	var out []uint64
	for i := range img.table.Funcs {
		if len(out) == n {
			return out, nil
		}
		end := img.table.Funcs[i].End - img.addr
		if img.table.Funcs[i].End < img.addr || end > uint64(len(img.text)) {
			continue
		}
		start := end
		for start > 0 && img.text[start-1] == padding {
			start--
		}
		if end-start > caveLen { // one byte stays as a fence behind the function
			out = append(out, img.addr+start+1)
		}
	}
	if len(out) < n {
		return nil, shape("%d of %d runs of %d padding bytes found", len(out), n, caveLen+1)
	}
	return out, nil
}

// redirect writes the jump at the function's entry and the code in the cave.
func (img *image) redirect(out []byte, name string, cave uint64, shift int) error {
	fn, ok := img.entries[name]
	if !ok {
		return shape("no function %s", name)
	}
	at := fn.Entry - img.addr
	if fn.Entry < img.addr || at+entryLen > uint64(len(img.text)) {
		return shape("%s lies outside .text", name)
	}
	head := img.text[at : at+entryLen]
	if !bytes.Equal(head[:len(prologue)], prologue) {
		return shape("%s starts with % x, want % x", name, head[:len(prologue)], prologue)
	}
	more := uint64(int64(fn.Entry) + entryLen + int64(int32(binary.LittleEndian.Uint32(head[len(prologue):]))))
	rel := func(to, next uint64) []byte {
		return binary.LittleEndian.AppendUint32(nil, uint32(int32(int64(to)-int64(next))))
	}
	code := []byte{0x48, 0xc1, 0xf8, byte(shift)} // sar rax, shift: the duration in the first argument register
	code = append(code, prologue...)              // the stack check that the jump replaced
	code = append(code, rel(more, cave+14)...)
	code = append(code, 0xe9) // jmp back behind the replaced bytes
	code = append(code, rel(fn.Entry+entryLen, cave+caveLen)...)
	copy(out[cave-img.addr+img.off:], code)
	jump := append([]byte{0xe9}, rel(cave, fn.Entry+5)...)
	jump = append(jump, bytes.Repeat([]byte{0x90}, entryLen-len(jump))...)
	copy(out[at+img.off:], jump)
	return nil
}
