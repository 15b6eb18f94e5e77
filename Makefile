# Everything sets itself up from Python >= 3.10, make and git.

PYTHON ?= python3
# The host's Python; makes sure of the host first (a quarter of a second when it is there).
PY := $(PYTHON) tools/host.py run

.DEFAULT_GOAL := help
.PHONY: help host demo same serve test test-slow test-frontends test-hosts faults kills soak mutants check format bench bench-gpu bench-joint bench-p2p bench-maps bench-measure bench-segmentation bench-construct evidence evidence-full clip demo-hrv demo-measured demo-model ray lock thumbnails locales

help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 30

host: ## install or check ComfyUI in .host (or $COMFYUI_PATH)
	@$(PYTHON) tools/host.py

demo: ## run the demo workflows in it; images and report in output/demo
	@$(PY) -m tools.run_demo

same: ## whether users see the same as at BASE=revision, bit for bit; minutes
	@$(PY) -m tools.same_images $(BASE)

serve: ## open the page with this pack on port 8188 until Ctrl-C
	@$(PY) -m tools.server

test: check ## checks, then unit, host and browser tests; HRV_AUTHORS_DATA names the published vectors
	@$(PY) -m pytest -m "not slow"

test-slow: ## the tests that take minutes, after trying `make ray`
	-@$(PYTHON) -m tools.ray_extra
	@$(PY) -m pytest -m slow

test-frontends: host ## browser tests with the host's page and with the newest, in both renderers
	@$(PY) -m pytest tests/browser
	@rm -rf .cache/frontend
	@$(PYTHON) -m pip download --quiet --no-deps --dest .cache/frontend comfyui-frontend-package
	@$(PYTHON) -m zipfile -e .cache/frontend/*.whl .cache/frontend
	@HRV_FRONTEND="$$PWD/.cache/frontend/comfyui_frontend_package/static" $(PY) -m pytest tests/browser

test-hosts: ## host tests and demo workflows on every ComfyUI in requirements/hosts; about an hour; HOSTS="0.16.3 ..."
	@$(PY) -m tools.hosts.matrix $(HOSTS)

faults: ## 20,000 generated bad files and values, about 10 minutes; docs/reliability.md
	@$(PY) -m tools.reliability.faults

kills: ## 100 processes killed at random moments, a full disk, a closed folder; docs/reliability.md
	@$(PY) -m tools.pack tools.reliability.kills

soak: ## 500 runs in one server, some interrupted, about 20 minutes; docs/reliability.md
	@$(PY) -m tools.reliability.soak

mutants: ## 320 small changes of the code, each of which a test should notice; docs/reliability.md
	@$(PY) -m tools.reliability.mutants

check: .cache/hrv_pack ## style, formatting and types
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

format: ## fix style and formatting where that can be automatic
	@$(PY) -m ruff check --fix
	@$(PY) -m ruff format

bench: ## cost of steering; output/bench.json
	@$(PY) -m tools.pack benchmarks.costs.steering

bench-gpu: ## every claim of time and memory at once, on a GPU; output/bench.json
	@$(PY) -m tools.pack benchmarks.gpu

bench-joint: ## cost of steering joint attention, a block of Flux's size; output/bench.json
	@$(PY) -m tools.pack benchmarks.costs.joint

bench-p2p: ## cost of editing at two sizes, about 4 minutes; output/bench.json
	@$(PY) -m tools.pack benchmarks.costs.p2p

bench-maps: ## cost of capturing at two sizes, about 10 minutes; output/bench.json
	@$(PY) -m tools.pack benchmarks.costs.capture demo
	@$(PY) -m tools.pack benchmarks.costs.capture sd15

bench-measure: ## cost of measuring a word, in samplings and memory; output/bench.json
	@$(PY) -m tools.pack benchmarks.costs.measure

bench-segmentation: ## how well single heads find objects; output/head_quality.png
	@$(PY) -m tools.pack benchmarks.studies.segmentation

bench-construct: ## cost of a construction at three sizes, about 15 minutes; output/bench.json
	@$(PY) -m tools.pack benchmarks.costs.construct demo
	@$(PY) -m tools.pack benchmarks.costs.construct sd15
	@$(PY) -m tools.pack benchmarks.costs.construct sdxl
	@$(PY) -m tools.pack benchmarks.studies.construct_agreement 100

evidence: ## the papers' experiments on the demo model, quick size; output/evidence
	@$(PY) -m tools.pack benchmarks.evidence

evidence-full: ## the same in full, about two hours; docs/evidence.md
	@$(PY) -m tools.pack benchmarks.evidence --full

clip: host ## open_clip into .host, the judge of benchmarks.real_models
	@host="$${HRV_HOST_DIR:-.host}"; $$host/boot/bin/uv pip install --quiet --require-hashes \
		--python $$host/venv/bin/python -r requirements/clip.txt

demo-hrv: ## rebuild the demo model's HRV, pretrained/demo.hrv.safetensors
	@$(PY) -m tools.pack tools.build_demo_hrv

locales: ## bring the page's languages up to date with the nodes; lists what is to be translated
	@$(PY) -m tools.pack tools.locales.build

thumbnails: ## draw the graphs that are the thumbnails of SD workflows; copy those that help pages show
	@$(PY) -m tools.demo_report.graph_thumbnail

demo-measured: ## measure the demo model's concepts, pretrained/demo-measured.hrv.safetensors
	@$(PY) -m tools.pack tools.build_demo_hrv measured

demo-model: ## train the next demo model and its judge, about 8 hours of 2 cores; resumes where it stopped
	@OMP_NUM_THREADS=1 $(PY) -m torch.distributed.run --standalone --nproc_per_node 2 \
		-m tools.pack demo.v3.training.command unet --threads 1
	@$(PY) -m tools.pack demo.v3.training.command judge
	@$(PY) -m tools.pack demo.v3.training.command export
	@$(PY) -m tools.pack demo.v3.training.command card

ray: ## add Ray to the host, for constructions over several workers
	@$(PYTHON) -m tools.ray_extra

lock: ## renew the pinned versions in requirements/
	@$(PYTHON) -m tools.lock

# The name under which the type checker sees the pack.
.cache/hrv_pack:
	@mkdir -p .cache && ln -sfn .. $@
