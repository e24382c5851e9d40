package pool

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkBetween is the time between two tasks: from the end of a client to the
// beginning of the next one, and how much of it no git process was running, by what git
// itself notes (GIT_TRACE2_EVENT). Both are medians.
//
//	go test -run '^$' -bench Between -benchtime 1x ./orchestrator/pool
func BenchmarkBetween(b *testing.B) {
	const count = 12
	trace := b.TempDir()
	b.Setenv("GIT_TRACE2_EVENT", trace)
	var whole, beyond []time.Duration
	for b.Loop() {
		s := newSwarm(b)
		for range count {
			s.add("one")
		}
		s.Sessions = 1
		if sum := s.runs(`date +%s%N >>"$notes/begun"; finish; date +%s%N >>"$notes/ended"`); !sum.Done() {
			b.Fatalf("%+v", sum)
		}
		begun, ended, git := s.moments("begun"), s.moments("ended"), gitRan(b, trace)
		for i := range count - 1 {
			gap := span{ended[i], begun[i+1]}
			whole = append(whole, gap.length())
			beyond = append(beyond, gap.length()-gap.within(git))
		}
	}
	b.ReportMetric(median(whole), "ms/gap")
	b.ReportMetric(median(beyond), "ms/gap-without-git")
	b.ReportMetric(0, "ns/op")
}

func median(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2].Microseconds()) / 1000
}

// moments are those that the clients have noted.
func (s *swarm) moments(name string) (all []time.Time) {
	content, err := os.ReadFile(filepath.Join(s.dir, name))
	s.Must(err)
	for line := range strings.Lines(string(content)) {
		n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		s.Must(err)
		all = append(all, time.Unix(0, n))
	}
	return all
}

type span struct{ from, to time.Time }

func (s span) length() time.Duration { return s.to.Sub(s.from) }

// within is for how long of s one of the others was.
func (s span) within(others []span) (sum time.Duration) {
	slices.SortFunc(others, func(a, b span) int { return a.from.Compare(b.from) })
	at := s.from
	for _, o := range others {
		if o.from.After(at) {
			at = o.from
		}
		end := o.to
		if end.After(s.to) {
			end = s.to
		}
		if end.After(at) {
			sum += end.Sub(at)
			at = end
		}
	}
	return sum
}

// gitRan is when git processes ran.
func gitRan(b *testing.B, trace string) (all []span) {
	files, err := os.ReadDir(trace)
	if err != nil {
		b.Fatal(err)
	}
	for _, one := range files {
		f, err := os.Open(filepath.Join(trace, one.Name()))
		if err != nil {
			b.Fatal(err)
		}
		var ran span
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var e struct {
				Event string    `json:"event"`
				Time  time.Time `json:"time"`
			}
			if json.Unmarshal(lines.Bytes(), &e) != nil {
				continue
			}
			switch e.Event {
			case "version":
				ran.from = e.Time
			case "atexit", "exit":
				ran.to = e.Time
			}
		}
		_ = f.Close()
		all = append(all, ran)
	}
	return all
}
