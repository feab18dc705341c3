package fastclock

import (
	"debug/elf"
	"io"
	"math"
)

// program is an ELF program whose code and function table can be read.
type program struct {
	r     io.ReaderAt
	text  *elf.Section
	table *table
}

// open checks what kind of program it is and reads its function table.
func open(r io.ReaderAt, size int64) (*program, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, shape("not a whole ELF file: %v", err)
	}
	if f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB || f.Machine != elf.EM_X86_64 {
		return nil, shape("%s, %s, machine %s: want %s", f.Class, f.Data, f.Machine, elf.EM_X86_64)
	}
	if f.Type != elf.ET_EXEC {
		return nil, shape("type %s: want %s (a position-independent program is not handled)", f.Type, elf.ET_EXEC)
	}
	text, err := section(f, ".text", size)
	if err != nil {
		return nil, err
	}
	if text.Flags&elf.SHF_EXECINSTR == 0 || !mapped(f, text) {
		return nil, shape(".text is not mapped as executable code")
	}
	if text.Size > math.MaxInt32 {
		return nil, shape(".text has %d bytes: a jump reaches no further than 2 GiB", text.Size)
	}
	pcln, err := section(f, ".gopclntab", size)
	if err != nil {
		return nil, err
	}
	data := make([]byte, pcln.Size)
	if _, err := r.ReadAt(data, int64(pcln.Offset)); err != nil {
		return nil, shape("read .gopclntab: %v", err)
	}
	t, err := parse(data, text.Addr, text.Size)
	if err != nil {
		return nil, err
	}
	return &program{r: r, text: text, table: t}, nil
}

// section returns a section whose bytes lie in the file, as they are.
func section(f *elf.File, name string, size int64) (*elf.Section, error) {
	s := f.Section(name)
	switch {
	case s == nil:
		return nil, shape("no section %s", name)
	case s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_COMPRESSED != 0:
		return nil, shape("section %s is of type %s with flags %s", name, s.Type, s.Flags)
	case s.Offset > uint64(size) || s.Size > uint64(size)-s.Offset:
		return nil, shape("section %s lies outside the file", name)
	case s.Addr+s.Size < s.Addr:
		return nil, shape("section %s lies outside the address space", name)
	}
	return s, nil
}

// mapped reports whether one executable segment maps the whole section to its
// address.
func mapped(f *elf.File, s *elf.Section) bool {
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 &&
			p.Vaddr <= s.Addr && s.Addr-p.Vaddr <= p.Filesz && s.Size <= p.Filesz-(s.Addr-p.Vaddr) &&
			s.Offset == p.Off+(s.Addr-p.Vaddr) {
			return true
		}
	}
	return false
}

// offset is where the byte at an address of the code lies in the file.
func (p *program) offset(addr uint64) int64 { return int64(addr - p.text.Addr + p.text.Offset) }

// code reads n bytes of the code at addr.
func (p *program) code(addr uint64, n int) ([]byte, error) {
	if addr < p.text.Addr || uint64(n) > p.text.Size || addr-p.text.Addr > p.text.Size-uint64(n) {
		return nil, shape("%d bytes at %#x lie outside .text", n, addr)
	}
	b := make([]byte, n)
	if _, err := p.r.ReadAt(b, p.offset(addr)); err != nil {
		return nil, shape("read .text: %v", err)
	}
	return b, nil
}
