# make demo   the whole product with a sample city on 127.0.0.1:8000, until Ctrl-C
# make test   lint, types and all tests
# Everything made on this machine lies in .venv/ and var/.

# 3.13 last: there Redis has no wheel and is compiled, which takes a minute and a C compiler.
PYTHON ?= $(shell for each in python3.12 python3.11 python3 python3.13 python; do \
	$$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --quiet --require-hashes
PYTEST_WORKERS ?= 2

.PHONY: demo test format chromium lock
.DELETE_ON_ERROR:

demo: .venv/runtime
	@exec $(BIN)/python -m wuhu_youth.demo

test: .venv/dev chromium
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/djade --check --target-version 5.2 $$(find templates -name '*.html')
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	TESTING=on SECRET_KEY=x FIELD_KEYS=x $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS)

chromium: .venv/dev
	@$(BIN)/python -m tests.browsers

# An environment made for another Python, or by half, is made anew. A Python without ensurepip borrows pip.
.venv/made:
	@test -n "$(PYTHON)" || { echo '需要 Python 3.11、3.12 或 3.13。 Python 3.11, 3.12 or 3.13 is needed.' >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo '· 建立 Python 环境……'; rm -rf .venv; \
		$(PYTHON) -m venv .venv || { rm -rf .venv; $(PYTHON) -m venv --without-pip .venv && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }; }
	@touch $@

.venv/runtime: requirements.txt .venv/made
	@echo '· 安装依赖（第一次约需一两分钟）……'
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/runtime
	@echo '· 安装测试工具……'
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

format: .venv/dev
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format
	-$(BIN)/djade --target-version 5.2 $$(find templates -name '*.html')

# Locks anew after a change of pyproject.toml; needs uv.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --quiet -o requirements.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet -c requirements.txt -o requirements-dev.txt
