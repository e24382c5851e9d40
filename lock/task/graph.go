package task

import (
	"math/bits"
	"slices"
)

// graph is what comes after what.
type graph struct {
	tasks  []*Task
	at     map[int]int // of a number, where in tasks
	before [][]int     // of a task, those that it comes after
	behind [][]int     // those that come after it
}

// newGraph makes the graph; numbers that are no task's are left out.
func newGraph(tasks []*Task) *graph {
	g := &graph{tasks: tasks, at: make(map[int]int, len(tasks)), before: make([][]int, len(tasks)), behind: make([][]int, len(tasks))}
	for i, t := range tasks {
		g.at[t.Number] = i
	}
	for i, t := range tasks {
		for _, n := range t.After {
			if j, ok := g.at[n]; ok {
				g.before[i] = append(g.before[i], j)
				g.behind[j] = append(g.behind[j], i)
			}
		}
	}
	return g
}

// order is the tasks, each behind those that it comes after. Where they go round in a
// circle it is *CycleError.
func (g *graph) order() ([]int, error) {
	left, order := make([]int, len(g.tasks)), make([]int, 0, len(g.tasks))
	for i, before := range g.before {
		if left[i] = len(before); left[i] == 0 {
			order = append(order, i)
		}
	}
	for n := 0; n < len(order); n++ {
		for _, i := range g.behind[order[n]] {
			if left[i]--; left[i] == 0 {
				order = append(order, i)
			}
		}
	}
	if len(order) == len(g.tasks) {
		return order, nil
	}
	return nil, g.circle(left)
}

// circle follows what is left of the graph until it comes round.
func (g *graph) circle(left []int) error {
	i := slices.IndexFunc(left, func(n int) bool { return n > 0 })
	var path []int
	for !slices.Contains(path, i) {
		path = append(path, i)
		next := slices.IndexFunc(g.before[i], func(j int) bool { return left[j] > 0 })
		i = g.before[i][next]
	}
	path = append(path[slices.Index(path, i):], i)
	e := new(CycleError)
	for _, i := range path {
		e.Numbers = append(e.Numbers, g.tasks[i].Number)
	}
	return e
}

// waits is how many unfinished tasks come after each, directly or through others.
func (g *graph) waits(order []int) []int {
	bit, words := make([]int, len(g.tasks)), 0
	for i, t := range g.tasks {
		bit[i] = -1
		if !t.State.Finished() {
			bit[i] = words
			words++
		}
	}
	words = (words + 63) / 64
	sets, counts := make([][]uint64, len(g.tasks)), make([]int, len(g.tasks))
	for _, i := range slices.Backward(order) {
		var set []uint64
		for _, j := range g.behind[i] {
			if bit[j] < 0 && sets[j] == nil {
				continue
			}
			if set == nil {
				set = make([]uint64, words)
			}
			for w, others := range sets[j] {
				set[w] |= others
			}
			if bit[j] >= 0 {
				set[bit[j]/64] |= 1 << (bit[j] % 64)
			}
		}
		for _, w := range set {
			counts[i] += bits.OnesCount64(w)
		}
		sets[i] = set
	}
	return counts
}

// derived is what follows from the graph for a task.
type derived struct {
	state State
	waits int
}

// derive is what follows for each of the tasks; *CycleError if nothing does.
func derive(tasks []*Task) ([]derived, error) {
	g := newGraph(tasks)
	order, err := g.order()
	if err != nil {
		return nil, err
	}
	waits, all := g.waits(order), make([]derived, len(tasks))
	for i, t := range tasks {
		all[i] = derived{t.State, waits[i]}
		if t.State != Open && t.State != Ready {
			continue
		}
		all[i].state = Ready
		landed := 0
		for _, j := range g.before[i] {
			if tasks[j].State == Landed {
				landed++
			}
		}
		if landed < len(t.After) {
			all[i].state = Open
		}
	}
	return all, nil
}

// settle brings states and counts in line with the graph, and returns the tasks that
// have become ready, and those that were and are no more.
func (p *plan) settle() (ready, open []*Task, err error) {
	tasks, err := p.all()
	if err != nil {
		return nil, nil, err
	}
	all, err := derive(tasks)
	if err != nil {
		return nil, nil, err
	}
	for i, t := range tasks {
		d := all[i]
		if t.State == d.state && t.Waits == d.waits {
			continue
		}
		switch {
		case t.State == d.state:
		case d.state == Ready:
			ready = append(ready, t)
		default:
			open = append(open, t)
		}
		t.State, t.Waits = d.state, d.waits
		p.touch(t)
	}
	return ready, open, nil
}

// Layers are the tasks in the order in which they can be done: those of a layer wait
// for the layers before it alone. Finished ones are left out.
func Layers(tasks []*Task) [][]*Task {
	var left []*Task
	for _, t := range tasks {
		if !t.State.Finished() {
			left = append(left, t)
		}
	}
	g := newGraph(left)
	order, err := g.order()
	if err != nil { // only damage can bring that about
		return [][]*Task{left}
	}
	depth := make([]int, len(left))
	var layers [][]*Task
	for _, i := range order {
		for _, j := range g.before[i] {
			depth[i] = max(depth[i], depth[j]+1)
		}
		if depth[i] == len(layers) {
			layers = append(layers, nil)
		}
	}
	for i, t := range left {
		layers[depth[i]] = append(layers[depth[i]], t)
	}
	return layers
}
