package text

import (
	"strconv"
	"time"
)

// Ago is how long ago t was at now: "never", "just now" or "5 min ago". A time that is
// well ahead of now was read from a wrong clock.
func Ago(now, t time.Time) string {
	switch age := Age(now, t); {
	case t.IsZero():
		return "never"
	case t.Sub(now) > 10*time.Minute:
		return "in the future"
	case age == "0 s":
		return "just now"
	default:
		return age + " ago"
	}
}

// Age is the time from t to now, in the largest unit that says enough.
func Age(now, t time.Time) string { return Duration(now.Sub(t)) }

// Duration is a length of time in the largest unit of which there are two.
func Duration(d time.Duration) string {
	d = max(d, 0)
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if d >= 2*u.unit {
			return strconv.Itoa(int(d/u.unit)) + " " + u.name
		}
	}
	return strconv.Itoa(int(d/time.Second)) + " s"
}
