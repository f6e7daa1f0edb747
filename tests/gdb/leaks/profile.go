//go:build go1.26
// +build go1.26

package main

import (
	"os"
	"runtime/pprof"
)

func init() {
	ownProfile = func(path string) {
		if profile := pprof.Lookup("goroutineleak"); path != "" && profile != nil {
			file, err := os.Create(path)
			if err == nil {
				err = profile.WriteTo(file, 2)
			}
			if err != nil {
				panic(err)
			}
			file.Close()
		}
	}
}
