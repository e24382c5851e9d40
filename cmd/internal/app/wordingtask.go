package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/git-swarm/git-swarm/lock/task"
)

// formatTaskError words what can go wrong with tasks.
func (c *call) formatTaskError(err error) *wording {
	var (
		unknown *task.UnknownError
		state   *task.StateError
		holder  *task.NotHolderError
		holds   *task.HoldsError
		circle  *task.CycleError
		changed *task.ChangedError
		overlap *task.OverlapError
		none    *task.NoneReadyError
		others  *othersTaskError
	)
	show := func(n int) string { return fmt.Sprintf("git swarm task show %d", n) }
	switch {
	case errors.As(err, &unknown):
		return &wording{unknown.Error(), "git swarm task list --all", exitNo}
	case errors.As(err, &state):
		hint := stateHint(state.Task)
		if c.verb != nil && c.verb.name == "task reopen" && state.Task.State.Held() {
			hint = show(state.Task.Number)
		}
		return &wording{state.Error(), hint, exitNo}
	case errors.As(err, &holder):
		hint := "git swarm task take"
		if holder.Holder != "" {
			hint = fmt.Sprintf("git swarm message %s \"…\"", holder.Holder)
		} else if holder.Ended != "" {
			hint = show(holder.Number)
		} else if holder.Number != 0 {
			hint = fmt.Sprintf("git swarm task take %d", holder.Number)
		}
		return &wording{holder.Error(), hint, exitNo}
	case errors.As(err, &holds):
		return &wording{holds.Error(), "git swarm push, or git swarm task give", exitNo}
	case errors.As(err, &circle):
		hint := "git swarm task graph"
		if len(circle.Titles) > 0 { // it does not show them
			hint = "git swarm help task import"
		}
		return &wording{circle.Error(), hint, exitNo}
	case errors.As(err, &changed):
		return &wording{changed.Error(), show(changed.Task.Number), exitNo}
	case errors.As(err, &overlap):
		hint := "git swarm task take, for another one"
		if overlap.Session != "" {
			hint += fmt.Sprintf("; or git swarm message %s \"…\"", overlap.Session)
		}
		return &wording{overlap.Error(), hint, exitNo}
	case errors.As(err, &none):
		line := none.Error()
		if len(none.Others) > 0 {
			line += "; " + forOthers(none.Others)
		}
		return &wording{line, noneHint(none), exitNo}
	case errors.Is(err, task.ErrTooMany):
		return &wording{err.Error(), "git swarm task drop N --reason TEXT", exitNo}
	case errors.As(err, &others):
		return &wording{others.Error(), others.hint(), exitNo}
	}
	return nil
}

func stateHint(t *task.Task) string {
	switch {
	case t.State.Held():
		return "git swarm task take, for another one"
	case t.State == task.Failed, t.State == task.Reverted, t.State == task.Dropped, t.State == task.Landed:
		return fmt.Sprintf("git swarm task reopen %d", t.Number)
	}
	return "git swarm task graph"
}

// noneHint is what to do where there is no task.
func noneHint(e *task.NoneReadyError) string {
	if e.Waits || len(e.Passed) > 0 {
		return "git swarm task take --wait 10m"
	}
	return "git swarm task list"
}

// forOthers is "#3 is for codex, #4 is for B", of many tasks the first.
func forOthers(tasks []*task.Task) string {
	const most = 3
	var words []string
	for _, t := range tasks[:min(len(tasks), most)] {
		words = append(words, fmt.Sprintf("#%d is for %s", t.Number, t.For))
	}
	if more := len(tasks) - most; more > 0 {
		words = append(words, fmt.Sprintf("%d more are for others", more))
	}
	return strings.Join(words, ", ")
}

// passedOver are the tasks that were ready, and not given.
func passedOver(err error) []task.InTheWay {
	var none *task.NoneReadyError
	if errors.As(err, &none) {
		return none.Passed
	}
	return nil
}
