# What is done here, by people and by CI. `make` alone lists it.

PYTHON := .venv/bin/python
CDK := node_modules/.bin/cdk --no-notices
export CDK_DISABLE_CLI_TELEMETRY := 1

.PHONY: help setup run demo stop check test corpus bench format relay reference screenshots synth deploy clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what the lock files pin; the other commands do this themselves
	@scripts/setup

run: setup ## Start the whole system on this machine, until Ctrl-C or make stop
	@$(PYTHON) -m local run

demo: setup ## Start it, send real mail, open it, and show what was recorded
	@$(PYTHON) -m local demo

stop: setup ## Stop it; its state stays
	@$(PYTHON) -m local stop

check: setup ## Everything that CI checks: format, lint, types, imports, spelling, tests
	@scripts/check

test: setup ## The tests alone, or some of them: make test T=tests/gateway
	@$(PYTHON) -m pytest $(T)

corpus: setup ## Inject a pixel into a folder of mail and check every copy: make corpus DIR=folder
	@$(PYTHON) -m tests.checker "$(DIR)"

bench: setup ## Measure what has to be fast, beside its targets; bench/results.json keeps it
	@.venv/bin/uv run --frozen --quiet --group bench python -m bench

format: setup ## Format the code and mend what ruff can mend
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

relay: setup ## Compile Apple's list of relay addresses for the next deploy: make relay CSV=file
	@$(PYTHON) -m tracking.opens.relay "$(CSV)"

reference: setup ## Write docs/openapi.json and docs/api.md anew from the API's code
	@$(PYTHON) -m reference

screenshots: setup ## Draw the pages of the running system (make run) into docs/images
	@CHROMIUM=$$(scripts/chromium) $(PYTHON) -m tests.e2e.screenshots

synth: setup ## Write the CloudFormation template to cdk.out
	@$(CDK) synth --quiet

deploy: setup ## Deploy to the AWS account of your credentials: make deploy ARGS="-c name=value"
	@$(CDK) deploy $(ARGS)

clean: ## Stop the system and remove all that these commands made, its state included
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m local stop; fi
	@rm -rf .venv .local node_modules build cdk.out tracking/opens/relay.ranges .coverage .hypothesis .*_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +
