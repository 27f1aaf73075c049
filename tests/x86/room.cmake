# Programs beside the cmocka tests: the conformance runner and the test ROM runner. Both land in build/tests.
vxdkit_test_program(cpu-conformance ${CMAKE_CURRENT_LIST_DIR}/cpu_conformance.c)
