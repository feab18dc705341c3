# Each target calls a script; scripts/ says what it does. A failing script's exit
# code is printed by make ("Error 1"); make itself then ends with 2.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Every target is a command; none is a file that it makes.
.PHONY: $(shell sed -nE 's/^([a-z-]+):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## List the targets
	@scripts/help

test-module: ## Prove one module on a real apply: make test-module MODULE=rds
	@scripts/test-module "$$MODULE"

test-modules: ## Prove all modules side by side (SHARD=1/4: one part of four)
	@scripts/test-modules

test-layer: ## Prove one layer and what it needs: make test-layer LAYER=data
	@scripts/test-layer "$$LAYER"

test-full: ## Prove the six layers as one platform (ENVIRONMENT=dev: its values)
	@scripts/test-full

test-environments: ## test-full with the values of every environment
	@scripts/test-environments

test-identity: ## Prove that every role may do what is declared, and nothing else
	@scripts/test-identity

test-kit: ## Unit tests of what the suites stand on
	@scripts/test-kit

test: ## Everything a change must pass: lint and the suites that need no account
	@scripts/test

nightly: ## test for every environment, and what takes too long for each change
	@scripts/nightly

evidence: ## Run the suites and end with a signed bundle of evidence for each criterion
	@scripts/evidence

test-compliance: ## Open the page of evidence in a browser; sign by KMS; dry-run the nightly Job
	@scripts/test-compliance

test-alerts: ## Prove alert rules, routing, dashboards and log parsing over simulated days
	@scripts/test-alerts

test-alerts-live: ## The same on real servers: break the SLA, see it arrive, kill Prometheus; ask Loki
	@scripts/test-alerts-live

test-recovery: ## Kill and interrupt runs, and look at what is left
	@scripts/test-recovery

test-network: ## Prove who reaches whom, and that nobody else can (ENV=aws: reads only; ENV=kind: packets between pods)
	@scripts/test-network

test-pipelines: ## Prove the delivery pipelines: run every script of every workflow
	@scripts/test-pipelines

lint: ## Static gates: formatting, analysis, validation, documentation in step
	@scripts/lint

docs: ## Write the tables of inputs and outputs into modules/*/README.md
	@scripts/docs

test-gitops: ## Prove without a cluster what Argo CD is asked to apply
	@scripts/test-gitops

test-policies: ## Run the suites of the admission policies; judge what is deployed
	@scripts/test-policies

test-cluster: ## Ask a real API server about every object of the platform
	@scripts/test-cluster

ledger: ## List the environments that are open
	@scripts/fintrack ledger

janitor: ## Destroy what killed runs left behind (RUN=<id>: a kept one)
	@scripts/janitor

bench: ## Measure all suites against plain terratest (MODULE=rds: one; platform: the six layers; gitops: the offline engine)
	@scripts/bench

bootstrap: ## Find or get what the suite needs; says nothing when nothing is missing
	@scripts/bootstrap

clean: ## Remove the cache, unless the ledger still names an environment
	@scripts/clean
