.PHONY: run test bench soak mutants lint format audit

run: ## Heed on http://127.0.0.1:8000 with demo data and the simulator; PORT=8001 make run takes another port
	@bin/setup
	@.venv/bin/python bin/run.py

test: export PYTHONDONTWRITEBYTECODE = # each process would compile everything again
test: ## every check, in a browser and on both databases too
	bin/setup test
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/pytest -n 4 --dist worksteal tests
	.venv/bin/pytest -n 4 --dist worksteal e2e

bench: ## what a desk of a million customers takes, on both databases; BENCH_CUSTOMERS=100000 make bench is short
	bin/setup
	.venv/bin/python -m bench

soak: ## all faults at random on both databases, every promise checked after each; SOAK_MINUTES=60 make soak
	bin/setup test
	.venv/bin/python -m tests.faults.soak

mutants: ## whether a test notices each change to gate, rules, ledger, keywords, inbound, people and claim; MUTANTS=claim for one
	bin/setup
	nice .venv/bin/python -m tests.mutants $(MUTANTS)

lint:
	bin/setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/bandit --quiet --configfile pyproject.toml --recursive webapp bin migrations gunicorn.conf.py

audit: ## is an advisory known for a locked package? 0 no, 1 yes, 2 nobody could be asked
	bin/setup
	.venv/bin/python bin/audit.py

format:
	bin/setup
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
