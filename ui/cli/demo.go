package cli

import (
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"nightbell/ui/cli/demo"
)

// demoAddress is where the demo's pages are when nothing else is there.
const demoAddress = "127.0.0.1:8443"

func newDemo(e *env) *cobra.Command {
	var once bool
	c := &cobra.Command{
		Use: "demo", Short: "Play a short day of a made-up practice on this machine, then keep serving it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			program, err := os.Executable()
			if err != nil {
				return fmt.Errorf("finding this program: %w", err)
			}
			return demo.Run(c.Context(), demo.Options{Program: program, Out: e.out, Once: once, HTTPS: freeOr(demoAddress)})
		},
	}
	c.Flags().BoolVar(&once, "once", false, "play the day and end, with 1 if any step failed")
	return c
}

// freeOr answers the address when nothing listens there, else one with a free port.
func freeOr(addr string) string {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "127.0.0.1:0"
	}
	l.Close()
	return addr
}
