package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

// layers is the house from the ground up. A package may import packages of the
// layers below its own, never one beside or above it.
var layers = [][]string{
	0: {"appliance/message", "appliance/finding", "appliance/delivery", "crypto"},
	1: {"appliance/store", "install"},
	2: {"appliance/audit", "appliance/settings"},
	3: {"appliance/vault"},
	4: {"appliance/protocol", "appliance/oncall", "appliance/access", "appliance/notify"},
	5: {"appliance/intake", "appliance/desk", "appliance/escalation", "appliance/relay", "appliance/setup", "backup"},
	6: {"appliance", "watch"},
	7: {"ui/web", "ui/cli"},
}

// supports are the packages that exist for tests and for the demo: they may
// import everything, and only tests and the demo import them.
var supports = []string{"appliance/appliancetest", "appliance/notify/channeltest", "appliance/notify/gatewaytest", "ui/cli/demo"}

// exceptions are the arrows that the table does not show, each with its reason.
var exceptions = map[[2]string]string{
	{"main", "ui/cli"}:        "the program is its command line",
	{"ui/cli", "ui/web"}:      "serve puts the pages beside the appliance",
	{"ui/cli", "ui/cli/demo"}: "the demo is a command; it drives the program from outside, as a child process",
}

// onlyCommandLine are rooms that the command line alone may reach among the layer of doors.
var onlyCommandLine = map[string]bool{"backup": true, "install": true, "watch": true}

func TestImportsPointDownOnly(t *testing.T) {
	for pkg, imports := range goList(t) {
		for _, imported := range imports {
			if why := forbidden(pkg, imported); why != "" {
				t.Errorf("%s imports %s: %s", pkg, imported, why)
			}
		}
	}
}

func TestEveryPackageHasItsLayer(t *testing.T) {
	for pkg := range goList(t) {
		if pkg != "main" && layerOf(pkg) < 0 && !support(pkg) {
			t.Errorf("%s is in no layer; add it to the table here and to CONTRIBUTING.md", pkg)
		}
	}
}

func TestOnlyTheStoreKnowsBbolt(t *testing.T) {
	for pkg, imports := range goListAll(t) {
		for _, imported := range imports {
			if strings.Contains(imported, "/bbolt") && pkg != "appliance/store" {
				t.Errorf("%s imports bbolt; only appliance/store may", pkg)
			}
		}
	}
}

func forbidden(pkg, imported string) string {
	if exceptions[[2]string{pkg, imported}] != "" || support(pkg) {
		return ""
	}
	if support(imported) {
		return "only tests and the demo may"
	}
	from, to := layerOf(pkg), layerOf(imported)
	if pkg == "main" {
		return "main calls ui/cli and nothing else"
	}
	if to >= from {
		return "arrows point down only"
	}
	if from == 7 && onlyCommandLine[imported] && pkg != "ui/cli" {
		return "only the command line may"
	}
	return ""
}

func layerOf(pkg string) int {
	for layer, pkgs := range layers {
		for _, p := range pkgs {
			if p == pkg {
				return layer
			}
		}
	}
	return -1
}

func support(pkg string) bool {
	for _, s := range supports {
		if pkg == s || strings.HasPrefix(pkg, s+"/") {
			return true
		}
	}
	return false
}

// goList answers each package of ours with the packages of ours that it imports.
func goList(t *testing.T) map[string][]string {
	ours := map[string][]string{}
	for pkg, imports := range goListAll(t) {
		ours[pkg] = nil
		for _, imported := range imports {
			if name, ok := strings.CutPrefix(imported, "nightbell/"); ok {
				ours[pkg] = append(ours[pkg], name)
			}
		}
	}
	return ours
}

func goListAll(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	all := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		words := strings.Fields(line)
		name, ok := strings.CutPrefix(words[0], "nightbell/")
		if !ok {
			name = "main"
		}
		all[name] = words[1:]
	}
	if len(all) < 5 {
		t.Fatalf("go list found %d packages; the house has more", len(all))
	}
	return all
}
