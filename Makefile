# `make` lists the targets. `make demo` and `make test` install what they need.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
# One target after the other, also with -j: checks come first, and Go uses all processors itself.
.NOTPARALLEL:
.DEFAULT_GOAL := help

GO ?= go
LOCAL := build/localstack
LOCAL_SOURCES := $(filter-out %_test.go,$(wildcard localstack/*.go localstack/cloud/*.go localstack/lambdaenv/*.go shared/domain/services/*.go)) go.mod go.sum
FUNCTIONS := $(patsubst functions/%/bootstrap/main.go,%,$(wildcard functions/*/bootstrap/main.go))
CLOUD_TESTS := ./tests/integration ./tests/e2e ./tests/requests
# The clouds that `make test` runs on.
CLOUDS ?= $(or $(CLOUD),ministack localstack)
FOLDERS := $(wildcard docs events functions infra localstack shared tests)
# Settings of two deployments for make lint-templates: one with each setting that adds resources, and one without what
# can be left out.
ALL_SETTINGS := -c producers=210987654321 -c producer_buckets=acme-masters -c provisioned=encode-bulk \
	-c producer_keys=arn:aws:kms:us-east-1:210987654321:key/12345678-1234-1234-1234-123456789012 \
	-c keep_originals=30 -c alarm_email=ops@example.com -c cdn_domain=v.example.com \
	-c cdn_certificate=arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012 \
	-c waf_arn=arn:aws:wafv2:us-east-1:111122223333:regional/webacl/w/12345678-1234-1234-1234-123456789012 \
	-c api_domain=api.v.example.com \
	-c api_certificate=arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012
FEW_SETTINGS := -c name=staging -c cdn=false -c gateway_log_role=existing -c dashboard=false
LINTED := cdk.out/*.template.json build/lint/*/*.template.json
# JavaScript to format.
SCRIPTS := $(filter-out %.min.js,$(wildcard functions/*/web/*.js functions/*/testdata/*.mjs infra/cdn/*.js infra/testdata/*.mjs tests/apilint/*.cjs tests/browser/*.mjs))
PRETTIER := build/node/node_modules/.bin/prettier

# The architecture of the functions: this machine's for the local cloud, arm64 on AWS.
ARCH := $(patsubst x86_64,amd64,$(patsubst aarch64,arm64,$(shell uname -m)))
AWS_ARCH := $(if $(filter command line,$(origin ARCH)),$(ARCH),arm64)

# The stack of the deployment in CONTEXT: Sluice, or Sluice-<name> with "-c name=<name>".
STACK := Sluice$(patsubst name=%,-%,$(filter name=%,$(subst ',,$(subst ",,$(CONTEXT)))))

# No warnings about Node.js versions from programs that use the CDK, and no telemetry from its command line.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,20
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 18,20,22
export CDK_DISABLE_CLI_TELEMETRY := true

# VIDEO, TENANT and FILE are passed in the environment, unexpanded: a path may have spaces, quotes and dollars.
TENANT ?= demo
override TENANT := $(value TENANT)
override VIDEO := $(value VIDEO)
override FILE := $(value FILE)
export TENANT VIDEO FILE

# zsh and dash don't expand the ~ in VIDEO=~/film.mp4.
FILM := "$${VIDEO/\#\~\//"$$HOME/"}"

.PHONY: help needs check-video demo produce trace test test-long test-cloud unit lint fmt lint-templates lint-api build preflight synth cost sbom destroy up down deploy-local token tools smoke load bench api-check sim clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: needs check-video deploy-local ## send a real video through the local cloud and show where to watch it (VIDEO=file)
	@$(GO) build -o build/demo ./tests/demo
	@film=$(FILM); build/demo -tenant "$$TENANT" $${film:+-video "$$film"}

check-video:
	@tests/demo/checkvideo.sh $(FILM)

produce: needs deploy-local ## create a video by a message, as another system does (FILE=film.mp4)
	@$(GO) run ./tests/produce -file "$${FILE:-build/footage/bigbuckbunny.mp4}" -tenant "$$TENANT"

trace: $(LOCAL) ## print the spans of a video in every service (VIDEO=vid_…, TENANT=demo; SLUICE_API=https://… for an API on AWS)
	@$(GO) run ./tests/trace -video "$$VIDEO" -tenant "$$TENANT"

needs:
	@localstack/needs.sh

$(LOCAL): $(LOCAL_SOURCES)
	@echo "build the tool that sets everything up (a minute the first time)" >&2
	@$(GO) build -o $@ ./localstack

# The table of what ran where must not have lines of an earlier run.
test: needs $(LOCAL) ## run all tests, also in both local clouds (CLOUDS=ministack: in that one alone)
	@for cloud in $(CLOUDS); do CLOUD=$$cloud $(LOCAL) needs || \
		{ echo "Without LocalStack, the tests run with: make test CLOUDS=ministack" >&2; exit 1; }; done
	@$(MAKE) --no-print-directory tools build
	@echo "run the tests that need no cloud: about two minutes, the first time more"
	$(GO) test ./...
	@rm -rf build/clouds build/clouds.json; $(GO) build -o build/table ./tests/clouds/table
	@bad=0; for cloud in $(CLOUDS); do CLOUD=$$cloud $(MAKE) --no-print-directory test-cloud || bad=1; done; \
	build/table show || bad=1; exit $$bad
	@echo "the promises of Sluice (docs/promises.md) and the tests of each:"
	@$(GO) test -count=1 -v -run TestEveryPromiseHasATest ./tests/rules | sed -n 's/^.*promise \([0-9]*\)$$/promise \1/p; s/^[[:space:]]*\(TestPromise.*\)/  \1/p'

test-long: export SLUICE_LONG_TESTS := 1
test-long: test api-check ## run make test with every case of each test, and with every test in both local clouds, and make api-check

# The local cloud is stopped afterwards if it was not running before. Packages run one at a time, in this order:
# tests/integration depends on the timing of the servers, which tests/e2e slows down, and tests/requests checks what the
# functions sent while tests/e2e ran.
test-cloud:
	@$(LOCAL) status >/dev/null 2>&1 || trap '$(LOCAL) down' EXIT; \
	SLUICE_RECORD=1 $(LOCAL) up; \
	$(LOCAL) deploy; \
	$(LOCAL) conditions; \
	eval "$$($(LOCAL) env)"; \
	echo "run the tests in the local cloud $$CLOUD: up to ten minutes"; \
	echo $(GO) test -tags integration $(CLOUD_TESTS); \
	$(GO) test -count=1 -p 1 -timeout 60m -json -tags integration $(CLOUD_TESTS) | build/table run "$$CLOUD"

unit: tools ## run the tests that need no cloud, without the slow ones
	$(GO) test -short ./...

lint: $(PRETTIER) ## check the format of Go and JavaScript, vet the code, run staticcheck, refuse lines over 120 columns
	@unformatted=$$(gofmt -l $(FOLDERS)); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	@$(GO) run ./tests/longlines $(FOLDERS)
	$(PRETTIER) --log-level warn --check $(SCRIPTS)
	$(GO) vet -tags integration ./...
	$(GO) tool staticcheck -tags integration ./...

fmt: $(PRETTIER) ## format Go and JavaScript
	gofmt -w $(FOLDERS)
	$(PRETTIER) --log-level warn --write $(SCRIPTS)

$(PRETTIER): localstack/package-lock.json | $(LOCAL)
	@CLOUD=ministack $(LOCAL) install
	@touch $@

# The templates of three deployments are checked, the one with the settings in CONTEXT among them.
lint-templates: synth build/venv-lint/pins ## check the CloudFormation templates and their IAM policies for AWS
	build/node/node_modules/.bin/cdk synth --quiet --no-notices --output build/lint/all -c arch=$(AWS_ARCH) $(ALL_SETTINGS)
	build/node/node_modules/.bin/cdk synth --quiet --no-notices --output build/lint/few -c arch=$(AWS_ARCH) $(FEW_SETTINGS)
	build/venv-lint/bin/cfn-lint --config-file infra/cfnlint.yaml -- $(LINTED)
	build/venv-lint/bin/python -I -B -W ignore:pkg_resources infra/policylint.py $(LINTED)

# The AsyncAPI parser and Redocly CLI look for nothing on the network; the telemetry of Redocly CLI is off.
lint-api: build/apilint/pins ## check the OpenAPI and the AsyncAPI document
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true build/apilint/node_modules/.bin/redocly lint \
		--config tests/apilint/redocly.yaml functions/api/openapi.json
	NODE_PATH=build/apilint/node_modules node tests/apilint/asyncapi.cjs events/asyncapi.yaml

build/apilint/pins: tests/apilint/package.json tests/apilint/package-lock.json
	@mkdir -p build/apilint && cp $^ build/apilint
	npm ci --prefix build/apilint --ignore-scripts --no-audit --no-fund --silent
	@cp tests/apilint/package-lock.json $@

build/venv-lint/pins: infra/requirements.txt | $(LOCAL)
	@CLOUD=ministack $(LOCAL) install
	build/venv/bin/python -I -m venv --clear build/venv-lint
	build/venv-lint/bin/python -I -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	cp $< $@

build: build-$(ARCH) ## build the functions (ARCH=arm64 or amd64)

# The X-Ray SDK imports gRPC, whose pages about traces use templates, for which the linker keeps every method. Without
# these pages (grpcnotrace) a function is a third smaller.
build-%:
	@echo "build the functions for $*"
	@mkdir -p build; exec 8>build/functions.lock; flock 8; for fn in $(FUNCTIONS); do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$* $(GO) build -trimpath -ldflags='-s -w' -tags lambda.norpc,grpcnotrace \
			-o build/$*/$$fn/bootstrap ./functions/$$fn/bootstrap; \
	done

synth: $(LOCAL) build-$(AWS_ARCH) ## make the CloudFormation templates for AWS in cdk.out (ARCH=arm64 or amd64, CONTEXT="-c name=value")
	@$(LOCAL) layer $(AWS_ARCH)
	build/node/node_modules/.bin/cdk synth --quiet --no-notices -c arch=$(AWS_ARCH) $(CONTEXT)
	@echo cdk.out/$(STACK).template.json

cost: synth ## print what Sluice costs while idle and for 1,000 minutes of video
	@$(GO) run ./infra/cost cdk.out/$(STACK).template.json

sbom: build-$(AWS_ARCH) ## list all software that a deployment runs, in build/sbom.json (CycloneDX)
	@$(GO) run ./infra/sbom build/$(AWS_ARCH) >build/sbom.json
	@echo build/sbom.json

preflight: ## check what an AWS account lacks for Sluice, before a deployment (CONTEXT="-c concurrency=500")
	@$(GO) build -o build/preflight ./infra/preflight
	@build/preflight $(CONTEXT)

destroy: ## remove Sluice from an AWS account, after asking (DATA=1: also all videos and rows, which are kept otherwise; CONTEXT="-c name=staging")
	@$(GO) build -o build/destroy ./infra/destroy
	@build/destroy -stack $(STACK) $(if $(DATA),-data)

smoke: $(if $(SLUICE_API),,needs deploy-local) ## check a deployment and measure its functions, for a report (SLUICE_API=https://… for an API on AWS, TRANSFER=32, CONTEXT="-c name=staging")
	@$(GO) build -o build/smoke ./tests/smoke
	@build/smoke -stack $(STACK) $(if $(TRANSFER),-transfer $(TRANSFER))

# The workers for the scaling law to divide, also on a machine with few processors: the test watches how it does that.
load: export SLUICE_WORKERS := $(or $(WORKERS),4)
load: $(if $(SLUICE_API),tools,needs deploy-local) ## send a burst of real videos of several tenants, and draw depth and workers (VIDEOS=104 TENANTS=4 FACTOR=10 WORKERS=4 SEED=0; SLUICE_API=https://… for an API on AWS)
	@$(GO) build -o build/load ./tests/load
	@build/load $(if $(VIDEOS),-videos $(VIDEOS)) $(if $(TENANTS),-tenants $(TENANTS)) $(if $(FACTOR),-factor $(FACTOR)) $(if $(SEED),-seed $(SEED)) $(if $(TOPIC),-topic $(TOPIC))

# Each request is made from the OpenAPI document; so is what its answer may be. tests/apicheck has the settings.
api-check: deploy-local build/venv-api/pins ## send requests made from the OpenAPI document to the local API and check the answers (TIME=600 seconds)
	@eval "$$($(LOCAL) env)"; \
	TENANT_TOKEN=$$($(LOCAL) token acme); OPERATOR_TOKEN=$$(SCOPES=operator $(LOCAL) token acme); \
	export TENANT_TOKEN OPERATOR_TOKEN PYTHONPATH=tests/apicheck PYTHONDONTWRITEBYTECODE=1; \
	build/venv-api/bin/schemathesis --config-file tests/apicheck/schemathesis.toml run "$$SLUICE_API/v1/openapi.json" \
		--url "$$SLUICE_API" --max-time $(or $(TIME),600)

build/venv-api/pins: tests/apicheck/requirements.txt | $(LOCAL)
	@CLOUD=ministack $(LOCAL) install
	build/venv/bin/python -I -m venv --clear build/venv-api
	build/venv-api/bin/python -I -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	cp $< $@

sim: ## compare the scaling law with others, in simulation (SEED=n for other arrivals)
	@$(GO) run ./tests/sim

bench: build synth ## measure Sluice beside other software, in build/bench.json (QUICK=1: in eight minutes and not forty; ROWS="cold starts,binaries")
	@$(GO) build -o build/benchmark ./tests/bench
	@build/benchmark $(if $(QUICK),-quick) $(if $(ROWS),-only "$(ROWS)")

tools: $(LOCAL) ## fetch ffmpeg, real footage and AWS's service models into build
	@$(LOCAL) tools

up: needs $(LOCAL) ## start the local cloud (CLOUD=ministack or localstack, SLUICE_PORT=4566)
	@$(LOCAL) up

down: $(LOCAL) ## stop the local cloud and delete everything in it
	@$(LOCAL) down

deploy-local: up tools build ## deploy Sluice to the local cloud
	@$(LOCAL) deploy

token: $(LOCAL) ## print an API token (TENANT=demo, SCOPES="videos:read operator"; SLUICE_API=https://… for an API on AWS)
	@$(LOCAL) token "$$TENANT"

clean: down ## remove everything that was built
	rm -rf build cdk.out
