package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore"
	"github.com/git-swarm/git-swarm/refstore/bus"
)

// Fsck reads the backlog and its history and returns what breaks the format, each as a
// *refstore.DamagedError, and how many commits were read.
func Fsck(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = fsckAdopted(ctx, b)
	if err != nil {
		return faults, read, err
	}
	more, n, err := fsckTasks(ctx, b)
	return append(faults, more...), read + n, err
}

// fsckTasks is Fsck of the tasks alone.
func fsckTasks(ctx context.Context, b *bus.Bus) (faults []error, read int, err error) {
	faults, read, err = b.Store().Check(ctx, Ref, refstore.TableShape, nil)
	if err != nil || read == 0 {
		return faults, read, err
	}
	highest, err := counters(ctx, b)
	if err == nil {
		var state map[string][]byte
		if state, err = readState(ctx, b); err == nil {
			faults = append(faults, checkState(state, highest)...)
		}
	}
	var damaged *refstore.DamagedError
	if errors.As(err, &damaged) {
		if len(faults) == 0 {
			faults = append(faults, err)
		}
		err = nil
	}
	return faults, read, err
}

// highest are the counters of the newest commit.
type highest struct{ tasks, epoch int }

func counters(ctx context.Context, b *bus.Bus) (h highest, err error) {
	tip, err := b.Store().Tip(ctx, Ref)
	if err != nil || tip == "" {
		return h, err
	}
	last, err := b.Store().Entry(ctx, Ref, tip)
	if err != nil {
		return h, err
	}
	h.tasks, _ = last.Counter(fieldTasks) // Check has reported its error
	h.epoch, _ = last.Counter(fieldEpoch)
	return h, nil
}

func readState(ctx context.Context, b *bus.Bus) (map[string][]byte, error) {
	table, err := b.Store().WholeTable(ctx, Ref)
	if err != nil {
		return nil, err
	}
	state := map[string][]byte{}
	err = table.Below("", func(path string, content []byte) bool {
		state[path] = content
		return true
	})
	return state, err
}

// checkState holds the blobs against the format, and against each other.
func checkState(state map[string][]byte, most highest) (faults []error) {
	var tasks []*Task
	for _, path := range slices.Sorted(maps.Keys(state)) {
		read, err := checkBlob(path, state[path])
		if err != nil {
			faults = append(faults, err)
		}
		tasks = append(tasks, read...)
	}
	if len(faults) > 0 {
		return faults // what follows from it says nothing
	}
	sortTasks(tasks)
	fault := func(path, format string, args ...any) {
		faults = append(faults, damaged(path, fmt.Errorf(format, args...)))
	}
	there := map[int]bool{}
	for _, t := range tasks {
		there[t.Number] = true
		if t.Number > most.tasks || t.Epoch > most.epoch {
			fault(listPath(pageOf(t.Number)), "#%d: a number or an epoch that was never given", t.Number)
		}
	}
	for _, t := range tasks {
		for _, a := range t.After {
			if !there[a] {
				fault(listPath(pageOf(t.Number)), "#%d comes after #%d, which is not there", t.Number, a)
			}
		}
	}
	for path := range state {
		if n, ok := bodyNumber(path); ok && !there[n] {
			fault(path, "the text of a task that is not there")
		}
	}
	if state[idPath] == nil {
		fault(idPath, "the swarm has no id")
	}
	for path, fit := range fitting(tasks) {
		if string(state[path]) != string(fit) {
			fault(path, "it does not fit what the tasks come after")
		}
	}
	return faults
}

// checkBlob decodes one blob.
func checkBlob(path string, content []byte) (read page, err error) {
	switch {
	case path == idPath:
		_, err = parseID(content)
	case path == headsPath:
		_, err = parseHeads(content)
	case path == targetsPath:
		_, err = parseTargets(content)
	case strings.HasPrefix(path, listPrefix):
		var at int
		if at, err = pageAt(path); err != nil {
			return nil, err
		}
		read, err = parsePage(at, content, strict)
		if err == nil && len(read) == 0 {
			err = damaged(path, errors.New("an empty page"))
		}
	default:
		if _, ok := bodyNumber(path); !ok {
			return nil, damaged(path, errors.New("nothing that is known"))
		}
		if checkBody(string(content)) != nil || len(content) == 0 {
			err = damaged(path, errors.New("no text"))
		}
	}
	return read, err
}

func bodyNumber(path string) (int, bool) {
	rest, ok := strings.CutPrefix(path, bodyPrefix)
	_, number, deeper := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	return n, ok && deeper && err == nil && bodyPath(n) == path
}

// fitting is the pages and heads as they follow from the tasks. Tasks that wait for each
// other give up what they come after.
func fitting(tasks []*Task) map[string][]byte {
	all, err := derive(tasks)
	for circle := new(CycleError); errors.As(err, &circle); all, err = derive(tasks) {
		for _, t := range tasks {
			if t.Number == circle.Numbers[0] {
				t.After = nil
			}
		}
	}
	pages := map[int]page{}
	for i, t := range tasks {
		t.State, t.Waits = all[i].state, all[i].waits
		pages[pageOf(t.Number)] = append(pages[pageOf(t.Number)], t)
	}
	fit, heads := map[string][]byte{}, []head{}
	for _, at := range slices.Sorted(maps.Keys(pages)) {
		fit[listPath(at)] = encodePage(pages[at])
		heads = append(heads, pages[at].head(at))
	}
	fit[headsPath] = encodeHeads(heads)
	return fit
}

// Repair puts the backlog in order in the name of session by, and returns what it did,
// nil if nothing was damaged. Unless write is set it only says what it would do. A page
// that is damaged goes back to what it was before, as does a text; what follows from the
// tasks is written anew.
func Repair(ctx context.Context, b *bus.Bus, by string, write bool) (*refstore.Repair, error) {
	return b.Store().Repair(ctx, by, refstore.Chain{
		Ref: Ref, Shape: refstore.TableShape,
		State: func(path string, content []byte) error {
			_, err := checkBlob(path, content)
			return err
		},
		Older: func(path string) bool { return path != headsPath },
		Mend:  mend,
	}, write)
}

// mend drops what fits nothing, and writes what follows from the rest.
func mend(state map[string][]byte, m refstore.Mending) error {
	var tasks []*Task
	there := map[int]bool{}
	for path, content := range state {
		read, err := checkBlob(path, content)
		if err != nil {
			return err
		}
		for _, t := range read {
			if t.Number <= m.Highest[fieldTasks] {
				tasks, there[t.Number] = append(tasks, t), true
			}
		}
		if strings.HasPrefix(path, listPrefix) {
			delete(state, path)
		}
	}
	if len(tasks) == 0 && len(state) == 0 {
		return nil
	}
	sortTasks(tasks)
	for _, t := range tasks {
		t.After = slices.DeleteFunc(t.After, func(a int) bool { return !there[a] })
		if t.Epoch > m.Highest[fieldEpoch] || m.Unknown > 0 && t.State.Held() { // who has it cannot be told
			t.Epoch = min(t.Epoch, m.Highest[fieldEpoch])
			if t.State.Held() {
				t.State, t.Holder, t.Part = Ready, "", false
				t.Since = time.Time{}
			}
		}
	}
	for path := range state {
		if n, ok := bodyNumber(path); ok && !there[n] {
			delete(state, path)
		}
	}
	if state[idPath] == nil {
		state[idPath] = newID()
	}
	maps.Copy(state, fitting(tasks))
	return nil
}
