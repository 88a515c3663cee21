package protocol

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"
)

// shippedFiles are the protocols that every practice can start from, each as it
// would be exported.
//
//go:embed shipped/*.yaml
var shippedFiles embed.FS

// builtInVersion is the version that messages name which were taken before a
// practice published its own.
const builtInVersion = 1

// usualShipped is the protocol that a practice starts with.
const usualShipped = "primary-care"

// BuiltIn is the protocol that every practice starts with: a primary-care office.
// All who ask share it; it is read and never changed.
func BuiltIn() Protocol { return builtIn() }

var builtIn = sync.OnceValue(func() Protocol {
	p, err := Shipped(usualShipped)
	if err != nil {
		panic(err) // a file of the program itself; a test reads each of them
	}
	p.Version = builtInVersion
	return p
})

// ShippedNames are the names of the protocols that are shipped.
func ShippedNames() []string {
	files, _ := shippedFiles.ReadDir("shipped") // it is in the program
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return names
}

// Shipped answers one of them by its name.
func Shipped(name string) (Protocol, error) {
	file, err := shippedFiles.ReadFile("shipped/" + name + ".yaml")
	if err != nil {
		return Protocol{}, fmt.Errorf("there is no protocol %q; there are %s", name, strings.Join(ShippedNames(), ", "))
	}
	p, _, err := Decode(file)
	if err != nil {
		return Protocol{}, fmt.Errorf("the shipped protocol %s: %w", name, err)
	}
	return p, nil
}
