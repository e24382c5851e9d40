package odb

import (
	"bytes"
	"strings"
	"testing"
)

// Each instruction of a delta as gitformat-pack(5) has it, and each way to break it.
func TestApplyDelta(t *testing.T) {
	base := []byte("hello, world")
	for _, c := range []struct{ delta, want string }{
		{"\x0c\x0b\x90\x05\x06, moon", "hello, moon"},
		{"\x0c\x05\x91\x07\x05", "world"},
		{"\x0c\x00", ""},
		{"\x0c\x03\x03abc", "abc"},
	} {
		got, err := applyDelta(base, []byte(c.delta))
		if err != nil || string(got) != c.want {
			t.Errorf("%q: %q, %v", c.delta, got, err)
		}
	}
	long := bytes.Repeat([]byte("0123456789abcdef"), 0x1001)
	got, err := applyDelta(long, []byte("\x90\x80\x04\x80\x80\x04\x81\x10"))
	if err != nil || !bytes.Equal(got, long[0x10:0x10010]) {
		t.Errorf("a copy of size zero is one of 65,536 bytes: %d, %v", len(got), err)
	}
	for name, delta := range map[string]string{
		"empty":              "",
		"no size":            "\x0c",
		"other base":         "\x0d\x00",
		"size without end":   "\x0c\xff",
		"size of 64 bits":    "\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"size beyond reason": "\x0c\x80\x80\x80\x10\x01a",
		"reserved":           "\x0c\x01\x00",
		"insert cut short":   "\x0c\x03\x03ab",
		"copy cut short":     "\x0c\x03\x91\x00",
		"copy outside":       "\x0c\x05\x91\x08\x05",
		"copy far outside":   "\x0c\x05\xff\xff\xff\xff\xff\xff\xff\xff",
		"makes more":         "\x0c\x02\x03abc",
		"makes less":         "\x0c\x04\x03abc",
	} {
		if got, err := applyDelta(base, []byte(delta)); err == nil {
			t.Errorf("%s: made %q", name, got)
		}
	}
}

// The cache stays within its limit, keeps what is used and forgets the rest.
func TestBaseCache(t *testing.T) {
	c := baseCache{limit: 10 * (baseOverhead + 100)}
	p := new(pack)
	entry := unpacked{content: []byte(strings.Repeat("x", 100))}
	for i := range uint64(100) {
		c.put(baseKey{p, i}, entry)
		c.put(baseKey{p, i}, entry)
		if _, ok := c.get(baseKey{p, 0}); !ok {
			t.Fatal("forgot what is used all the time")
		}
		if c.size > c.limit || len(c.byKey) != c.order.Len() {
			t.Fatalf("%d bytes, %d and %d entries", c.size, len(c.byKey), c.order.Len())
		}
	}
	if _, ok := c.get(baseKey{p, 1}); ok || len(c.byKey) != 10 {
		t.Fatalf("%d entries", len(c.byKey))
	}
	c.put(baseKey{p, 1000}, unpacked{content: make([]byte, c.limit)})
	if _, ok := c.get(baseKey{p, 1000}); ok {
		t.Fatal("one entry took all the room")
	}
	if c.clear(); c.size != 0 || c.order.Len() != 0 {
		t.Fatal("not cleared")
	}
}
