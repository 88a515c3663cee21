// Command nightbell is a medical answering desk for a small practice: one
// program on the office server. Everything it does is a command of ui/cli.
package main

import (
	"os"

	"nightbell/ui/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
