package heal

import "testing"

func TestParseLevel(t *testing.T) {
	for text, want := range map[string]Level{"safe": Safe, "both": Both, "WIDE": Wide, "Off": Off} {
		if got, ok := ParseLevel(text); !ok || got != want {
			t.Errorf("%q is level %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "on", "safe ", "wider"} {
		if got, ok := ParseLevel(text); ok {
			t.Errorf("%q is level %d", text, got)
		}
	}
}

// TestReasons: each has a text of its own.
func TestReasons(t *testing.T) {
	seen := map[string]Reason{}
	for r := NotRefused; r <= Unproven; r++ {
		if other, twice := seen[r.String()]; twice || r.String() == "" {
			t.Errorf("%d and %d are both %q", r, other, r)
		}
		seen[r.String()] = r
	}
}

// What a Go file must be to pass as whole: it parses, and declares each name once.
func TestWholeGo(t *testing.T) {
	for _, body := range []string{
		"func f() {}\nfunc g() {}\n",
		"func init() {}\nfunc init() {}\nfunc _() {}\nfunc _() {}\n",
		"type a struct{}\ntype b struct{}\nfunc (a) f() {}\nfunc (*b) f() {}\n",
		"type l[T any] struct{}\nfunc (l[T]) f() {}\nfunc (*l[T]) g() {}\n",
		"var x, y int\nconst z = 1\n",
	} {
		if !wholeGo([]byte("package p\n" + body)) {
			t.Errorf("broken: %s", body)
		}
	}
	for _, body := range []string{
		"func f() {}\nfunc f() {}\n",
		"type a struct{}\ntype a int\n",
		"type a struct{}\nfunc (a) f() {}\nfunc (*a) f() {}\n",
		"type l[T any] struct{}\nfunc (l[T]) f() {}\nfunc (*l[U]) f() {}\n",
		"func f() {\n",
	} {
		if wholeGo([]byte("package p\n" + body)) {
			t.Errorf("whole: %s", body)
		}
	}
}
