# What a developer does here. `make test` does its own set-up.
GO ?= go
export CGO_ENABLED ?= 1

# Rooms whose promises are about concurrency run under the race detector too.
RACE = ./appliance/store ./appliance/audit ./appliance/intake ./appliance/desk ./appliance/escalation ./appliance/relay

.PHONY: demo build test lint vuln bench soak setup clean

demo: build
	bin/nightbell demo

build:
	$(GO) build -trimpath -o bin/nightbell .

test: setup
	$(GO) test -race -timeout 15m $(RACE)
	$(GO) test -timeout 15m ./...

lint: setup
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -run 'Imports|Layer|Bbolt' .
	codespell --quiet-level=2 --ignore-words-list=ehr,ines README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md docs ui

# Asks a database that a build machine may not reach, so it stands alone.
vuln:
	$(GO) tool govulncheck ./...

bench:
	./testing/bench.sh

soak: setup
	NIGHTBELL_SOAK=1 $(GO) test -timeout 3h ./appliance/appliancetest/... ./ui/cli/...

setup:
	@./testing/setup.sh

clean:
	rm -rf bin shots testing/browser/node_modules
