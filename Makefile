# A thin front; CMake with Ninja does the work. `make help` lists the targets.
BUILD ?= build
PREFIX ?= /usr/local
CMAKE_ARGS ?=

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_ARGS) > /dev/null

setup:
	@scripts/setup.sh

test: setup
	@$(MAKE) --no-print-directory all
	@cd $(BUILD) && ctest --output-on-failure -j2

.PHONY: all setup test
