# A thin front; CMake with Ninja does the work. `make help` lists the targets.
BUILD      ?= build
PREFIX     ?= /usr/local
DESTDIR    ?=
CMAKE_ARGS ?=
JOBS       ?= $(shell getconf _NPROCESSORS_ONLN 2> /dev/null || echo 2)

CTEST = ctest --output-on-failure --no-label-summary -j$(JOBS)

all: setup $(BUILD)/build.ninja ## build the library, the vxd command and the tests
	@ninja -C $(BUILD)

demo: setup $(BUILD)/build.ninja ## build one driver from source, run it, show the account and the picture
	@ninja -C $(BUILD) vxd > $(BUILD)/demo.log || { cat $(BUILD)/demo.log; exit 1; }
	@examples/restricted/demo.sh $(BUILD)

test: all ## all tests
	@cd $(BUILD) && $(CTEST)

bench: ## cold start, then every benchmark beside its rivals
	@scripts/setup.sh bench
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_ARGS) > /dev/null
	@ninja -C $(BUILD) --quiet all bench
	@bench/run.sh $(BUILD)

sanitize: setup ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake -S . -B $(BUILD)-sanitize -G Ninja $(CMAKE_ARGS) -DVXDKIT_SANITIZE=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo > /dev/null
	@ninja -C $(BUILD)-sanitize --quiet
	@cd $(BUILD)-sanitize && $(CTEST) -LE unsanitized

lint: $(BUILD)/build.ninja ## clang-tidy, cppcheck, clang-format --dry-run
	@scripts/setup.sh lint
	@scripts/lint.sh $(BUILD)

generate: $(BUILD)/build.ninja ## rewrite what is generated in ddk/, docs/ and README.md
	@ninja -C $(BUILD) --quiet vxd kit-generate
	@tests/tree/readme.sh $(BUILD)/vxd --accept

install: all ## into PREFIX (default /usr/local), below DESTDIR when that is set
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD) --prefix $(PREFIX) > /dev/null

setup: ## what is missing on this machine, installed
	@scripts/setup.sh

clean: ## remove the build directories
	@rm -rf $(BUILD) $(BUILD)-sanitize

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile

$(BUILD)/build.ninja:
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_ARGS) > /dev/null

.PHONY: all demo test bench sanitize lint generate install setup clean help
