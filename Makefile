PYTHON ?= python3.12
PORT ?= 8000
AWS_PORT ?= 4566
DATA ?= .data
STAGE ?= dev
SECONDS ?= 600
KEY ?= 1
SLICE ?= 1/1

# An empty argument usually comes from a shell variable that is not set.
$(foreach name,STAGE DATA,$(if $(strip $($(name))),,$(error $(name)= is empty. Give a value, or leave out $(name)=)))

# Nothing if the argument $(1) is missing or one of the words $(2).
one_of = $(if $(filter-out $(2),$($(1))),$(error $(1)=$($(1)) is not supported. Choose one of: $(2)))

# The text $(2) if the argument $(1) is `yes`. Other values are refused, because VERIFY=true would otherwise write.
if_yes = $(if $(filter-out yes,$($(1))),$(error $(1)= must be `yes`. Leave it out otherwise),$(if $($(1)),$(2)))

# boto3 reads only AWS_DEFAULT_REGION. The AWS CLI reads both variables.
ifdef AWS_REGION
export AWS_DEFAULT_REGION := $(AWS_REGION)
endif

# Tests skip the PostgreSQL stores if no server is installed. Then their lines do not count in the coverage.
ifeq ($(or $(CI),$(shell command -v initdb),$(wildcard /usr/lib/postgresql/*/bin/initdb)),)
export UNTESTED := chalicelib/stores/postgres/*
endif

# An environment has one Python. A command with another PYTHON= replaces it.
VERSION := $(filter-out -python3.12,-$(notdir $(PYTHON)))

# PyPI's server is needed only for the PostgreSQL store, and only if the system has none.
ifeq ($(STORE),postgres)
ifeq ($(shell command -v initdb)$(wildcard /usr/lib/postgresql/*/bin/initdb),)
POSTGRES := .venv-postgres/ready$(VERSION)
endif
endif

BIN := .venv/bin
READY := .venv/ready$(VERSION)
EMULATOR := .venv-emulator/ready$(VERSION)
AUDIT := .venv-audit/ready$(VERSION)
UV := .venv-uv/ready$(VERSION)
NODE := node_modules/ready
# The Node of PyPI runs the checks of the page's scripts.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Install both environments in parallel.
BOTH := @test -e $(READY) -a -e $(EMULATOR) || echo "Installing two environments. This takes about a minute."; $(MAKE) --silent --jobs=2 $(READY) $(EMULATOR)

# All libraries have wheels except pyvips.
WHEELS := --only-binary :all: --no-binary pyvips

# pip installs without compiling, which saves a third of the time. Python compiles the modules that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-fast coverage test-aws policies check fuzz crash-matrix event-orders mutation model histories soak restore-drill bench lock openapi package audit deploy resources smoke load cdn-key migrate redrive reprocess reconcile rebuild orphans export-users import-users reindex rehide copy-store read-only erase-photo cancel-account

help: ## List all commands
	@echo 'Arguments in [ ] are optional. PYTHON=python3.13 selects another version of Python for any command.'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-15s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Run the app at http://localhost:8000 ([PORT=] [AWS_PORT=] [DATA=] [STORE=postgres or DATABASE_URL=] [VERBOSE=1])
	$(BOTH) $(POSTGRES)
	@exec $(BIN)/python -m local --port $(PORT) --aws-port $(AWS_PORT) --data "$(DATA)" $(if $(STORE),--store "$(STORE)") \
	    $(if $(filter 1,$(VERBOSE)),--verbose)

test: ## Run all tests, and fail if they cover less than 98.5% of the lines
	$(BOTH) $(NODE)
	$(BIN)/python -m pytest -n 3 --cov --cov-report=

coverage: $(READY) ## Run all tests except the end-to-end tests, and fail if they cover less than 95% of the lines and branches
	COVERAGE_CORE=ctrace $(BIN)/python -m pytest -n 2 --ignore tests/e2e --cov --cov-branch --cov-report= --cov-fail-under=95

test-fast: $(READY) ## Run all tests except the end-to-end tests
	$(BIN)/python -m pytest -n 2 --ignore tests/e2e

test-aws: $(READY) ## Run the end-to-end tests against a test stage in your AWS account (STAGE= [URL=])
	@test "$(origin STAGE)" = "command line" -a -n "$(STAGE)" || { echo "STAGE= is missing. Give STAGE= on the command line, because an exported variable does not count. Name a test stage, because the tests create and cancel accounts."; exit 1; }
	AWS_TEST_STAGE="$(STAGE)" AWS_TEST_URL="$(URL)" $(BIN)/python -m pytest tests/e2e

policies: ## Check that each permission of the policies is needed
	$(BOTH)
	$(BIN)/python -m pytest tests/e2e/test_policies.py tests/e2e/test_deployer_role.py tests/e2e/test_operator_role.py --all-mutants

check: $(READY) $(NODE) ## Check style, types, layers, the template and the page's scripts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py
	$(BIN)/cfn-lint resources.yaml
	$(BIN)/dsql-lint chalicelib/stores/postgres/schema/*.sql
	node_modules/.bin/tsc -p .
	node_modules/.bin/eslint .

fuzz: $(READY) ## Render mutated photos for 10 minutes ([SECONDS=])
	$(BIN)/python -m tests.support.fuzz $(SECONDS)

crash-matrix: $(READY) ## Inject each fault at each call of everything that writes ([SLICE=1/5] [SECONDS=] [RESULTS=file to resume] [STORE=postgres])
	$(call one_of,STORE,dynamodb postgres)$(BIN)/python -m tests.support.crash_matrix --slice $(SLICE) $(if $(filter command,$(word 1,$(origin SECONDS))),--seconds $(SECONDS)) \
	    $(if $(RESULTS),--results "$(RESULTS)")

event-orders: $(READY) ## Deliver the events of a photo in every order, with duplicates and lost events ([STORE=postgres])
	$(call one_of,STORE,dynamodb postgres)$(BIN)/python -m tests.support.event_orders

mutation: $(READY) ## Test mutants of seven modules, and list those that no test detects ([MODULE=tokens,links] [SECONDS=] [RESULTS=file to resume])
	$(BIN)/python -m tests.support.mutants $(if $(MODULE),--modules $(MODULE)) \
	    $(if $(filter command,$(word 1,$(origin SECONDS))),--seconds $(SECONDS)) $(if $(RESULTS),--results "$(RESULTS)")

model: $(READY) ## Compare the service with its model for 10 minutes, and resume at the next call ([SECONDS=] [STORE=postgres])
	$(call one_of,STORE,dynamodb postgres)$(BIN)/python -m tests.support.model.runs $(SECONDS)

histories: $(READY) ## Compare DynamoDB with PostgreSQL in random histories for 10 minutes, and resume at the next call ([SECONDS=])
	$(BIN)/python -m tests.support.histories.runs $(SECONDS)

soak: ## Run a local cloud under load for 10 minutes while workers are killed and AWS calls fail ([SECONDS=])
	$(BOTH)
	$(BIN)/python -m tests.support.soak $(SECONDS)

restore-drill: ## Delete the rows, originals and users of a temporary local cloud, and restore them as docs/how-to/restore.md describes
	$(BOTH)
	$(call one_of,STORE,dynamodb)$(BIN)/python -m tests.support.restore_drill

bench: ## Measure the figures in the documentation, in about half an hour
	$(BOTH)
	$(BIN)/python -m bench.coldstart
	$(BIN)/python -m bench.walks
	$(BIN)/python -m bench.evenness
	$(BIN)/python -m bench.feed_queries
	$(BIN)/python -m bench.heat
	$(BIN)/python -m bench.cost
	$(BIN)/python -m bench.costs
	$(BIN)/python -m bench.store_costs
	$(BIN)/python -m bench.feed
	$(BIN)/python -m bench.limits
	$(BIN)/python -m bench.renditions
	$(BIN)/python -m bench.page
	$(BIN)/python -m bench.local_events
	$(BIN)/python -m bench.sql_feed
	$(BIN)/python -m bench.copies
	$(BIN)/python -m bench.stores

lock: $(UV) ## Write the lock files requirements*.txt from requirements*.in ([UPGRADE=package])
	@for name in "" -sql -dev -build -emulator -postgres -audit -uv; do lock=requirements$$name.txt; cp -p $$lock .venv-uv/before && \
	    .venv-uv/bin/uv pip compile --quiet \
	    $(if $(UPGRADE),--upgrade-package "$(UPGRADE)") --output-file $$lock requirements$$name.in || exit; \
	    if cmp -s $$lock .venv-uv/before; then cp -p .venv-uv/before $$lock; fi; done    # An unchanged lock stays older than its environment.

openapi: $(READY) ## Generate docs/openapi.json
	AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(BIN)/python -m local.openapi

package: $(READY) ## Build the Lambda package, its template and its SBOM, and print its size, cold import time and resources ([STORE=dsql or postgres] [ARCHITECTURE=arm64] [PROVISIONED=2])
	@$(call one_of,STORE,dynamodb dsql postgres)$(call one_of,ARCHITECTURE,x86_64 arm64)
	AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(BIN)/chalice package --stage package$(ARCHITECTURE:%=-%) \
	    --merge-template resources.yaml out/
	$(BIN)/cfn-lint out/sam.yaml
	$(BIN)/python -m release.sbom
	$(BIN)/python -m release.report

audit: package $(AUDIT) ## Build the package, and check the templates with checkov, cfripper and cloudformation-validate
	@sed '/^    Condition: /d' out/sam.yaml > out/audit.yaml    # checkov skips resources with a condition.
	.venv-audit/bin/checkov --config-file .checkov.yaml -f out/audit.yaml release/deployer-role.yaml release/replica.yaml
	AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(BIN)/python -m release.translate
	.venv-audit/bin/python -m release.audit

deploy: $(READY) ## Deploy the package with the AWS CLI (BUCKET= [STAGE=] [STORE=dsql or postgres] [ARCHITECTURE=arm64] [PROVISIONED=2] [PARAMETERS="BaseUrl=... DomainPrefix=..."] [TAGS="team=photos"] [OPTIONS=] [BUILT=yes])
	@test -n "$(BUCKET)" || { echo "BUCKET= is missing. Name the S3 bucket to upload the package to."; exit 1; }
	@$(call one_of,STORE,dynamodb dsql postgres)command -v aws >/dev/null || { echo "The AWS CLI is not installed. It is needed to upload the package."; exit 1; }
	$(if $(call if_yes,BUILT,yes),@test -e out/sam.yaml || { echo "There is no package in out/. Leave out BUILT=yes."; exit 1; },$(MAKE) package)
	aws cloudformation package --template-file out/sam.yaml --s3-bucket $(BUCKET) --s3-prefix $(STAGE) --output-template-file out/deploy.yaml >/dev/null
	aws cloudformation deploy --template-file out/deploy.yaml --stack-name photoshare-$(STAGE) --s3-bucket $(BUCKET) --s3-prefix $(STAGE) $(OPTIONS) \
	    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --tags application=photoshare stage=$(STAGE) $(TAGS) --parameter-overrides Stage=$(STAGE) $(if $(STORE),Store=$(STORE)) \
	    $$(grep -q '^  DeployedAt:' out/sam.yaml && date -u +DeployedAt=%FT%TZ) $(PARAMETERS)

smoke: $(READY) ## Check a deployed stage, and leave nothing behind ([STAGE=] [URL=]; SMOKE_EMAIL and SMOKE_PASSWORD name a test user)
	@$(BIN)/python -m release.smoke $(STAGE) $(if $(URL),--url "$(URL)")

load: $(READY) ## Send a bounded load of reads to a stage, after an estimate of its costs ([STAGE=] [URL=] [RATE=10] [SECONDS=30] CONFIRM=yes)
	@$(BIN)/python -m release.load $(STAGE) $(if $(URL),--url "$(URL)") $(if $(RATE),--rate $(RATE)) \
	    $(if $(filter command,$(word 1,$(origin SECONDS))),--seconds $(SECONDS)) $(call if_yes,CONFIRM,--confirm)

resources: $(READY) ## Deploy all resources of a stage except its functions, for `chalice deploy` ([STAGE=] [PARAMETERS=] [TAGS=])
	@$(BIN)/python -m release.stage $(STAGE) $(PARAMETERS) $(addprefix tag:,$(TAGS))

cdn-key: $(READY) ## Create CDN key 1 or 2, which signs URLs of renditions ([STAGE=] [KEY=1 or 2])
	@$(BIN)/python -m release.cdn_key $(STAGE) $(KEY)

reconcile: $(READY) ## Compare objects, rows and users of a stage ([STAGE=] [REPAIR=yes] [ACCOUNT=] [READ=yes] [SHARE=0.05] [MIN_AGE=30] [INVENTORY= EXPORT=] [DATA=])
	@$(BIN)/python -m release.reconcile $(STAGE) --data "$(DATA)" $(call if_yes,REPAIR,--repair) $(call if_yes,READ,--read) \
	    $(if $(ACCOUNT),--account "$(ACCOUNT)") $(if $(SHARE),--max-share $(SHARE)) $(if $(MIN_AGE),--min-age $(MIN_AGE)) \
	    $(if $(INVENTORY),--inventory $(INVENTORY)) $(if $(EXPORT),--export $(EXPORT))

rebuild: $(READY) ## Rebuild lost photo rows from the originals, however many there are ([STAGE=] [ACCOUNT=] [MIN_AGE=30] [DATA=])
	@$(BIN)/python -m release.reconcile $(STAGE) --data "$(DATA)" --rebuild $(if $(ACCOUNT),--account "$(ACCOUNT)") $(if $(MIN_AGE),--min-age $(MIN_AGE))

orphans: $(READY) ## List accounts without a Cognito user, or cancel those that you name ([STAGE=] [USER_IDS=] [DATA=])
	@$(BIN)/python -m release.orphans $(STAGE) $(USER_IDS) --data "$(DATA)"

export-users: $(READY) ## Export the ids and addresses of all users, to rebuild a lost user pool (TO=file or s3:// URL [STAGE=] [DATA=])
	@test -n "$(TO)" || { echo "TO= is missing. Name the file, or the s3:// URL of the object."; exit 1; }
	@$(BIN)/python -m release.users $(STAGE) export "$(TO)" --data "$(DATA)"

import-users: $(READY) ## Create exported users in a rebuilt user pool, so that they keep their accounts (FROM=file or s3:// URL [STAGE=] [DATA=])
	@test -n "$(FROM)" || { echo "FROM= is missing. Name the file, or the s3:// URL of the object."; exit 1; }
	@$(BIN)/python -m release.users $(STAGE) import "$(FROM)" --data "$(DATA)"

reindex: $(READY) ## Reindex the photos of all users after an upgrade, if its CHANGELOG says so ([STAGE=] [DATA=])
	@$(BIN)/python -m release.reindex $(STAGE) "$(DATA)"

rehide: $(READY) ## Repeat the deletions and visibility changes that a restore has undone (TO=restored database or suffix of its tables [STAGE=] [FROM=previous database or suffix] [DATA=])
	@test -n "$(TO)" || { echo "TO= is missing. Name the restored database, for example dynamodb:STAGE/SUFFIX."; exit 1; }
	@$(BIN)/python -m release.rehide $(STAGE) "$(FROM)" "$(TO)" "$(DATA)"

migrate: $(READY) ## Create or upgrade the tables of PostgreSQL or Aurora DSQL (DATABASE_URL= or DSQL_ENDPOINT= [GRANT_TO=database role])
	@$(BIN)/python -m release.migrate $(if $(GRANT_TO),--grant-to "$(GRANT_TO)")

copy-store: $(READY) ## Copy everything to another database, and verify it (FROM= and TO=: dynamodb:STAGE, dsql:ENDPOINT or a PostgreSQL URL [VERIFY=yes] [ACCOUNT=] [REPLACE=yes] [DATA=])
	@test -n "$(FROM)" -a -n "$(TO)" || { echo "FROM= or TO= is missing. Each is dynamodb:STAGE, dsql:ENDPOINT or the URL of a PostgreSQL database."; exit 1; }
	@$(BIN)/python -m release.copy_store "$(FROM)" "$(TO)" --data "$(DATA)" $(call if_yes,VERIFY,--verify) $(call if_yes,REPLACE,--replace) \
	    $(if $(ACCOUNT),--account "$(ACCOUNT)")

read-only: $(READY) ## Refuse all changes of a stage, or allow them again ([STAGE=] [OFF=yes])
	@$(BIN)/python -m release.read_only $(STAGE) $(call if_yes,OFF,--off)

redrive: $(READY) ## Retry the jobs and upload events in the dead-letter queues ([STAGE=] [DATA=])
	@$(BIN)/python -m release.redrive $(STAGE) "$(DATA)"

reprocess: $(READY) ## Process the uploads again that the service failed to process, after a fix ([STAGE=] [DATA=])
	@$(BIN)/python -m release.reprocess $(STAGE) "$(DATA)"

erase-photo: $(READY) ## Erase a photo that violates your rules (PHOTO_ID= [STAGE=] [DATA=])
	@test -n "$(PHOTO_ID)" || { echo "PHOTO_ID= is missing. Name the photo to erase."; exit 1; }
	@$(BIN)/python -m release.moderate $(STAGE) photo "$(PHOTO_ID)" "$(DATA)"

cancel-account: $(READY) ## Cancel an account that violates your rules, and delete its data (USER_ID= [STAGE=] [DATA=])
	@test -n "$(USER_ID)" || { echo "USER_ID= is missing. Name the user whose account to cancel."; exit 1; }
	@$(BIN)/python -m release.moderate $(STAGE) account "$(USER_ID)" "$(DATA)"

$(NODE): package-lock.json | $(READY)
	npm ci --silent
	@touch $@

# pip installs only files whose hash is locked, and builds only pyvips, with the locked setuptools.
$(READY): requirements-build.txt requirements-dev.txt
$(EMULATOR): requirements-emulator.txt
$(AUDIT): requirements-audit.txt
$(UV): requirements-uv.txt
.venv-postgres/ready$(VERSION): requirements-postgres.txt
$(READY) $(EMULATOR) $(AUDIT) $(UV) .venv-postgres/ready$(VERSION):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed. Photoshare needs Python 3.12 or later. If you have another version, name it with PYTHON=, such as PYTHON=python3.13."; exit 1; }
	$(PYTHON) -m venv $(if $(wildcard $@),,--clear) $(@D)
	@for lock in $^; do $(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes --no-deps \
	    --no-build-isolation $(WHEELS) -r $$lock || exit; done
	@touch $@
