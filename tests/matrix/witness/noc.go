//go:build !cgo

package main

func startC() {}
