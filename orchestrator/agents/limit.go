package agents

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ResetsAt is when the limit that the client's message is about ends: "resets 3:45pm
// (Europe/Berlin)", or seconds since 1970 behind a bar. Zero if it does not say.
func ResetsAt(message string, now time.Time) time.Time {
	if m := regexp.MustCompile(`\|(\d{10})\b`).FindStringSubmatch(message); m != nil {
		seconds, _ := strconv.ParseInt(m[1], 10, 64)
		return time.Unix(seconds, 0)
	}
	m := regexp.MustCompile(`(?i)resets?\s+(?:at\s+)?(\d{1,2})(?::(\d\d))?\s*(am|pm)(?:\s*\(([A-Za-z0-9_+/-]+)\))?`).FindStringSubmatch(message)
	if m == nil {
		return time.Time{}
	}
	zone := now.Location()
	if named, err := time.LoadLocation(m[4]); err == nil && m[4] != "" {
		zone = named
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	if hour < 1 || hour > 12 || minute > 59 {
		return time.Time{}
	}
	hour %= 12
	if strings.EqualFold(m[3], "pm") {
		hour += 12
	}
	today := now.In(zone)
	at := time.Date(today.Year(), today.Month(), today.Day(), hour, minute, 0, 0, zone)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}
