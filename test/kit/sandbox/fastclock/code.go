package fastclock

import (
	"bytes"
	"encoding/binary"
)

// Machine code of amd64 that is looked for and written.
var (
	compareStack = []byte{0x49, 0x3b, 0x66, 0x10} // cmp rsp, [r14+16]
	branchFar    = []byte{0x0f, 0x86}             // jbe rel32
	shiftRight   = []byte{0x48, 0xc1, 0xf8}       // sar rax, imm8: rax has the first argument
)

const (
	branchNear = 0x76 // jbe rel8
	jumpFar    = 0xe9 // jmp rel32
	jumpNear   = 0xeb // jmp rel8
	nop        = 0x90
	padding    = 0xcc // int3

	jumpLen = 5
	caveLen = 4 + 6 + 4 + jumpLen // comparison, branch, shift, jump back
	fence   = 1                   // byte of padding that stays behind the function
)

// cave is room for code.
type cave struct {
	at     uint64
	behind string
}

// caves returns n runs of padding that are long enough, behind functions written
// in assembly; the package comment says why behind those.
func (p *program) caves(n int) ([]cave, error) {
	var out []cave
	for i := 0; i < p.table.count && len(out) < n; i++ {
		f, ok := p.table.function(i)
		if !ok || !f.asm || f.next-f.end < fence+caveLen {
			continue
		}
		gap, err := p.code(f.end, int(f.next-f.end))
		if err != nil {
			return nil, err
		}
		if bytes.Count(gap, []byte{padding}) == len(gap) {
			out = append(out, cave{at: f.end + fence, behind: f.name})
		}
	}
	if len(out) < n {
		return nil, shape("%d of %d gaps of %d padding bytes found behind assembly functions", len(out), n, fence+caveLen)
	}
	return out, nil
}

// redirect returns the edits that send f through the cave, where its first
// argument is shifted.
func (p *program) redirect(f function, cave uint64, shift int) ([]edit, error) {
	start, more, err := p.prologue(f)
	if err != nil {
		return nil, err
	}
	code := append(bytes.Clone(compareStack), branchFar...)
	code = relative(code, cave, more)
	code = append(append(code, shiftRight...), byte(shift))
	code = relative(append(code, jumpFar), cave, f.entry+uint64(start))
	jump := relative([]byte{jumpFar}, f.entry, cave)
	jump = append(jump, bytes.Repeat([]byte{nop}, start-jumpLen)...)
	return []edit{{p.offset(f.entry), jump}, {p.offset(cave), code}}, nil
}

// relative appends the distance from behind the appended bytes to a target; code
// starts at base.
func relative(code []byte, base, target uint64) []byte {
	from := base + uint64(len(code)) + 4
	return binary.LittleEndian.AppendUint32(code, uint32(int32(int64(target)-int64(from))))
}

// prologue returns the length of f's stack check, and the address of the block
// that grows the stack. That block must end the function with a jump to its entry.
func (p *program) prologue(f function) (length int, more uint64, err error) {
	code, err := p.code(f.entry, int(f.end-f.entry))
	if err != nil {
		return 0, 0, err
	}
	size := int64(len(code))
	var target int64
	switch {
	case size < 32 || !bytes.HasPrefix(code, compareStack):
		return 0, 0, shape("%s starts with % x, want % x", f.name, code[:min(size, 10)], compareStack)
	case code[4] == branchNear:
		length = 6
		target = int64(length) + int64(int8(code[5]))
	case bytes.HasPrefix(code[4:], branchFar):
		length = 10
		target = int64(length) + int64(int32(binary.LittleEndian.Uint32(code[6:])))
	default:
		return 0, 0, shape("%s starts with % x: no branch behind the stack check", f.name, code[:10])
	}
	if target < int64(length) || target >= size {
		return 0, 0, shape("%s: the branch of its stack check leaves it", f.name)
	}
	far := code[size-jumpLen] == jumpFar && int64(int32(binary.LittleEndian.Uint32(code[size-4:]))) == -size
	near := code[size-2] == jumpNear && int64(int8(code[size-1])) == -size
	if !far && !near {
		return 0, 0, shape("%s ends with % x: no jump back to its entry", f.name, code[size-jumpLen:])
	}
	return length, f.entry + uint64(target), nil
}
