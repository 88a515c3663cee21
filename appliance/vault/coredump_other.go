//go:build !linux

package vault

// NoCoreDumps keeps the process's memory, with the keys in it, out of core
// dumps where the system lets a process say so. It is called once, before
// anything secret is in memory.
func NoCoreDumps() error { return noCoreFiles() }
