package refstore

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// DecodeState takes what EncodeState wrote, and nothing that differs by a byte.
func TestState(t *testing.T) {
	want := state{Versioned{FormatVersion}, "A", Time(time.Now()), 3, []string{"x"}}
	content, err := EncodeState(want)
	if err != nil {
		t.Fatal(err)
	}
	var got state
	if err := DecodeState(content, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	s := string(content)
	for _, bad := range []string{"", s + "\n", "\n" + s, s + "# x\n", s + "other = 1\n", strings.Replace(s, "epoch = 3", "epoch = 0x3", 1), strings.Replace(s, "epoch = 3\n", "", 1), s[:len(s)/2], strings.Replace(s, "version = 1", "version = 0", 1), "\xff"} {
		if err := DecodeState([]byte(bad), new(state)); err == nil || errors.Is(err, ErrVersion) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	newer := strings.Replace(s, "version = 1", "version = 2", 1) + "unheard_of = true\n"
	if err := DecodeState([]byte(newer), new(state)); !errors.Is(err, ErrVersion) {
		t.Errorf("a newer version: %v", err)
	}
}
