# make demo   origin, proxy and a download through both; stays up until Ctrl-C
# make test   every test, the official clients included
# make ceph-test   replicas over Ceph's gateway in place of SeaweedFS; installs Debian's packages of Ceph
# make ui-test   the page in a browser (Chromium)
# make docs   man pages and shell completions from the commands' help; make docc: the library's documentation
# make build  the release binary, statically linked: .build-release/release/xet
# make image  the container image, with docker, podman or buildah (scripts/image.sh); LOCAL=1: no registry is needed
# make image-check   the image and the files of deploy/, tried; as root
# make format, make lint   swift format
# make soak   readers of every kind for SOAK_SECONDS over an upstream that fails in every way; SOAK_SEED repeats one
# make sanitize   the Swift tests under the thread and the address sanitizer; make sanitize-thread: one of them
# make fuzz   every fuzzer for FUZZ_SECONDS
# make bench  the kernels and the whole beside their peers; writes docs/performance.md (BENCH_FLAGS: --quick, --full)

SWIFT ?= swift
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 600
SOAK_SEED ?=
BENCH_FLAGS ?=
RELEASE_FOLDER ?= .build-release
# Functions in sections of their own, so that the linker drops those that nothing calls and folds those that are the same,
# which nothing here tells apart: 5 MB of 38. Without the table that finds unwinding data, another 1 MB, and without the data
# of C and C++: nothing here throws C++ exceptions.
SIZE_FLAGS = -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections -Xcc -fdata-sections \
	-Xcc -fno-asynchronous-unwind-tables -Xcc -fno-unwind-tables -Xlinker --icf=all -Xlinker --no-eh-frame-hdr
RELEASE_FLAGS = -c release --static-swift-stdlib -Xswiftc -static-executable $(SIZE_FLAGS) \
	--scratch-path $(RELEASE_FOLDER)

.PHONY: demo test unit interop ceph-test ui-test docs docc build bench image image-check setup format lint fuzz soak sanitize \
	sanitize-thread sanitize-address clean

demo: setup
	scripts/setup.sh demo
	$(SWIFT) build --product xet
	scripts/demo.sh .build/debug/xet

test: lint unit interop

unit: setup
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --skip CancellationRaceTests
	$(SWIFT) test --skip-build --filter CancellationRaceTests
	Fuzz/run.sh 5

interop: setup
	scripts/setup.sh clients
	$(SWIFT) build --product xet
	$(SWIFT) build --product HubExample
	.venv-interop/bin/python -m pytest -q -n 4 -m waiting Tests/Interop
	.venv-interop/bin/python -m pytest -q -m "not waiting" Tests/Interop
	.venv-interop/bin/python -m pytest -q Tests/Soak
	SOAK_SECONDS=60 .venv-interop/bin/python Tests/Soak/soak.py

ceph-test: setup
	scripts/setup.sh clients
	scripts/setup.sh ceph
	$(SWIFT) build --product xet
	XET_STORE=ceph .venv-interop/bin/python -m pytest -q Tests/Interop/test_s3_stores.py Tests/Interop/test_store.py

ui-test: setup
	scripts/setup.sh ui
	$(SWIFT) build --product xet
	.venv-interop/bin/python -m pytest -q Tests/UI

docs: setup
	$(SWIFT) build --product xet
	scripts/docs.sh

docc: setup
	XET_DOCUMENTATION=1 $(SWIFT) package --scratch-path .build-docc generate-documentation --warnings-as-errors \
		--target Xet --target XetCore --target XetDownload

build: setup
	$(SWIFT) build $(RELEASE_FLAGS) --product xet
	@ls -l $(RELEASE_FOLDER)/release/xet

bench: build
	scripts/setup.sh bench
	.venv-bench/bin/python Benchmarks/kernels.py
	.venv-bench/bin/python Benchmarks/system/bench.py --report docs/performance.md $(BENCH_FLAGS)

image:
	scripts/image.sh

image-check: image
	scripts/setup.sh image
	.venv-image/bin/python -m pytest -q Tests/Image

setup:
	@scripts/setup.sh

format:
	$(SWIFT) format format --in-place --parallel --recursive Sources Tests Fuzz/Sources Benchmarks/Sources Package.swift

lint:
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Package.swift

fuzz: setup
	Fuzz/run.sh $(FUZZ_SECONDS)

soak: setup
	scripts/setup.sh clients
	$(SWIFT) build --product xet
	SOAK_SECONDS=$(SOAK_SECONDS) SOAK_SEED=$(SOAK_SEED) .venv-interop/bin/python Tests/Soak/soak.py

sanitize: sanitize-thread sanitize-address

sanitize-thread sanitize-address: sanitize-%: setup
	Tests/Sanitizers/run.sh $*

clean:
	rm -rf .build .build-release .build-image .build-docc .build-tsan .build-asan .venv-interop* .venv-demo .venv-bench .venv-image Fuzz/.build Benchmarks/.build
