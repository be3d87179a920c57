.PHONY: run test bench soak lint format

run: ## Heed on http://127.0.0.1:8000 with demo data and the simulator; PORT=8001 make run takes another port
	@bin/setup
	@.venv/bin/python bin/run.py

test: ## every check, in a browser and on both databases too
	bin/setup test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/pytest -n logical --maxprocesses 4 tests
	.venv/bin/pytest -n logical --maxprocesses 4 e2e

bench: ## what a desk of a million customers takes, on both databases; BENCH_CUSTOMERS=100000 make bench is short
	bin/setup
	.venv/bin/python -m bench

soak: ## all faults at random on both databases, every promise checked after each; SOAK_MINUTES=60 make soak
	bin/setup test
	.venv/bin/python -m tests.faults.soak

lint:
	bin/setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check

format:
	bin/setup
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
