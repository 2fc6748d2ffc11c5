# make run    needs Go and Node only; builds and serves the demo city on http://127.0.0.1:8080 (ADDR and DATA can be set)
# make test   everything CI runs, on Debian; installs what it needs through scripts/install-test-tools.sh
# make check  the one-minute loop
SHELL := /bin/bash
ADDR ?= 127.0.0.1:8080
DATA ?= ./data
GOFLAGS_BUILD := -trimpath -ldflags="-s -w"
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/package-lock.json -type f 2>/dev/null)

.PHONY: run build web test check bench capacity corpus soak fmt generate clean help
help: ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: build ## build everything and serve the demo city
	@bin/xueshi demo --data $(DATA) --media demo --addr $(ADDR)
	@exec bin/xueshi serve --addr $(ADDR) --data $(DATA) --demo

build: bin/xueshi ## build web and binary

bin/xueshi: web $(shell find cmd internal migrations -name '*.go' -o -name '*.sql' -o -name '*.json' 2>/dev/null) go.sum
	@CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o bin/xueshi ./cmd/xueshi

web: internal/portal/static/dist/app/.built ## build the web app when its sources changed
internal/portal/static/dist/app/.built: $(WEB_SOURCES)
	@cd web && ([ -d node_modules/.package-lock.json -o -f node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error) && npm run --silent build
	@touch $@

test: ## everything CI runs
	@scripts/test.sh

check: ## the one-minute loop: vet, import table, budgets, quick tests
	@scripts/check.sh

bench: build ## ratios measured in one run, written to bench/latest.json (STRICT=1 fails on a missed line)
	@scripts/bench.sh

capacity: ## what an hour of study leaves in PostgreSQL, measured anew, and docs/capacity.md made from it and from bench/latest.json
	@scripts/install-test-tools.sh
	@XUESHI_TEST_PG_FSYNC=off scripts/test-postgres.sh go test -vet=off ./test/capacity -measure -update

corpus: ## the inspector of lessons against the defect corpus, written to bench/courseware.md; HOURS=1 measures a lesson of 3 hours too
	@scripts/install-test-tools.sh
	@go build -o bin/corpus ./test/courseware/cmd/corpus && nice bin/corpus -out bench/courseware -speed $(if $(HOURS),-hours)

soak: build ## the big simulations at full size; writes a dated result under bench/
	@scripts/soak.sh

generate: ## OpenAPI file and the web client made from it
	@scripts/generate.sh

fmt:
	@gofmt -l -w cmd internal migrations

clean:
	rm -rf bin internal/portal/static/dist/app
