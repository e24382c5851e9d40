package task

import "errors"

func work(string, []string) error { return errors.New("no worker") }
