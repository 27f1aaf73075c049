# The command as a person types it.
function(vxdkit_cli_test name script)
  add_test(NAME cli.${name} COMMAND tests/cli/${script} $<TARGET_FILE:vxd> ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(cli.${name} PROPERTIES LABELS cli TIMEOUT 120)
endfunction()

vxdkit_cli_test(bad_input bad_input.sh)
vxdkit_cli_test(help help.sh)
vxdkit_cli_test(ml ml.sh)
vxdkit_cli_test(link link.sh)
vxdkit_cli_test(outside outside.sh)
vxdkit_cli_test(demo demo.sh)
vxdkit_cli_test(real_init real_init.sh)
vxdkit_cli_test(dpmi dpmi.sh)
vxdkit_cli_test(spin spin.sh)
vxdkit_cli_test(collection collection.sh ${PROJECT_BINARY_DIR}/tests/make_collection)

vxdkit_cli_test(other_host other_host.sh ${PROJECT_BINARY_DIR})
set_tests_properties(cli.other_host PROPERTIES LABELS "cli;slow;unsanitized" SKIP_RETURN_CODE 77 TIMEOUT 600)
